"""Sessions: what commits and what does not, and what each kind of trouble is to whoever asked."""

import asyncio
from typing import Any

import asyncpg
import pytest
from sqlalchemy import make_url

from app.db import Database, away
from app.errors import BadConfiguration, Unavailable


async def counted(database: Database) -> int:
    async with database.reading() as reading:
        return int(await reading.value("SELECT count(*) FROM offsets"))


INSERT = (
    "INSERT INTO offsets (topic, partition, next, updated_at) VALUES ('t', $1, 0, now()) "
    "ON CONFLICT DO NOTHING"
)


async def test_a_write_commits_when_its_block_ends_and_not_when_it_raises(
    database: Database,
) -> None:
    async with database.writing() as writing:
        assert await writing.run(INSERT, 1) == "INSERT 0 1"
        assert await counted(database) == 0
    assert await counted(database) == 1

    async def fail() -> None:
        async with database.writing() as writing:
            await writing.run(INSERT, 2)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await counted(database) == 1


async def test_a_reading_sees_one_moment_and_cannot_write(database: Database) -> None:
    async with database.reading() as reading:
        assert await reading.value("SELECT count(*) FROM offsets") == 0
        async with database.writing() as writing:
            await writing.run(INSERT, 1)
        assert await reading.value("SELECT count(*) FROM offsets") == 0
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await reading.value(INSERT + " RETURNING 1", 2)


async def test_one_ingests_at_a_time(database: Database) -> None:
    order = []

    async def second() -> None:
        async with database.ingesting():
            order.append("second in")

    async with database.ingesting():
        waiting = asyncio.create_task(second())
        await asyncio.sleep(0.2)
        order.append("first out")
    await waiting
    assert order == ["first out", "second in"]


async def test_a_session_cut_off_is_unavailable_and_the_next_one_is_fine(
    database: Database,
) -> None:
    async def cut_off() -> None:
        async with database.writing() as writing:
            pid = await writing.value("SELECT pg_backend_pid()")
            async with database.writing() as killer:
                await killer.run("SELECT pg_terminate_backend($1)", pid)
            await writing.run(INSERT, 1)

    with pytest.raises(Unavailable, match="PostgreSQL: ") as cut:
        await cut_off()
    assert cut.value.retry_after == 2
    assert await counted(database) == 0


async def test_a_connection_cut_off_while_it_idles_is_noticed_by_nobody(dsn: str) -> None:
    single, other = Database(dsn, pool=1), Database(dsn, pool=1)
    try:
        async with single.reading() as reading:
            pid = await reading.value("SELECT pg_backend_pid()")
        async with other.writing() as killer:
            await killer.run("SELECT pg_terminate_backend($1)", pid)
        await asyncio.sleep(0.2)
        assert await counted(single) == 0
    finally:
        await single.close()
        await other.close()


async def test_whoever_is_called_off_leaves_no_transaction_behind(dsn: str) -> None:
    single, other = Database(dsn, pool=1), Database(dsn, pool=1)

    async def write() -> None:
        async with single.writing() as writing:
            await writing.run(INSERT, 1)
            await writing.value("SELECT pg_sleep(60)")

    try:
        for pause in (0.001, 0.01, 0.1, 0.2):
            task = asyncio.create_task(write())
            await asyncio.sleep(pause)
            for _ in range(3):  # within its rollback too
                task.cancel()
                await asyncio.sleep(0)
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await counted(single) == 0
            assert not await single.glance("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")
        idle = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'"
        assert await other.glance(idle) == 0
    finally:
        await single.close()
        await other.close()


async def test_a_glance_is_one_statement_that_sees_what_is_committed(database: Database) -> None:
    assert await database.glance("SELECT sum(next) FROM offsets") is None
    async with database.writing() as writing:
        await writing.run(INSERT, 1)
        assert await database.glance("SELECT count(*) FROM offsets") == 0
    assert await database.glance("SELECT partition FROM offsets WHERE topic = $1", "t") == 1
    with pytest.raises(asyncpg.UndefinedTableError):
        await database.glance("SELECT * FROM nonesuch")


async def test_what_takes_too_long_is_unavailable(dsn: str) -> None:
    hurried = Database(dsn, pool=1, timeout=0.2)
    try:
        with pytest.raises(Unavailable):
            async with hurried.reading() as reading:
                await reading.value("SELECT pg_sleep(5)")
        assert await counted(hurried) == 0
    finally:
        await hurried.close()


async def test_no_free_connection_is_unavailable(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    small = Database(dsn, pool=1)
    monkeypatch.setattr(small.engine.pool, "_timeout", 0.2)
    try:
        async with small.reading():
            with pytest.raises(Unavailable, match="every connection to PostgreSQL is busy"):
                async with small.reading():
                    pass
    finally:
        await small.close()


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"database": "nonesuch"}, BadConfiguration, "DATABASE_URL: database .* does not exist"),
        ({"password": "wrong"}, BadConfiguration, "DATABASE_URL: password authentication failed"),
        ({"port": 1}, Unavailable, "PostgreSQL: "),
    ],
)
async def test_a_database_that_is_not_to_be_had(
    dsn: str, change: dict[str, Any], error: type[Exception], said: str
) -> None:
    database = Database(make_url(dsn).set(**change).render_as_string(hide_password=False))
    try:
        with pytest.raises(error, match=said):
            await counted(database)
    finally:
        await database.close()


async def test_a_mistake_of_ours_is_not_called_an_outage(database: Database) -> None:
    with pytest.raises(asyncpg.UndefinedTableError) as mistake:
        async with database.reading() as reading:
            await reading.value("SELECT * FROM nonesuch")
    assert not away(mistake.value)
