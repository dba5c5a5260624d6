"""A vendor's payload through its feed, without the endpoint around it."""

from collections.abc import Mapping
from datetime import UTC, datetime

from app import settings
from app.events.refusals import Refusal
from app.events.types import Event
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
