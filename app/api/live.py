"""Answers that follow the figures: sent to all who watch when they change."""

import asyncio
from collections.abc import AsyncIterator

from app.api.shared import Make, Shared
from app.errors import TooMany, Unavailable

POLL_SECONDS = 0.2
HEARTBEAT_SECONDS = 15
REFRESH_SECONDS = 60  # midnight comes without an event
MOST_STREAMS = 500


class Live:
    """The streams that are open."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._streams = 0
        self._closing = asyncio.Event()

    def close(self) -> None:
        """End all streams."""
        self._closing.set()

    async def stream(self, question: str, make: Make) -> AsyncIterator[bytes]:
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
                    tag, body, *_ = await self._shared.answer(
                        question, make, seconds=REFRESH_SECONDS
                    )
                except Unavailable:
                    tag, body = last, b""
                if tag != last:
                    last, spoken = tag, loop.time()
                    yield (
                        b"event: board\nid: "
                        + tag.strip('"').encode()
                        + b"\ndata: "
                        + body
                        + b"\n\n"
                    )
                elif loop.time() - spoken > HEARTBEAT_SECONDS:
                    spoken = loop.time()
                    yield b": still here\n\n"
                await self._pause()
        finally:
            self._streams -= 1

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._closing.wait(), POLL_SECONDS)
        except TimeoutError:
            return
