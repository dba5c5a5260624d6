"""Whose day an instant is: zones, teams, rates of time off and working days of each rep.

Dates are `date`, instants are `datetime` in UTC.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from functools import cache
from zoneinfo import ZoneInfo

from tests.oracle.records import ALWAYS, Records
from tests.oracle.wire import day as as_date
from tests.oracle.wire import exact, or_default

DAY = timedelta(days=1)
# the working weekdays (Monday is 0) of a team, or of nobody's, on a date
Week = Callable[[str | None, date], Collection[int]]


@cache
def day_start(zone: str, day: date) -> datetime:
    """The first instant whose local date in the zone is `day` or later.

    Walks by quarter hours, since offsets are multiples of them from 2000 on, so that a date seen
    only for a minute (clocks put back at 00:01) is seen; then halves the last quarter.
    """
    there = ZoneInfo(zone)

    def begun(moment: datetime) -> bool:
        return moment.astimezone(there).date() >= day

    quarter = timedelta(minutes=15)
    moment = datetime.combine(day, time(), UTC) - timedelta(hours=30)
    assert not begun(moment)
    while not begun(moment):
        moment += quarter
    before = moment - quarter
    while moment - before > timedelta(microseconds=1):
        middle = before + (moment - before) // 2
        before, moment = (before, middle) if begun(middle) else (middle, moment)
    return moment


def dates(start: date, end: date) -> Iterator[date]:
    """`start` .. `end`, the end left out."""
    while start < end:
        yield start
        start += DAY


@dataclass(frozen=True)
class State:
    """What was announced of a rep from a date on."""

    since: date
    team: str | None
    zone: str
    active: bool


class Days:
    """The reps' states and what follows from them."""

    def __init__(self, records: Records, default_zone: str, now: datetime) -> None:
        self.default_zone = default_zone
        self.now = now
        self.states: dict[str, list[State]] = {}
        for data in records.data("rep"):
            state = State(
                since=as_date(or_default(data, "effective_from", ALWAYS)),
                team=data.get("team"),
                zone=data["time_zone"],
                active=or_default(data, "active", True),
            )
            self.states.setdefault(data["rep_id"], []).append(state)
        self.time_off = {
            (data["rep_id"], as_date(data["date"])): exact(data["fraction"])
            for data in records.data("time_off")
        }
        self._of: dict[tuple[str, datetime], date] = {}

    def state(self, rep: str, day: date) -> State | None:
        """The rep's state on that date; None where nobody announced the rep."""
        begun = [state for state in self.states.get(rep, []) if state.since <= day]
        return max(begun, key=lambda state: state.since, default=None)

    def zone(self, rep: str, day: date) -> str:
        state = self.state(rep, day)
        return self.default_zone if state is None else state.zone

    def team(self, rep: str, day: date) -> str | None:
        state = self.state(rep, day)
        return None if state is None else state.team

    def start(self, rep: str, day: date) -> datetime:
        return day_start(self.zone(rep, day), day)

    def end(self, rep: str, day: date) -> datetime:
        return self.start(rep, day + DAY)

    def of(self, rep: str, moment: datetime) -> date:
        """The latest day whose start is not after the moment."""
        if (rep, moment) not in self._of:
            near = [moment.date() + n * DAY for n in range(-3, 4)]
            self._of[rep, moment] = max(day for day in near if self.start(rep, day) <= moment)
        return self._of[rep, moment]

    def today(self, rep: str) -> date:
        return self.of(rep, self.now)

    def worked(
        self, rep: str, day: date, week: Week, holidays: set[date], *, called: bool
    ) -> Fraction:
        """How much of a working day it is; `called`: the rep has a call on it."""
        if day > self.today(rep) or day in holidays:
            return Fraction(0)
        state = self.state(rep, day)
        present = called if state is None else state.active
        if not present or day.weekday() not in week(self.team(rep, day), day):
            return Fraction(0)
        return 1 - self.time_off.get((rep, day), Fraction(0))
