"""Today's floor: the figures of everybody, team by team, as the page shows them.

They are the API's own figures, by the same functions; a rep's today is the rep's own day.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

from app.changed import Changes, changes
from app.exact import Amount, amount
from app.figures import others_of, reps_of
from app.kpi import Figure, Kpi, Sums, added, figure
from app.kpis import kpi_of
from app.leaderboard import rank
from app.periods import DAY, Kind, Period
from app.spans import Scope, Subject
from app.tally import tally
from app.view import View

KPIS = tuple(map(kpi_of, ("calls", "conversations", "talk_time", "orders", "revenue")))
SPARK_DAYS = 14
NO_TEAM = ""


@dataclass(frozen=True, slots=True)
class RepRow:
    """A rep on the board, and the place within the team."""

    rep_id: str
    name: str
    rank: int
    figures: tuple[Figure, ...]

    @property
    def idle(self) -> bool:
        """Whether nothing of the rep's is on the board yet."""
        return not any(_value(figure) for figure in self.figures)


@dataclass(frozen=True, slots=True)
class TeamBoard:
    """A team with its reps, best first. The name of those in no team is empty.

    `clock` is the local time where all of them share one zone, as `18:32 Denver`.
    """

    name: str
    clock: str
    figures: tuple[Figure, ...]
    reps: tuple[RepRow, ...]

    @property
    def begun(self) -> bool:
        """Whether any of them did anything yet: before that all share the first rank."""
        return any(not rep.idle for rep in self.reps)


@dataclass(frozen=True, slots=True)
class Floor:
    """Everybody today. `days` are the floor's last days of each of `KPIS`, today last."""

    as_of: datetime
    ranked_by: Kpi
    figures: tuple[Figure, ...]
    days: tuple[tuple[Figure, ...], ...]
    teams: tuple[TeamBoard, ...]
    top: Amount  # the greatest figure that ranks, for bars
    changes: Changes  # of closed days, since the week began


async def todays_floor(view: View, by: Kpi, teams: frozenset[str] | None = None) -> Floor:
    """The floor at this moment, ranked within each team `by`; with `teams` only these."""
    earliest, latest = view.roster.todays()
    subject = Subject(teams=teams)
    others = await others_of(view, subject, earliest - SPARK_DAYS * DAY, latest + DAY)
    reps = reps_of(view, subject, others)
    single = await tally(view, _today(view, reps, teams, others), KPIS, many=False)
    sums = {rep_id: single.sums.get((group, 0), {}) for group, rep_id in enumerate(reps)}
    figures = {rep_id: _figures(view, own) for rep_id, own in sums.items()}
    busy = {rep_id for group, rep_id in enumerate(reps) if (group, 0) in single.rows}
    boards = tuple(
        TeamBoard(
            name,
            _clock(view, of_team),
            _figures(view, added(sums[rep_id] for rep_id in of_team)),
            _ranked(view, by, of_team, figures),
        )
        for name, of_team in _members(view, reps, busy, teams).items()
    )
    return Floor(
        as_of=view.as_of,
        ranked_by=by,
        figures=_figures(view, added(sums.values())),
        days=await _days(view, reps, teams, others),
        teams=boards,
        top=max((_value(row[KPIS.index(by)]) for row in figures.values()), default=0),
        changes=await changes(view, teams=teams),
    )


def _members(
    view: View, reps: Sequence[str], busy: Collection[str], teams: frozenset[str] | None
) -> dict[str, list[str]]:
    """The reps of each team on each rep's today, by name of team; those without one last.

    On the board are the active ones, and whoever did something today.
    """
    found: dict[str, list[str]] = {}
    for rep_id in reps:
        state = view.roster.timeline(rep_id).state_on(view.roster.today(rep_id))
        team = (state.team if state else None) or NO_TEAM
        shown = rep_id in busy or (state is not None and state.active)
        if shown and (teams is None or team in teams):
            found.setdefault(team, []).append(rep_id)
    return dict(sorted(found.items(), key=lambda pair: (pair[0] == NO_TEAM, pair[0])))


def _today(
    view: View, reps: Sequence[str], teams: frozenset[str] | None, others: Sequence[str]
) -> Scope:
    """Each rep's today, a group for each in their order."""

    def make() -> Scope:
        scope = Scope(view.roster, with_trailing=False)
        for group, rep_id in enumerate(reps):
            scope.add(group, rep_id, partial(_day, 0), teams)
        return scope

    return view.roster.memory.once(("today", teams, *others), make)


def _figures(view: View, sums: Sums) -> tuple[Figure, ...]:
    return tuple(figure(kpi, sums, view.settings.currency) for kpi in KPIS)


def _ranked(
    view: View, by: Kpi, reps: Sequence[str], figures: Mapping[str, tuple[Figure, ...]]
) -> tuple[RepRow, ...]:
    place = KPIS.index(by)
    ranking = rank(by.polarity, {rep_id: figures[rep_id][place] for rep_id in reps})
    return tuple(
        RepRow(rep_id, _name(view, rep_id), position, figures[rep_id])
        for position, rep_id in ranking.ranked
    )


def _clock(view: View, reps: Sequence[str]) -> str:
    """What the clock on the team's own wall says; empty where they have several."""
    zones = {view.roster.timeline(rep_id).zone_on(view.roster.today(rep_id)) for rep_id in reps}
    if len(zones) != 1:
        return ""
    zone = zones.pop()
    place = zone.rpartition("/")[2].replace("_", " ")
    return f"{view.roster.now.astimezone(ZoneInfo(zone)):%H:%M} {place}"


def _name(view: View, rep_id: str) -> str:
    name, _ = view.roster.card(rep_id, view.roster.today(rep_id))
    return name or rep_id


async def _days(
    view: View, reps: Sequence[str], teams: frozenset[str] | None, others: Sequence[str]
) -> tuple[tuple[Figure, ...], ...]:
    """The floor's last days in each of `KPIS`, each rep's own days; today is the last."""

    def make() -> Scope:
        scope = Scope(view.roster, with_trailing=False)
        for group in range(SPARK_DAYS):
            for rep_id in reps:
                scope.add(group, rep_id, partial(_day, SPARK_DAYS - 1 - group), teams)
        return scope

    scope = view.roster.memory.once(("last days", teams, *others), make)
    counted = await tally(view, scope, KPIS, many=False)
    days = [_figures(view, counted.sums.get((group, 0), {})) for group in range(SPARK_DAYS)]
    return tuple(zip(*days, strict=True))


def _day(back: int, today: date) -> Period:
    """The day `back` days before a rep's today."""
    return Period(Kind.RANGE, today - back * DAY, today + (1 - back) * DAY)


def _value(figure: Figure) -> Amount:
    return 0 if figure.value is None else amount(figure.value)
