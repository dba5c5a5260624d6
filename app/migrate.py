"""Brings a database to the schema this version needs; safe to run from many processes at once."""

import asyncio
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.exc import DBAPIError

from app import catch_up, definition, keys, restatements, rollups
from app import check as checking
from app.alerts import keep, outbox, rulebook
from app.db import LOST, Database, create_engine, metadata, ours_of
from app.errors import Unavailable
from app.facts import tables as facts
from app.rereads import notes
from app.settings import read

# Every station that owns tables.
STATIONS: tuple[ModuleType, ...] = (
    facts, rollups, restatements, keys, rulebook, keep, outbox, notes, checking,
    definition, catch_up,
)  # fmt: skip

_LOCK = 0x4D494752
_TURN = text("SELECT pg_try_advisory_lock(:lock)")
_WAIT = 0.1
_ROOT = Path(__file__).parents[1]


def tables() -> MetaData:
    """The schema as the code declares it."""
    return metadata


def migrate(dsn: str) -> None:
    """Bring the database up to date; one of a newer version is left as it is, so that a release
    can be taken back.

    Raises `Unavailable` if it is not there, `BadConfiguration` if it does not let us in.
    """
    config = _config()

    def upgrade(connection: Connection) -> None:
        if pending(connection):
            connection.commit()  # of having looked: each migration has a transaction of its own
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    asyncio.run(_locked(dsn, upgrade))


def pending(connection: Connection) -> bool:
    """Whether the database is behind this version: a newer one serves an older version too."""
    heads, known = _revisions()
    current = set(MigrationContext.configure(connection).get_current_heads())
    return current != heads and current <= known


async def check(database: Database) -> None:
    """Raises `Unavailable` where the database is not there or behind this version."""
    if await database.inspect(pending):
        raise Unavailable("the database is not migrated: run ringside migrate", retry_after=5)


@lru_cache
def _revisions() -> tuple[frozenset[str], frozenset[str]]:
    """The last migrations of the version that runs, and all it knows."""
    scripts = ScriptDirectory.from_config(_config())
    known = (script.revision for script in scripts.walk_revisions())
    return frozenset(scripts.get_heads()), frozenset(known)


def connect_and_run(run: Callable[[Any], None]) -> None:
    """For the alembic command: run on the database of the settings."""
    asyncio.run(_locked(read().database_url.get_secret_value(), run))


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_ROOT / "migrations"))
    return config


async def _locked(dsn: str, run: Callable[[Connection], None]) -> None:
    """Run on a connection of its own, one at a time, without waiting long for others' locks."""
    engine = create_engine(dsn, pool=1, timeout=3600)
    try:
        async with engine.connect() as connection:
            # Whoever waited within a statement would keep a snapshot, and an index that is built
            # beside its table waits for those.
            while not await connection.scalar(_TURN, {"lock": _LOCK}):
                await connection.rollback()
                await asyncio.sleep(_WAIT)
            await connection.execute(text("SET lock_timeout = '5s'"))
            await connection.commit()
            await connection.run_sync(run)
            await connection.commit()
    except (*LOST, DBAPIError) as error:
        ours = ours_of(error)
        if ours is None:
            raise
        raise ours from error
    finally:
        await engine.dispose()
