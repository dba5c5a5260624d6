"""Faults for real: whatever happens, all tables equal those of one undisturbed run."""

import asyncio
import random
import signal
from contextlib import AsyncExitStack

import pytest

from app.db import Database
from app.embedded_kafka import Broker
from app.producer import Record
from app.settings import Settings
from tests.consumers.floor import (
    consuming,
    floor,
    member,
    produce,
    records,
    settings,
    taken,
    undisturbed,
    until_taken,
)
from tests.digest import digests
from tests.proxy import proxied


def small(bootstrap: str, prefix: str, **over: object) -> Settings:
    """Small batches, so that there are many moments to be hit, and a short session."""
    return settings(bootstrap, prefix, **{"batch_events": 100, "session_seconds": 2.0, **over})


async def load(
    database: Database, chosen: Settings, calls: int
) -> tuple[list[Record], dict[str, str]]:
    """Records waiting in Kafka, and the digests they must lead to."""
    made = records(chosen.topic_prefix, floor(calls))
    expected = await undisturbed(database, chosen, made)
    await produce(chosen, made)
    return made, expected


async def wait_for_some(database: Database, more_than: int) -> None:
    async with asyncio.timeout(40):
        while await taken(database) <= more_than:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def kill_at_random(
    database: Database, chosen: Settings, made: list[Record], kills: int, chance: random.Random
) -> None:
    """kill -9 a consumer again and again, each time after it took something, then let one end."""
    for _ in range(kills):
        before = await taken(database)
        if before == len(made):
            return
        async with consuming(chosen, database) as process:
            await wait_for_some(database, before)
            await asyncio.sleep(chance.uniform(0, 0.15))
            process.kill()
    async with consuming(chosen, database):
        await until_taken(database, len(made))


async def test_kill_9_in_the_middle_of_the_load(
    database: Database, bootstrap: str, prefix: str
) -> None:
    chosen = small(bootstrap, prefix)
    made, expected = await load(database, chosen, 3_000)
    await kill_at_random(database, chosen, made, 3, random.Random(1))
    assert await digests(database) == expected


@pytest.mark.soak
async def test_two_hundred_kills(database: Database, bootstrap: str, prefix: str) -> None:
    chosen = small(bootstrap, prefix, batch_events=50)
    made, expected = await load(database, chosen, 60_000)
    await kill_at_random(database, chosen, made, 200, random.Random(2))
    assert await digests(database) == expected


async def test_members_come_and_go(database: Database, bootstrap: str, prefix: str) -> None:
    chosen = small(bootstrap, prefix)
    made = records(prefix, floor(3_000))
    expected = await undisturbed(database, chosen, made)
    sending = asyncio.create_task(_trickle(chosen, made, 8))
    async with member(chosen, database) as steady:
        while not sending.done():
            async with member(chosen, database) as passing, AsyncExitStack() as others:
                await others.enter_async_context(member(chosen, database))
                await asyncio.sleep(1)
                assert not passing.done()
        await until_taken(database, len(made), steady)
    await sending
    assert await digests(database) == expected


async def _trickle(chosen: Settings, made: list[Record], parts: int) -> None:
    size = -(-len(made) // parts)
    for start in range(0, len(made), size):
        await produce(chosen, made[start : start + size])
        await asyncio.sleep(0.4)


async def test_a_zombie_writes_nothing(database: Database, bootstrap: str, prefix: str) -> None:
    chosen = small(bootstrap, prefix)
    made, expected = await load(database, chosen, 3_000)
    async with database.writing() as writing:  # the server's bound on such sessions, shortened
        await writing.run(
            f'ALTER DATABASE "{database.engine.url.database}" '
            "SET idle_in_transaction_session_timeout = '2s'"
        )
    async with consuming(chosen, database) as zombie:
        await wait_for_some(database, 0)
        zombie.send_signal(signal.SIGSTOP)
        # It may hold a transaction, and with it the lock, open: only PostgreSQL can end that.
        async with consuming(chosen, database):
            await until_taken(database, len(made))
            zombie.send_signal(signal.SIGCONT)
            await asyncio.sleep(3)
            assert zombie.returncode is None
            zombie.terminate()
            assert await asyncio.wait_for(zombie.wait(), 20) == 0
    assert await digests(database) == expected


async def test_sigterm_under_load(database: Database, bootstrap: str, prefix: str) -> None:
    chosen = small(bootstrap, prefix)
    made, expected = await load(database, chosen, 3_000)
    async with consuming(chosen, database) as process:
        await wait_for_some(database, 0)
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 10) == 0
    assert await taken(database) < len(made)
    # It has left the group: the next one need not wait for the end of its session.
    async with consuming(chosen, database, RINGSIDE_SESSION_SECONDS="30"):
        await until_taken(database, len(made), seconds=20)
    assert await digests(database) == expected


async def test_postgresql_goes_and_comes_back(
    database: Database, bootstrap: str, prefix: str
) -> None:
    chosen = small(bootstrap, prefix)
    made, expected = await load(database, chosen, 3_000)
    url = database.engine.url
    async with proxied(str(url.host), url.port or 5432) as proxy:
        through = url.set(drivername="postgresql", host="127.0.0.1", port=proxy.port)
        address = through.render_as_string(hide_password=False)
        async with consuming(chosen, database, DATABASE_URL=address) as process:
            await wait_for_some(database, 0)
            for _ in range(6):  # in whatever it is doing: the answer to a COMMIT is lost, too
                await proxy.break_all()
                await asyncio.sleep(0.2)
            await proxy.cut()
            await asyncio.sleep(3)
            await proxy.open()
            await until_taken(database, len(made))
            assert process.returncode is None, "it recovers without a restart"
    assert await digests(database) == expected


async def test_backends_are_terminated(database: Database, bootstrap: str, prefix: str) -> None:
    chosen = small(bootstrap, prefix)
    made, expected = await load(database, chosen, 3_000)
    async with consuming(chosen, database) as process:
        for _ in range(4):
            await wait_for_some(database, await taken(database))
            async with database.reading() as reading:
                await reading.fetch(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            if await taken(database) == len(made):
                break
        await until_taken(database, len(made))
        assert process.returncode is None, "it recovers without a restart"
    assert await digests(database) == expected


async def test_the_broker_dies_and_comes_back(
    database: Database, bootstrap: str, broker: Broker, prefix: str
) -> None:
    chosen = small(bootstrap, prefix)
    made, expected = await load(database, chosen, 3_000)
    async with member(chosen, database) as running:
        await wait_for_some(database, 0)
        await broker.kill()
        await asyncio.sleep(1)
        await broker.start()
        await until_taken(database, len(made), running)
    assert await digests(database) == expected
