"""The hourly check: one process at a time, once an hour, and all of them tell what it found."""

import asyncio
from datetime import timedelta

from app import metrics
from app.check import check, observe
from app.db import Database
from app.ingest import Door
from app.settings import read
from tests.test_ingest import NOW, call

SETTINGS = read({}, secret="s", check_sample=100)
HOUR = timedelta(hours=1)


def told() -> list[float | None]:
    return [
        metrics.REGISTRY.get_sample_value(f"ringside_check_{name}")
        for name in ("timestamp_seconds", "rows", "drifted_rows")
    ]


async def test_a_sample_every_hour(database: Database) -> None:
    await Door(database, SETTINGS).take([call("a")], now=NOW)
    first = await check(database, SETTINGS, NOW)
    assert first is not None
    assert first.sound
    assert await check(database, SETTINGS, NOW + HOUR - timedelta(seconds=1)) is None
    async with database.reading() as reading:
        await observe(reading)
    assert told() == [NOW.timestamp(), 2, 0]
    async with database.writing() as session:
        await session.run("UPDATE rep_days SET calls = 9, talk_time = 9")
    second = await check(database, SETTINGS, NOW + HOUR)
    assert second is not None
    async with database.reading() as reading:
        await observe(reading)
    assert told() == [(NOW + HOUR).timestamp(), 2, 1]


async def test_of_many_processes_one_checks(database: Database) -> None:
    await Door(database, SETTINGS).take([call("a")], now=NOW)
    reports = await asyncio.gather(*(check(database, SETTINGS, NOW) for _ in range(4)))
    assert sum(report is not None for report in reports) == 1
