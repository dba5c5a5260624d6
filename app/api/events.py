"""POST /v1/events: CloudEvents in, an answer once they are durable."""

import time
from collections import OrderedDict
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app import metrics
from app.api.access import needs
from app.api.state import State, state_of
from app.dead_letters.letter import pack_request
from app.errors import TooLarge, TooMany
from app.events.cloudevents import MOST_BODY, from_http
from app.events.refusals import Refusal
from app.events.types import Event
from app.exact import encode
from app.ingest import Outcome
from app.keys import Key
from app.offer import Origin, Refused

router = APIRouter(tags=["events"])

MINUTE = 60.0


@router.post(
    "/v1/events",
    summary="Take events in",
    responses={
        200: {"description": "Stored: what was accepted, found again, and refused"},
        202: {"description": "With Kafka: all in-sync replicas have what was accepted"},
        422: {"description": "Every event was refused; the same body says why"},
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/cloudevents+json": {"schema": {"type": "object"}},
                "application/cloudevents-batch+json": {"schema": {"type": "array"}},
                "application/json": {"schema": {}},
            },
        }
    },
)
async def post_events(
    request: Request, key: Annotated[Key, Depends(needs("events:write"))]
) -> Response:
    """Take one event (structured or binary) or a batch of up to 1,000, 1 MiB at most."""
    state = state_of(request)
    body = await read_body(request)
    found = from_http(
        request.headers.get("content-type"),
        request.headers,
        body,
        now=state.clock(),
        currency=state.settings.currency,
    )
    limit(state, key, len(found))
    outcome = await take(state, found, dict(request.headers), pack_request(request.headers))
    rejected = [
        {"index": i, "id": r.id, "code": r.code, "field": r.field, "detail": r.detail}
        for i, (r, _) in enumerate(found)
        if isinstance(r, Refusal)
    ]
    answer = {
        "accepted": outcome.accepted,
        "duplicates": outcome.duplicates,
        "rejected": rejected,
    }
    status = 422 if rejected and len(rejected) == len(found) else 202 if state.producer else 200
    return Response(encode(answer), status_code=status, media_type="application/json")


async def read_body(request: Request, most: int = MOST_BODY) -> bytes:
    """The body, counted as it comes: what the client says of its length does not matter."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise TooLarge(f"the body is over {most} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


async def take(
    state: State, found: list[tuple[Event | Refusal, bytes]], headers: dict[str, str], kept: str
) -> Outcome:
    """Make the events of one request durable, refused ones as dead letters.

    `headers` are those of the good ones' Kafka records, `kept` what the dead letters keep. With
    Kafka the good ones are produced; duplicates are found later, and count 0 here.
    """
    started = time.monotonic()
    refused = [Refused(r, raw, Origin(headers=kept)) for r, raw in found if isinstance(r, Refusal)]
    if state.producer is None:
        arrivals: list[Event | Refused] = []
        letters = iter(refused)
        for one, _ in found:
            arrivals.append(one if isinstance(one, Event) else next(letters))
        outcome = await state.intake.take(arrivals) if arrivals else Outcome(0, 0, 0, [])
    else:
        good = [(event, raw) for event, raw in found if isinstance(event, Event)]
        await state.producer.send(good, headers)
        if refused:
            await state.intake.take(refused)
        outcome = Outcome(len(good), 0, len(refused), [])
    _measure(found, outcome, time.monotonic() - started)
    return outcome


def _measure(found: list[tuple[Event | Refusal, bytes]], outcome: Outcome, seconds: float) -> None:
    duplicates = set(outcome.duplicate_positions)
    for position, (one, _) in enumerate(found):
        if isinstance(one, Refusal):
            metrics.DEAD_LETTERS.labels(one.code).inc()
            metrics.EVENTS.labels("unknown", "unknown", "refused").inc()
        else:
            became = "duplicate" if position in duplicates else "accepted"
            metrics.EVENTS.labels(one.source, one.data.wire, became).inc()
    metrics.FRESHNESS.observe(seconds)
    metrics.BATCH_EVENTS.observe(len(found))
    metrics.BATCH_SECONDS.observe(seconds)


_windows: OrderedDict[str, tuple[float, int]] = OrderedDict()


def limit(state: State, key: Key, events: int) -> None:
    """Count events against the key's limit a minute. Raises `TooMany`."""
    most = state.settings.events_per_minute
    if not most:
        return
    now = time.monotonic()
    since, taken = _windows.get(key.id, (now, 0))
    if now - since >= MINUTE:
        since, taken = now, 0
    if taken and taken + events > most:
        left = int(MINUTE - (now - since)) + 1
        raise TooMany(f"{most} events a minute are this key's limit", retry_after=left)
    _windows[key.id] = (since, taken + events)
