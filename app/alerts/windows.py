"""Whom a rule watches, over which periods, and when each of these is judged. Pure."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from app.alerts.decide import Standing, State, Window
from app.alerts.rule import Check, Rule, Subjects
from app.directory import Timeline
from app.kpis import kpi_of
from app.periods import Period, period_before, period_of, zone
from app.spans import Roster


@dataclass(frozen=True, slots=True)
class Watched:
    """A rep (`rep_id`, in `team`), or a team, whose own day it is `today`.

    `timelines` are the rep's, or of each zone that the team's members live in one member's, the
    commonest zone first.
    """

    rep_id: str | None
    team: str | None
    today: date
    timelines: tuple[Timeline, ...]

    def zone_on(self, day: date) -> str:
        """The zone whose clock the subject goes by."""
        return self.timelines[0].zone_on(day)

    def start_of(self, day: date) -> datetime:
        """The instant (UTC) at which `day` has started for everyone of the subject."""
        return max(timeline.start_of(day) for timeline in self.timelines)


def reps(roster: Roster, unannounced: Collection[str]) -> list[Watched]:
    """Everybody who may be in a rule's scope, as they are today."""
    everybody = [*roster.directory.timelines, *unannounced]
    watched = []
    for rep_id in everybody:
        timeline, today = roster.timeline(rep_id), roster.today(rep_id)
        watched.append(Watched(rep_id, timeline.team_on(today), today, (timeline,)))
    return watched


def teams(roster: Roster) -> list[Watched]:
    """The teams that have an active member today."""
    members: dict[str, Counter[str]] = {}
    someone: dict[str, Timeline] = {}
    for rep_id, timeline in roster.directory.timelines.items():
        state = timeline.state_on(roster.today(rep_id))
        if state is not None and state.active and state.team is not None:
            members.setdefault(state.team, Counter())[state.time_zone] += 1
            someone.setdefault(state.time_zone, timeline)
    watched = []
    for team, zones in sorted(members.items()):
        in_order = sorted(zones, key=lambda name: (-zones[name], name))
        timelines = tuple(someone[name] for name in in_order)
        watched.append(Watched(None, team, timelines[0].day_of(roster.now), timelines))
    return watched


def in_scope(rule: Rule, watched: Watched, period: Period) -> bool:
    """Whether the rule is about the subject: a rep as of the period's last day, or today.

    A rep counts who is active then, and one nobody announced. A team has an active member.
    """
    if watched.rep_id is None:
        return rule.subjects is Subjects.TEAMS and rule.team in (None, watched.team)
    if rule.subjects is Subjects.TEAMS or rule.rep_id not in (None, watched.rep_id):
        return False
    day = min(period.last_day, max(period.start, watched.today))
    timeline = watched.timelines[0]
    state = timeline.state_on(day)
    if state is None:
        return not timeline.states and rule.team is None
    return state.active and rule.team in (None, state.team)


def window_of(rule: Rule, watched: Watched, period: Period, final_after: timedelta) -> Window:
    """When a period of the subject is due, over and final (`final_after` its end, later for a
    figure that looks ahead).
    """
    ends = watched.start_of(period.end)
    ahead = timedelta(days=kpi_of(rule.kpi).look_ahead_days)
    return Window(_due(rule, watched, period, ends), ends, ends + final_after + ahead)


def _due(rule: Rule, watched: Watched, period: Period, ends: datetime) -> datetime:
    match rule.check:
        case Check.LIVE:
            return watched.timelines[0].start_of(period.start)
        case Check.CLOSE:
            return ends
        case Check.AFTER:
            assert rule.at is not None
            # Of an hour that comes twice the first; one that is skipped comes when it would have.
            tz = zone(watched.zone_on(period.last_day))
            due = datetime.combine(period.last_day, rule.at, tzinfo=tz).astimezone(UTC)
            return min(max(due, watched.timelines[0].start_of(period.last_day)), ends)


def periods(
    rule: Rule, watched: Watched, now: datetime, final_after: timedelta, week_start: int
) -> Iterator[Period]:
    """The periods of which an alert may open: the present one; for `close` also those that ended
    less than `final_after` ago, and not before the rule.
    """
    period = period_of(rule.period, watched.today, week_start=week_start)
    yield period
    if rule.check is not Check.CLOSE:
        return
    while True:
        period = period_before(period, week_start=week_start)
        ended = watched.start_of(period.end)
        if ended <= max(rule.since, now - final_after):
            return
        yield period


def moments(
    rule: Rule, window: Window, now: datetime, standing: Standing | None
) -> Iterator[datetime]:
    """The instants after `now` at which time alone can change the decision."""
    candidates = [window.due, window.ends]
    if standing is not None and standing.state is State.PENDING:
        candidates.append(standing.since + timedelta(seconds=rule.for_seconds))
    if standing is not None and standing.state is not State.RESOLVED:
        candidates.append(window.final)
    yield from (moment for moment in candidates if moment > now)


Present = Mapping[tuple[str, str], Watched]


def by_subject(watched: Collection[Watched]) -> Present:
    """The subjects by `(kind, id)`, as alerts name them."""
    return {subject_of(one): one for one in watched}


def subject_of(watched: Watched) -> tuple[str, str]:
    """`("rep", rep_id)` or `("team", team)`."""
    if watched.rep_id is not None:
        return "rep", watched.rep_id
    assert watched.team is not None
    return "team", watched.team
