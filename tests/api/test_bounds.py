"""No request holds more, or for longer, than it may: whoever sends it, to whatever call."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest
from starlette.types import Message, Scope

from app.api.bounds import MOST_BYTES, Bounded
from app.db import Database
from app.main import create_app
from app.settings import read
from tests.api.desk import serving


@pytest.mark.parametrize(
    "path",
    ["/v1/events", "/v1/webhooks/aircall", "/v1/alert-rules", "/v1/dead-letters/replay", "/session",
     "/v1/alert-sinks"],
)  # fmt: skip
async def test_a_body_without_end_is_cut_off_before_a_key_is_asked_for(
    database: Database, path: str
) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 20 * MOST_BYTES:
            sent += 1 << 16
            yield b"[" * (1 << 16)

    async with serving(database, aircall_token="t") as desk:
        answer = await desk.nobody.post(
            path, content=endless(), headers={"content-type": "application/json"}
        )
    assert answer.status_code in (413, 401)
    assert answer.headers["content-type"] == "application/problem+json"
    assert sent <= MOST_BYTES + (1 << 17)


class Client:
    """One that sends what it is told, then falls silent; and hears the answer."""

    def __init__(self, *parts: Message) -> None:
        self.parts = list(parts)
        self.heard: list[Message] = []

    async def receive(self) -> Message:
        if not self.parts:
            await asyncio.Event().wait()
        return self.parts.pop(0)

    async def send(self, message: Message) -> None:
        self.heard.append(message)

    @property
    def status(self) -> int:
        return int(self.heard[0]["status"])


def part(body: bytes, *, more: bool) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def post(path: str) -> Scope:
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST",
        "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": [(b"host", b"x.test"), (b"content-type", b"application/json")],
        "server": ("x.test", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip


@pytest.mark.parametrize("path", ["/v1/webhooks/aircall", "/v1/alert-rules"])
async def test_a_body_that_never_comes_is_not_waited_for(
    database: Database, path: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    usual = Bounded.__init__.__kwdefaults__
    assert usual is not None
    monkeypatch.setitem(usual, "seconds", 0.2)
    app = create_app(read({}, secret="s", aircall_token="t"), database)
    client = Client(part(b"[", more=True))
    async with asyncio.timeout(5):
        await app(post(path), client.receive, client.send)
    assert client.status == 408
    assert b"the body did not come within 0.2 s" in client.heard[1]["body"]
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []


async def test_one_that_breaks_off_is_no_fault_of_ours(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(read({}, secret="s", aircall_token="t"), database)
    client = Client(part(b"[", more=True), {"type": "http.disconnect"})
    await app(post("/v1/webhooks/aircall"), client.receive, client.send)
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []


async def test_what_comes_after_the_body_may_take_its_time() -> None:
    """A stream listens for its client's leaving for as long as it runs."""
    heard: list[Message] = []

    async def app(_scope: Scope, receive: object, _send: object) -> None:
        assert callable(receive)
        heard.append(await receive())
        heard.append(await receive())

    async def never(*_: object) -> None:
        raise AssertionError

    client = Client(part(b"", more=False))
    bounded = Bounded(app, answer=never, seconds=0.05)  # type: ignore[arg-type]
    running = asyncio.create_task(bounded(post("/"), client.receive, client.send))
    await asyncio.sleep(0.2)
    assert not running.done()
    assert len(heard) == 1
    running.cancel()
