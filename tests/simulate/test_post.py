"""Events are posted until the door takes them, and a refusal is told in one clear error."""

import json
from collections.abc import Callable

import httpx2
import pytest

from app.errors import RingsideError, Unavailable
from app.simulate import post
from app.simulate.post import Poster, Tally

Handler = Callable[[httpx2.Request], httpx2.Response]


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Poster]:
    """A poster whose server answers from a script, and that does not wait in between."""
    monkeypatch.setattr(post, "_PAUSES", (0.001,))

    def build(handler: Handler, patience: float | None = 60) -> Poster:
        poster = Poster("http://ringside.test", "rs_key", patience=patience)
        poster._client = httpx2.AsyncClient(
            base_url="http://ringside.test",
            headers=poster._client.headers,
            transport=httpx2.MockTransport(handler),
        )
        return poster

    return build


def taken(request: httpx2.Request) -> httpx2.Response:
    count = len(json.loads(request.content))
    return httpx2.Response(200, json={"accepted": count, "duplicates": 0, "rejected": []})


async def test_batches_of_a_thousand_with_key_and_content_type(
    answering: Callable[..., Poster],
) -> None:
    seen: list[tuple[str, str, int]] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        seen.append((
            request.headers["Authorization"],
            request.headers["Content-Type"],
            len(json.loads(request.content)),
        ))  # fmt: skip
        return taken(request)

    async with answering(handler) as poster:
        assert await poster([{"id": str(n)} for n in range(2_300)]) == Tally(2_300, 0, 0)
    kind = "application/cloudevents-batch+json"
    assert seen == [("Bearer rs_key", kind, n) for n in (1_000, 1_000, 300)]


async def test_a_busy_or_absent_server_is_waited_for_with_the_same_body(
    answering: Callable[..., Poster],
) -> None:
    bodies: list[bytes] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        bodies.append(request.content)
        if len(bodies) == 1:
            raise httpx2.ConnectError("nobody there")
        if len(bodies) < 4:
            return httpx2.Response((429, 500)[len(bodies) - 2], headers={"Retry-After": "0"})
        return httpx2.Response(200, json={"accepted": 0, "duplicates": 1, "rejected": []})

    async with answering(handler) as poster:
        assert await poster([{"id": "1"}]) == Tally(0, 1, 0)
    assert len(bodies) == 4
    assert len(set(bodies)) == 1


async def test_patience_ends_with_an_error_that_says_why(
    answering: Callable[..., Poster],
) -> None:
    async with answering(lambda _: httpx2.Response(503), patience=0.002) as poster:
        with pytest.raises(Unavailable, match="HTTP 503"):
            await poster([{"id": "1"}])


async def test_refused_events_are_counted_and_a_refused_request_raises(
    answering: Callable[..., Poster],
) -> None:
    body = {"accepted": 0, "duplicates": 0, "rejected": [{"index": 0, "code": "x"}]}
    async with answering(lambda _: httpx2.Response(422, json=body)) as poster:
        assert await poster([{"id": "1"}]) == Tally(0, 0, 1)
    async with answering(lambda _: httpx2.Response(401, text="a key is needed")) as poster:
        with pytest.raises(RingsideError, match="HTTP 401: a key is needed"):
            await poster([{"id": "1"}])
