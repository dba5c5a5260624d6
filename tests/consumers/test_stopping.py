"""Waits that end with the wish to stop."""

import asyncio
import time

import pytest

from consumers.stopping import Stop


async def test_work_that_is_done_is_answered_and_its_error_raised() -> None:
    stop = Stop()

    async def fail() -> None:
        raise ValueError("no")

    assert await stop.unless(asyncio.sleep(0, "done")) == "done"
    with pytest.raises(ValueError, match="no"):
        await stop.unless(fail())


async def test_a_stop_cancels_work_and_cuts_sleep_short() -> None:
    stop = Stop()
    cancelled = asyncio.Event()

    async def work() -> str:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return "never"

    asyncio.get_running_loop().call_later(0.05, stop.set)
    started = time.monotonic()
    assert await stop.unless(work()) is None
    assert cancelled.is_set()
    await stop.sleep(60)
    assert time.monotonic() - started < 1


async def test_a_sleep_ends_by_itself() -> None:
    started = time.monotonic()
    await Stop().sleep(0.05)
    assert time.monotonic() - started >= 0.04
