"""Alert sinks: the webhooks that notices go to. For admins."""

import ipaddress
import secrets
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from pydantic import AfterValidator as After
from pydantic import BaseModel, ConfigDict, Field

from app.alerts import outbox
from app.alerts.outbox import Notice, Sink, SinkState
from app.alerts.signature import key_of, new_secret
from app.api.alert_rules import Admin
from app.api.answer import answered, only
from app.api.state import State, state_of
from app.exact import encode

router = APIRouter(tags=["alerts"])

LONGEST_URL = 2_000


def _url(value: str) -> str:
    """An http or https address without a user and without a fragment."""
    parts = urlsplit(value)
    try:
        port = parts.port
    except ValueError as error:
        raise ValueError("has no valid port") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise ValueError("must be http://… or https://…")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ValueError("must not hold a user, a password or a fragment")
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("must be plain ASCII: encode what is not")
    if parts.netloc.startswith("["):
        ipaddress.IPv6Address(parts.hostname)
    return value


def _secret(value: str) -> str:
    key_of(value)
    return value


Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
Url = Annotated[str, Field(max_length=LONGEST_URL), After(_url)]
Secret = Annotated[str, Field(max_length=200), After(_secret)]


class SinkAsked(BaseModel):
    """A webhook as it is sent; without a secret it gets one."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    url: Url
    secret: Secret | None = Field(None, description="whsec_ and 24 to 64 bytes in base64")
    enabled: bool = Field(True, strict=True)


class SinkChanges(BaseModel):
    """The fields of a webhook to change."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    url: Url | None = None
    secret: Secret | None = None
    enabled: bool | None = Field(None, strict=True)


@router.get("/v1/alert-sinks", summary="Where notices go")
async def get_sinks(request: Request, _: Admin) -> Response:
    """Every webhook and how it is doing; secrets are not shown again."""
    only(request)
    state = state_of(request)
    async with state.views.open(state.clock()) as view:
        found = await outbox.listed_sinks(view.reading)
    items = [_shown(sink, doing) for sink, doing in found]
    return answered(request, {"as_of": view.as_of, "items": items, "next_cursor": None})


@router.post("/v1/alert-sinks", summary="Send notices to a webhook", status_code=201)
async def post_sink(request: Request, _: Admin, asked: SinkAsked) -> Response:
    """Add a webhook. Its secret is shown in this answer, and never again."""
    only(request)
    state = state_of(request)
    sink = Sink(
        id=f"sink_{secrets.token_hex(6)}", name=asked.name, url=asked.url,
        secret=asked.secret or new_secret(), enabled=asked.enabled, created_at=state.clock(),
    )  # fmt: skip
    async with state.database.writing() as writing:
        await outbox.keep_sink(writing, sink)
    body = encode({**_shown(sink, SinkState()), "secret": sink.secret})
    return Response(body, 201, media_type="application/json")


@router.patch("/v1/alert-sinks/{sink_id}", summary="Change a webhook")
async def patch_sink(request: Request, _: Admin, sink_id: str, changes: SinkChanges) -> Response:
    """Change the fields that are sent. While it is off, new notices do not go to it."""
    only(request)
    async with state_of(request).database.writing() as writing:
        old = await outbox.find_sink(writing, sink_id)
        sink = Sink(
            id=old.id,
            name=changes.name or old.name,
            url=changes.url or old.url,
            secret=changes.secret or old.secret,
            enabled=old.enabled if changes.enabled is None else changes.enabled,
            created_at=old.created_at,
        )
        await outbox.keep_sink(writing, sink)
        doing = {one.id: state for one, state in await outbox.listed_sinks(writing)}
    return Response(encode(_shown(sink, doing[sink.id])), media_type="application/json")


@router.delete("/v1/alert-sinks/{sink_id}", summary="Remove a webhook", status_code=204)
async def delete_sink(request: Request, _: Admin, sink_id: str) -> Response:
    """Remove a webhook and what was on its way to it."""
    only(request)
    async with state_of(request).database.writing() as writing:
        await outbox.drop_sink(writing, sink_id)
    return Response(status_code=204)


@router.post("/v1/alert-sinks/{sink_id}/test", summary="Send a test notice", status_code=202)
async def post_test(request: Request, _: Admin, sink_id: str) -> Response:
    """Put a notice of type `ringside.test` on its way."""
    only(request)
    state = state_of(request)
    async with state.database.writing() as writing:
        sink = await outbox.find_sink(writing, sink_id)
        notice = _test_notice(state, sink)
        await outbox.post_to(writing, sink.id, notice, state.clock())
    return Response(encode({"id": notice.id}), 202, media_type="application/json")


@router.post("/v1/alert-sinks/{sink_id}/retry", summary="Try again what was given up")
async def post_retry(request: Request, _: Admin, sink_id: str) -> Response:
    """Put the notices that were given up on their way again, under the ids they had."""
    only(request)
    state = state_of(request)
    async with state.database.writing() as writing:
        count = await outbox.retry_dead(writing, sink_id, state.clock())
    return Response(encode({"retried": count}), media_type="application/json")


def _test_notice(state: State, sink: Sink) -> Notice:
    body = {"type": "ringside.test", "timestamp": state.clock(), "data": {"sink": sink.name}}
    return Notice(f"msg_test_{secrets.token_hex(8)}", None, encode(body).decode())


def _shown(sink: Sink, doing: SinkState) -> dict[str, Any]:
    return {
        "id": sink.id,
        "name": sink.name,
        "url": sink.url,
        "enabled": sink.enabled,
        "created_at": sink.created_at,
        "waiting": doing.waiting,
        "dead": doing.dead,
        "last_error": doing.last_error,
        "last_sent_at": doing.last_sent_at,
    }
