"""Answers that follow the figures: computed once for all who watch the same, sent when they
change.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import NamedTuple

from app.db import Database
from app.errors import TooMany, Unavailable

POLL_SECONDS = 0.3
HEARTBEAT_SECONDS = 15
REFRESH_SECONDS = 60  # midnight comes without an event
MOST_STREAMS = 500


class _Seen(NamedTuple):
    """An answer, and what told it from others when it was made."""

    version: tuple[int, int]
    tag: str
    body: bytes


class Live:
    """Watches the version of the facts while anybody listens."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._streams = 0
        self._closing = asyncio.Event()
        self._version = (0, 0)
        self._checked = 0.0
        self._check = asyncio.Lock()
        self._answers: dict[str, _Seen] = {}
        self._making: dict[str, asyncio.Lock] = {}

    def close(self) -> None:
        """End all streams."""
        self._closing.set()

    async def version(self) -> tuple[int, int]:
        """(version of the facts, minute): asked of the database at most every 300 ms."""
        loop = asyncio.get_running_loop()
        async with self._check:
            if loop.time() - self._checked > POLL_SECONDS:
                async with self._database.reading() as reading:
                    facts = await reading.value("SELECT ingest FROM versions") or 0
                self._version = (facts, int(loop.time() // REFRESH_SECONDS))
                self._checked = loop.time()
        return self._version

    async def answer(
        self, query: str, make: Callable[[], Awaitable[tuple[str, bytes]]]
    ) -> tuple[str, bytes]:
        """`(tag, body)` of the answer to `query`, made anew only if something changed."""
        async with self._making.setdefault(query, asyncio.Lock()):
            version = await self.version()
            seen = self._answers.get(query)
            if seen is None or seen.version != version:
                tag, body = await make()
                seen = self._answers[query] = _Seen(version, tag, body)
        return seen.tag, seen.body

    async def stream(
        self, query: str, make: Callable[[], Awaitable[tuple[str, bytes]]]
    ) -> AsyncIterator[bytes]:
        """Server-sent events: the answer now, and again whenever it changes.

        Raises `TooMany` over the number of streams one process serves.
        """
        if self._streams >= MOST_STREAMS:
            raise TooMany(f"{MOST_STREAMS} streams are open", retry_after=30)
        self._streams += 1
        loop = asyncio.get_running_loop()
        last, spoken = "", loop.time()
        try:
            while not self._closing.is_set():
                try:
                    tag, body = await self.answer(query, make)
                except Unavailable:
                    tag, body = last, b""
                if tag != last:
                    last, spoken = tag, loop.time()
                    yield b"event: board\nid: " + tag.encode() + b"\ndata: " + body + b"\n\n"
                elif loop.time() - spoken > HEARTBEAT_SECONDS:
                    spoken = loop.time()
                    yield b": still here\n\n"
                await self._pause()
        finally:
            self._streams -= 1
            if not self._streams:
                self._answers.clear()
                self._making.clear()

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._closing.wait(), POLL_SECONDS)
        except TimeoutError:
            return
