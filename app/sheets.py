"""Sheets: measures of everybody over some days, read in one sweep and remembered while they hold.

A board of ten thousand reps asks for the same days of all of them, most of which do not change
any more. `day_moves` counts how often anybody's sums of a day moved, in the transaction that moved
them, so a remembered column is exact for as long as the counts of its days are what they were.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import NamedTuple
from weakref import WeakKeyDictionary, WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from app.column import Column, added, negative, wide
from app.db import Reading
from app.periods import DAY, Kind, months_before, period_of
from app.sweep import Ids, Stretch, Swept, full, sweep

# Amounts that are kept, 8 bytes each: all KPIs of 10,000 reps for two times twelve months are 2 M.
MOST_KEPT = 5_000_000

# Boards of several KPIs are asked for side by side, all of them again once their days have moved:
# whoever reads the days first also reads what the others asked for before, if it is not more.
MOST_FOR_OTHERS = 12

Positions = NDArray[np.intp]
Mask = NDArray[np.bool_]


class Stamp(NamedTuple):
    """The state of some days: how many batches nobody tracked, and how often the days moved."""

    untracked: int
    moves: int


class Part(NamedTuple):
    """Days whose sums make those of others: `days`, from which those of `less` are taken away."""

    days: Stretch
    less: tuple[Stretch, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """Columns over one stretch, by position of the rep; a rep past the end of one has 0.

    `rows` tells who has a row in the rollups, `unsure` who may have none after all: of these,
    rows were taken away as well.
    """

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


@dataclass(frozen=True, slots=True)
class Kept:
    """A sheet that holds while its days have this stamp; which of its measures were `asked` for,
    and the ids that the last sweep found, with their positions.
    """

    stamp: Stamp
    sheet: Sheet
    asked: set[str]
    reps: Ids
    positions: Positions

    def size(self) -> int:
        """How much room it takes, in amounts: a position is as large as one, an id as two."""
        return self.sheet.size() + 3 * len(self.positions)


class Sheets:
    """Remembers sheets between questions. Reps get their positions as they are seen."""

    def __init__(self, most_kept: int = MOST_KEPT) -> None:
        self.reps: list[str] = []
        self._positions: dict[str, int] = {}
        self._kept: OrderedDict[Stretch, Kept] = OrderedDict()
        # A snapshot sees the same stamps however often they are looked at.
        self._seen: WeakKeyDictionary[Reading, dict[Stretch, Stamp]] = WeakKeyDictionary()
        self._sweeping: WeakValueDictionary[tuple[Stretch, Stamp], asyncio.Lock] = (
            WeakValueDictionary()
        )
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
        wholes = [list(_parts(whole, today)) for whole in stretches]
        stamps = await self._stamps(reading, [part for parts in wholes for part in parts])
        found = []
        for parts in wholes:
            sheets = [await self._part(reading, part, stamps, measures, today) for part in parts]
            found.append(_together(sheets, measures) if len(sheets) > 1 else sheets[0])
        return found

    async def look(self, reading: Reading, stretches: Iterable[Stretch], *, today: date) -> None:
        """Look at the state of all these days at once: to read them then asks no more."""
        await self._stamps(reading, [part for whole in stretches for part in _parts(whole, today)])

    async def _stamps(self, reading: Reading, parts: Iterable[Part]) -> Mapping[Stretch, Stamp]:
        seen = self._seen.setdefault(reading, {})
        days = dict.fromkeys(days for part in parts for days in (part.days, *part.less))
        new = [one for one in days if one not in seen]
        if new:
            seen.update(zip(new, await _stamps(reading, new), strict=True))
        return seen

    async def _part(
        self, reading: Reading, part: Part, stamps: Mapping[Stretch, Stamp],
        measures: Sequence[str], today: date,
    ) -> Sheet:  # fmt: skip
        whole, *less = [
            await self._sheet(reading, days, stamps[days], measures, today)
            for days in (part.days, *part.less)
        ]
        return _less(whole, less, measures) if less else whole

    async def _sheet(
        self, reading: Reading, piece: Stretch, stamp: Stamp, measures: Sequence[str], today: date
    ) -> Sheet:
        # Whoever wants the same days in the same state waits for the one who reads them.
        async with self._sweeping.setdefault((piece, stamp), asyncio.Lock()):
            kept = self._kept.get(piece)
            if kept is None or kept.stamp != stamp:
                wanted = {*measures, *_for_others(kept)}
                kept = self._placed(await sweep(reading, piece, wanted, today=today), stamp, kept)
            elif missing := set(measures) - kept.sheet.columns.keys():
                read = self._placed(await sweep(reading, piece, missing, today=today), stamp, kept)
                read.sheet.columns.update(kept.sheet.columns)
                kept = replace(read, asked=kept.asked)
            kept.asked.update(measures)
            self._kept[piece] = kept
        self._kept.move_to_end(piece)
        self._forget()
        return kept.sheet

    def _placed(self, read: Swept, stamp: Stamp, before: Kept | None) -> Kept:
        """What was read, by position; reps that are those of the sheet before have theirs."""
        if before is not None and before.reps == read.reps:
            positions = before.positions
        else:
            positions = self.positions(read.reps.each())
        rows = self.mask(positions)
        unsure = self.positions(read.unsure.each())
        rows[unsure] = False
        columns = {name: self._column(column, positions) for name, column in read.columns.items()}
        return Kept(stamp, Sheet(rows, self.mask(unsure), columns), set(), read.reps, positions)

    def _column(self, column: Column, positions: Positions) -> Column:
        """The amounts, each at the position of its rep."""
        units = np.zeros(len(self.reps), column.units.dtype)
        units[positions] = column.units
        return Column(units, column.places)

    def _forget(self) -> None:
        """Let go of what was asked for least lately, over the number of amounts kept."""
        over = sum(kept.size() for kept in self._kept.values()) - self._most_kept
        while over > 0 and len(self._kept) > 1:
            _, kept = self._kept.popitem(last=False)
            over -= kept.size()


def _for_others(before: Kept | None) -> set[str]:
    """What to read of days that moved beside what is asked for."""
    return before.asked if before and len(before.asked) <= MOST_FOR_OTHERS else set()


def _parts(whole: Stretch, today: date) -> Iterator[Part]:
    """The stretch in parts that change at paces of their own: the older days, which hardly ever
    do, the month before the present one, which late events reach, and the present one.
    """
    this_month = (today - DAY).replace(day=1)
    cuts = [months_before(this_month, 1), this_month, months_before(this_month, -1)]
    edges = [whole.start, *(cut for cut in cuts if whole.start < cut < whole.end), whole.end]
    yield from (_part(Stretch(*days), today) for days in pairwise(edges))


def _part(days: Stretch, today: date) -> Part:
    """The days; of a month nearly full the whole month, which others read too, less the rest."""
    month = period_of(Kind.MONTH, days.start)
    outside = Stretch(month.start, days.start), Stretch(days.end, month.end)
    less = tuple(rest for rest in outside if rest.start < rest.end)
    if days.end <= month.end and sum(full(rest, today) for rest in less) < full(days, today):
        return Part(Stretch(month.start, month.end), less)
    return Part(days)


async def _stamps(reading: Reading, pieces: Sequence[Stretch]) -> list[Stamp]:
    records = await reading.fetch(
        "SELECT coalesce((SELECT ingest - tracked FROM versions), 0),"
        " (SELECT coalesce(sum(d.moves), 0)::bigint FROM day_moves d"
        " WHERE d.day >= p.lo AND d.day < p.hi)"
        " FROM unnest($1::date[], $2::date[]) WITH ORDINALITY AS p(lo, hi, i) ORDER BY i",
        [piece.start for piece in pieces], [piece.end for piece in pieces],
    )  # fmt: skip
    return [Stamp(*record) for record in records]


def _less(whole: Sheet, less: Sequence[Sheet], measures: Sequence[str]) -> Sheet:
    """The sums of a sheet without those of days in it."""
    width = max(len(sheet.rows) for sheet in (whole, *less))
    taken: Mask = np.logical_or.reduce([wide(sheet.rows, width) for sheet in less])
    columns = {
        m: added([whole.columns[m], *(negative(sheet.columns[m]) for sheet in less)])
        for m in measures
    }
    return Sheet(wide(whole.rows, width) & ~taken, taken, columns)


def _together(sheets: Sequence[Sheet], measures: Sequence[str]) -> Sheet:
    """The sums of sheets over stretches that follow each other."""
    width = max(len(mask) for sheet in sheets for mask in (sheet.rows, sheet.unsure))
    rows = np.logical_or.reduce([wide(sheet.rows, width) for sheet in sheets])
    unsure = np.logical_or.reduce([wide(sheet.unsure, width) for sheet in sheets]) & ~rows
    columns = {m: added([sheet.columns[m] for sheet in sheets]) for m in measures}
    return Sheet(rows, unsure, columns)
