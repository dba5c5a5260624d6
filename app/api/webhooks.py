"""POST /v1/webhooks/{source}: what vendors push. The signature is the key."""

import logging

from fastapi import APIRouter, Request, Response

from app import metrics
from app.api.events import read_body, take
from app.api.state import state_of
from app.errors import Forbidden, NotFound, Unauthorized
from app.events.cloudevents import STRUCTURED
from app.events.refusals import Refusal
from app.events.types import Event
from app.exact import encode
from app.feeds.feed import Feed, Ignored, read_hook
from app.feeds.registry import FEEDS
from app.ingest import Outcome
from app.settings import Settings, environment_name

router = APIRouter(tags=["events"])
log = logging.getLogger(__name__)

# An order of a thousand lines is some megabytes in a vendor's words.
MOST_BODY = 4 << 20


@router.post(
    "/v1/webhooks/{source}",
    summary="Take a vendor's webhook in",
    responses={
        200: {
            "description": "Kept, found again, ignored by name, or refused into the dead letters"
        },
        401: {"description": "The signature is not the vendor's"},
        403: {"description": "The feed is not enabled: its secret is not set"},
        404: {"description": "There is no such feed"},
        503: {"description": "Nothing durable can be promised now: send it again"},
    },
)
async def post_webhook(request: Request, source: str) -> Response:
    """Take one webhook. A genuine one is answered with 200 whatever it holds, once it is durable:

    vendors stop sending where they hear anything else, and would send a bad payload again and
    again. `ignored` says why it meant nothing; `rejected` what is wrong with it.
    """
    feed = FEEDS.get(source)
    if feed is None:
        raise NotFound(f"there is no feed {source!a}; there are {', '.join(sorted(FEEDS))}")
    state = state_of(request)
    secret = _secret(state.settings, feed)
    body = await read_body(request, MOST_BODY)
    if not feed.genuine(secret, request.headers, body):
        metrics.EVENTS.labels(feed.name, "webhook", "unsigned").inc()
        raise Unauthorized(f"the signature is not {feed.name}'s")
    read = read_hook(
        feed, request.headers, body, now=state.clock(), currency=state.settings.currency
    )
    if isinstance(read, Ignored):
        metrics.EVENTS.labels(feed.name, "webhook", f"ignored_{read.reason}").inc()
        return _answer(Outcome(0, 0, 0, []), [], read.reason)
    found = [(one, _without(secret, one, raw)) for one, raw in read]
    outcome = await take(state, found, {"content-type": f"{STRUCTURED}+json"})
    return _answer(outcome, [one for one, _ in found if isinstance(one, Refusal)], None)


def _secret(settings: Settings, feed: Feed) -> str:
    """The feed's secret. Raises `Forbidden` where there is none: then nobody can sign."""
    secret = getattr(settings, feed.setting)
    if secret is None or not secret.get_secret_value():
        name = environment_name(feed.setting)
        raise Forbidden(f"the feed {feed.name} is not enabled: set {name}")
    return str(secret.get_secret_value())


def _without(secret: str, one: Event | Refusal, raw: bytes) -> bytes:
    """The bytes to keep: a dead letter does not hold the secret that came in it."""
    return raw.replace(secret.encode(), b"***") if isinstance(one, Refusal) else raw


def _answer(outcome: Outcome, refusals: list[Refusal], ignored: str | None) -> Response:
    answer = {
        "accepted": outcome.accepted,
        "duplicates": outcome.duplicates,
        "ignored": ignored,
        "rejected": [{"code": r.code, "field": r.field, "detail": r.detail} for r in refusals],
    }
    return Response(encode(answer), media_type="application/json")
