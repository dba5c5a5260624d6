"""Whatever a genuine sender's body becomes on the way, it is events, ignored, or a refusal."""

import json
import random
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest

from app import settings
from app.events.refusals import CODES, Refusal
from app.events.types import Event
from app.feeds.feed import REASONS, Hook, Ignored, read_hook
from app.feeds.registry import FEEDS
from tests.feeds import given
from tests.feeds.every_vendor import VENDORS
from tests.feeds.payloads import shopify_headers

CHOSEN = settings.read({name: value for vendor in VENDORS.values()
                        for name, value in vendor.environ.items()})  # fmt: skip
NOW = datetime(2025, 12, 1, tzinfo=UTC)
MUTATIONS = 10_000
# What systems in between, and people, make of a value.
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 2**63, 2**70, -(10**30), 1e308, "", " ", "0", "12", "-5", "NaN",
    "Infinity", "1e999", "1E-40", "٣", "x" * 300, "a\u0000b", "\ud800", "\U0001f642", [], {}, [[]],
    [None], {"id": None}, "2025-11-18T09:00:00", "2025-13-45T99:99:99Z", "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59-23:59", ["x"] * 3, {"shop_money": {"amount": "x"}}, {"shop_money": None},
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path to every value within a JSON value."""
    found = [path] if path else []
    if isinstance(value, dict):
        inner: list[tuple[Any, Any]] = list(value.items())
    else:
        inner = list(enumerate(value)) if isinstance(value, list) else []
    for key, below in inner:
        found += places(below, (*path, key))
    return found


def bent(chance: random.Random, body: bytes) -> bytes:
    """The body with one to three things wrong."""
    if chance.random() < 0.15:
        cut = chance.randrange(len(body))
        return body[:cut] + bytes(chance.randrange(256) for _ in range(3)) + body[cut + 2 :]
    payload = json.loads(body)
    for _ in range(chance.choice((1, 1, 2, 3))):
        path = chance.choice(places(payload))
        holder = payload
        for key in path[:-1]:
            holder = holder[key]
        if chance.random() < 0.2:
            del holder[path[-1]]
        else:
            holder[path[-1]] = deepcopy(chance.choice(ODD))
        if not places(payload):
            break
    return json.dumps(payload).encode()


@pytest.mark.parametrize("name", sorted(FEEDS))
def test_mutated_payloads_are_taken_ignored_or_refused_by_name(name: str) -> None:
    vendor, chance = VENDORS[name], random.Random(20251118)
    seen = {"event": 0, "ignored": 0, "refused": 0}
    for number in range(MUTATIONS):
        body, headers = vendor.seeds[number % len(vendor.seeds)]
        mutated = vendor.seal(bent(chance, body))
        FEEDS[name].genuine("secret", Hook(headers, mutated), NOW)
        FEEDS[name].question("secret", Hook(headers, mutated), NOW)
        found = given.read(FEEDS[name], mutated, headers, now=NOW, settings=CHOSEN)
        assert found
        for one in found:
            if isinstance(one, Ignored):
                assert one.reason in REASONS
                seen["ignored"] += 1
                continue
            assert isinstance(one, Event) or one.code in CODES, mutated
            seen["refused" if isinstance(one, Refusal) else "event"] += 1
    assert min(seen.values()) > 20, seen


@pytest.mark.parametrize("name", sorted(FEEDS))
@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"7", b"\xff\xfe", b"[" * 200_000, b"{" * 99]
)
def test_what_is_no_payload_at_all_is_refused(name: str, body: bytes) -> None:
    headers = shopify_headers("orders/create", body)
    hook = Hook(headers, body)
    ((refusal, raw),) = read_hook(FEEDS[name], hook, now=NOW, settings=CHOSEN)
    assert isinstance(refusal, Refusal)
    assert refusal.code in CODES
    assert raw == body
