"""A receiver of notices on a real socket, that does what it is told to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Received:
    """One request: headers by lower-case name, and the body."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Answers with the next of `answers`, the last one again and again.

    An answer is a status line's number; `hang` says nothing, `die` closes without a word,
    `200 die` answers and breaks off in the body, `200 endless` never ends its body,
    `302` leads to /elsewhere.
    """

    port: int = 0
    answers: list[str] = field(default_factory=lambda: ["200"])
    received: list[Received] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {
                name.lower(): value for name, value in (h.split(": ", 1) for h in head[1:] if h)
            }
            body = await reader.readexactly(int(headers["content-length"]))
            self.received.append(Received(head[0].split()[1], headers, body))
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            await self._answer(answer, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, answer: str, writer: asyncio.StreamWriter) -> None:
        if answer == "hang":
            await asyncio.sleep(60)
        if answer in ("hang", "die"):
            return
        status, _, more = answer.partition(" ")
        length = 2 if not more else 1 << 30
        location = f"Location: {self.url.replace('/hook', '/elsewhere')}\r\n"
        writer.write(
            f"HTTP/1.1 {status} So\r\n{location if status == '302' else ''}"
            f"Content-Length: {length}\r\n\r\nok".encode()
        )
        await writer.drain()
        while more == "endless":
            writer.write(b"x" * 65536)
            await writer.drain()


@asynccontextmanager
async def receiving(*answers: str) -> AsyncIterator[Receiver]:
    """A receiver on a free port of loopback."""
    receiver = Receiver(answers=list(answers) or ["200"])
    server = await asyncio.start_server(receiver.take, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for task in asyncio.all_tasks():
            if getattr(task.get_coro(), "__qualname__", "") == "Receiver.take":
                task.cancel()
        await asyncio.sleep(0)
