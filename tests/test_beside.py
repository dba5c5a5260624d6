"""Work that begins with a block ends with it; what was told to stop is waited for, not for ever."""

import asyncio

from app.beside import beside, ended


async def test_work_runs_while_the_block_does_and_no_longer() -> None:
    told: list[str] = []

    async def work() -> None:
        told.append("began")
        try:
            await asyncio.Event().wait()
        finally:
            told.append("ended")

    async with beside(work()):
        await asyncio.sleep(0)
        told.append("block")
    assert told == ["began", "block", "ended"]


async def test_who_stops_in_time_is_waited_for_and_who_does_not_is_cut_off() -> None:
    told: list[str] = []

    async def work(name: str, seconds: float) -> None:
        try:
            await asyncio.sleep(seconds)
            told.append(f"{name} done")
        except asyncio.CancelledError:
            told.append(f"{name} cut off")
            raise

    tasks = [asyncio.create_task(work("quick", 0.01)), asyncio.create_task(work("slow", 60))]
    await ended(tasks, within=0.2)
    assert told == ["quick done", "slow cut off"]
    assert all(task.done() for task in tasks)
    await ended([], within=0)
