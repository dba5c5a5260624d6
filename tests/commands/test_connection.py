"""A slow or endless client is let go; a patient one on the same connection is not."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from app.commands import connection
from app.commands.connection import Connection

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive()).get("more_body"):
        pass
    await PlainTextResponse("yes")(scope, receive, send)


@asynccontextmanager
async def served() -> AsyncIterator[int]:
    """The port of a server of such connections."""
    config = uvicorn.Config(application, http=Connection, lifespan="off", log_level="critical")
    server = uvicorn.Server(config)
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        running = asyncio.create_task(server.serve(sockets=[bound]))
        while not server.started:  # noqa: ASYNC110 - it has no event to wait for
            await asyncio.sleep(0.01)
        yield int(bound.getsockname()[1])
        server.should_exit = True
        await running


async def talk(port: int, *words: bytes, rest: float = 0.02) -> bytes:
    """All that is heard of a client that says its words one by one, then waits for the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for word in words:
            writer.write(word)
            await writer.drain()
            await asyncio.sleep(rest)
        async with asyncio.timeout(4):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEADER_SECONDS", 0.4)
    monkeypatch.setattr(connection, "MOST_REQUEST", 1 << 20)


@pytest.mark.parametrize(
    "words",
    [
        (),  # nothing at all
        (b"GET / HT",),
        (b"GET / HTTP/1.1\r\nHost: x\r\n", *(b"x-%d: y\r\n" % n for n in range(60))),
        (b"GET / HTTP/1.1\r\n", *(b"x-%d: " % n + b"y" * 900 + b"\r\n" for n in range(100))),
    ],
    ids=["idle", "half a line", "drop by drop", "without end"],
)
async def test_headers_that_do_not_come_are_not_waited_for(words: tuple[bytes, ...]) -> None:
    async with served() as port:
        begun = asyncio.get_running_loop().time()
        assert await talk(port, *words) == b""
        assert asyncio.get_running_loop().time() - begun < 3


async def test_a_second_request_is_not_waited_for_either() -> None:
    async with served() as port:
        assert (await talk(port, GET, GET, b"GET / HT")).count(b"200 OK") == 2


async def test_chunks_that_are_mostly_wrapping_come_to_an_end() -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
    head += b"Connection: close\r\n\r\n"
    chunk = (b"1;" + b"e" * 1000 + b"\r\nx\r\n") * 100
    async with served() as port:
        assert b"200" not in await talk(port, head, *([chunk] * 12), b"0\r\n\r\n", rest=0)
        assert b"200" in await talk(port, head, *([chunk] * 5), b"0\r\n\r\n", rest=0)


async def test_a_long_request_takes_the_time_it_is_given_elsewhere() -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\n"
    async with served() as port:
        assert b"200 OK" in await talk(port, head, b"a", b"b", b"c", rest=0.3)
