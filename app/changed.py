"""What changed of closed days lately, told change by change: whose day, which figures, from what
to what, when and by which events. It is read from the ledger of restatements and nothing else.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from msgspec import UNSET

from app.periods import FIRST_DAY, Kind, day_start, period_of
from app.restated import Restatement, Value, newest
from app.rollups import MEASURES
from app.titles import ECHOES
from app.view import View

MOST_RECORDS = 2_000
WEEK = timedelta(days=7)
# Measures are told in the order of the rollups.
_PLACE = {measure: place for place, measure in enumerate(MEASURES)}


class Moved(NamedTuple):
    """A measure of a day, before and after."""

    measure: str
    before: Value
    after: Value


@dataclass(frozen=True, slots=True)
class Change:
    """What one batch of events changed of one day of a rep, or of a stretch up to `last_day`.

    `causes` holds a record for each event that the ledger names; of several events that moved one
    figure at once it names the last.
    """

    rep_id: str
    name: str
    day: date
    last_day: date
    moved: tuple[Moved, ...]
    at: datetime
    causes: tuple[Restatement, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """The newest changes first. `figures` differ now from what they were at `since`.

    Where not `whole`, more changed than was looked at, and `figures` is the least it can be.
    """

    start: date
    since: datetime
    figures: int
    whole: bool
    told: tuple[Change, ...]


def week_of(view: View, weeks: int = 1) -> tuple[date, datetime]:
    """The first day of the present week, or of the `weeks` that end with it, and its first
    instant, both in the default zone: reps may have several, a floor has one Monday.
    """
    zone, settings = view.roster.directory.default_zone, view.settings
    today = view.roster.directory.of("").day_of(view.roster.now)
    start = period_of(Kind.WEEK, today, week_start=settings.week_start).start - (weeks - 1) * WEEK
    return start, day_start(zone, start)


async def changes(
    view: View, *, weeks: int = 1, rep_id: str | None = None, teams: Iterable[str] | None = None
) -> Changes:
    """What changed of closed days since the start of the present week, or of earlier `weeks`.

    Of one rep, or of all; with `teams` what a key bound to them sees: days served in them, and
    moves into and out of them. No more than the newest `MOST_RECORDS` records are read. Left out
    is what changes nothing of the day (other customers, but as many), and the first word of a rep.
    """
    start, since = week_of(view, weeks)
    found = await newest(
        view, since, rep_id=rep_id, teams=None if teams is None else list(teams),
        limit=MOST_RECORDS,
    )  # fmt: skip
    records = [r for r in found.records if r.before != r.after and not _first_word(r)]
    told = tuple(_change(view, of_one) for of_one in by_change(records))
    return Changes(start, since, figures_in(records), found.whole, told)


def _first_word(record: Restatement) -> bool:
    """Whether a rep is announced, as always having been there: nobody had said otherwise."""
    return record.kind == "rep" and record.day == FIRST_DAY and not record.before


def _last_day(record: Restatement) -> date:
    return record.day if record.last_day is UNSET else record.last_day


def by_change(records: Iterable[Restatement]) -> list[list[Restatement]]:
    """The records of each rep, day and moment together, in the order in which they come."""
    groups: dict[object, list[Restatement]] = {}
    for r in records:
        groups.setdefault((r.rep_id, r.day, _last_day(r), r.at), []).append(r)
    return list(groups.values())


def figures_in(records: Iterable[Restatement]) -> int:
    """How many figures of days are another after all these records, newest first.

    A figure that changed and changed back did not change; of a day on which a figure changed the
    parts that only repeat it are none.
    """
    spans: dict[tuple[str, date, str], tuple[Value, Value]] = {}
    for r in records:
        key = (r.rep_id, r.day, r.measure)
        spans[key] = (r.before, spans[key][1] if key in spans else r.after)
    days: dict[tuple[str, date], list[str]] = {}
    for (rep_id, day, measure), (before, after) in spans.items():
        if before != after:
            days.setdefault((rep_id, day), []).append(measure)
    return sum(len(telling(measures)) for measures in days.values())


def telling(measures: Sequence[str]) -> list[str]:
    """Those of a day's measures that tell something; where all only repeat others, all."""
    return [m for m in measures if m not in ECHOES] or list(measures)


def _change(view: View, records: Sequence[Restatement]) -> Change:
    first, last_day = records[0], _last_day(records[0])
    shown = set(telling([r.measure for r in records]))
    # They come newest first, and within one change event by event.
    ordered = sorted(records, key=lambda r: (_PLACE.get(r.measure, len(_PLACE)), r.id))
    moved = [Moved(r.measure, r.before, r.after) for r in ordered if r.measure in shown]
    name, _ = view.roster.card(first.rep_id, last_day)
    causes = {(r.source, r.event_id): r for r in records}
    return Change(
        first.rep_id, name or first.rep_id, first.day, last_day, tuple(moved), first.at,
        tuple(causes.values()),
    )  # fmt: skip
