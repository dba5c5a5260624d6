"""For operators: alive, ready, metrics; and the page of the API's documentation."""

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from app import check, metrics
from app.alerts import keep
from app.api.feeds import feeds_of
from app.api.state import State, state_of
from app.definition import rebuild_needed
from app.errors import Unavailable
from app.figures import figures_by_team
from app.kpis import chosen
from app.migrate import check as check_schema
from app.spans import asked

router = APIRouter(include_in_schema=False)

TEAM_KPIS = ("calls", "conversations", "talk_time", "orders", "revenue")


@router.get("/livez")
async def livez() -> dict[str, str]:
    """The process answers."""
    return {"status": "alive"}


@router.get("/readyz")
async def readyz(request: Request) -> dict[str, str]:
    """PostgreSQL is there, and has the schema of this version.

    It serves on, and says so, where the figures are by other rules or settings than its own.
    """
    state = state_of(request)
    await check_schema(state.database)
    async with state.database.reading() as reading:
        reason = await rebuild_needed(reading, state.settings, state.clock())
    return {"status": "ready"} if reason is None else {"status": "ready", "rebuild": reason}


@router.get("/metrics")
async def get_metrics(request: Request) -> Response:
    """Everything for Prometheus, unless it has a port of its own."""
    if state_of(request).settings.metrics_port is not None:
        return Response("on its own port", status_code=404, media_type="text/plain")
    return Response(await exposition(state_of(request)), media_type=CONTENT_TYPE_LATEST)


def metrics_alone(state: State) -> FastAPI:
    """An application of /metrics only, for a port that the world does not see."""
    alone = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @alone.get("/metrics")
    async def get_alone() -> Response:
        return Response(await exposition(state), media_type=CONTENT_TYPE_LATEST)

    return alone


async def exposition(state: State) -> bytes:
    """The metrics as text; what is read from the database is read now, if it answers."""
    try:
        await _observe(state)
    except Unavailable:
        metrics.TEAM_KPI.clear()
    return generate_latest(metrics.REGISTRY)


async def _observe(state: State) -> None:
    async with state.views.open(state.clock()) as view:
        for feed in await feeds_of(view):
            if feed.watermark is not None:
                metrics.WATERMARK.labels(feed.source).set(feed.watermark.timestamp())
        await keep.observe(view.reading)
        await check.observe(view.reading)
        reason = await rebuild_needed(view.reading, state.settings, view.roster.now)
        metrics.REBUILD_NEEDED.set(reason is not None)
        metrics.TEAM_KPI.clear()
        by_team = await figures_by_team(view, asked(), chosen(TEAM_KPIS))
        for team, figures in by_team.items():
            for kpi_id, figure in figures.items():
                if figure.value is not None:
                    metrics.TEAM_KPI.labels(team, kpi_id).set(float(figure.value))


DOCS = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Ringside API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/assets/docs.css"></head>
<body><main><h1>Ringside API</h1>
<p>The description in OpenAPI: <a href="/v1/openapi.json">/v1/openapi.json</a>.
Send your key as <code>Authorization: Bearer rs_…</code>.</p>
<table><thead><tr><th scope="col">Call</th><th scope="col">What it does</th></tr></thead>
<tbody>%s</tbody></table></main></body></html>"""


@router.get("/v1/docs")
async def docs(request: Request) -> HTMLResponse:
    """The calls in one table, without scripts and without other hosts."""
    rows = []
    for path, methods in request.app.openapi()["paths"].items():
        for method, call in methods.items():
            rows.append(
                f"<tr><td><code>{method.upper()} {path}</code></td>"
                f"<td>{call.get('description') or call.get('summary', '')}</td></tr>"
            )
    return HTMLResponse(DOCS % "".join(rows))
