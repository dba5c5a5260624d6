"""The wish to stop, and waits that end with it."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


class Stop(asyncio.Event):
    """Set once, by a signal."""

    async def sleep(self, seconds: float) -> None:
        """Sleep, but no longer than until the stop."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.wait(), seconds)

    async def unless(self, work: Awaitable[T]) -> T | None:
        """The result of `work`; None, and `work` is cancelled, as soon as we are to stop."""
        task = asyncio.ensure_future(work)
        stop = asyncio.create_task(self.wait())
        try:
            await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else None
        finally:
            for waiting in (task, stop):
                waiting.cancel()
            await asyncio.gather(task, stop, return_exceptions=True)
