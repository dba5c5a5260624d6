"""Sheets: measures of everybody over some days, read in one sweep and remembered while they hold.

A board of ten thousand reps asks for the same days of all of them, most of which do not change
any more. `day_moves` counts how often anybody's sums of a day moved, in the transaction that moved
them, so a remembered column is exact for as long as the counts of its days are what they were.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from app.column import Column, added, of_amounts, wide
from app.db import Reading
from app.periods import DAY, Kind, months_before, period_of
from app.rollups import AMOUNTS

# Amounts that are kept, 8 bytes each: all KPIs of 10,000 reps for two times twelve months are 2 M.
MOST_KEPT = 5_000_000

# Amounts come as 64-bit units of so many decimals where they fit, which is nearly always.
_PLACES = 4
_ROOM = 10**14

Positions = NDArray[np.intp]
Mask = NDArray[np.bool_]


class Stretch(NamedTuple):
    """Days from `start` up to, not including, `end`."""

    start: date
    end: date


class Term(NamedTuple):
    """Rows that are added, or with `minus` taken away, to make the sums of a stretch."""

    table: str
    key: str
    start: date
    end: date
    minus: bool = False


class Stamp(NamedTuple):
    """The state of some days: how many batches nobody tracked, and how often the days moved."""

    untracked: int
    moves: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """Columns over one stretch, by position of the rep; a rep past the end of one has 0.

    `rows` tells who has a row in the rollups, `unsure` who may have none after all: of these,
    rows were taken away as well.
    """

    stamp: Stamp
    rows: Mask
    unsure: Mask
    columns: dict[str, Column]

    def size(self) -> int:
        """How many amounts it holds."""
        return len(self.rows) + sum(len(column.units) for column in self.columns.values())

    def maybe(self) -> Mask:
        """Who has a row, or may have one."""
        width = max(len(self.rows), len(self.unsure))
        both: Mask = wide(self.rows, width) | wide(self.unsure, width)
        return both


class Sheets:
    """Remembers sheets between questions. Reps get their positions as they are seen."""

    def __init__(self, most_kept: int = MOST_KEPT) -> None:
        self.reps: list[str] = []
        self._positions: dict[str, int] = {}
        self._kept: OrderedDict[Stretch, Sheet] = OrderedDict()
        # A snapshot sees the same stamps however often they are looked at.
        self._seen: WeakKeyDictionary[Reading, dict[Stretch, Stamp]] = WeakKeyDictionary()
        self._most_kept = most_kept

    def positions(self, reps: Iterable[str]) -> Positions:
        """The positions of reps in all columns, now and later."""
        reps = list(reps)
        found = list(map(self._positions.get, reps))
        if None in found:
            for rep_id in reps:
                if rep_id not in self._positions:
                    self._positions[rep_id] = len(self.reps)
                    self.reps.append(rep_id)
            found = list(map(self._positions.get, reps))
        return np.array(found, np.intp)

    def mask(self, positions: Positions) -> Mask:
        """True at these positions."""
        mask = np.zeros(len(self.reps), np.bool_)
        mask[positions] = True
        return mask

    async def read(
        self, reading: Reading, start: date, end: date, measures: Sequence[str], *, today: date
    ) -> Sheet:
        """The sums of `measures` over `start`..`end` (exclusive), of everybody, in a snapshot.

        `today` is the latest day that is anybody's today: of later ones there is next to nothing.
        """
        (sheet,) = await self.read_each(reading, [Stretch(start, end)], measures, today=today)
        return sheet

    async def read_each(
        self,
        reading: Reading,
        stretches: Sequence[Stretch],
        measures: Sequence[str],
        *,
        today: date,
    ) -> list[Sheet]:
        """The same for each of several stretches."""
        if not stretches:
            return []
        wholes = [list(_pieces(whole, today)) for whole in stretches]
        stamps = await self._stamps(reading, [piece for pieces in wholes for piece in pieces])
        found = []
        for pieces in wholes:
            sheets = [
                await self._sheet(reading, piece, stamps[piece], measures, today)
                for piece in pieces
            ]
            found.append(_together(sheets, measures) if len(sheets) > 1 else sheets[0])
        return found

    async def _stamps(self, reading: Reading, pieces: Iterable[Stretch]) -> Mapping[Stretch, Stamp]:
        seen = self._seen.setdefault(reading, {})
        new = [piece for piece in dict.fromkeys(pieces) if piece not in seen]
        if new:
            seen.update(zip(new, await _stamps(reading, new), strict=True))
        return seen

    async def _sheet(
        self, reading: Reading, piece: Stretch, stamp: Stamp, measures: Sequence[str], today: date
    ) -> Sheet:
        kept = self._kept.get(piece)
        columns = dict(kept.columns) if kept is not None and kept.stamp == stamp else {}
        missing = [measure for measure in measures if measure not in columns]
        if kept is None or kept.stamp != stamp or missing:
            read = await self._sweep(reading, stamp, _joined(_terms(piece, today)), missing)
            kept = Sheet(stamp, read.rows, read.unsure, columns | read.columns)
            self._kept[piece] = kept
        self._kept.move_to_end(piece)
        self._forget()
        return kept

    async def _sweep(
        self, reading: Reading, stamp: Stamp, terms: Sequence[Term], measures: Sequence[str]
    ) -> Sheet:
        """Read the sums that `terms` make."""
        bounds = [bound for term in terms for bound in (term.start, term.end)]
        (record,) = await reading.fetch(_swept(terms, measures, _packed), *bounds)
        positions = self.positions(record["reps"] or ())
        columns = {}
        for measure in measures:
            units = np.frombuffer(record[measure] or b"", ">i8").astype(np.int64)
            column = Column(units, _PLACES if measure in AMOUNTS else 0)
            if len(units) == len(positions):
                columns[measure] = self._placed(column, positions)
            else:  # an amount too large or with more decimals
                columns[measure] = await self._read_text(reading, terms, measure)
        unsure = self.positions(record["unsure"] or ())
        rows = np.setdiff1d(positions, unsure) if len(unsure) else positions
        return Sheet(stamp, self.mask(rows), self.mask(unsure), columns)

    async def _read_text(self, reading: Reading, terms: Sequence[Term], measure: str) -> Column:
        """Read the sums of one measure whatever their size, slower."""
        bounds = [bound for term in terms for bound in (term.start, term.end)]
        (record,) = await reading.fetch(_swept(terms, [measure], _text), *bounds)
        column = of_amounts(map(Decimal, record[measure].split(" ")))
        return self._placed(column, self.positions(record["reps"]))

    def _placed(self, column: Column, positions: Positions) -> Column:
        """The amounts, each at the position of its rep."""
        units = np.zeros(len(self.reps), column.units.dtype)
        units[positions] = column.units
        return Column(units, column.places)

    def _forget(self) -> None:
        """Let go of what was asked for least lately, over the number of amounts kept."""
        over = sum(sheet.size() for sheet in self._kept.values()) - self._most_kept
        while over > 0 and len(self._kept) > 1:
            _, sheet = self._kept.popitem(last=False)
            over -= sheet.size()


def _pieces(whole: Stretch, today: date) -> Iterator[Stretch]:
    """The stretch in pieces that change at paces of their own: the older days, which hardly ever
    do, the month before the present one, which late events reach, and the present one.
    """
    this_month = (today - DAY).replace(day=1)
    cuts = [months_before(this_month, 1), this_month, months_before(this_month, -1)]
    edges = [whole.start, *(cut for cut in cuts if whole.start < cut < whole.end), whole.end]
    yield from map(Stretch, edges[:-1], edges[1:])


async def _stamps(reading: Reading, pieces: Sequence[Stretch]) -> list[Stamp]:
    records = await reading.fetch(
        "SELECT coalesce((SELECT ingest - tracked FROM versions), 0),"
        " (SELECT coalesce(sum(d.moves), 0)::bigint FROM day_moves d"
        " WHERE d.day >= p.lo AND d.day < p.hi)"
        " FROM unnest($1::date[], $2::date[]) WITH ORDINALITY AS p(lo, hi, i) ORDER BY i",
        [piece.start for piece in pieces], [piece.end for piece in pieces],
    )  # fmt: skip
    return [Stamp(*record) for record in records]


def _terms(piece: Stretch, today: date) -> Iterator[Term]:
    """The fewest rows that make the sums: whole months, and of a month in part either the days
    that are in the piece, or the month less the days that are not.
    """
    start = piece.start
    while start < piece.end:
        month = period_of(Kind.MONTH, start)
        end = min(month.end, piece.end)
        outside = Stretch(month.start, start), Stretch(end, month.end)
        if sum(_full(*days, today) for days in outside) < _full(start, end, today):
            yield Term("rep_months", "month", month.start, month.end)
            yield from (Term("rep_days", "day", *d, True) for d in outside if d.start < d.end)
        else:
            yield Term("rep_days", "day", start, end)
        start = end


def _full(start: date, end: date, today: date) -> int:
    """How many days of `start`..`end` (exclusive) there can be much on."""
    return max(0, (min(end, today + DAY) - start).days)


def _joined(terms: Iterable[Term]) -> list[Term]:
    """The same rows in fewer terms."""
    joined: list[Term] = []
    for term in sorted(terms, key=lambda t: (t.table, t.minus, t.start)):
        last = joined[-1] if joined else None
        if last is not None and last == term._replace(start=last.start, end=term.start):
            joined[-1] = term._replace(start=last.start)
        else:
            joined.append(term)
    return joined


def _swept(terms: Sequence[Term], measures: Sequence[str], packed: Callable[[str], str]) -> str:
    """A query of one row: `reps`, each measure with the amounts of all of them in one value, in
    the same order; and `unsure`, from whom something was taken away.
    """
    alone = len(terms) == 1 and _one_row_a_rep(terms[0])
    sums = "".join(f", {m if alone else _sum(m)} AS {m}" for m in measures)
    lists = "".join(f", {packed(m)} AS {m}" for m in measures)
    union = " UNION ALL ".join(_rows(i, term, measures) for i, term in enumerate(terms))
    return (
        f"SELECT array_agg(rep_id) AS reps, array_agg(rep_id) FILTER (WHERE minus) AS unsure{lists}"
        f" FROM (SELECT rep_id{sums}, {'minus' if alone else 'bool_or(minus) AS minus'}"
        f" FROM ({union}) AS r{'' if alone else ' GROUP BY rep_id'}) AS s"
    )


def _one_row_a_rep(term: Term) -> bool:
    kind = Kind.DAY if term.key == "day" else Kind.MONTH
    return term.end <= period_of(kind, term.start).end


def _rows(number: int, term: Term, measures: Sequence[str]) -> str:
    sign = "-" if term.minus else ""
    wanted = "".join(f", {sign}{measure} AS {measure}" for measure in measures)
    return (
        f"SELECT rep_id{wanted}, {term.minus} AS minus FROM {term.table}"
        f" WHERE {term.key} >= ${2 * number + 1}::date AND {term.key} < ${2 * number + 2}::date"
    )


def _sum(measure: str) -> str:
    return f"sum({measure})" if measure in AMOUNTS else f"sum({measure})::bigint"


def _packed(measure: str) -> str:
    """All amounts in one value of 8 bytes each, one missing where it does not fit. The driver
    takes six times as long to read the same from an array of numerics.
    """
    if measure not in AMOUNTS:
        return f"string_agg(int8send({measure}), ''::bytea)"
    return (
        f"string_agg(CASE WHEN scale({measure}) <= {_PLACES} AND abs({measure}) < {_ROOM}"
        f" THEN int8send(({measure} * {10**_PLACES})::bigint) END, ''::bytea)"
    )


def _text(measure: str) -> str:
    return f"string_agg({measure}::text, ' ')"


def _together(sheets: Sequence[Sheet], measures: Sequence[str]) -> Sheet:
    """The sums of sheets over stretches that follow each other."""
    width = max(len(mask) for sheet in sheets for mask in (sheet.rows, sheet.unsure))
    rows = np.logical_or.reduce([wide(sheet.rows, width) for sheet in sheets])
    unsure = np.logical_or.reduce([wide(sheet.unsure, width) for sheet in sheets]) & ~rows
    columns = {m: added([sheet.columns[m] for sheet in sheets]) for m in measures}
    return Sheet(sheets[0].stamp, rows, unsure, columns)
