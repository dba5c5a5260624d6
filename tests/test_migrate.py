"""Migrations: they make the schema the code declares, once, however many start at once."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import asyncpg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from app.db import Database, create_engine
from app.directory import Directory
from app.errors import BadConfiguration, Unavailable
from app.migrate import check, migrate, pending, tables
from app.restatements import Cause, Closing, Customers, all_by, restate
from app.rollups import MEASURES


@pytest.fixture
async def empty(dsn: str) -> str:
    """The DSN of a database without any table."""
    connection = await asyncpg.connect(dsn)
    await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await connection.close()
    return dsn


async def schema(dsn: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsn)
    try:
        return list(
            await connection.fetch(
                "SELECT table_name, column_name, data_type FROM information_schema.columns "
                "WHERE table_schema = 'public' ORDER BY 1, 2"
            )
        )
    finally:
        await connection.close()


async def test_the_migrations_make_what_the_code_declares(database: Database) -> None:
    def drift(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        return list(compare_metadata(context, tables()))

    assert await database.inspect(drift) == []


async def test_tables_leave_the_room_on_their_pages_that_is_declared(database: Database) -> None:
    declared = {
        table.name: [f"{name}={value}" for name, value in options.items()]
        for table in tables().sorted_tables
        if (options := table.dialect_options["postgresql"]["with"])
    }
    assert declared
    async with database.reading() as reading:
        found = await reading.fetch(
            "SELECT relname, reloptions FROM pg_class WHERE relkind = 'r' "
            "AND relnamespace = 'public'::regnamespace AND reloptions IS NOT NULL"
        )
    assert {row["relname"]: row["reloptions"] for row in found} == declared


async def test_words_are_compared_byte_by_byte(database: Database) -> None:
    # Another collation would put rep ids in another order than Python, and a text index of it
    # breaks when the C library changes.
    async with database.reading() as reading:
        found = await reading.fetch(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = 'public' AND data_type = 'text' "
            "AND collation_name IS DISTINCT FROM 'C'"
        )
    assert [tuple(row) for row in found] == []


async def test_many_may_migrate_at_once(empty: str, server: str) -> None:
    migrated = await asyncio.gather(*(asyncio.to_thread(migrate, empty) for _ in range(4)))
    assert migrated == [None] * 4
    assert await schema(empty) == await schema(server)


async def test_behind_is_pending_until_migrated(empty: str) -> None:
    database = Database(empty)
    try:
        assert await database.inspect(pending)
        with pytest.raises(Unavailable, match="not migrated: run ringside migrate"):
            await check(database)
        await asyncio.to_thread(migrate, empty)
        await check(database)
    finally:
        await database.close()


async def test_no_database_is_one_clear_error(dsn: str) -> None:
    with pytest.raises(Unavailable, match="PostgreSQL: "):
        await asyncio.to_thread(migrate, "postgresql://ringside@127.0.0.1:1/ringside")
    with pytest.raises(BadConfiguration, match=r"DATABASE_URL: database .* does not exist"):
        await asyncio.to_thread(migrate, dsn + "_that_is_not_there")


async def test_a_release_can_be_taken_back(dsn: str, database: Database) -> None:
    async with database.writing() as writing:
        await writing.run("UPDATE alembic_version SET version_num = '9999'")
    await check(database)
    await asyncio.to_thread(migrate, dsn)
    async with database.reading() as reading:
        assert await reading.value("SELECT version_num FROM alembic_version") == "9999"


DAY, LATER = date(2026, 11, 20), datetime(2026, 11, 25, tzinfo=UTC)
LEDGER = "SELECT id, rep_id, day, measure, before, after, last_day, final FROM restatements"
OF_ONE = ("rep_id", "day", "measure", "before", "after", "at", "source", "event_id", "final")
OF_A_STRETCH = (
    "rep_id", "day", "last_day", "measure", "team_before", "team_after", "at", "source", "event_id",
)  # fmt: skip


def _go(dsn: str, step: Callable[[Config, str], None], revision: str) -> None:
    """Upgrade or downgrade the database to this revision."""

    def run(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parents[1] / "migrations"))
        config.attributes["connection"] = connection
        step(config, revision)

    async def connected() -> None:
        engine = create_engine(dsn, pool=1, timeout=60)
        async with engine.connect() as connection:
            await connection.run_sync(run)
            await connection.commit()
        await engine.dispose()

    asyncio.run(connected())


async def _writes(dsn: str, measure: str) -> None:
    """What the version before 0014 puts on record: COPY, one measure a row."""
    connection = await asyncpg.connect(dsn)
    await connection.copy_records_to_table(
        "restatements",
        columns=OF_ONE,
        records=[("r1", DAY, measure, n, n + 1, LATER, "pbx", "e", n == 0) for n in range(2)],
    )
    await connection.copy_records_to_table(
        "restatements",
        columns=OF_A_STRETCH,
        records=[("r1", DAY, DAY, "team", None, "West", LATER, "hr", "e")],
    )
    await connection.close()


async def _ledger(dsn: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(dsn)
    try:
        return [tuple(row) for row in await connection.fetch(LEDGER + " ORDER BY id")]
    finally:
        await connection.close()


async def test_the_version_before_reads_and_writes_the_ledger_of_arrays(
    empty: str, database: Database
) -> None:
    """Up with its records, written to by it and by this version, and back again."""
    await asyncio.to_thread(_go, empty, command.upgrade, "0013")
    await _writes(empty, "calls")
    before = await _ledger(empty)
    assert [row[3:] for row in before] == [
        ("calls", 0, 1, None, True), ("calls", 1, 2, None, False),
        ("team", None, None, DAY, True),
    ]  # fmt: skip
    await asyncio.to_thread(_go, empty, command.upgrade, "0014")
    assert await _ledger(empty) == before
    await _writes(empty, "talk_time")
    nobody, cause = Directory({}, "UTC"), Cause("pbx", "e")
    moved = ("r2", DAY, 1, 1, *[0] * (len(MEASURES) - 2))
    async with database.writing() as writing:
        closing = Closing(LATER, LATER, nobody, nobody)
        customers = {("r2", DAY): Customers(3, 4, cause)}
        await restate(writing, [moved], all_by(cause), closing, customers)
    await _writes(empty, "orders")
    upgraded = await _ledger(empty)
    assert upgraded[:3] == before
    assert [row[3:] for row in upgraded[3:]] == [
        *(("talk_time", *row[4:]) if row[3] == "calls" else row[3:] for row in before),
        ("calls", 0, 1, None, True), ("outbound_calls", 0, 1, None, True),
        ("customers", 3, 4, None, True),
        *(("orders", *row[4:]) if row[3] == "calls" else row[3:] for row in before),
    ]  # fmt: skip
    ids = [row[0] for row in upgraded]
    assert len({*ids}) == len(ids)
    await asyncio.to_thread(_go, empty, command.downgrade, "0013")
    assert await _ledger(empty) == upgraded
    await _writes(empty, "quotes")
    assert [row[3] for row in (await _ledger(empty))[-3:]] == ["quotes", "quotes", "team"]
