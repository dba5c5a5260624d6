"""Sums over the spans of many reps, cell by cell as `app.sums` gives them: days that a good part
of everybody has are read in sweeps, which are remembered while they hold, the others by spans.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np

from app.column import folded, wide
from app.exact import Amount, plus
from app.periods import DAY, Kind, period_of
from app.rollups import MEASURES
from app.sheets import Mask, Positions, Sheet, Sheets
from app.spans import Span, cut_at
from app.sums import Cell, read_sums
from app.sweep import Stretch
from app.view import View

# A sweep reads everybody's rows, but each at a fifth of what a row read by its span costs.
SWEEP_FROM = 0.2

Cells = dict[Cell, dict[str, Amount]]


class Members(NamedTuple):
    """Who has the same days: `spans`, parallel to them the reps' `positions` in the sheets and
    `places`, where their groups stand in `groups`.
    """

    spans: Sequence[Span]
    positions: Positions
    groups: Sequence[int]
    places: Positions


class Crowd:
    """Spans, put together by their days once for all questions about them."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self.spans = spans
        self.alike: dict[Stretch, list[Span]] = {}
        for span in spans:
            self.alike.setdefault(Stretch(span.start, span.end), []).append(span)
        self._members: dict[Stretch, Members] = {}

    def members(self, days: Stretch, sheets: Sheets) -> Members:
        """Who has all of `days`."""
        if days not in self._members:
            spans = self.alike[days]
            positions = sheets.positions(span.rep_id for span in spans)
            groups, places = np.unique([span.group for span in spans], return_inverse=True)
            self._members[days] = Members(spans, positions, groups.tolist(), places)
        return self._members[days]


class Part(NamedTuple):
    """The days `stretch` of members, all within one bucket."""

    members: Members
    bucket: int
    stretch: Stretch


async def read_crowd(
    view: View, crowd: Crowd, measures: Sequence[str], cuts: Sequence[date] = ()
) -> Cells:
    """The sums of these measures in each cell that has a row in the rollups."""
    names = [name for name in MEASURES if name in measures]
    parts, apart = _parted(view, crowd, cuts)
    found = await read_sums(view.reading, apart, names, cuts)
    sheets = await view.sheets.read_each(
        view.reading, [part.stretch for part in parts], names, today=view.roster.todays()[1]
    )
    for part, sheet in zip(parts, sheets, strict=True):
        for cell, amounts in (await _cells(view, part, sheet, names)).items():
            if cell in found:
                _add(found[cell], amounts)
            else:
                found[cell] = amounts
    return found


async def read_strangers(view: View, start: date, end: date) -> list[str]:
    """Whom nobody announced, with a row in the months that `start`..`end` (exclusive) touches."""
    last = period_of(Kind.MONTH, end - DAY)
    sheet = await view.sheets.read(
        view.reading, start.replace(day=1), last.end, [], today=view.roster.todays()[1]
    )
    there = sheet.rows  # of whole months nothing is taken away
    strangers = there & ~wide(announced(view), len(there))[: len(there)]
    return [view.sheets.reps[position] for position in np.flatnonzero(strangers).tolist()]


def announced(view: View) -> Mask:
    """Which positions in the sheets are of somebody who was announced."""
    positions = view.sheets.positions
    return view.roster.memory.once(
        "announced", lambda: view.sheets.mask(positions(view.roster.directory.timelines))
    )


def _parted(view: View, crowd: Crowd, cuts: Sequence[date]) -> tuple[list[Part], list[Span]]:
    """The days worth a sweep, bucket by bucket; and the other spans."""
    everybody = max(len(view.roster.directory.timelines), len(view.sheets.reps))
    parts: list[Part] = []
    apart: list[Span] = []
    for days, spans in crowd.alike.items():
        if len(spans) >= SWEEP_FROM * everybody:
            members = crowd.members(days, view.sheets)
            parts += (Part(members, i, Stretch(lo, hi)) for i, lo, hi in cut_at(*days, cuts))
        else:
            apart += spans
    return parts, apart


async def _cells(view: View, part: Part, sheet: Sheet, names: Sequence[str]) -> Cells:
    """What a sheet has for each group of members with a row in it."""
    _, positions, groups, places = part.members
    there = _with_any(sheet.rows, positions, places, len(groups))
    there[await _places_unsure(view, part, sheet, there)] = True
    columns = [folded(sheet.columns[name].picked(positions), places, len(groups)) for name in names]
    where = np.flatnonzero(there)
    at = where.tolist()
    amounts = zip(*(column.amounts(where) for column in columns), strict=True)
    rows: Iterator[tuple[Amount, ...]] = amounts if names else iter([()] * len(at))
    return {
        (groups[i], part.bucket): dict(zip(names, row, strict=True))
        for i, row in zip(at, rows, strict=True)
    }


def _with_any(mask: Mask, positions: Positions, places: Positions, width: int) -> Mask:
    """Which groups have somebody the mask is true of."""
    true = wide(mask, int(positions.max(initial=-1)) + 1)[positions]
    found: Mask = np.bincount(places[true], minlength=width) > 0
    return found


async def _places_unsure(view: View, part: Part, sheet: Sheet, there: Mask) -> Sequence[int]:
    """The places of those who have a row after all, of the groups where the sheet cannot tell."""
    members = part.members
    unsure = _with_any(sheet.unsure, members.positions, members.places, len(there)) & ~there
    if not unsure.any():
        return []
    spans = [
        Span(place, span.rep_id, *part.stretch)
        for span, place in zip(members.spans, members.places.tolist(), strict=True)
        if unsure[place]
    ]
    return [place for place, _ in await read_sums(view.reading, spans, [])]


def _add(total: dict[str, Amount], more: Mapping[str, Amount]) -> None:
    for name, amount in more.items():
        total[name] = plus(total[name], amount) if name in total else amount
