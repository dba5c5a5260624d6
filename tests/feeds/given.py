"""A vendor's payload through its feed, without the endpoint around it."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from app import settings
from app.events.refusals import Refusal
from app.events.types import CallEnded, Event
from app.feeds.feed import Feed, Hook, Ignored, ReadAgain, read_hook

NOW = datetime(2025, 12, 1, tzinfo=UTC)
SETTINGS = settings.read({"RINGSIDE_SECRET": "a secret of the tests"})


def read(
    feed: Feed,
    body: bytes,
    headers: Mapping[str, str] | None = None,
    *,
    url: str = "",
    now: datetime = NOW,
    settings: settings.Settings = SETTINGS,
) -> list[Event | Refusal | Ignored]:
    """All that the payload comes to; header names are given in lower case."""
    hook = Hook(headers or {}, body, url)
    found = [one for one, _ in read_hook(feed, hook, now=now, settings=settings)]
    assert not any(isinstance(one, ReadAgain) for one in found)
    return [one for one in found if not isinstance(one, ReadAgain)]


def legs(feed: Feed, body: bytes, *, url: str = "") -> list[CallEnded]:
    """The call legs of a payload, all of which is events."""
    found = [one.data for one in read(feed, body, url=url) if isinstance(one, Event)]
    return [data for data in found if isinstance(data, CallEnded)]


def standing(found: Iterable[Event | Refusal | Ignored]) -> dict[tuple[str, str], CallEnded]:
    """What stands of each leg after all of these, whichever came first."""
    order: dict[tuple[str, str], tuple[tuple[int, datetime, str], CallEnded]] = {}
    for one in found:
        if isinstance(one, Event) and isinstance(one.data, CallEnded):
            rank = (one.data.revision, one.time or datetime.min.replace(tzinfo=UTC), one.id)
            key = one.data.call_id, one.data.rep_id
            order[key] = max(order.get(key, (rank, one.data)), (rank, one.data), key=lambda r: r[0])
    return {key: data for key, (_, data) in order.items()}
