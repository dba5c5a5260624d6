"""Which dates people work: the company's weekdays or a team's own, less holidays. Pure."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from itertools import pairwise

import holidays

from app.errors import BadConfiguration
from app.periods import FIRST_DAY, LAST_DAY

Week = frozenset[int]
# (from date, team or None for all, weekdays)
Step = tuple[date, str | None, Iterable[int]]


class WorkCalendar:
    """The working weekdays (0 for Monday), other weeks from a date on, and the holidays.

    Of the `steps` in effect the latest of the team counts, else the latest of all, else
    `weekdays`.
    """

    def __init__(
        self, weekdays: Iterable[int], free: Iterable[date], steps: Sequence[Step] = ()
    ) -> None:
        self._weekdays = frozenset(weekdays)
        self._free = sorted(set(free))
        self._steps = sorted(
            ((since, team, frozenset(week)) for since, team, week in steps), key=lambda s: s[0]
        )
        self.count = lru_cache(maxsize=10_000)(self._count)

    def teams(self) -> set[str]:
        """The teams that have weeks of their own."""
        return {team for _, team, _ in self._steps if team is not None}

    def week_of(self, team: str | None, day: date) -> Week:
        """The weekdays on which the team works, as of `day`."""
        of_all, of_team = self._weekdays, None
        for since, whose, week in self._steps:
            if since > day:
                break
            if whose is None:
                of_all = week
            elif whose == team:
                of_team = week
        return of_all if of_team is None else of_team

    def works(self, team: str | None, day: date) -> bool:
        """Whether the team works on `day`."""
        at = bisect_left(self._free, day)
        holiday = at < len(self._free) and self._free[at] == day
        return not holiday and day.weekday() in self.week_of(team, day)

    def _count(self, team: str | None, start: date, end: date) -> int:
        """The team's working days of `start`..`end` (exclusive)."""
        cuts = [start, *sorted({s for s, _, _ in self._steps if start < s < end}), end]
        return sum(
            self._within(self.week_of(team, lo), lo, hi) for lo, hi in pairwise(cuts) if lo < hi
        )

    def _within(self, week: Week, start: date, end: date) -> int:
        weeks, rest = divmod((end - start).days, 7)
        odd = sum((start.weekday() + i) % 7 in week for i in range(rest))
        free = self._free[bisect_left(self._free, start) : bisect_left(self._free, end)]
        return weeks * len(week) + odd - sum(day.weekday() in week for day in free)


def public_holidays(place: str) -> list[date]:
    """The public holidays of a country (`US`) or part of it (`US-CA`), 2000 to 2100.

    Raises `BadConfiguration` for a place the calendar does not know.
    """
    country, _, part = place.partition("-")
    try:
        found = holidays.country_holidays(
            country, subdiv=part or None, years=range(FIRST_DAY.year, LAST_DAY.year + 1)
        )
    except NotImplementedError as error:
        raise BadConfiguration(f"RINGSIDE_HOLIDAY_CALENDAR: {error}, e.g. US or US-CA") from error
    return sorted(found)
