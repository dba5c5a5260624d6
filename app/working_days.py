"""Working days: what `calls_per_day` and its kind divide by.

A rep's are the working weekdays that are no holidays, less time off, on dates when the rep is
active; on dates for which nobody announced the rep, only those of them on which the rep has a
call. They count up to the rep's today, in it whole; a team's are its members' days, summed.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.db import Reading
from app.periods import DAY
from app.settings import Settings
from app.spans import Roster, Span, bucket_of, cut_at
from app.sums import Cell
from app.work_calendar import WorkCalendar, public_holidays

MANY = 1_000  # of so many reps everybody's time off is read sooner than theirs


def calendar_of(settings: Settings) -> WorkCalendar:
    """The working days as they are set."""
    free = set(settings.holidays)
    if settings.holiday_calendar is not None:
        free |= set(public_holidays(settings.holiday_calendar))
    steps = [(step.since, step.team, step.weekdays) for step in settings.working_weeks]
    return WorkCalendar(settings.working_weekdays, free, steps)


@dataclass(frozen=True, slots=True)
class Schedule:
    """What the directory and the calendar tell: `days` are the working days of the active in each
    cell; `active` their stretches with the team, by rep; `unannounced` those nobody announced.
    """

    days: dict[Cell, int]
    active: dict[str, list[tuple[Span, str | None]]]
    unannounced: list[Span]


def schedule(
    roster: Roster, spans: Sequence[Span], calendar: WorkCalendar, cuts: Sequence[date] = ()
) -> Schedule:
    """The schedule of the spans, up to each rep's today."""
    made = Schedule({}, {}, [])
    for span in spans:
        end = min(span.end, roster.today(span.rep_id) + DAY)
        for lo, hi, state in roster.timeline(span.rep_id).stretches(span.start, end):
            stretch = Span(span.group, span.rep_id, lo, hi)
            if state is None:
                made.unannounced.append(stretch)
            elif state.active:
                made.active.setdefault(span.rep_id, []).append((stretch, state.team))
    # Many share their group and stretches: count each once, however many reps have it.
    alike = Counter(
        (s.group, team, s.start, s.end) for own in made.active.values() for s, team in own
    )
    for (group, team, start, end), reps in alike.items():
        for bucket, lo, hi in cut_at(start, end, cuts):
            cell = group, bucket
            made.days[cell] = made.days.get(cell, 0) + reps * calendar.count(team, lo, hi)
    return made


async def read_working_days(
    reading: Reading,
    roster: Roster,
    spans: Sequence[Span],
    calendar: WorkCalendar,
    cuts: Sequence[date] = (),
) -> dict[Cell, Decimal]:
    """The working days in each cell, those of all its reps; cells as in `app.sums`."""
    return await worked(reading, schedule(roster, spans, calendar, cuts), calendar, cuts)


async def worked(
    reading: Reading, scheduled: Schedule, calendar: WorkCalendar, cuts: Sequence[date] = ()
) -> dict[Cell, Decimal]:
    """The working days in each cell of a schedule that was made with the same cuts."""
    days = {cell: Decimal(count) for cell, count in scheduled.days.items()}
    for cell, amount in (await read_departures(reading, scheduled, calendar, cuts)).items():
        days[cell] = days.get(cell, Decimal(0)) + amount
    return days


async def read_departures(
    reading: Reading, scheduled: Schedule, calendar: WorkCalendar, cuts: Sequence[date] = ()
) -> dict[Cell, Decimal]:
    """By how much the working days in each cell differ from the schedule: time off takes away, a
    day with a call of somebody nobody announced adds.
    """
    spans = [span for own in scheduled.active.values() for span, _ in own]
    off = await _read_time_off(reading, [*spans, *scheduled.unannounced])
    found: defaultdict[Cell, Decimal] = defaultdict(Decimal)
    for rep_id, days in off.items():
        for span, team in scheduled.active.get(rep_id, ()):
            for day, fraction in days.items():
                if span.start <= day < span.end and calendar.works(team, day):
                    found[span.group, bucket_of(day, cuts)] -= fraction
    for group, rep_id, day in await _read_called(reading, scheduled.unannounced):
        if calendar.works(None, day):
            found[group, bucket_of(day, cuts)] += 1 - off.get(rep_id, {}).get(day, Decimal(0))
    return dict(found)


async def _read_time_off(reading: Reading, spans: Sequence[Span]) -> dict[str, dict[date, Decimal]]:
    off: dict[str, dict[date, Decimal]] = {}
    if not spans:
        return off
    reps = {span.rep_id for span in spans}
    for record in await reading.fetch(
        "SELECT rep_id, date, fraction FROM time_off"
        " WHERE ($1::text[] IS NULL OR rep_id = ANY($1::text[]))"
        " AND date >= $2 AND date < $3 AND NOT voided AND fraction > 0",
        list(reps) if len(reps) < MANY else None,
        min(span.start for span in spans),
        max(span.end for span in spans),
    ):
        off.setdefault(record["rep_id"], {})[record["date"]] = record["fraction"]
    return off


async def _read_called(reading: Reading, spans: Sequence[Span]) -> list[tuple[int, str, date]]:
    """The dates of the spans on which the rep has a call, as `(group, rep_id, day)`."""
    records = (
        await reading.about((span.rep_id, span.start, span.end) for span in spans).fetch(
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
