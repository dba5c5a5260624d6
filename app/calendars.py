"""Another calendar: what other holidays or working weeks say of days that are final.

No event and no movement of a rollup tells of it, yet every figure per working day changes.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from app.db import Writing
from app.periods import DAY, FIRST_DAY
from app.restatements import Cause, Closing, Stretch, restate_working_days
from app.spans import Roster, Span
from app.work_calendar import WorkCalendar
from app.working_days import read_working_days

# So few that the server does not take the transaction for one that sleeps.
AT_ONCE = 1_000
_NONE = Decimal(0)


@dataclass(slots=True)
class Difference:
    """The days up to `last`, in it, on which a team works by one of two calendars only."""

    old: WorkCalendar
    new: WorkCalendar
    last: date
    _own_weeks: set[str] = field(init=False)
    _days: dict[str | None, list[date]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._own_weeks = self.old.teams() | self.new.teams()

    def days(self, team: str | None) -> list[date]:
        """In order; teams without weeks of their own have the same."""
        whose = team if team in self._own_weeks else None
        if whose not in self._days:
            ever = map(date.fromordinal, range(FIRST_DAY.toordinal(), self.last.toordinal() + 1))
            works = self.old.works, self.new.works
            self._days[whose] = [d for d in ever if works[0](whose, d) != works[1](whose, d)]
        return self._days[whose]

    def within(self, team: str | None, start: date, end: date) -> tuple[date, date] | None:
        """The first and the last of `start`..`end` (exclusive)."""
        days = self.days(team)
        lo, hi = bisect_left(days, start), bisect_left(days, end)
        return (days[lo], days[hi - 1]) if lo < hi else None


async def restate_calendar(
    session: Writing, old: WorkCalendar, new: WorkCalendar, closing: Closing, cause: Cause
) -> None:
    """Put on record, a stretch of one state of a rep at a time, how many working days it had and
    has. The two may be equal, where other days are worked than before.
    """
    roster = Roster(closing.directory, closing.now)
    nobody = closing.last_final("")
    last = max(
        (closing.last_final(rep_id) for rep_id in roster.directory.timelines), default=nobody
    )
    difference = Difference(old, new, max(last, nobody))
    called = await _called(session, difference.days(None))
    reps = sorted({*roster.directory.timelines, *called})
    stretches = [
        Stretch(rep_id, first, last, cause)
        for rep_id in reps
        for first, last in _stretches(roster, rep_id, closing, difference, rep_id in called)
    ]
    for at in range(0, len(stretches), AT_ONCE):
        page = stretches[at : at + AT_ONCE]
        spans = [Span(i, s.rep_id, s.day, s.last_day + DAY) for i, s in enumerate(page)]
        before, after = [
            await read_working_days(session, roster, spans, calendar) for calendar in (old, new)
        ]
        counts = [
            (s, before.get((i, 0), _NONE), after.get((i, 0), _NONE)) for i, s in enumerate(page)
        ]
        await restate_working_days(session, [c for c in counts if _moved(*c)], closing.now)


def _moved(stretch: Stretch, before: Decimal, after: Decimal) -> bool:
    """Whether working days can have changed: a single day tells, and so does none at all."""
    return before != after or (before != 0 and stretch.day != stretch.last_day)


def _stretches(
    roster: Roster, rep_id: str, closing: Closing, difference: Difference, called: bool
) -> Iterator[tuple[date, date]]:
    """Of each state of the rep the first and the last final day that is worked otherwise; where
    nobody announced the rep, only if the rep called on such a day.
    """
    end = closing.last_final(rep_id) + DAY
    for lo, hi, state in roster.timeline(rep_id).stretches(FIRST_DAY, end):
        if called if state is None else state.active:
            found = difference.within(None if state is None else state.team, lo, hi)
            if found is not None:
                yield found


async def _called(session: Writing, days: Sequence[date]) -> set[str]:
    """Who has a call on one of these days."""
    return {
        record[0]
        for record in await session.fetch(
            "SELECT DISTINCT rep_id FROM rep_days WHERE day = ANY($1) AND calls > 0", days
        )
    }
