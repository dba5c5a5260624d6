"""Who may stand on a board, and with which days: all of it that the directory alone tells. Pure.

It is the same from one question to the next until the directory changes or a midnight comes, so a
roster remembers it.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.directory import Timeline
from app.periods import Kind, Period, period_of
from app.spans import Asked, Roster, Span, served

Places = NDArray[np.intp]


@dataclass(slots=True)
class Layout:
    """Days of reps, each by the place in a list: those who have all of some days, and the spans
    (their group is the place) of those who have part of them.
    """

    whole: dict[tuple[date, date], list[int]] = field(default_factory=dict)
    apart: list[Span] = field(default_factory=list)
    _arrays: dict[tuple[date, date], Places] = field(default_factory=dict, init=False)

    def add(self, days: tuple[date, date], spans: list[Span]) -> None:
        """The rep's `spans` of the `days`."""
        if [(span.start, span.end) for span in spans] == [days]:
            self.whole.setdefault(days, []).append(spans[0].group)
        else:
            self.apart += spans

    def places(self, days: tuple[date, date]) -> Places:
        """The places of those who have all of `days`, of a layout that is whole."""
        if days not in self._arrays:
            self._arrays[days] = np.array(self.whole[days], np.intp)
        return self._arrays[days]


@dataclass(slots=True)
class Lineup:
    """The announced reps with a day in a period, in order of id; lists are parallel to `reps`.

    `days` are those of the period, `trailing` of the twelve months that end with it or with today;
    `doubtful` those of reps of whom it matters whether they have facts: they are not active, or
    served more than once. `idle` are the places of those not `active`; `shared` counts the periods
    of the active by zone, and `ends` is when the last of these ends.
    """

    period_on: Callable[[date], Period]
    reps: list[str] = field(default_factory=list)
    periods: list[Period] = field(default_factory=list)
    active: list[bool] = field(default_factory=list)
    idle: list[int] = field(default_factory=list)
    days: Layout = field(default_factory=Layout)
    trailing: Layout = field(default_factory=Layout)
    doubtful: Layout = field(default_factory=Layout)
    parts: dict[int, list[Span]] = field(default_factory=dict)
    shared: Counter[tuple[Period, str]] = field(default_factory=Counter)
    ends: datetime | None = None
    memory: dict[str, Any] = field(default_factory=dict)  # what others find out about it

    def spans_of(self, place: int) -> list[Span]:
        """The rep's days."""
        period = self.periods[place]
        whole = Span(place, self.reps[place], period.start, period.end)
        return self.parts.get(place, [whole])

    def all_spans(self) -> list[Span]:
        """Everybody's days."""
        if "spans" not in self.memory:
            places = range(len(self.reps))
            self.memory["spans"] = [span for place in places for span in self.spans_of(place)]
        found: list[Span] = self.memory["spans"]
        return found

    def count(self, timeline: Timeline, period: Period) -> None:
        """Count the period of an active rep."""
        self.shared[period, timeline.zone_on(period.last_day)] += 1
        end = timeline.ended(period.start, period.end)
        self.ends = end if self.ends is None else max(self.ends, end)


def lineup(roster: Roster, asked: Asked, teams: frozenset[str] | None, *, before: bool) -> Lineup:
    """The lineup for the period asked or, `before`, the one before it; with `teams` for the dates
    served in these.
    """
    period_on = asked.before if before else asked.on
    return roster.memory.once(
        (Lineup, asked, teams, before), lambda: _lined_up(roster, period_on, teams)
    )


def _lined_up(
    roster: Roster, period_on: Callable[[date], Period], teams: frozenset[str] | None
) -> Lineup:
    made = Lineup(period_on)
    known: dict[date, tuple[Period, Period]] = {}
    for rep_id in roster.memory.in_order():
        today = roster.today(rep_id)
        if today not in known:
            period = period_on(today)
            known[today] = period, period_of(Kind.TTM, min(period.last_day, today))
        period, last_months = known[today]
        place = len(made.reps)
        spans = served(roster, place, rep_id, period, teams)
        if not spans:
            continue
        timeline = roster.timeline(rep_id)
        active = any(active_in(timeline, span) for span in spans)
        made.reps.append(rep_id)
        made.periods.append(period)
        made.active.append(active)
        days = (period.start, period.end)
        made.days.add(days, spans)
        if not active or len(spans) > 1:
            made.doubtful.add(days, spans)
        if len(spans) > 1 or (spans[0].start, spans[0].end) != days:
            made.parts[place] = spans
        of_trailing = served(roster, place, rep_id, last_months, teams)
        made.trailing.add((last_months.start, last_months.end), of_trailing)
        if active:
            made.count(timeline, period)
        else:
            made.idle.append(place)
    return made


def active_in(timeline: Timeline, span: Span) -> bool:
    """Whether the rep is active on some date of the span."""
    stretches = timeline.stretches(span.start, span.end)
    return any(state is not None and state.active for _, _, state in stretches)
