"""Alerts: what is out of line now and was before, and who has seen it."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.alerts import keep
from app.alerts.alert import Alert, shown, shown_entry
from app.alerts.decide import State as Where
from app.alerts.keep import Wanted
from app.api import query
from app.api.answer import answered, only
from app.api.reads import Reader
from app.api.state import state_of
from app.db import Reading
from app.errors import BadRequest, FieldError, NotFound
from app.exact import encode
from app.keys import Key

router = APIRouter(tags=["alerts"])

STATES = tuple(state.value for state in Where)
SEVERITIES = ("info", "warning", "critical")
FILTERS = (
    "state", "severity", "rule_id", "kpi", "rep_id", "team", "acknowledged", "from", "to",
    "limit", "cursor",
)  # fmt: skip

States = Annotated[
    str | None, Query(alias="state", description=f"of {', '.join(STATES)}, by commas")
]
Severities = Annotated[
    str | None, Query(alias="severity", description=f"of {', '.join(SEVERITIES)}, by commas")
]


@router.get("/v1/alerts", summary="Alerts")
async def get_alerts(
    request: Request, key: Reader, states: States = None, severities: Severities = None,
    rule_id: str | None = None, kpi: str | None = None, rep_id: str | None = None,
    team: str | None = None, acknowledged: bool | None = None,
    start: query.From = None, end: query.To = None,
    limit: query.Limit = query.LIMIT, cursor: query.Cursor = None,
) -> Response:  # fmt: skip
    """Alerts, the newest first, of periods that touch `from`..`to`.

    A key bound to teams sees its reps' alerts and its teams'.
    """
    only(request, *FILTERS)
    wanted = Wanted(
        states=_among("state", states, STATES),
        severities=_among("severity", severities, SEVERITIES),
        rule_id=rule_id, kpi=kpi, rep_id=rep_id, team=team, teams=key.teams,
        acknowledged=acknowledged, start=query.day("from", start), end=query.day("to", end),
    )  # fmt: skip
    before = None if cursor is None else _number("cursor", cursor)
    state = state_of(request)
    async with state.views.open(state.clock()) as view:
        found = await keep.listed(view.reading, wanted, limit + 1, before)
    following = str(found[limit - 1].id) if len(found) > limit else None
    items = [shown(alert) for alert in found[:limit]]
    return answered(request, {"as_of": view.as_of, "items": items, "next_cursor": following})


@router.get("/v1/alerts/{alert_id}", summary="An alert and its history")
async def get_alert(request: Request, key: Reader, alert_id: str) -> Response:
    """One alert with every change it went through: when, from what to what, why, at which value."""
    only(request)
    state = state_of(request)
    async with state.views.open(state.clock()) as view:
        alert = await _visible(view.reading, key, alert_id)
        lines = await keep.history(view.reading, alert.id)
    told = [shown_entry(alert.kpi, entry) for entry in lines]
    return answered(request, {"as_of": view.as_of, **shown(alert), "history": told})


@router.post("/v1/alerts/{alert_id}/acknowledge", summary="Acknowledge an alert")
async def post_acknowledge(request: Request, key: Reader, alert_id: str) -> Response:
    """Say that somebody has seen it. Any key that sees the alert may; the first one stays.

    It changes no figure and stops no notice; an alert that opens again wants to be seen again.
    """
    only(request)
    state = state_of(request)
    async with state.database.writing() as writing:
        alert = await _visible(writing, key, alert_id)
        seen = await keep.acknowledge(writing, alert, key.name, state.clock())
    return Response(encode(shown(seen)), media_type="application/json")


async def _visible(reading: Reading, key: Key, alert_id: str) -> Alert:
    alert = await keep.find(reading, _number("alert_id", alert_id))
    if key.teams is not None and alert.team not in key.teams:
        raise NotFound(f"there is no alert {alert_id}")
    return alert


def _among(name: str, value: str | None, known: Sequence[str]) -> tuple[str, ...] | None:
    names = query.names(value)
    for one in names or ():
        if one not in known:
            detail = f"{one!a} is none of {', '.join(known)}"
            raise BadRequest(f"{name}: {detail}", errors=(FieldError(name, detail),))
    return None if names is None else tuple(names)


def _number(name: str, value: str) -> int:
    if not value.isascii() or not value.isdecimal() or len(value) > 18:
        if name == "alert_id":
            raise NotFound(f"there is no alert {value!a}")
        detail = "not one that we gave"
        raise BadRequest(f"{name}: {detail}", errors=(FieldError(name, detail),))
    return int(value)
