"""The catalogue, the directory, and figures and series of reps, teams and the company."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from msgspec import Struct

from app.api import query
from app.api.access import needs, within
from app.api.answer import answered, as_csv, making, only, paged, respond, wants_csv
from app.api.described import OF_FIGURES
from app.api.past import final_figures, final_series, viewed
from app.api.state import state_of
from app.errors import BadRequest, FieldError
from app.figures import Figures, figures
from app.keys import Key
from app.kpis import CATALOGUE, chosen, kpi_of
from app.periods import DAY, Kind
from app.records import Record, records
from app.series import Series, series
from app.spans import Asked, Subject
from app.view import View

router = APIRouter(tags=["figures"])

Reader = Annotated[Key, Depends(needs("read"))]
AskedPeriod = Annotated[Asked, Depends(query.period)]
Bucket = Annotated[str, Query(description="day, week or month")]

NO_PAST = "of the past, as_of, the sums are kept and not the calls: ask for one or the other"
POINT_COLUMNS = ("start", "value", "numerator", "denominator", "coverage", "currency", "status")


@router.get("/v1/kpis", summary="The catalogue of KPIs")
async def get_kpis(request: Request, _: Reader) -> Response:
    """Every KPI: id, title, family, unit, polarity, lead or lag, definition."""
    only(request)
    items = [
        {
            "id": kpi.id, "title": kpi.title, "family": kpi.family, "unit": kpi.unit,
            "polarity": kpi.polarity, "timing": kpi.timing, "definition": kpi.definition,
            "min_sample": kpi.min_sample, "look_ahead_days": kpi.look_ahead_days,
        }
        for kpi in CATALOGUE
    ]  # fmt: skip
    return answered(request, {"items": items, "next_cursor": None})


class RepCard(Struct, frozen=True):
    """A rep as of a date."""

    rep_id: str
    name: str | None
    team: str | None
    manager: str | None
    time_zone: str
    active: bool


class TeamCard(Struct, frozen=True):
    """A team as of a date."""

    team: str
    members: int


@router.get("/v1/reps", summary="The announced reps")
async def get_reps(
    request: Request, key: Reader, date: query.OnDate = None,
    limit: query.Limit = query.LIMIT, cursor: query.Cursor = None,
) -> Response:  # fmt: skip
    """The reps announced, as they are on a date (default: each rep's today), by id."""
    only(request, "date", "limit", "cursor")
    state, on = state_of(request), query.day("date", date)
    async with state.views.open(state.clock()) as view:
        cards = [card for card in _cards(view, on) if _visible(key, card.team)]
        return answered(request, {"as_of": view.as_of, **paged(cards, "rep_id", limit, cursor)})


def _cards(view: View, on: Any) -> list[RepCard]:
    cards = []
    for rep_id, timeline in sorted(view.roster.directory.timelines.items()):
        day = on or view.roster.today(rep_id)
        state = timeline.state_on(day)
        if state is not None:
            cards.append(RepCard(rep_id, state.name, state.team, state.manager,
                                 state.time_zone, state.active))  # fmt: skip
    return cards


def _visible(key: Key, team: str | None) -> bool:
    return key.teams is None or team in key.teams


@router.get("/v1/teams", summary="The teams")
async def get_teams(
    request: Request, key: Reader, date: query.OnDate = None,
    limit: query.Limit = query.LIMIT, cursor: query.Cursor = None,
) -> Response:  # fmt: skip
    """The teams that have active members on a date (default: each rep's today), by name."""
    only(request, "date", "limit", "cursor")
    state, on = state_of(request), query.day("date", date)
    async with state.views.open(state.clock()) as view:
        members: dict[str, int] = {}
        for card in _cards(view, on):
            if card.team is not None and card.active and _visible(key, card.team):
                members[card.team] = members.get(card.team, 0) + 1
        cards = [TeamCard(team, members[team]) for team in sorted(members)]
        return answered(request, {"as_of": view.as_of, **paged(cards, "team", limit, cursor)})


@router.get("/v1/reps/{rep_id:path}/kpis", summary="Figures of a rep", responses=OF_FIGURES)
async def get_rep_kpis(
    request: Request, rep_id: str, key: Reader, period: AskedPeriod, kpi: query.Kpis = None,
    as_of: query.AsOf = None, explain: query.Explain = False,
) -> Response:  # fmt: skip
    """Every figure of a rep for a period, or those asked for."""
    return await _figures(request, key, Subject(rep_id=rep_id), period, kpi, as_of, explain)


@router.get("/v1/teams/{team:path}/kpis", summary="Figures of a team", responses=OF_FIGURES)
async def get_team_kpis(
    request: Request, team: str, key: Reader, period: AskedPeriod, kpi: query.Kpis = None,
    as_of: query.AsOf = None, explain: query.Explain = False,
) -> Response:  # fmt: skip
    """Every figure of a team, from its members' facts on the dates they were members."""
    return await _figures(
        request, key, Subject(teams=frozenset({team})), period, kpi, as_of, explain
    )


@router.get("/v1/company/kpis", summary="Figures of the company", responses=OF_FIGURES)
async def get_company_kpis(
    request: Request, key: Reader, period: AskedPeriod, kpi: query.Kpis = None,
    as_of: query.AsOf = None, explain: query.Explain = False,
) -> Response:  # fmt: skip
    """Every figure of the whole company."""
    return await _figures(request, key, Subject(), period, kpi, as_of, explain)


async def _figures(
    request: Request, key: Key, subject: Subject, period: Asked, kpi: str | None,
    as_of: str | None, explain: bool,
) -> Response:  # fmt: skip
    only(request, *query.PERIOD, "kpi", "as_of", "explain")
    if explain and as_of is not None:
        raise BadRequest(f"explain: {NO_PAST}", errors=(FieldError("explain", NO_PAST),))
    state, subject, kpis = state_of(request), within(key, subject), chosen(query.names(kpi))

    async def find() -> Figures:
        async with viewed(state, as_of) as view:
            return await figures(view, subject, period, kpis, explained=explain)

    if as_of is not None:
        return answered(request, final_figures(await find(), named=kpi is not None))
    name = ("figures", period, explain, *(one.id for one in kpis))
    return await _once(request, subject, name, find)


@router.get("/v1/reps/{rep_id:path}/series", summary="A KPI of a rep over time")
async def get_rep_series(
    request: Request, rep_id: str, key: Reader, kpi: str,
    start: query.From = None, end: query.To = None, bucket: Bucket = "day",
    as_of: query.AsOf = None,
) -> Response:  # fmt: skip
    """One KPI, a point for each day, week or month."""
    return await _series(request, key, Subject(rep_id=rep_id), kpi, start, end, bucket, as_of)


@router.get("/v1/teams/{team:path}/series", summary="A KPI of a team over time")
async def get_team_series(
    request: Request, team: str, key: Reader, kpi: str,
    start: query.From = None, end: query.To = None, bucket: Bucket = "day",
    as_of: query.AsOf = None,
) -> Response:  # fmt: skip
    """One KPI, a point for each day, week or month."""
    return await _series(
        request, key, Subject(teams=frozenset({team})), kpi, start, end, bucket, as_of
    )


@router.get("/v1/company/series", summary="A KPI of the company over time")
async def get_company_series(
    request: Request, key: Reader, kpi: str,
    start: query.From = None, end: query.To = None, bucket: Bucket = "day",
    as_of: query.AsOf = None,
) -> Response:  # fmt: skip
    """One KPI, a point for each day, week or month."""
    return await _series(request, key, Subject(), kpi, start, end, bucket, as_of)


@router.get("/v1/reps/{rep_id:path}/records", summary="The facts behind a figure of a rep")
async def get_rep_records(
    request: Request, rep_id: str, key: Reader, kpi: str, period: AskedPeriod,
    limit: query.Limit = query.LIMIT, cursor: query.Cursor = None,
) -> Response:  # fmt: skip
    """Every fact of the period that the KPI is about: counted or not, and why not."""
    only(request, *query.PERIOD, "kpi", "limit", "cursor")
    state = state_of(request)
    subject = within(key, Subject(rep_id=rep_id))
    async with state.views.open(state.clock()) as view:
        found = await records(view, subject, kpi_of(kpi), period, limit=limit, cursor=cursor)
    if wants_csv(request):
        rows = [_row(record) for record in found.items]
        return as_csv(request, found, Record.__struct_fields__, rows)
    return answered(request, found)


BUCKETS: Mapping[str, Kind] = {"day": Kind.DAY, "week": Kind.WEEK, "month": Kind.MONTH}


async def _series(
    request: Request, key: Key, subject: Subject, kpi: str,
    start: str | None, end: str | None, bucket: str, as_of: str | None,
) -> Response:  # fmt: skip
    only(request, "kpi", "from", "to", "bucket", "as_of")
    if bucket not in BUCKETS:
        detail = f"{bucket!a} is none of {', '.join(BUCKETS)}"
        raise BadRequest(f"bucket: {detail}", errors=(FieldError("bucket", detail),))
    state = state_of(request)
    last = query.day("to", end) or state.clock().date() + DAY
    first = query.day("from", start) or last - 30 * DAY
    if first >= last:
        detail = f"{first} is not before to, {last}"
        raise BadRequest(f"from: {detail}", errors=(FieldError("from", detail),))
    subject, asked_for = within(key, subject), kpi_of(kpi)

    async def find() -> Series:
        async with viewed(state, as_of) as view:
            return await series(view, subject, asked_for, first, last, BUCKETS[bucket])

    if as_of is None and not wants_csv(request):
        return await _once(request, subject, ("series", kpi, first, last, bucket), find)
    found = await find()
    if as_of is not None:
        found = final_series(found)
    if wants_csv(request):
        rows = [_row(point) for point in found.points]
        return as_csv(request, found, POINT_COLUMNS, rows)
    return answered(request, found)


async def _once(
    request: Request, subject: Subject, asked_for: tuple[object, ...],
    find: Callable[[], Awaitable[object]],
) -> Response:  # fmt: skip
    """The answer, found once for all who ask the same of a team or the company at that moment."""
    if not subject.many:
        return answered(request, await find())
    teams = None if subject.teams is None else sorted(subject.teams)
    answer = await state_of(request).shared.answer(repr((*asked_for, teams)), making(find))
    return respond(request, answer.tag, answer.body)


def _row(struct: Struct) -> dict[str, Any]:
    return {field: getattr(struct, field) for field in struct.__struct_fields__}
