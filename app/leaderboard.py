"""Ranking: best first, ties, samples that are too small. Pure.

Figures are ranked by the value that is shown, so that two reps with the same number on the board
always share a rank.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from math import ceil
from typing import Literal

import numpy as np
from msgspec import UNSET, Struct
from numpy.typing import NDArray

from app.column import Column, Units, scaled, total
from app.exact import Amount, amount
from app.kpi import Figure, Kpi, Polarity, places, side_places

Reason = Literal["no_data", "small_sample"]
Places = NDArray[np.intp]


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


class Placing:
    """A ranking of places in columns; `left` has those not ranked and why. Nobody is put in order
    before somebody asks who the best are, and of these no more than are asked for.
    """

    def __init__(self, keys: Units, ranked: Units, left: list[tuple[int, Reason]]) -> None:
        self._keys = keys  # the less the better
        self._ranked = ranked
        self._in_order = np.sort(keys[ranked])
        self.left = left

    def best(self, limit: int | None = None) -> Places:
        """Those ranked, best first, at most `limit`; equals stand in order of their places."""
        count = len(self._in_order[:limit])
        if not count:
            return np.zeros(0, np.intp)
        worst = self._in_order[count - 1]
        places = np.flatnonzero(self._ranked & (self._keys <= worst))
        # Sorting is stable: equals stay in order.
        return places[np.argsort(self._keys[places], kind="stable")][:count]

    def ranks(self, places: Places) -> Places:
        """Their ranks: one more than the number of the better. 0 for those not ranked."""
        better = np.searchsorted(self._in_order, self._keys[places])
        return np.where(self._ranked[places], better + 1, 0)


def rank_columns(
    kpi: Kpi, columns: Mapping[str, Column], width: int, min_sample: Amount = 0
) -> Placing:
    """Rank the figures that columns of `width` sums give, as `rank` does one by one; the places
    are in order of rep id.
    """
    value = total(kpi.value, columns, width)
    over = total(kpi.over, columns, width) if kpi.over else None
    empty, small = _not_ranked(kpi, over, min_sample, width)
    keys = scaled(value, over, places(kpi))
    left = np.flatnonzero(empty | small).tolist()
    return Placing(
        keys if kpi.polarity is Polarity.DOWN else -keys,
        ~(empty | small),
        [(i, "no_data" if empty[i] else "small_sample") for i in left],
    )


def _not_ranked(
    kpi: Kpi, over: Column | None, min_sample: Amount, width: int
) -> tuple[Units, Units]:
    """Of whom there is no value, and of whom the denominator as it is shown is too small."""
    nobody = np.zeros(width, bool)
    if kpi.over is None or over is None:
        return nobody, nobody
    decimals = side_places(kpi.over)
    # Whole units are less than a sample where they are less than the next whole number.
    least = ceil(Decimal(min_sample).scaleb(decimals))
    return over.units <= 0, scaled(over, None, decimals) < least
