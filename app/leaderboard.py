"""Ranking: best first, ties, samples that are too small. Pure.

Figures are ranked by the value that is shown, so that two reps with the same number on the board
always share a rank.
"""

from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import UNSET, Struct

from app.exact import Amount, amount
from app.kpi import Figure, Polarity

Reason = Literal["no_data", "small_sample"]


class Ranking(Struct, frozen=True):
    """`ranked` are `(rank, rep_id)` best first, `unranked` `(rep_id, reason)` by rep id."""

    ranked: list[tuple[int, str]]
    unranked: list[tuple[str, Reason]]

    def ranks(self) -> dict[str, int]:
        """The rank of each ranked rep."""
        return {rep_id: rank for rank, rep_id in self.ranked}


def rank(polarity: Polarity, figures: Mapping[str, Figure], min_sample: Amount = 0) -> Ranking:
    """Rank reps by their figures: equal values share a rank (1, 2, 2, 4), by rep id among them.

    Unranked are those whose quotient is undefined (`no_data`) or whose denominator is less than
    `min_sample` (`small_sample`); the latter does not concern what is no quotient.
    """
    unranked: list[tuple[str, Reason]] = []
    values: list[tuple[Amount, str]] = []
    # Strings compare by code point, which is the order of ids the contract asks for.
    for rep_id, figure in sorted(figures.items()):
        reason = unranked_because(figure, min_sample)
        if reason is not None:
            unranked.append((rep_id, reason))
        elif figure.value is not None:
            values.append((amount(figure.value), rep_id))
    # Sorting is stable, in reverse too: the order by rep id stays among equals.
    values.sort(key=lambda pair: pair[0], reverse=polarity is not Polarity.DOWN)
    return Ranking(list(_places(values)), unranked)


def unranked_because(figure: Figure, min_sample: Amount) -> Reason | None:
    """Why a figure cannot be ranked; None if it can."""
    if figure.value is None:
        return "no_data"
    if figure.denominator is not UNSET and amount(figure.denominator) < min_sample:
        return "small_sample"
    return None


def _places(values: list[tuple[Amount, str]]) -> Iterator[tuple[int, str]]:
    shared, last = 0, None
    for place, (value, rep_id) in enumerate(values, start=1):
        if value != last:
            shared, last = place, value
        yield shared, rep_id
