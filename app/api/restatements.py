"""What changed after it was final, and why."""

from fastapi import APIRouter, Request, Response

from app.api import query
from app.api.answer import answered, only
from app.api.reads import Reader
from app.api.state import state_of
from app.kpis import kpi_of
from app.restated import restated

router = APIRouter(tags=["figures"])


@router.get("/v1/restatements", summary="What changed after it was final")
async def get_restatements(
    request: Request, key: Reader, start: query.From = None, end: query.To = None,
    rep_id: str | None = None, kpi: str | None = None, since: query.Since = None,
    limit: query.Limit = query.LIMIT, cursor: query.Cursor = None,
) -> Response:  # fmt: skip
    """Changes to days of `from`..`to` that were final then, in the order they were made.

    Of the measures `team` and `working_days` a record is about all days from `day` to `last_day`.
    `kind` and `key` name the record the event is about; `how` says whether it came, came again or
    was withdrawn. A repair and a new definition have the source `ringside` and no record.
    A key bound to teams sees those of days served in its teams, and of moves into and out of them.
    """
    only(request, "from", "to", "rep_id", "kpi", "since", "limit", "cursor")
    state = state_of(request)
    first, last = query.day("from", start), query.day("to", end)
    moment = query.past(since, state.clock(), "since")
    measures = None if kpi is None else kpi_of(kpi).needs
    async with state.views.open(state.clock()) as view:
        items = await restated(
            view, start=first, end=last, rep_id=rep_id, measures=measures, teams=key.teams,
            since=moment, after=query.after(cursor), limit=limit + 1,
        )  # fmt: skip
    following = str(items[limit - 1].id) if len(items) > limit else None
    return answered(
        request, {"as_of": view.as_of, "items": items[:limit], "next_cursor": following}
    )
