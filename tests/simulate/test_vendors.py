"""Simulated vendors' payloads are genuine, are read by the vendors' feeds, and are believable."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from app import settings
from app.events.types import Event
from app.feeds.feed import Hook, Ignored, read_hook
from app.feeds.registry import FEEDS
from app.simulate.vendors.every import VENDORS
from app.simulate.vendors.hook import Payload, Story

NOW = datetime(2026, 11, 25, 17, tzinfo=UTC)
SECRET = "user:secret-of-the-tests-0123456789abcdef"
PLAIN = settings.read({})
STORIES = 200


def stories(name: str) -> list[list[Payload]]:
    return [
        VENDORS[name].tell(Story(random.Random(n), n, NOW + n * timedelta(seconds=1)))
        for n in range(STORIES)
    ]


def posted(name: str, payload: Payload, secret: str = SECRET) -> Hook:
    address = f"https://ringside.example.com/v1/webhooks/{name}"
    signed = VENDORS[name].sign(secret, address, payload, NOW)
    return Hook(signed.headers, signed.body, address)


@pytest.mark.parametrize("name", sorted(VENDORS))
def test_every_payload_is_genuine_and_none_is_refused(name: str) -> None:
    later = NOW + STORIES * timedelta(seconds=1)
    seen: Counter[str] = Counter()
    ids: Counter[str] = Counter()
    reps: set[str] = set()
    for payload in (one for story in stories(name) for one in story):
        hook = posted(name, payload)
        assert FEEDS[name].genuine(SECRET, hook, NOW)
        assert not FEEDS[name].genuine("another:secret", hook, NOW)
        for found, _ in read_hook(FEEDS[name], hook, now=later, settings=PLAIN):
            assert isinstance(found, Event | Ignored), found
            if isinstance(found, Event):
                seen[found.data.wire] += 1
                ids[found.id] += 1
                reps |= {getattr(found.data, "rep_id", None) or "none"}
    assert sum(seen.values()) >= STORIES / 2, seen
    assert len(reps - {"none"}) >= 4
    # A few payloads come again, as vendors' do.
    assert sum(ids.values()) - len(ids) < STORIES / 5


@pytest.mark.parametrize("name", sorted(VENDORS))
def test_a_story_is_the_same_whenever_it_is_told(name: str) -> None:
    assert stories(name) == stories(name)
    bodies = [one.body for story in stories(name) for one in story]
    assert len(set(bodies)) > 0.8 * len(bodies)


def test_the_kinds_of_stories() -> None:
    kinds = {
        name: {found.data.wire for story in stories(name) for payload in story
               for found, _ in read_hook(FEEDS[name], posted(name, payload),
                                         now=NOW + timedelta(days=1), settings=PLAIN)
               if isinstance(found, Event)}
        for name in ("aircall", "hubspot", "shopify")
    }  # fmt: skip
    assert kinds == {
        "aircall": {"call.ended"},
        "hubspot": {"quote.recorded", "order.recorded", "record.voided"},
        "shopify": {"order.recorded", "order.returned"},
    }
