"""POST /v1/webhooks/{source}: what vendors push. The signature is the key."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response

from app import metrics
from app.api.events import read_body, take
from app.api.state import State, state_of
from app.dead_letters.letter import masked, pack_hook
from app.errors import Forbidden, NotFound, Unauthorized
from app.events.cloudevents import STRUCTURED
from app.events.refusals import Refusal
from app.events.types import Event
from app.exact import encode
from app.feeds.feed import Feed, Hook, Ignored, ReadAgain, read_hook
from app.feeds.registry import FEEDS
from app.ingest import Outcome
from app.rereads.notes import keep_notes
from app.settings import Settings, environment_name

router = APIRouter(tags=["events"])

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
    again. `ignored` counts, by reason, what meant nothing; `rejected` what is wrong with it;
    `to_read` what is noted to be read from the vendor.
    """
    feed = FEEDS.get(source)
    if feed is None:
        raise NotFound(f"there is no feed {source!a}; there are {', '.join(sorted(FEEDS))}")
    state = state_of(request)
    secrets = state.feeds.get(source)
    if secrets is None:
        name = environment_name(feed.setting)
        raise Forbidden(f"the feed {source} is not enabled: set {name}")
    body = await read_body(request, MOST_BODY)
    hook = Hook(request.headers, body, _public(state.settings, request), request.method)
    now = state.clock()
    # A feed that goes without a secret is asked as well.
    for secret in secrets or ("",):
        if asked := feed.question(secret, hook, now):
            return Response(encode(asked.body), 200, asked.headers, media_type="application/json")
    if secrets and not any(feed.genuine(secret, hook, now) for secret in secrets):
        metrics.EVENTS.labels(feed.name, "webhook", "unsigned").inc()
        raise Unauthorized(f"the signature is not {feed.name}'s")
    ignored: Counter[str] = Counter()
    found: list[tuple[Event | Refusal, bytes]] = []
    notes: list[ReadAgain] = []
    for one, raw in read_hook(feed, hook, now=now, settings=state.settings):
        if isinstance(one, Ignored):
            ignored[one.reason] += 1
            metrics.EVENTS.labels(feed.name, "webhook", f"ignored_{one.reason}").inc()
        elif isinstance(one, ReadAgain):
            notes.append(one)
            metrics.EVENTS.labels(feed.name, "webhook", "to_read").inc()
        else:
            found.append((one, raw))
    await keep_notes(state.database, notes, now)
    outcome = await deliver(state, feed, hook, found)
    refusals = [one for one, _ in found if isinstance(one, Refusal)]
    receipt = feed.receipt(hook, now)
    return _answer(
        outcome, refusals, ignored, {"to_read": len(notes), **receipt} if notes else receipt
    )


async def deliver(
    state: State, feed: Feed, hook: Hook, found: list[tuple[Event | Refusal, bytes]]
) -> Outcome:
    """Make what the feed's payloads came to durable, each event as structured JSON.

    A dead letter keeps how `hook` was read, and not the secret that came in it.
    """
    if not found:
        return Outcome(0, 0, 0, [])
    secrets = state.feeds.get(feed.name, ())
    kept = pack_hook(feed, hook, secrets)
    clean = [(one, masked(raw, secrets) if isinstance(one, Refusal) else raw) for one, raw in found]
    return await take(state, clean, {"content-type": f"{STRUCTURED}+json"}, kept)


def _public(settings: Settings, request: Request) -> str:
    """The address that the vendor called: behind a proxy it is not the one that we see."""
    seen = str(request.url)
    if settings.public_url is None:
        return seen
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{settings.public_url.rstrip('/')}{request.url.path}{query}"


def _answer(
    outcome: Outcome, refusals: list[Refusal], ignored: Mapping[str, int], receipt: dict[str, Any]
) -> Response:
    answer = {
        "accepted": outcome.accepted,
        "duplicates": outcome.duplicates,
        "ignored": ignored,
        "rejected": [{"code": r.code, "field": r.field, "detail": r.detail} for r in refusals],
        **receipt,
    }
    return Response(encode(answer), media_type="application/json")
