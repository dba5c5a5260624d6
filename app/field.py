"""The field of a board: who stands on it, and the sums of all of them, in columns.

Most reps have all days of the period: theirs are read in one sweep of everybody's. Those who have
part of it, and the few whose days are others than nearly everybody's, are read by spans.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from app.column import Column, added, of_amounts, wide
from app.crowd import SWEEP_FROM, announced
from app.exact import Amount
from app.kpi import BEYOND, Figure, Kpi, figure
from app.lineup import Layout, Lineup, lineup
from app.periods import DAY, Period, months_before
from app.rollups import MEASURES
from app.sheets import Positions, Sheet
from app.spans import Asked, Span
from app.sums import Cell, read_customers, read_sums
from app.sweep import Stretch
from app.view import View
from app.working_days import Schedule, read_departures, schedule

Days = tuple[date, date]

MOST_ALIKE = 1_000  # figures


@dataclass(frozen=True, slots=True)
class Field:
    """Who stands on a board: `reps` in order of id, and `columns` of measures parallel to them.

    `present` are those known to have a row in the rollups of the period, `period` is that of the
    `unannounced`, who are not in the lineup.
    """

    lineup: Lineup
    reps: list[str]
    columns: dict[str, Column]
    present: frozenset[str]
    unannounced: frozenset[str]
    period: Period

    def figures(self, kpi: Kpi, currency: str, places: Positions) -> list[Figure]:
        """The figures of the reps at these places of `reps`; for the same sums made once."""
        names = list(self.columns)
        made = lru_cache(MOST_ALIKE)(
            lambda *amounts: figure(kpi, dict(zip(names, amounts, strict=True)), currency)
        )
        return list(map(made, *(column.amounts(places) for column in self.columns.values())))

    def place_of(self, rep_id: str) -> int | None:
        """The rep's place in the lineup; None for one whom nobody announced."""
        return None if rep_id in self.unannounced else bisect_left(self.lineup.reps, rep_id)

    def period_of(self, rep_id: str) -> Period:
        """The rep's own period."""
        place = self.place_of(rep_id)
        return self.period if place is None else self.lineup.periods[place]

    def spans_of(self, rep_id: str) -> list[Span]:
        """The rep's days on the board."""
        place = self.place_of(rep_id)
        if place is None:
            return [Span(0, rep_id, self.period.start, self.period.end)]
        return self.lineup.spans_of(place)

    def only_by_facts(self) -> Iterator[str]:
        """Who stands on the board for having facts in the period, without being active in it."""
        yield from self.unannounced
        up = self.lineup
        yield from (rep for rep in self.present if not up.active[bisect_left(up.reps, rep)])


async def look_ahead(view: View, kpi: Kpi, asked: Asked, teams: frozenset[str] | None) -> None:
    """Look at the days of both periods' fields at once, rather than at each when it is read."""
    days: set[Days] = set()
    for before in (True, False):
        up = lineup(view.roster, asked, teams, before=before)
        for layout in (up.doubtful, _layout(kpi, up)):
            days |= {d for d, places in layout.whole.items() if _for_a_sweep(view, places)}
        if teams is None:
            period = up.period_on(view.roster.today(NOBODY))
            days.add((period.start, period.end))
    stretches = [Stretch(*d) for d in sorted(days)]
    await view.sheets.look(view.reading, stretches, today=view.roster.todays()[1])


async def read_field(
    view: View, kpi: Kpi, asked: Asked, teams: frozenset[str] | None, *, before: bool = False
) -> Field:
    """The field of the period asked or, `before`, of the one before it: everybody active on some
    date of it, or with facts in it. With `teams` only dates served in these count.
    """
    up = lineup(view.roster, asked, teams, before=before)
    positions = _positions(view, up)
    present = await _with_rows(view, up.reps, positions, up.doubtful)
    columns = await _columns(view, kpi, up.reps, positions, _layout(kpi, up))
    if not kpi.needs.isdisjoint(BEYOND):
        columns |= await _beyond(view, kpi, _schedule(view, up), up.all_spans(), len(up.reps))
    announced = Lines(up.reps, columns)
    absent = {place for place in up.idle if place not in present}
    if absent:
        announced = _only(announced, [i for i in range(len(up.reps)) if i not in absent])
    period = up.period_on(view.roster.today(NOBODY))
    others = await _unannounced(view, kpi, period) if teams is None else Lines([], {})
    reps, columns = _merged(announced, others)
    return Field(
        up, reps, columns, frozenset(up.reps[i] for i in present), frozenset(others.reps), period
    )


# Nobody is called so; whoever nobody announced has the same days.
NOBODY = ""


class Lines(NamedTuple):
    """Reps, and columns of measures parallel to them."""

    reps: list[str]
    columns: dict[str, Column]


async def _columns(
    view: View, kpi: Kpi, reps: Sequence[str], positions: Positions, layout: Layout
) -> dict[str, Column]:
    """The stored measures that the KPI needs, for the days of the layout."""
    measures = [measure for measure in MEASURES if measure in kpi.needs]
    swept, spans = _parted(view, reps, layout)
    parts = [_spread(await read_sums(view.reading, spans, measures), measures, len(reps))]
    for days, places in swept.items():
        sheet = await _sheet(view, days, measures)
        parts.append(
            {
                measure: _placed(column.picked(positions[places]), places, len(reps))
                for measure, column in sheet.columns.items()
                if measure in measures
            }
        )
    return {measure: added([part[measure] for part in parts]) for measure in measures}


def _parted(
    view: View, reps: Sequence[str], layout: Layout
) -> tuple[dict[Days, Positions], list[Span]]:
    """The days worth a sweep, with the places of the reps who have them; and the other spans."""
    swept, spans = {}, list(layout.apart)
    for days, places in layout.whole.items():
        if _for_a_sweep(view, places):
            swept[days] = layout.places(days)
        else:
            spans += [Span(place, reps[place], *days) for place in places]
    return swept, spans


def _for_a_sweep(view: View, places: Sequence[int]) -> bool:
    everybody = max(len(view.roster.directory.timelines), len(view.sheets.reps))
    return len(places) >= SWEEP_FROM * everybody


def _layout(kpi: Kpi, up: Lineup) -> Layout:
    return up.trailing if kpi.trailing else up.days


async def _sheet(view: View, days: Days, measures: Sequence[str]) -> Sheet:
    latest = view.roster.todays()[1]
    return await view.sheets.read(view.reading, *days, measures, today=latest)


def _spread(
    cells: Mapping[Cell, Mapping[str, Amount]], measures: Sequence[str], width: int
) -> dict[str, Column]:
    """Columns with these amounts, each at the place that is its group, and zeros elsewhere."""
    places = np.array([place for place, _ in cells], np.intp)
    return {
        measure: _placed(of_amounts([sums[measure] for sums in cells.values()]), places, width)
        for measure in measures
    }


def _placed(column: Column, places: Positions, width: int) -> Column:
    units = np.zeros(width, column.units.dtype)
    units[places] = column.units
    return Column(units, column.places)


def _only(lines: Lines, places: Sequence[int]) -> Lines:
    """The lines at these places."""
    chosen = np.array(places, np.intp)
    columns = {name: column.picked(chosen) for name, column in lines.columns.items()}
    return Lines([lines.reps[i] for i in places], columns)


async def _with_rows(
    view: View, reps: Sequence[str], positions: Positions, layout: Layout
) -> set[int]:
    """The places of those with a row in the rollups on their days."""
    swept, spans = _parted(view, reps, layout)
    found: set[int] = set()
    for days, places in swept.items():
        sheet = await _sheet(view, days, [])
        width, at = len(view.sheets.reps), positions[places]
        found.update(places[wide(sheet.rows, width)[at]].tolist())
        unsure = places[wide(sheet.unsure, width)[at]]
        spans += [Span(place, reps[place], *days) for place in unsure.tolist()]
    return found | {place for place, _ in await read_sums(view.reading, spans, [])}


async def _unannounced(view: View, kpi: Kpi, period: Period) -> Lines:
    """Those nobody announced, with a row in the period, which they all share."""
    days = (period.start, period.end)
    maybe = (await _sheet(view, days, [])).maybe()
    known = wide(announced(view), len(view.sheets.reps))
    strangers = np.flatnonzero(maybe & ~known[: len(maybe)])
    if not len(strangers):
        return Lines([], {})
    reps = [view.sheets.reps[position] for position in strangers.tolist()]
    there = await _with_rows(view, reps, strangers, _alike(days, len(reps)))
    reps = sorted(reps[i] for i in there)
    spans = [Span(i, rep_id, *days) for i, rep_id in enumerate(reps)]
    if kpi.trailing:
        last = min(period.last_day, view.roster.today(NOBODY))
        days = (months_before(last, 12) + DAY, last + DAY)
    positions = view.sheets.positions(reps)
    columns = await _columns(view, kpi, reps, positions, _alike(days, len(reps)))
    if not kpi.needs.isdisjoint(BEYOND):
        scheduled = schedule(view.roster, spans, view.calendar)
        columns |= await _beyond(view, kpi, scheduled, spans, len(reps))
    return Lines(reps, columns)


def _schedule(view: View, up: Lineup) -> Schedule:
    """The schedule of the lineup."""
    if "schedule" not in up.memory:
        up.memory["schedule"] = schedule(view.roster, up.all_spans(), view.calendar)
    found: Schedule = up.memory["schedule"]
    return found


def _positions(view: View, up: Lineup) -> Positions:
    """Where the sheets have the reps of the lineup."""
    if "positions" not in up.memory:
        up.memory["positions"] = view.sheets.positions(up.reps)
    found: Positions = up.memory["positions"]
    return found


def _alike(days: Days, width: int) -> Layout:
    return Layout({days: list(range(width))} if width else {})


def _merged(one: Lines, other: Lines) -> Lines:
    """The lines of both, in order of id."""
    if not other.reps:
        return one
    reps = one.reps + other.reps
    width = len(one.reps)
    columns = {
        name: added([column, _placed(other.columns[name], _after(width, other), len(reps))])
        for name, column in one.columns.items()
    }
    order = sorted(range(len(reps)), key=reps.__getitem__)
    return _only(Lines(reps, columns), order)


def _after(width: int, lines: Lines) -> Positions:
    return np.arange(width, width + len(lines.reps))


async def _beyond(
    view: View, kpi: Kpi, scheduled: Schedule, spans: Sequence[Span], width: int
) -> dict[str, Column]:
    """What no rollup holds, for `width` reps whose places are the groups of the spans."""
    columns = {}
    if "customers" in kpi.needs:
        columns["customers"] = _column(await read_customers(view.reading, spans), width)
    if "working_days" in kpi.needs:
        departures = await read_departures(view.reading, scheduled, view.calendar)
        columns["working_days"] = added(
            [_column(scheduled.days, width), _column(departures, width)]
        )
    return columns


def _column(cells: Mapping[Cell, Amount], width: int) -> Column:
    return _spread({cell: {"": amount} for cell, amount in cells.items()}, [""], width)[""]
