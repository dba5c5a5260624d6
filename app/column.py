"""Exact arithmetic on a whole column of amounts at once. Pure.

An amount is a whole number of units of `10**-places`, in 64 bits where all of a column have room,
else of any length: no amount is ever rounded before it is shown, and none ever wraps around.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Context, Decimal, Inexact
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.exact import Amount
from app.kpi import terms

Units = NDArray[Any]  # of int64, or objects: Python's ints

_ROOM = 2**63 - 1
_EXACT = Context(prec=1000, traps=[Inexact])


class Column(NamedTuple):
    """Amounts of one measure, each `units[i] * 10**-places`."""

    units: Units
    places: int

    def amounts(self, positions: NDArray[np.intp]) -> list[Amount]:
        """The amounts at these positions: ints where units are whole, else decimals."""
        units: list[int] = self.units[positions].tolist()
        if not self.places:
            return [*units]
        return [Decimal(unit).scaleb(-self.places, _EXACT) for unit in units]

    def picked(self, positions: NDArray[np.intp]) -> "Column":
        """The amounts at these positions; past the end there are zeros."""
        return Column(wide(self.units, positions.max(initial=-1) + 1)[positions], self.places)


def zeros(width: int) -> Column:
    """A column of nothing."""
    return Column(np.zeros(width, np.int64), 0)


def of_amounts(amounts: Iterable[Amount]) -> Column:
    """The column of these amounts."""
    amounts = list(amounts)
    if all(type(amount) is int for amount in amounts):
        return Column(_units([int(amount) for amount in amounts]), 0)
    decimals = [Decimal(amount) for amount in amounts]
    exponents = [decimal.as_tuple().exponent for decimal in decimals]
    places = max((-e for e in exponents if isinstance(e, int)), default=0)
    places = max(places, 0)
    return Column(_units([int(d.scaleb(places, _EXACT)) for d in decimals]), places)


def _units(ints: Sequence[int]) -> Units:
    room = all(-_ROOM <= units <= _ROOM for units in ints)
    return np.array(ints, np.int64 if room else object)


def added(columns: Sequence[Column]) -> Column:
    """The sums across columns; one that ends early goes on with zeros."""
    places = max(column.places for column in columns)
    width = max(len(column.units) for column in columns)
    aligned = [wide(_times(c.units, 10 ** (places - c.places)), width) for c in columns]
    if sum(map(_most, aligned)) > _ROOM:
        aligned = [units.astype(object) for units in aligned]
    return Column(sum(aligned[1:], start=aligned[0]), places)


def negative(column: Column) -> Column:
    """The amounts with the other sign; 64 bits have room, since no amount is their least number."""
    return Column(-column.units, column.places)


def folded(column: Column, places: NDArray[np.intp], width: int) -> Column:
    """The sums of the amounts that have the same of `width` places; `places` are parallel."""
    units = column.units
    if _most(units) * max(len(units), 1) > _ROOM:
        units = units.astype(object)
    sums = np.zeros(width, units.dtype)
    np.add.at(sums, places, units)
    return Column(sums, column.places)


def total(expression: str, columns: Mapping[str, Column], width: int) -> Column:
    """The sums that an expression such as `"net - returned"` names; what is not there is 0."""
    signed = [
        Column(sign * columns[name].units, columns[name].places)
        for sign, name in terms(expression)
        if name in columns
    ]
    return added([zeros(width), *signed])


def scaled(value: Column, over: Column | None, places: int) -> Units:
    """`value / over` in units of `10**-places`, rounded half to even, as `app.exact.scaled`.

    Where `over` is not greater than 0 there is a number without meaning.
    """
    top, under = value.units, np.ones_like(value.units) if over is None else over.units
    shift = places - value.places + (over.places if over is not None else 0)
    top, under = _times(top, 10 ** max(shift, 0)), _times(under, 10 ** max(-shift, 0))
    under = np.where(under > 0, under, 1)
    if 2 * _most(under) > _ROOM:
        under = under.astype(object)
    whole: Units = top // under
    left = top % under
    up = (2 * left > under) | ((2 * left == under) & (whole % 2 == 1))
    rounded: Units = whole + up
    return rounded


def _times(units: Units, factor: int) -> Units:
    if factor == 1:
        return units
    if max(_most(units), 1) * factor > _ROOM:  # numpy takes no larger factor, even of zeros
        units = units.astype(object)
    return units * factor


def _most(units: Units) -> int:
    """The greatest of the absolute units; more than there is room for if they are objects."""
    if units.dtype == object:
        return _ROOM + 1
    return max(int(units.max(initial=0)), -int(units.min(initial=0)))


def wide(units: Units, width: int) -> Units:
    """The array, with zeros after it up to this width."""
    missing = width - len(units)
    return np.concatenate([units, np.zeros(missing, units.dtype)]) if missing > 0 else units
