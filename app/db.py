"""PostgreSQL: the engine, and sessions that can read or write as two different types.

This is the one place that opens transactions. Station tables hang off `metadata`, each declared
in the file of the station that owns it; migrations are made from them.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any, Literal, TypeVar

import asyncpg
from sqlalchemy import Connection, MetaData, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoneFree
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from app.copying import encoded, worthwhile
from app.errors import BadConfiguration, RingsideError, Unavailable

T = TypeVar("T")
Isolation = Literal["read_committed", "repeatable_read"]

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    }
)

# What a lost or refusing server looks like. A backend killed before COMMIT raises
# InterfaceError, which is no PostgresError.
LOST = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError, TimeoutError)

# Classes of SQLSTATE that say the same: connection exceptions, insufficient resources, operator
# intervention; and single ones: read-only (a failover), serialization, deadlock, not accepting.
_AWAY_CLASSES = ("08", "53", "57")
_AWAY = frozenset({"25006", "40001", "40P01", "55000"})

# No such user, a wrong password, no such database.
_REFUSED_CLASSES = ("28", "3D")

# A process frozen within a transaction would hold the ingest lock for as long as it sleeps.
IDLE_IN_TRANSACTION_MS = 20_000

# One batch is applied at a time: whoever writes facts holds this lock for the transaction, so
# everything that a batch derives from what it read is still true when it commits.
_INGEST_LOCK = 0x52494E47


def away(error: BaseException) -> bool:
    """Whether the error means that PostgreSQL is not there for now: trying again may help."""
    if isinstance(error, LOST):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return any(state.startswith(_AWAY_CLASSES) or state in _AWAY for state in _states(error))


def ours_of(error: BaseException) -> RingsideError | None:
    """What a failed connection or statement is in our terms, None if it is a fault of ours."""
    reason = str(getattr(error, "orig", None) or error) or type(error).__name__
    if away(error):
        return Unavailable(f"PostgreSQL: {reason}", retry_after=2)
    if any(state.startswith(_REFUSED_CLASSES) for state in _states(error)):
        return BadConfiguration(f"DATABASE_URL: {reason}")
    return None


def _states(error: BaseException) -> list[str]:
    every = (error, getattr(error, "orig", None), error.__cause__)
    return [str(getattr(each, "sqlstate", None) or "") for each in every]


class Reading:
    """A read-only transaction with one snapshot. Values go in as `$1`, `$2` …"""

    def __init__(self, driver: asyncpg.Connection) -> None:
        self._driver = driver

    async def fetch(self, sql: str, *values: object) -> list[asyncpg.Record]:
        """All rows of a plain SQL query, by the driver itself (fast; arrays go in as lists)."""
        rows: list[asyncpg.Record] = await self._driver.fetch(sql, *values)
        return rows

    async def value(self, sql: str, *values: object) -> Any:
        """The first column of the first row, None without rows."""
        return await self._driver.fetchval(sql, *values)

    def about(self, _spans: Iterable[tuple[str | None, date, date]]) -> "Reading":
        """The same, to be asked of nothing but days, and whole months, of these reps, `(rep or None
        for everybody, first day, day after the last)`: the past is dear to read whole.
        """
        return self


# The types of a table's columns, by table and columns.
Types = dict[tuple[str, ...], list[str]]


class Writing(Reading):
    """A read-write transaction: commits when its block ends, rolls back when it raises."""

    def __init__(self, driver: asyncpg.Connection, types: Types, timeout: float) -> None:
        super().__init__(driver)
        self._types = types
        self._timeout = timeout

    async def run(self, sql: str, *values: object) -> str:
        """Run plain SQL; the status PostgreSQL answers, e.g. `UPDATE 3`."""
        return str(await self._driver.execute(sql, *values))

    async def copy(
        self, table: str, columns: Sequence[str], records: Sequence[tuple[object, ...]]
    ) -> None:
        """COPY `records`, in the order of `columns`, into `table`."""
        if not records:
            return
        types = await self._types_of(table, columns)
        if worthwhile(types):

            async def pieces() -> AsyncIterator[bytes]:
                for piece in encoded(types, records):
                    yield piece

            try:
                # The driver stumbles over its own timeout while we wait to send more.
                async with asyncio.timeout(self._timeout):
                    await self._driver.copy_to_table(
                        table, source=pieces(), columns=columns, format="binary",
                        timeout=2 * self._timeout,
                    )  # fmt: skip
            except asyncpg.PostgresError:
                self._types.pop((table, *columns), None)  # they may be others by now
                raise
        else:
            await self._driver.copy_records_to_table(table, columns=columns, records=records)

    async def _types_of(self, table: str, columns: Sequence[str]) -> list[str]:
        known = self._types.get((table, *columns))
        if known is None:
            names = ", ".join(f'"{column}"' for column in columns)
            plan = await self._driver.prepare(f'SELECT {names} FROM "{table}" LIMIT 0')
            known = [attribute.type.name for attribute in plan.get_attributes()]
            self._types[(table, *columns)] = known
        return known


class Database:
    """One PostgreSQL, and the pool of connections to it."""

    def __init__(self, dsn: str, *, pool: int = 10, timeout: float = 60) -> None:
        # Transactions are the driver's own, in half the round trips that the engine's take.
        self.engine = create_engine(dsn, pool=pool, timeout=timeout, isolation="AUTOCOMMIT")
        self._types: Types = {}
        self._timeout = timeout

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Reading]:
        """A read-only transaction: everything in it sees one moment."""
        async with self._transaction("repeatable_read", readonly=True) as (_, driver):
            yield Reading(driver)

    async def glance(self, sql: str, *values: object) -> Any:
        """The first column of the first row of one SELECT, None without rows.

        A statement alone sees one moment: it is asked without a transaction around it.
        """
        async with self._connected() as (_, driver):
            return await driver.fetchval(sql, *values)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Writing]:
        """A read-write transaction."""
        async with self._transaction("read_committed", readonly=False) as (_, driver):
            yield Writing(driver, self._types, self._timeout)

    @asynccontextmanager
    async def proving(self) -> AsyncIterator[Writing]:
        """One snapshot, as for reading, in which temporary tables can be made."""
        async with self._transaction("repeatable_read", readonly=False) as (_, driver):
            yield Writing(driver, self._types, self._timeout)

    @asynccontextmanager
    async def ingesting(self) -> AsyncIterator[Writing]:
        """A read-write transaction that is alone in changing facts and rollups."""
        async with self.writing() as session:
            await session.run("SELECT pg_advisory_xact_lock($1)", _INGEST_LOCK)
            yield session

    async def inspect(self, look: Callable[[Connection], T]) -> T:
        """What `look` finds, which wants a plain connection; read-only."""
        async with self._transaction("repeatable_read", readonly=True) as (connection, _):
            return await connection.run_sync(look)

    @asynccontextmanager
    async def _transaction(
        self, isolation: Isolation, *, readonly: bool
    ) -> AsyncIterator[tuple[AsyncConnection, asyncpg.Connection]]:
        async with (
            self._connected() as (connection, driver),
            driver.transaction(isolation=isolation, readonly=readonly),
        ):
            yield connection, driver

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[AsyncConnection, asyncpg.Connection]]:
        """A connection of the pool, that is open, and is fit for the next when it goes back."""
        try:
            async with self.engine.connect() as connection:
                driver = await _driver(connection)
                while driver.is_closed():  # the server went away while it lay in the pool
                    await connection.invalidate()
                    driver = await _driver(connection)
                try:
                    yield connection, driver
                finally:
                    if not driver.is_closed() and driver.is_in_transaction():
                        driver.terminate()  # cut off in the midst of a rollback
                    if driver.is_closed():
                        await connection.invalidate()
        except NoneFree as error:
            raise Unavailable("every connection to PostgreSQL is busy", retry_after=1) from error
        except (*LOST, asyncpg.PostgresError, DBAPIError) as error:
            ours = ours_of(error)
            if ours is None:
                raise
            raise ours from error

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


async def _driver(connection: AsyncConnection) -> asyncpg.Connection:
    raw = await connection.get_raw_connection()
    driver = raw.driver_connection
    assert isinstance(driver, asyncpg.Connection)
    return driver


def create_engine(
    dsn: str, *, pool: int, timeout: float, isolation: str | None = None
) -> AsyncEngine:
    """An engine on asyncpg for a `postgresql://` DSN; `timeout` in seconds bounds each command."""
    url = make_url(dsn).set(drivername="postgresql+asyncpg")
    return create_async_engine(
        url,
        pool_size=pool,
        max_overflow=0,
        pool_timeout=10,
        isolation_level=isolation,
        connect_args={
            "timeout": 10,
            "command_timeout": timeout,
            "server_settings": {
                "application_name": "ringside",
                "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_MS),
            },
        },
    )
