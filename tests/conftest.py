"""What every test can have: a fresh, fully migrated database on a real PostgreSQL."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from app.db import Database
from app.embedded import running
from app.migrate import migrate

pytest_plugins = ["tests.broker"]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The DSN of the session's server, whose database is the migrated template."""
    with asyncio.Runner() as runner:
        context = running(Path(tmp_path_factory.mktemp("postgres")), durable=False)
        dsn = runner.run(context.__aenter__())
        try:
            migrate(dsn)
            yield dsn
        finally:
            runner.run(context.__aexit__(None, None, None))


@pytest.fixture
async def dsn(server: str) -> AsyncIterator[str]:
    """The DSN of a fresh database."""
    name = f"test_{uuid.uuid4().hex}"
    before, _, template = server.rpartition("/")
    connection = await asyncpg.connect(f"{before}/postgres")
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    yield f"{before}/{name}"
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    """A fresh database, open."""
    opened = Database(dsn)
    yield opened
    await opened.close()
