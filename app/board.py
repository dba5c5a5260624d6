"""The leaderboard of a KPI: who stands on it, ranked, with the ranks of the period before."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import asdict

from app.exact import Amount, Shown
from app.figures import PeriodShown, card_day, check_known, end_of, period_shown, reach, reps_of
from app.kpi import Figure, Kpi, Status
from app.leaderboard import Reason, rank
from app.periods import DAY, Period
from app.spans import Asked, Scope, Span, Subject
from app.tally import status_of, tally
from app.view import View


class Row(Struct, frozen=True, kw_only=True):
    """A rep with the figure the board is about."""

    rep_id: str
    name: str | None
    team: str | None
    value: Shown | None
    numerator: Shown | UnsetType = UNSET
    denominator: Shown | UnsetType = UNSET
    coverage: Shown | UnsetType = UNSET
    currency: str | UnsetType = UNSET


class Standing(Row, frozen=True, kw_only=True):
    """A ranked rep; `previous_rank` is None for one who was not ranked in the period before."""

    rank: int
    previous_rank: int | None


class Unranked(Row, frozen=True, kw_only=True):
    """A rep whose figure cannot be ranked, and why."""

    reason: Reason


class Board(Struct, frozen=True):
    """A leaderboard as the API answers it, best first."""

    kpi: str
    period: PeriodShown
    as_of: datetime
    status: Status
    entries: list[Standing]
    unranked: list[Unranked]


@dataclass(frozen=True, slots=True)
class _Field:
    """Those who stand on the board of one period."""

    scope: Scope
    figures: dict[str, Figure]
    spans: dict[str, list[Span]]


async def board(
    view: View,
    kpi: Kpi,
    asked: Asked,
    *,
    teams: frozenset[str] | None = None,
    min_sample: Amount | None = None,
    limit: int | None = None,
) -> Board:
    """Rank the reps by `kpi`: those active on some date of the period, or with facts in it.

    With `teams` they are ranked by what they did on the dates they served in these. `limit` is
    the number of entries. Raises `NotFound` for a team nobody ever heard of.
    """
    await check_known(view, Subject(teams=teams))
    sample = kpi.min_sample if min_sample is None else min_sample
    before = await _field(view, kpi, asked.before, teams)
    field = await _field(view, kpi, asked.on, teams)
    previous = rank(kpi.polarity, before.figures, sample).ranks()
    ranking = rank(kpi.polarity, field.figures, sample)
    period, shown = period_shown(field.scope, asked)
    return Board(
        kpi.id,
        shown,
        view.as_of,
        status_of(view, kpi, end_of(field.scope, period)),
        [
            Standing(**_row(view, field, rep_id), rank=place, previous_rank=previous.get(rep_id))
            for place, rep_id in ranking.ranked[:limit]
        ],
        [Unranked(**_row(view, field, rep_id), reason=why) for rep_id, why in ranking.unranked],
    )


async def figures_by_rep(
    view: View, kpi: Kpi, asked: Asked, *, teams: frozenset[str] | None = None
) -> dict[str, Figure]:
    """The figures a board would rank, by rep id, of all who stand on it."""
    return (await _field(view, kpi, asked.on, teams)).figures


async def _field(
    view: View, kpi: Kpi, period_on: Callable[[date], Period], teams: frozenset[str] | None
) -> _Field:
    scope = Scope(view.roster, kpi.trailing)
    reps = await reps_of(view, Subject(teams=teams), *reach(view, period_on))
    for group, rep_id in enumerate(reps):
        scope.add(group, rep_id, period_on, teams)
    counted = await tally(view, scope, [kpi], many=False)
    present = {group for group, _ in counted.rows}
    spans: dict[str, list[Span]] = {}
    for span in scope.spans:
        if span.group in present or _active(view, span):
            spans.setdefault(span.rep_id, []).append(span)
    currency = view.settings.currency
    figures = {
        rep_id: counted.figure(kpi, (own[0].group, 0), currency) for rep_id, own in spans.items()
    }
    return _Field(_standing_only(scope, spans), figures, spans)


def _active(view: View, span: Span) -> bool:
    """Whether the rep is active on some date of the span."""
    stretches = view.roster.timeline(span.rep_id).stretches(span.start, span.end)
    return any(state is not None and state.active for _, _, state in stretches)


def _standing_only(scope: Scope, spans: dict[str, list[Span]]) -> Scope:
    """The scope without the reps that do not stand on the board."""
    return Scope(
        scope.roster,
        False,
        [span for own in spans.values() for span in own],
        periods={rep_id: scope.periods[rep_id] for rep_id in spans},
    )


def _row(view: View, field: _Field, rep_id: str) -> dict[str, Any]:
    """The fields of a `Row`."""
    name, team = _card(view, field, rep_id)
    figure = asdict(field.figures[rep_id])
    del figure["status"]  # the board has one for all
    return {"rep_id": rep_id, "name": name, "team": team, **figure}


def _card(view: View, field: _Field, rep_id: str) -> tuple[str | None, str | None]:
    """Name and team: those of the period's last day or of today, else of the last day served."""
    day = card_day(view, rep_id, field.scope.periods[rep_id])
    spans = field.spans[rep_id]
    served = any(span.start <= day < span.end for span in spans)
    return view.roster.card(rep_id, day if served else spans[-1].end - DAY)
