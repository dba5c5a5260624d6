"""Threshold rules: made, changed and deleted by an admin, read by all."""

import secrets
from datetime import time
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema
from pydantic import BeforeValidator as Before

from app.alerts import rulebook
from app.alerts.alert import level
from app.alerts.rule import LONGEST_HOLD_DOWN, LONGEST_NAME, Check, Operator, Rule, Severity
from app.alerts.rule import Subjects as Kinds
from app.api import query
from app.api.access import needs
from app.api.answer import answered, only, paged
from app.api.reads import Reader
from app.api.state import State, state_of
from app.errors import NotFound
from app.exact import encode
from app.keys import Key
from app.periods import Kind

router = APIRouter(tags=["alerts"])

Admin = Annotated[Key, Depends(needs("admin"))]

SCOPE = '"all", {"team": "West"} or {"rep_id": "r1"}'
CHECK = '"live", "close" or {"after": "17:00"}'


def _scope(value: object) -> object:
    match value:
        case "all":
            return {}
        case {"team": str(name), **more} if _sayable(name) and not more:
            return {"team": name}
        case {"rep_id": str(name), **more} if _sayable(name) and not more:
            return {"rep_id": name}
    raise ValueError(f"must be {SCOPE}")


def _sayable(name: str) -> bool:
    """Whether anybody could be called so: events refuse U+0000, and PostgreSQL cannot hold it."""
    return bool(name) and "\0" not in name


def _check(value: object) -> object:
    match value:
        case "live" | "close":
            return {"kind": value}
        case {"after": str(at), **more} if not more:
            try:
                if len(at) == 5:
                    return {"kind": "after", "at": time.fromisoformat(at)}
            except ValueError:
                pass
    raise ValueError(f"must be {CHECK}")


def _level(value: object) -> object:
    """A JSON number, or a decimal string where a number would not be exact."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("must be a number, or a decimal string")
    return value


class Scope(BaseModel):
    """All, a team or a rep."""

    team: str | None = Field(None, max_length=LONGEST_NAME)
    rep_id: str | None = Field(None, max_length=LONGEST_NAME)


class When(BaseModel):
    """From when a figure is judged."""

    kind: Check
    at: time | None = None


Level = Annotated[
    Decimal,
    Before(_level),
    Field(max_digits=20, decimal_places=6, allow_inf_nan=False),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}]}),
]
ScopeAsked = Annotated[Scope, Before(_scope), WithJsonSchema({"description": SCOPE})]
CheckAsked = Annotated[When, Before(_check), WithJsonSchema({"description": CHECK})]


class RuleAsked(BaseModel):
    """A rule as it is sent."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=LONGEST_NAME, pattern=r"^[^\x00-\x1f\x7f]+$")
    kpi: str = Field(description="an id of /v1/kpis", max_length=LONGEST_NAME)
    scope: ScopeAsked = Scope()
    subjects: Literal["reps", "teams"] = Field(
        "reps", description="whether each rep in scope is judged, or each team"
    )
    period: Literal["day", "week", "month", "quarter", "year", "ttm"] = "day"
    operator: Operator = Field(description="the alert is about figures that are so")
    threshold: Level
    recover_at: Level | None = Field(
        None, description="the level at which it resolves, on the good side of the threshold"
    )
    check: CheckAsked = When(kind=Check.LIVE)
    for_seconds: int = Field(
        0, ge=0, le=LONGEST_HOLD_DOWN, strict=True,
        description="how long a breach lasts before it fires",
    )  # fmt: skip
    min_sample: Annotated[Level, Field(ge=0)] | None = Field(
        None, description="a quotient with a smaller denominator changes nothing"
    )
    working_days_only: bool = Field(
        False, strict=True,
        description="a period without a working day of the subject is not judged",
    )  # fmt: skip
    severity: Severity = "warning"
    enabled: bool = Field(True, strict=True)


@router.get("/v1/alert-rules", summary="The threshold rules")
async def get_rules(
    request: Request, key: Reader, limit: query.Limit = query.LIMIT, cursor: query.Cursor = None
) -> Response:
    """Every rule; with a key bound to teams those about these teams, or about all."""
    only(request, "limit", "cursor")
    state = state_of(request)
    async with state.views.open(state.clock()) as view:
        rules = [rule for rule in await rulebook.listed(view.reading) if _visible(key, rule)]
    page = paged(rules, "id", limit, cursor)
    items = [shown_rule(rule) for rule in page["items"]]
    return answered(request, {"as_of": view.as_of, **page, "items": items})


@router.get("/v1/alert-rules/{rule_id}", summary="A threshold rule")
async def get_rule(request: Request, key: Reader, rule_id: str) -> Response:
    """One rule."""
    only(request)
    state = state_of(request)
    async with state.views.open(state.clock()) as view:
        rule = await rulebook.find(view.reading, rule_id)
    if not _visible(key, rule):
        raise NotFound(f"there is no alert rule {rule_id!a}")
    return answered(request, {"as_of": view.as_of, **shown_rule(rule)})


@router.post("/v1/alert-rules", summary="Make a threshold rule", status_code=201)
async def post_rule(request: Request, _: Admin, asked: RuleAsked) -> Response:
    """Make a rule. It watches the periods that are not over yet."""
    only(request)
    state = state_of(request)
    rule = _rule(state, asked, f"rule_{secrets.token_hex(6)}")
    async with state.database.writing() as writing:
        made = await rulebook.create(writing, rule)
    return _answer(made, 201, {"Location": f"/v1/alert-rules/{made.id}"})


@router.put("/v1/alert-rules/{rule_id}", summary="Replace a threshold rule")
async def put_rule(request: Request, _: Admin, rule_id: str, asked: RuleAsked) -> Response:
    """Replace a rule. If it means something else now, its open alerts resolve."""
    only(request)
    return await _changed(state_of(request), rule_id, asked)


@router.patch("/v1/alert-rules/{rule_id}", summary="Change a threshold rule")
async def patch_rule(request: Request, _: Admin, rule_id: str, changes: dict[str, Any]) -> Response:
    """Change the fields that are sent, e.g. `{"enabled": false}`."""
    only(request)
    state = state_of(request)
    async with state.database.reading() as reading:
        rule = await rulebook.find(reading, rule_id)
    known = {name: value for name, value in _fields(rule).items() if name not in _READ_ONLY}
    try:
        asked = RuleAsked.model_validate({**known, **changes})
    except ValidationError as error:
        raise RequestValidationError(
            [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
        ) from error
    return await _changed(state, rule_id, asked)


@router.delete("/v1/alert-rules/{rule_id}", summary="Delete a threshold rule", status_code=204)
async def delete_rule(request: Request, _: Admin, rule_id: str) -> Response:
    """Delete a rule; its open alerts resolve, and all stay on record."""
    only(request)
    state = state_of(request)
    async with state.database.writing() as writing:
        await rulebook.delete(writing, rule_id, state.clock())
    return Response(status_code=204)


async def _changed(state: State, rule_id: str, asked: RuleAsked) -> Response:
    async with state.database.writing() as writing:
        rule = await rulebook.change(writing, _rule(state, asked, rule_id), state.clock())
    return _answer(rule, 200)


def _rule(state: State, asked: RuleAsked, rule_id: str) -> Rule:
    now = state.clock()
    return Rule(
        id=rule_id, name=asked.name, kpi=asked.kpi, team=asked.scope.team,
        rep_id=asked.scope.rep_id, subjects=Kinds(asked.subjects), period=Kind(asked.period),
        operator=asked.operator, threshold=asked.threshold, recover_at=asked.recover_at,
        check=asked.check.kind, at=asked.check.at, for_seconds=asked.for_seconds,
        min_sample=asked.min_sample, working_days_only=asked.working_days_only,
        severity=asked.severity, enabled=asked.enabled, since=now, created_at=now,
    )  # fmt: skip


def _visible(key: Key, rule: Rule) -> bool:
    if key.teams is None:
        return True
    return rule.rep_id is None and (rule.team is None or rule.team in key.teams)


_READ_ONLY = {"id", "revision", "since", "created_at"}


def _fields(rule: Rule) -> dict[str, Any]:
    scope: object = "all"
    if rule.team is not None:
        scope = {"team": rule.team}
    elif rule.rep_id is not None:
        scope = {"rep_id": rule.rep_id}
    check: object = rule.check.value
    if rule.at is not None:
        check = {"after": rule.at.isoformat("minutes")}
    return {
        "id": rule.id,
        "revision": rule.revision,
        "name": rule.name,
        "kpi": rule.kpi,
        "scope": scope,
        "subjects": rule.subjects.value,
        "period": rule.period.value,
        "operator": rule.operator,
        "threshold": _exact(rule.threshold),
        "recover_at": _exact(rule.recover_at),
        "check": check,
        "for_seconds": rule.for_seconds,
        "min_sample": _exact(rule.min_sample),
        "working_days_only": rule.working_days_only,
        "severity": rule.severity,
        "enabled": rule.enabled,
        "since": rule.since,
        "created_at": rule.created_at,
    }


def _exact(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def shown_rule(rule: Rule) -> dict[str, Any]:
    """A rule as it is answered: levels of money are strings, the others numbers."""
    return {
        **_fields(rule),
        "threshold": level(rule.kpi, rule.threshold),
        "recover_at": level(rule.kpi, rule.recover_at),
        "min_sample": rule.min_sample,
    }


def _answer(rule: Rule, status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(encode(shown_rule(rule)), status, headers, media_type="application/json")
