"""From a question to days: which days of which reps a figure is about. Pure.

A question names a rep, a team or the company, and a period. It becomes spans, stretches of days
of one rep each: a rep's period, the stretches its members served in a team, everybody's periods
for the company. Without a date the period is the one that holds *today*, each rep's own day that
holds the present instant, so the spans of one figure may differ by rep.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple, TypeVar

from app.directory import Directory, Timeline
from app.errors import BadRequest, FieldError
from app.periods import DAY, Kind, Period, period_before, period_of

T = TypeVar("T")


class Span(NamedTuple):
    """The days of a rep from `start` up to, not including, `end`, for the figure of `group`."""

    group: int
    rep_id: str
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Asked:
    """A period as it was asked for: a kind and a day in it (None: each rep's today), or a range."""

    kind: Kind
    day: date | None = None
    range: Period | None = None
    week_start: int = 0

    def on(self, today: date) -> Period:
        """The period for a rep whose today is `today`."""
        if self.range is not None:
            return self.range
        return period_of(self.kind, self.day or today, week_start=self.week_start)

    def before(self, today: date) -> Period:
        """The period before it, of the same kind or length."""
        return period_before(self.on(today), week_start=self.week_start)


def asked(
    kind: str | None = None,
    day: date | None = None,
    start: date | None = None,
    end: date | None = None,
    *,
    week_start: int = 0,
) -> Asked:
    """The period of the query `period=&date=` or `from=&to=`; a day by default.

    Raises `BadRequest` for an unknown kind, half a range, an empty one, or both ways at once.
    """
    if start is None and end is None:
        if kind is not None and kind not in set(Kind) - {Kind.RANGE}:
            raise _bad("period", "must be day, week, month, quarter, year or ttm")
        return Asked(Kind(kind or Kind.DAY), day, week_start=week_start)
    if kind is not None or day is not None:
        raise _bad("period", "give either period and date, or from and to")
    if start is None or end is None:
        raise _bad("to" if end is None else "from", "from and to are given together")
    if end <= start:
        raise _bad("to", "must be after from: it is the first day not in the period")
    return Asked(Kind.RANGE, range=Period(Kind.RANGE, start, end), week_start=week_start)


def _bad(name: str, detail: str) -> BadRequest:
    return BadRequest(f"{name}: {detail}", errors=(FieldError(name, detail),))


# Every zone's clock has differed from UTC by whole quarters of an hour since 2000, so all days
# start on one.
QUARTER = timedelta(minutes=15)

MOST_REMEMBERED = 200  # answers, of up to a megabyte each for 10,000 reps


class Memory:
    """What is the same for one directory until a midnight comes: each rep's today, and what
    follows from the two, by whatever question it answers.
    """

    def __init__(self, directory: Directory, now: datetime) -> None:
        self.directory = directory
        self._quarter = _quarter(now)
        self.dates = self._dates_at(now)
        self.todays: dict[str, date] = {}
        self.answers: dict[Hashable, Any] = {}
        self.in_order = cache(lambda: sorted(directory.timelines))

    def once(self, question: Hashable, make: Callable[[], T]) -> T:
        """The answer to the question, made when it is first asked."""
        if question not in self.answers:
            if len(self.answers) >= MOST_REMEMBERED:
                self.answers.clear()
            self.answers[question] = make()
        found: T = self.answers[question]
        return found

    def at(self, directory: Directory, now: datetime) -> "Memory":
        """The memory for this directory and instant: this one within its quarter of an hour, else
        another, which takes over what this one has if it is the same day for everybody still.

        Whoever still asks as of before a midnight has the own one: nothing old gets into the new.
        """
        if self.directory is directory and self._quarter == _quarter(now):
            return self
        later = Memory(directory, now)
        if self._same_days(later, now):
            later.todays, later.answers = {**self.todays}, {**self.answers}
            later.in_order = self.in_order
        return later

    def _same_days(self, later: "Memory", now: datetime) -> bool:
        of, todays = later.directory.of, self.todays.items()
        same = self.directory is later.directory and self.dates == later.dates
        return same and all(of(rep_id).day_of(now) == day for rep_id, day in todays)

    def _dates_at(self, now: datetime) -> tuple[date, date]:
        """The date of UTC, and of the default zone, which is that of whoever nobody announced."""
        nobody = Timeline((), self.directory.default_zone)
        return now.astimezone(UTC).date(), nobody.day_of(now)


def _quarter(instant: datetime) -> int:
    return int(instant.timestamp() // QUARTER.total_seconds())


class Roster:
    """Everybody at one instant: who they are, and which day it is for each."""

    def __init__(self, directory: Directory, now: datetime, memory: Memory | None = None) -> None:
        self.directory = directory
        self.now = now
        self.memory = memory or Memory(directory, now)

    def timeline(self, rep_id: str) -> Timeline:
        """The rep's timeline, an empty one for a rep nobody announced."""
        return self.directory.of(rep_id)

    def today(self, rep_id: str) -> date:
        """The rep's own day that holds the present instant."""
        today = self.memory.todays.get(rep_id)
        if today is None:
            today = self.memory.todays[rep_id] = self.timeline(rep_id).day_of(self.now)
        return today

    def serving(self, teams: Collection[str]) -> list[str]:
        """The announced reps who ever were in one of the teams."""
        by_team = self.memory.once("by team", self._by_team)
        return list(dict.fromkeys(rep_id for team in teams for rep_id in by_team.get(team, ())))

    def _by_team(self) -> dict[str, list[str]]:
        by_team: dict[str, list[str]] = {}
        for rep_id, timeline in self.directory.timelines.items():
            for team in {state.team for state in timeline.states if state.team is not None}:
                by_team.setdefault(team, []).append(rep_id)
        return by_team

    def todays(self) -> tuple[date, date]:
        """The earliest and the latest today anybody can have."""
        day = self.now.astimezone(UTC).date()
        return day - DAY, day + DAY

    def card(self, rep_id: str, day: date) -> tuple[str | None, str | None]:
        """The rep's `(name, team)` on `day`; before the first state the first one's name."""
        timeline = self.timeline(rep_id)
        state = timeline.state_on(day)
        if state is not None:
            return state.name, state.team
        return (timeline.states[0].name, None) if timeline.states else (None, None)


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a figure is about: one rep, else all; with `teams` only on dates served in these."""

    rep_id: str | None = None
    teams: frozenset[str] | None = None

    @property
    def many(self) -> bool:
        """Whether it is a team or the company."""
        return self.rep_id is None


@dataclass(slots=True)
class Scope:
    """The spans of one or more figures; of those that ask for it also their own twelve months.

    `trailing` are the twelve months that end with the period, or with the rep's today if that
    is earlier. `periods` are the periods of the reps that have a span. `everybody`: nobody else
    has anything on their days.
    """

    roster: Roster
    with_trailing: bool
    spans: list[Span] = field(default_factory=list)
    trailing: list[Span] = field(default_factory=list)
    periods: dict[str, Period] = field(default_factory=dict)
    everybody: bool = False
    found: dict[Hashable, Any] = field(default_factory=dict)

    def once(self, question: Hashable, make: Callable[[], T]) -> T:
        """What follows from a scope that is whole, worked out when it is first asked."""
        if question not in self.found:
            self.found[question] = make()
        answer: T = self.found[question]
        return answer

    def add(
        self,
        group: int,
        rep_id: str,
        period_on: Callable[[date], Period],
        teams: Collection[str] | None = None,
    ) -> None:
        """Bring a rep into `group`, for the period of the rep's today; both cut by `teams`."""
        today = self.roster.today(rep_id)
        period = period_on(today)
        spans = served(self.roster, group, rep_id, period, teams)
        if spans:
            self.periods[rep_id] = period
            self.spans += spans
        if self.with_trailing:
            last_months = period_of(Kind.TTM, min(period.last_day, today))
            self.trailing += served(self.roster, group, rep_id, last_months, teams)


def served(
    roster: Roster, group: int, rep_id: str, period: Period, teams: Collection[str] | None
) -> list[Span]:
    """The spans of a rep's period, with `teams` those of the dates served in one of them."""
    if teams is None:
        return [Span(group, rep_id, period.start, period.end)]
    stretches = roster.timeline(rep_id).stretches(period.start, period.end)
    return [Span(group, rep_id, lo, hi) for lo, hi, s in stretches if s and s.team in teams]


def shown_period(scope: Scope, period_on: Callable[[date], Period]) -> tuple[Period, str]:
    """The period that most reps have, and the zone they have it in.

    Asked without a date at an instant that is in two dates, a figure of many reps is of both;
    of two periods as common the later is shown. With nobody there it is the default zone's.
    """
    roster = scope.roster
    shared = Counter(
        (period, roster.timeline(rep_id).zone_on(period.last_day))
        for rep_id, period in scope.periods.items()
    )
    return commonest(roster, shared, period_on)


def commonest(
    roster: Roster, shared: Counter[tuple[Period, str]], period_on: Callable[[date], Period]
) -> tuple[Period, str]:
    """The most common of the periods and their zones, as `shown_period` shows it."""
    if not shared:
        nobody = Timeline((), roster.directory.default_zone)
        return period_on(nobody.day_of(roster.now)), nobody.default_zone
    return max(shared, key=lambda pair: (shared[pair], pair[0].end, pair[1]))


def buckets(start: date, end: date, bucket: Kind, *, week_start: int = 0) -> list[date]:
    """The starts of the days, weeks or months of `start`..`end`, the first cut at `start`."""
    cuts = [start]
    while (following := period_of(bucket, cuts[-1], week_start=week_start).end) < end:
        cuts.append(following)
    return cuts


def bucket_of(day: date, cuts: Sequence[date]) -> int:
    """In which of the buckets that start with `cuts` the day lies; without any there is one, 0."""
    return bisect_right(cuts, day) - 1 if cuts else 0


def cut_at(start: date, end: date, cuts: Sequence[date]) -> Iterator[tuple[int, date, date]]:
    """`start`..`end` in pieces `(bucket, from, to)` that lie in one bucket each."""
    inner = [cut for cut in cuts if start < cut < end]
    for lo, hi in zip([start, *inner], [*inner, end], strict=True):
        yield bucket_of(lo, cuts), lo, hi


class Edges(NamedTuple):
    """Spans in three: days up to a first whole month, whole calendar months, days after them."""

    heads: list[Span]
    months: list[Span]
    tails: list[Span]


def month_edges(spans: Iterable[Span]) -> Edges:
    """Take the whole calendar months out of the spans; what has none is a head."""
    edges = Edges([], [], [])
    for span in spans:
        first = span.start if span.start.day == 1 else period_of(Kind.MONTH, span.start).end
        last = span.end.replace(day=1)
        if first >= last:
            edges.heads.append(span)
            continue
        edges.months.append(span._replace(start=first, end=last))
        if span.start < first:
            edges.heads.append(span._replace(end=first))
        if last < span.end:
            edges.tails.append(span._replace(start=last))
    return edges
