"""What a KPI is, and how its figure comes from sums of measures. Pure.

A KPI is a sum of measures, or the quotient of two such sums; the measures are those of the
rollups and `BEYOND`, which a rollup cannot hold. The KPIs themselves are in `app.kpis`.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache, cached_property
from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from app.exact import (
    MONEY_PLACES,
    RATIO_PLACES,
    UNIT_PLACES,
    Amount,
    Shown,
    money,
    number,
    plus,
    times,
)

Status = Literal["provisional", "final"]
Sums = Mapping[str, Amount]

# Distinct over whatever a figure is about, or a matter of the calendar: never added up from days.
BEYOND = ("working_days", "customers")
MONEY = frozenset(
    ("net", "returned", "costed_cost", "known_net", "known_cost", "known_returned",
     "known_returned_cost", "quoted_amount")
)  # fmt: skip


class Family(StrEnum):
    """Which of the three questions a KPI answers."""

    ACTIVITY = "activity"
    QUALITY = "quality"
    RESULTS = "results"


class Unit(StrEnum):
    """What a value is measured in. `ratio` 0.35 is 35 %; `money` is in the reporting currency."""

    COUNT = "count"
    SECONDS = "seconds"
    RATIO = "ratio"
    PER_DAY = "per_day"
    MONEY = "money"
    NUMBER = "number"


class Polarity(StrEnum):
    """Which way is better."""

    UP = "up"
    DOWN = "down"
    NEUTRAL = "neutral"


@cache
def terms(expression: str) -> tuple[tuple[int, str], ...]:
    """`"net - returned"` as `((1, "net"), (-1, "returned"))`."""
    words = f"+ {expression}".split()
    signs = {"+": 1, "-": -1}
    return tuple((signs[sign], name) for sign, name in zip(words[::2], words[1::2], strict=True))


class Kpi(Struct, frozen=True, dict=True):
    """A KPI. `value` and `over` are sums of measures such as `"net - returned"`; with `over` the
    KPI is their quotient. `coverage` are pairs of known and base, the quotients of which multiply.
    """

    id: str
    family: Family
    unit: Unit
    polarity: Polarity
    title: str
    definition: str
    value: str
    over: str | None = None
    coverage: tuple[tuple[str, str], ...] = ()
    look_ahead_days: int = 0
    min_sample: int = 0
    trailing: bool = False  # over the twelve months that end with the period, not over the period

    @property
    def timing(self) -> Literal["lead", "lag"]:
        """Whether it tells what will come (activity, quality) or what came (results)."""
        return "lag" if self.family is Family.RESULTS else "lead"

    @cached_property
    def needs(self) -> frozenset[str]:
        """The measures its figure is made of."""
        sides = [self.value, self.over or "", *(side for pair in self.coverage for side in pair)]
        return frozenset(name for side in sides if side for _, name in terms(side))


class Figure(Struct, frozen=True, omit_defaults=True):
    """A KPI's value with what is behind it, as the API shows it; see `app.exact` for the numbers.

    `value` is None where the denominator is not greater than 0. `status` is set only where it
    differs from that of the answer around it.
    """

    value: Shown | None
    numerator: Shown | UnsetType = UNSET
    denominator: Shown | UnsetType = UNSET
    coverage: Shown | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    status: Status | UnsetType = UNSET


def figure(kpi: Kpi, sums: Sums, currency: str) -> Figure:
    """The KPI's figure from the sums of its measures; a measure that is not there is 0."""
    value = total(kpi.value, sums)
    coverage = _coverage(kpi, sums) if kpi.coverage else UNSET
    code = currency if kpi.unit is Unit.MONEY else UNSET
    if kpi.over is None:
        return Figure(_shown(kpi, value), coverage=coverage, currency=code)
    over = total(kpi.over, sums)
    return Figure(
        _shown(kpi, value, over) if over > 0 else None,
        numerator=side(kpi.value, value),
        denominator=side(kpi.over, over),
        coverage=coverage,
        currency=code,
    )


def added(several: Iterable[Sums]) -> Sums:
    """The sums of sums, measure by measure."""
    total: dict[str, Amount] = {}
    for sums in several:
        for name, amount in sums.items():
            total[name] = plus(total[name], amount) if name in total else amount
    return total


def total(expression: str, sums: Sums) -> Amount:
    """The exact sum that an expression such as `"net - returned"` names."""
    added: Amount = 0
    for sign, name in terms(expression):
        added = plus(added, sums.get(name, 0), sign)
    return added


def places(kpi: Kpi) -> int:
    """To how many decimals a value is shown."""
    match kpi.unit:
        case Unit.MONEY:
            return MONEY_PLACES
        case Unit.NUMBER:
            return UNIT_PLACES
        case _:
            return RATIO_PLACES if kpi.over else 0


def _shown(kpi: Kpi, value: Amount, over: Amount = 1) -> Shown:
    return money(value, over) if kpi.unit is Unit.MONEY else number(value, places(kpi), over)


def side_places(expression: str) -> int:
    """To how many decimals a numerator or denominator is shown: money where its measures are."""
    return MONEY_PLACES if terms(expression)[0][1] in MONEY else RATIO_PLACES


def side(expression: str, value: Amount) -> Shown:
    """A numerator or denominator as it is shown: money where its measures are, else a number."""
    return money(value) if terms(expression)[0][1] in MONEY else number(value, RATIO_PLACES)


def _coverage(kpi: Kpi, sums: Sums) -> Shown:
    known: Amount = 1
    base: Amount = 1
    for part, whole in kpi.coverage:
        all_of_it = total(whole, sums)
        if all_of_it:  # a factor whose base is 0 is 1: there is nothing that is not known
            known, base = times(known, total(part, sums)), times(base, all_of_it)
    return 1 if known == base else number(known, RATIO_PLACES, base)
