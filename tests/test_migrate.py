"""Migrations: they make the schema the code declares, once, however many start at once."""

import asyncio

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from app.db import Database
from app.errors import BadConfiguration, Unavailable
from app.migrate import check, migrate, pending, tables


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
