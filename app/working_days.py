"""Working days: what `calls_per_day` and its kind divide by.

A rep's are the working weekdays that are no holidays, less time off, on dates when the rep is
active; on dates for which nobody announced the rep, only those of them on which the rep has a
call. They count up to the rep's today, in it whole; a team's are its members' days, summed.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache

from app.db import Reading
from app.periods import DAY
from app.spans import Roster, Span
from app.sums import Cell

TimeOff = dict[tuple[str, date], Decimal]


class WorkCalendar:
    """The company's working weekdays (0 for Monday) and holidays."""

    def __init__(self, weekdays: Sequence[int], holidays: Sequence[date]) -> None:
        self._weekdays = frozenset(weekdays)
        self._holidays = sorted({day for day in holidays if day.weekday() in self._weekdays})
        self.count = lru_cache(maxsize=10_000)(self._count)

    def works(self, day: date) -> bool:
        """Whether people work on `day`."""
        return day.weekday() in self._weekdays and day not in self._holidays

    def _count(self, start: date, end: date) -> int:
        """The working days of `start`..`end` (exclusive)."""
        weeks, rest = divmod((end - start).days, 7)
        odd = sum((start.weekday() + i) % 7 in self._weekdays for i in range(rest))
        free = bisect_right(self._holidays, end - DAY) - bisect_right(self._holidays, start - DAY)
        return weeks * len(self._weekdays) + odd - free


async def read_working_days(
    reading: Reading,
    roster: Roster,
    spans: Sequence[Span],
    calendar: WorkCalendar,
    cuts: Sequence[date] = (),
) -> dict[Cell, Decimal]:
    """The working days in each cell, those of all its reps; cells as in `app.sums`."""
    active, unannounced = _stretches(roster, spans)
    off = await _read_time_off(reading, active + unannounced)
    called = await _read_called(reading, unannounced)
    days: defaultdict[Cell, Decimal] = defaultdict(Decimal)
    # Most reps share their stretches: count each once, however many reps have it.
    alike = Counter((span.group, span.start, span.end) for span in active)
    for (group, start, end), reps in alike.items():
        for bucket, lo, hi in _cut(start, end, cuts):
            days[group, bucket] += reps * calendar.count(lo, hi)
    for span in active:
        for day, fraction in off.get(span.rep_id, {}).items():
            if span.start <= day < span.end and calendar.works(day):
                days[span.group, _bucket(day, cuts)] -= fraction
    for group, rep_id, day in called:
        if calendar.works(day):
            days[group, _bucket(day, cuts)] += 1 - off.get(rep_id, {}).get(day, Decimal(0))
    return dict(days)


def _stretches(roster: Roster, spans: Sequence[Span]) -> tuple[list[Span], list[Span]]:
    """What of the spans, up to each rep's today, the rep was active in, and unannounced in."""
    active: list[Span] = []
    unannounced: list[Span] = []
    for span in spans:
        end = min(span.end, roster.today(span.rep_id) + DAY)
        for lo, hi, state in roster.timeline(span.rep_id).stretches(span.start, end):
            if state is None:
                unannounced.append(span._replace(start=lo, end=hi))
            elif state.active:
                active.append(span._replace(start=lo, end=hi))
    return active, unannounced


def _cut(start: date, end: date, cuts: Sequence[date]) -> Iterator[tuple[int, date, date]]:
    """`start`..`end` in pieces `(bucket, from, to)` that lie in one bucket each."""
    inner = [cut for cut in cuts if start < cut < end]
    for lo, hi in zip([start, *inner], [*inner, end], strict=True):
        yield _bucket(lo, cuts), lo, hi


def _bucket(day: date, cuts: Sequence[date]) -> int:
    return bisect_right(cuts, day) - 1 if cuts else 0


async def _read_time_off(reading: Reading, spans: Sequence[Span]) -> dict[str, dict[date, Decimal]]:
    off: dict[str, dict[date, Decimal]] = {}
    if not spans:
        return off
    for record in await reading.fetch(
        "SELECT rep_id, date, fraction FROM time_off WHERE rep_id = ANY($1::text[])"
        " AND date >= $2 AND date < $3 AND NOT voided AND fraction > 0",
        list({span.rep_id for span in spans}),
        min(span.start for span in spans),
        max(span.end for span in spans),
    ):
        off.setdefault(record["rep_id"], {})[record["date"]] = record["fraction"]
    return off


async def _read_called(reading: Reading, spans: Sequence[Span]) -> list[tuple[int, str, date]]:
    """The dates of the spans on which the rep has a call, as `(group, rep_id, day)`."""
    records = (
        await reading.fetch(
            "SELECT s.g, s.rep_id, d.day"
            " FROM unnest($1::int[], $2::text[], $3::date[], $4::date[]) AS s(g, rep_id, lo, hi)"
            " JOIN rep_days d ON d.rep_id = s.rep_id AND d.day >= s.lo AND d.day < s.hi"
            " WHERE d.calls > 0",
            [span.group for span in spans],
            [span.rep_id for span in spans],
            [span.start for span in spans],
            [span.end for span in spans],
        )
        if spans
        else []
    )
    return [(record[0], record[1], record[2]) for record in records]
