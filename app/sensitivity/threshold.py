"""What a threshold is, and what an answer says of the figures that hang on one.

An effect knows what some measures would sum up to at other values of a threshold; whatever else
a figure is made of stays as it is.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from msgspec import Struct

from app.kpi import Figure, Kpi, Sums, figure
from app.spans import Span
from app.view import View

# (view, spans, values in ascending order, the sums as they stand) → the effect's measures at
# each of the values.
Read = Callable[[View, Sequence[Span], Sequence[int], Sums], Awaitable[list[Sums]]]


@dataclass(frozen=True, slots=True)
class Effect:
    """The measures that a threshold moves, and how to read them at other values of it."""

    measures: frozenset[str]
    read: Read


@dataclass(frozen=True, slots=True)
class Threshold:
    """A threshold of the KPI contract; its neighbours are `step` below and above."""

    name: str
    unit: str
    step: int
    in_force: Callable[[View, Sequence[Span]], Sequence[int]]
    effects: tuple[Effect, ...]

    @property
    def measures(self) -> frozenset[str]:
        """All that it moves."""
        return frozenset[str]().union(*(effect.measures for effect in self.effects))


class Neighbour(Figure, frozen=True, omit_defaults=True, kw_only=True):
    """The whole figure as it would be with `threshold` in force on every day of the period."""

    threshold: int


class Sensitivity(Struct, frozen=True):
    """How a figure hangs on one threshold, which is named as in the catalogue of thresholds.

    `in_force` are the values that hold on days of the period, of which there are several where
    teams have their own or one changed; `at` are these and their neighbours, in ascending order.
    """

    threshold: str
    unit: str
    in_force: Sequence[int]
    at: Sequence[Neighbour]


class Explained(Figure, frozen=True, omit_defaults=True, kw_only=True):
    """A figure with its sensitivity to each of the thresholds it hangs on."""

    explain: Sequence[Sensitivity]


def neighbours(in_force: Sequence[int], step: int) -> list[int]:
    """The values in force and those one step below, though not below 0, and above."""
    return sorted({max(0, value + off) for value in in_force for off in (-step, 0, step)})


def neighbour(kpi: Kpi, value: int, sums: Sums, currency: str) -> Neighbour:
    """The figure of a KPI at a value of a threshold, from the sums at that value."""
    found = figure(kpi, sums, currency)
    fields = {name: getattr(found, name) for name in Figure.__struct_fields__}
    return Neighbour(**fields, threshold=value)


def explained(found: Figure, explain: Sequence[Sensitivity]) -> Explained:
    """The figure with its sensitivities beside it."""
    fields = {name: getattr(found, name) for name in Figure.__struct_fields__}
    return Explained(**fields, explain=explain)
