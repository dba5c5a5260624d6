"""Reading one batch ahead: in order, never two at once, and nothing reads on after a discard."""

import asyncio

import pytest

from consumers.ahead import Ahead


class Source:
    """Counts up, a moment for each read; knows whether two reads ever overlapped."""

    def __init__(self) -> None:
        self.given = 0
        self.under_way = 0

    async def read(self) -> int:
        self.under_way += 1
        assert self.under_way == 1
        try:
            await asyncio.sleep(0.01)
            self.given += 1
            return self.given
        finally:
            self.under_way -= 1


async def test_what_is_read_ahead_comes_next_and_once() -> None:
    source = Source()
    ahead = Ahead(source.read)
    assert await ahead.next() == 1
    ahead.start()
    ahead.start()
    await asyncio.sleep(0.03)
    assert source.given == 2
    assert [await ahead.next(), await ahead.next()] == [2, 3]


async def test_after_a_discard_nothing_reads_any_more() -> None:
    source = Source()
    ahead = Ahead(source.read)
    ahead.start()
    await asyncio.sleep(0)
    assert source.under_way == 1
    await ahead.discard()
    assert source.under_way == 0
    assert await ahead.next() == 1


async def test_a_discarded_read_that_failed_is_nobodys_trouble() -> None:
    async def read() -> int:
        raise OSError("the broker is gone")

    ahead = Ahead(read)
    ahead.start()
    await asyncio.sleep(0)
    await ahead.discard()
    with pytest.raises(OSError, match="the broker is gone"):
        await ahead.next()
