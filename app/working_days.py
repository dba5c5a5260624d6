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

from app.db import Reading
from app.periods import DAY
from app.settings import Settings
from app.spans import Roster, Span
from app.sums import Cell
from app.work_calendar import WorkCalendar, public_holidays

TimeOff = dict[tuple[str, date], Decimal]


def calendar_of(settings: Settings) -> WorkCalendar:
    """The working days as they are set."""
    free = set(settings.holidays)
    if settings.holiday_calendar is not None:
        free |= set(public_holidays(settings.holiday_calendar))
    steps = [(step.since, step.team, step.weekdays) for step in settings.working_weeks]
    return WorkCalendar(settings.working_weekdays, free, steps)


async def read_working_days(
    reading: Reading,
    roster: Roster,
    spans: Sequence[Span],
    calendar: WorkCalendar,
    cuts: Sequence[date] = (),
) -> dict[Cell, Decimal]:
    """The working days in each cell, those of all its reps; cells as in `app.sums`."""
    active, unannounced = _stretches(roster, spans)
    off = await _read_time_off(reading, [*(span for span, _ in active), *unannounced])
    called = await _read_called(reading, unannounced)
    days: defaultdict[Cell, Decimal] = defaultdict(Decimal)
    # Most reps share their stretches: count each once, however many reps have it.
    alike = Counter((span.group, team, span.start, span.end) for span, team in active)
    for (group, team, start, end), reps in alike.items():
        for bucket, lo, hi in _cut(start, end, cuts):
            days[group, bucket] += reps * calendar.count(team, lo, hi)
    for span, team in active:
        for day, fraction in off.get(span.rep_id, {}).items():
            if span.start <= day < span.end and calendar.works(team, day):
                days[span.group, _bucket(day, cuts)] -= fraction
    for group, rep_id, day in called:
        if calendar.works(None, day):
            days[group, _bucket(day, cuts)] += 1 - off.get(rep_id, {}).get(day, Decimal(0))
    return dict(days)


def _stretches(
    roster: Roster, spans: Sequence[Span]
) -> tuple[list[tuple[Span, str | None]], list[Span]]:
    """What of the spans, up to each rep's today, the rep was active in (with the team), and
    unannounced in.
    """
    active: list[tuple[Span, str | None]] = []
    unannounced: list[Span] = []
    for span in spans:
        end = min(span.end, roster.today(span.rep_id) + DAY)
        for lo, hi, state in roster.timeline(span.rep_id).stretches(span.start, end):
            if state is None:
                unannounced.append(span._replace(start=lo, end=hi))
            elif state.active:
                active.append((span._replace(start=lo, end=hi), state.team))
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
