"""Leaderboards, once and live."""

from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from app.api import query
from app.api.access import within
from app.api.answer import answered, as_csv, making, only, respond, wants_csv
from app.api.past import final_board, viewed
from app.api.reads import AskedPeriod, Reader
from app.api.shared import Make
from app.api.state import State, state_of
from app.board import Board, board
from app.errors import BadRequest, FieldError
from app.keys import Key
from app.kpis import kpi_of
from app.spans import Asked, Subject

router = APIRouter(tags=["leaderboards"])

Team = Annotated[str | None, Query(description="only its members, by days served in it")]
Entries = Annotated[int | None, Query(ge=1, le=100_000, description="how many entries")]
Sample = Annotated[
    str | None, Query(description="ratios with a smaller denominator are not ranked")
]
COLUMNS = (
    "rank", "rep_id", "name", "team", "value", "previous_rank",
    "numerator", "denominator", "coverage", "currency", "reason",
)  # fmt: skip


@router.get("/v1/leaderboards/{kpi}", summary="A leaderboard")
async def get_leaderboard(
    request: Request, kpi: str, key: Reader, period: AskedPeriod, team: Team = None,
    limit: Entries = None, min_sample: Sample = None, as_of: query.AsOf = None,
) -> Response:  # fmt: skip
    """The reps by a KPI, best first; those that cannot be ranked beside, with the reason."""
    only(request, *query.PERIOD, "team", "limit", "min_sample", "as_of")
    state = state_of(request)
    teams, sample = _teams(key, team), _sample(min_sample)
    if as_of is None and not wants_csv(request):
        name, make = _question(state, kpi, period, teams, sample, limit)
        answer = await state.shared.answer(name, make)
        return respond(request, answer.tag, answer.body)
    found = await _board(state, kpi, period, teams, sample, limit, as_of)
    if as_of is not None:
        found = final_board(found)
    if wants_csv(request):
        rows = [_row(row) for row in (*found.entries, *found.unranked)]
        return as_csv(request, found, COLUMNS, rows)
    return answered(request, found)


@router.get("/v1/leaderboards/{kpi}/stream", summary="A leaderboard, live")
async def stream_leaderboard(
    request: Request, kpi: str, key: Reader, period: AskedPeriod, team: Team = None,
    limit: Entries = None, min_sample: Sample = None,
) -> Response:  # fmt: skip
    """The same as server-sent events of type `board`, whenever it changes."""
    only(request, *query.PERIOD, "team", "limit", "min_sample")
    state = state_of(request)
    teams, sample = _teams(key, team), _sample(min_sample)
    name, make = _question(state, kpi, period, teams, sample, limit)
    await state.shared.answer(name, make)  # what is wrong with the question is answered plainly
    return StreamingResponse(
        state.live.stream(name, make),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _question(
    state: State, kpi: str, period: Asked, teams: frozenset[str] | None,
    sample: Decimal | None, limit: int | None,
) -> tuple[str, Make]:  # fmt: skip
    """What tells the question from others, and how its answer is made."""
    # In no team is not the same as in whatever team.
    served = None if teams is None else sorted(teams)
    name = repr((kpi, period, served, sample, limit))
    return name, making(lambda: _board(state, kpi, period, teams, sample, limit))


async def _board(
    state: State, kpi: str, period: Asked, teams: frozenset[str] | None,
    sample: Decimal | None, limit: int | None, as_of: str | None = None,
) -> Board:  # fmt: skip
    async with viewed(state, as_of) as view:
        return await board(view, kpi_of(kpi), period, teams=teams, min_sample=sample, limit=limit)


def _teams(key: Key, team: str | None) -> frozenset[str] | None:
    if team is not None:
        return within(key, Subject(teams=frozenset({team}))).teams
    return None if key.teams is None else frozenset(key.teams)


def _sample(value: str | None) -> Decimal | None:
    if value is None:
        return None
    if len(value) > 30 or not value.replace(".", "", 1).isdecimal():
        detail = f"{value[:30]!a} is no number, e.g. 20 is needed"
        raise BadRequest(f"min_sample: {detail}", errors=(FieldError("min_sample", detail),))
    return Decimal(value)


def _row(row: Any) -> dict[str, Any]:
    return {field: getattr(row, field) for field in row.__struct_fields__}
