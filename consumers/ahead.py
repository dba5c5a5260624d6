"""One batch ahead: the next one is read while PostgreSQL works on the one in hand.

Reads never overlap, and none runs on over a seek: what is read is always what comes next.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Ahead(Generic[T]):
    """At most one read is under way or waiting to be taken. For one task's use."""

    def __init__(self, read: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._read = read
        self._reading: asyncio.Task[T] | None = None

    def start(self) -> None:
        """Begin to read what comes next, unless that is under way."""
        if self._reading is None:
            self._reading = asyncio.create_task(self._read())

    async def next(self) -> T:
        """What comes next, read ahead or now. Raises what reading it raised."""
        self.start()
        reading, self._reading = self._reading, None
        assert reading is not None
        return await reading

    async def discard(self) -> None:
        """Forget what was read ahead; when this returns nothing reads any more."""
        reading, self._reading = self._reading, None
        if reading is not None:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
