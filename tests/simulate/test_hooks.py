"""Simulated webhooks are posted at their rate, and again where nobody answers."""

import json
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from app.errors import RingsideError, Unavailable
from app.simulate import hooks
from app.simulate.hooks import Hooks
from app.simulate.vendors import hubspot, shopify
from app.simulate.vendors.hook import Vendor

NOW = datetime(2026, 11, 25, 17, tzinfo=UTC)
TAKEN = {"accepted": 1, "duplicates": 2, "ignored": {"kind": 3}, "rejected": [{}]}


def playing(
    answer: Callable[[httpx2.Request], httpx2.Response],
    vendor: Vendor = shopify.VENDOR,
    clock: Callable[[], datetime] = lambda: NOW,
    public: str | None = None,
) -> Hooks:
    made = Hooks(vendor, "http://ringside.test/hook", "secret", clock, public=public)
    made._client = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
    return made


async def play(made: Hooks, count: int, rate: float = 1000) -> list[Counter[str]]:
    async with made:
        return [came async for came in made.play(7, rate=rate, count=count)]


async def test_each_payload_is_posted_and_what_it_came_to_is_told() -> None:
    seen: list[bytes] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.content)
        assert request.headers["x-shopify-hmac-sha256"]
        return httpx2.Response(200, json=TAKEN)

    came = await play(playing(answer), 5)
    assert (
        came
        == [Counter(payloads=1, accepted=1, duplicates=2, ignored=3, rejected=1, to_read=0)] * 5
    )
    first = list(seen)
    await play(playing(answer), 5)
    assert seen == first * 2  # one seed, one clock: the same stories


async def test_the_rate_is_kept() -> None:
    began = time.monotonic()
    await play(playing(lambda _: httpx2.Response(200, json=TAKEN)), 5, rate=20)
    assert 0.19 < time.monotonic() - began < 2


async def test_what_is_not_answered_for_is_sent_again_signed_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hooks, "PAUSE_SECONDS", 0.001)
    stamps: list[str] = []
    moments = (NOW + timedelta(seconds=n) for n in range(99))

    def answer(request: httpx2.Request) -> httpx2.Response:
        stamps.append(request.headers["x-hubspot-request-timestamp"])
        if len(stamps) == 1:
            raise httpx2.ConnectError("away")
        return httpx2.Response(503 if len(stamps) == 2 else 200, json=TAKEN)

    came = await play(playing(answer, hubspot.VENDOR, lambda: next(moments)), 1)
    assert len(came) == 1
    assert len(set(stamps)) == 3


async def test_the_address_that_is_signed_is_the_public_one() -> None:
    given: list[dict[str, str]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        given.append(dict(request.headers))
        return httpx2.Response(200, json=TAKEN)

    public = "https://ringside.example.com/hook"
    await play(playing(answer, hubspot.VENDOR, public=public), 1)
    await play(playing(answer, hubspot.VENDOR), 1)
    (behind, plain) = (headers["x-hubspot-signature-v3"] for headers in given)
    assert behind != plain


@pytest.mark.parametrize(
    ("status", "said", "why"),
    [
        (401, {"detail": "the signature is not shopify's"}, "is its secret the one set here?"),
        (403, {"detail": "the feed shopify is not enabled: set X"}, "not enabled"),
        (200, ["what?"], "what"),
    ],
)
async def test_a_refusal_is_one_clear_error(status: int, said: object, why: str) -> None:
    body = json.dumps(said)
    with pytest.raises(RingsideError, match=f"HTTP {status}: .*{why}"):
        await play(playing(lambda _: httpx2.Response(status, text=body)), 1)


async def test_nobody_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "PAUSE_SECONDS", 0.001)
    with pytest.raises(Unavailable, match="HTTP 502"):
        await play(playing(lambda _: httpx2.Response(502)), 1)
