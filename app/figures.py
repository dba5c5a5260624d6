"""Figures of a rep, a team or the company for a period, shaped as the API answers them."""

from collections.abc import Callable, Sequence
from datetime import date, datetime

from msgspec import UNSET, Struct, UnsetType

from app.crowd import read_strangers
from app.errors import NotFound
from app.kpi import Figure, Kpi, Status
from app.periods import Period, months_before
from app.sensitivity.explain import explain
from app.spans import Asked, Scope, Subject, shown_period
from app.tally import tally, with_statuses
from app.view import View


class PeriodShown(Struct, frozen=True):
    """Local days from `start` up to, not including, `end`, in the zone `time_zone`."""

    kind: str
    start: date
    end: date
    time_zone: str


class Figures(Struct, frozen=True, kw_only=True):
    """KPIs of a rep (`rep_id`, `name`, `team`), of a team (`team`), or of the company."""

    rep_id: str | UnsetType = UNSET
    name: str | UnsetType | None = UNSET
    team: str | UnsetType | None = UNSET
    period: PeriodShown
    as_of: datetime
    status: Status
    kpis: dict[str, Figure]


async def figures(
    view: View, subject: Subject, asked: Asked, kpis: Sequence[Kpi], *, explained: bool = False
) -> Figures:
    """The figures of `subject` for the period asked, `explained` by thresholds or not.

    Raises `NotFound` for a rep or team nobody ever heard of, and what `explain` raises.
    """
    await check_known(view, subject)
    others = await others_of(view, subject, *reach(view, asked.on, months=12))
    scope = scope_of(view, subject, asked, others, with_trailing=any(kpi.trailing for kpi in kpis))
    counted = await tally(view, scope, kpis, many=subject.many)
    found = [counted.figure(kpi, (0, 0), view.settings.currency) for kpi in kpis]
    if explained:
        found = await explain(view, scope.spans, kpis, found, counted.sums.get((0, 0), {}))
    period, shown = scope.once("shown", lambda: period_shown(scope, asked))
    end = scope.once("end", lambda: end_of(scope, period))
    status, by_id = with_statuses(view, kpis, found, end)
    name, team = _card(view, subject, period)
    return Figures(
        rep_id=UNSET if subject.rep_id is None else subject.rep_id,
        name=name,
        team=team,
        period=shown,
        as_of=view.as_of,
        status=status,
        kpis=by_id,
    )


async def figures_by_team(
    view: View, asked: Asked, kpis: Sequence[Kpi]
) -> dict[str, dict[str, Figure]]:
    """The figures of every team that has a member in the period asked, by team and KPI id."""
    with_trailing = any(kpi.trailing for kpi in kpis)
    groups = {team: group for group, team in enumerate(view.roster.directory.teams())}

    def make() -> Scope:
        scope = Scope(view.roster, with_trailing)
        for team, group in groups.items():
            for rep_id in view.roster.serving((team,)):
                scope.add(group, rep_id, asked.on, {team})
        return scope

    scope = view.roster.memory.once(("by team", asked, with_trailing), make)
    counted = await tally(view, scope, kpis, many=True)
    there = {span.group for span in scope.spans}
    currency = view.settings.currency
    return {
        team: {kpi.id: counted.figure(kpi, (group, 0), currency) for kpi in kpis}
        for team, group in groups.items()
        if group in there
    }


async def check_known(view: View, subject: Subject) -> None:
    """Raise `NotFound` for a rep or team nobody ever heard of; within teams (a key bound to them
    asks) for a rep who never served there: whoever may not see a rep need not know of one.
    """
    rep_id, teams = subject.rep_id, subject.teams
    if rep_id is not None:
        states = view.roster.timeline(rep_id).states
        if teams is None:
            there = bool(states) or await view.reading.value(_SEEN, rep_id)
        else:
            there = any(state.team in teams for state in states)
        if not there:
            raise NotFound(f"there is no rep {rep_id!r}")
    elif teams is not None:
        unknown = sorted(teams - set(view.roster.directory.teams()))
        if unknown:
            raise NotFound(f"there is no team {unknown[0]!r}")


_SEEN = (
    "SELECT "
    + " OR ".join(
        f"EXISTS (SELECT FROM {table} WHERE rep_id = $1 AND day IS NOT NULL)"
        for table in ("legs", "segments", "conversations", "quotes", "orders")
    )
    + " OR EXISTS (SELECT FROM time_off WHERE rep_id = $1)"
)


def scope_of(
    view: View, subject: Subject, asked: Asked, others: Sequence[str], *, with_trailing: bool
) -> Scope:
    """The days that a figure of `subject` is about; `others` as in `reps_of`."""

    def make() -> Scope:
        scope = Scope(view.roster, with_trailing, everybody=subject == Subject())
        for rep_id in reps_of(view, subject, others):
            scope.add(0, rep_id, asked.on, subject.teams)
        return scope

    if not subject.many:
        return make()  # sooner made than found among what is worth remembering
    return view.roster.memory.once((Scope, subject, asked, with_trailing, *others), make)


def reps_of(view: View, subject: Subject, others: Sequence[str]) -> list[str]:
    """The reps a subject may be about; `others` are those of whom only facts tell."""
    if subject.rep_id is not None:
        return [subject.rep_id]
    if subject.teams is not None:
        return view.roster.serving(sorted(subject.teams))
    return [*view.roster.directory.timelines, *others]


async def others_of(view: View, subject: Subject, start: date, end: date) -> Sequence[str]:
    """Whom nobody announced, with facts in the months that `start`..`end` (exclusive) touches.

    They are in no team, so only the company has them.
    """
    alone = subject.rep_id is not None or subject.teams is not None
    return () if alone else await read_strangers(view, start, end)


def reach(view: View, period_on: Callable[[date], Period], *, months: int = 0) -> tuple[date, date]:
    """The first day any rep's period can have, `months` earlier, and the day after the last."""
    earliest, latest = view.roster.todays()
    first = period_on(earliest)
    start = min(first.start, earliest) if months else first.start
    return months_before(start, months), period_on(latest).end


def period_shown(scope: Scope, asked: Asked) -> tuple[Period, PeriodShown]:
    """The period most of the reps have, plain and as the API shows it."""
    period, zone = shown_period(scope, asked.on)
    return period, PeriodShown(period.kind.value, period.start, period.end, zone)


def end_of(scope: Scope, period: Period) -> datetime:
    """The instant the period's days have ended: the latest of the ends it has for its reps.

    Days a member no longer served count too: until they end somebody may still join. If nobody
    is in the scope, the period ends in the default zone.
    """
    roster = scope.roster
    ends = {
        roster.timeline(rep_id).ended(own.start, own.end) for rep_id, own in scope.periods.items()
    }
    return max(ends, default=roster.directory.of("").ended(period.start, period.end))


def card_day(view: View, rep_id: str, period: Period) -> date:
    """The day whose name and team a rep is shown with: the period's last, or today before it."""
    return min(period.last_day, max(period.start, view.roster.today(rep_id)))


def _card(
    view: View, subject: Subject, period: Period
) -> tuple[str | UnsetType | None, str | UnsetType | None]:
    """Name and team as an answer shows them: a team has no name, the company neither."""
    if subject.rep_id is not None:
        name, team = view.roster.card(subject.rep_id, card_day(view, subject.rep_id, period))
        return name, team if subject.teams is None or team in subject.teams else None
    return UNSET, ", ".join(sorted(subject.teams)) if subject.teams else UNSET
