"""A rebuild: every fact taken in anew beside the old ones, by the definition of this code and
these settings; then all figures change at one moment, on record.

The records go through the same stations as a batch, into tables of their own in the schema
`rebuild`. Order, batches and repeats mean nothing there, so neither does what comes in meanwhile:
ingest notes the records it touches, and they are taken in again. Every step is one transaction;
whatever ends the rebuild, the next one goes on from there.
"""

import json
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Any

import msgspec

from app.batch.derive import derive, write_down
from app.batch.desk import Desk
from app.batch.plain import set_apart
from app.batch.settle import load_records, settle
from app.db import Database, Writing
from app.definition import all_definitions, content_of, keep_definition
from app.errors import Conflict
from app.facts.directory import load_directory, load_rates
from app.facts.records import key_of, written
from app.facts.rows import (
    AnyRow,
    Conversation,
    Customer,
    Leg,
    Order,
    Quote,
    Rate,
    Rep,
    Return,
    Segment,
    TimeOff,
)
from app.facts.shelf import Shelf, key_types
from app.meaning.known import Known, Rates
from app.settings import Settings, floors_of
from app.swap import swap

log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]

# What facts rest on first, so that little has to be worked out twice; what has most rows last.
STAGES: tuple[type[AnyRow], ...] = (
    Rep, Customer, Rate, TimeOff, Segment, Conversation, Quote, Order, Return, Leg,
)  # fmt: skip
TABLES = (*(row.table for row in STAGES), "customer_phones", "rep_days", "rep_months", "day_moves")
AT_ONCE = 2_000
# So few are left that nobody minds waiting for them at the end.
FEW = 500


async def rebuild(
    database: Database, settings: Settings, *, clock: Callable[[], datetime], progress: Progress
) -> int:
    """Rebuild all meanings and rollups; `progress(done, total)` counts records. The number of the
    definition that holds then.

    Ingest goes on; it waits only while the figures change over, at the end. Raises `Conflict` if
    somebody rebuilds by other settings meanwhile.
    """
    await _begin(database, settings, clock())
    total = await _total(database)
    builder = _Builder(settings)
    done = 0
    while not await builder.copy_some(database):
        done = await _done(database)
        progress(min(done, total), total)
    while await builder.catch_up_some(database) > FEW:
        pass
    async with database.ingesting() as session:
        known = await all_definitions(session)
        if not await _under_way(session, settings):
            return known[-1].number  # another process came first
        while await builder.catch_up(session):
            pass
        number = known[-1].number + 1 if known else 1
        await swap(session, settings, known, clock())
        await keep_definition(session, number, content_of(settings), clock())
        await _end(session)
    progress(total, total)
    log.info("the figures are by definition %d now", number)
    return number


async def _begin(database: Database, settings: Settings, now: datetime) -> None:
    """Go on with the rebuild that is under way, or, if it is another one, begin anew."""
    wanted = content_of(settings)
    async with database.ingesting() as session:
        # whoever is at it holds this row first, then the tables
        stored = await session.value("SELECT content::text FROM rebuilds FOR UPDATE")
        if stored is not None and json.loads(stored) == wanted:
            return
        await _end(session)
        await session.run("CREATE SCHEMA rebuild")
        for table in TABLES:
            await session.run(f"CREATE TABLE rebuild.{table} (LIKE public.{table} INCLUDING ALL)")
        await session.run(
            "INSERT INTO rebuilds (id, began_at, content, stage, done) VALUES (1, $1, $2, 0, 0)",
            now, json.dumps(wanted),
        )  # fmt: skip


async def _end(session: Writing) -> None:
    await session.run("DROP SCHEMA IF EXISTS rebuild CASCADE")
    await session.run("DELETE FROM rebuilds")
    await session.run("DELETE FROM rebuild_touched")


async def _total(database: Database) -> int:
    async with database.reading() as reading:
        return sum([await reading.value(f"SELECT count(*) FROM {r.table}") for r in STAGES])


async def _done(database: Database) -> int:
    async with database.reading() as reading:
        return await reading.value("SELECT done FROM rebuilds") or 0


async def _under_way(session: Writing, settings: Settings) -> bool:
    """Whether the rebuild still is, or another process has finished it; whoever asks is alone with
    it until the transaction ends. Raises `Conflict` if it is one by other settings.
    """
    stored = await session.value("SELECT content::text FROM rebuilds FOR UPDATE")
    content = (await all_definitions(session))[-1].content if stored is None else json.loads(stored)
    if content != content_of(settings):
        raise Conflict("another rebuild, by other settings, has taken the place of this one")
    return stored is not None


class _Builder:
    """Takes records into the new tables, a page at a time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: Known | None = None
        self._left_at = 0

    async def copy_some(self, database: Database) -> bool:
        """Take in the next page of records; whether there was none."""
        async with database.writing() as session:
            if not await _under_way(session, self._settings):
                return True
            stage, last, done = (await session.fetch("SELECT stage, last, done FROM rebuilds"))[0]
            if done != self._left_at:
                self._known = None  # another process took its turn
            if stage == len(STAGES):
                return True
            rows = await _page(session, STAGES[stage], last)
            if rows:
                async with _beside(session):
                    await self._take(session, rows)
            await session.run(
                "UPDATE rebuilds SET stage = $1, last = $2, done = done + $3",
                stage + (len(rows) < AT_ONCE),
                written(key_of(rows[-1])) if len(rows) == AT_ONCE else None,
                len(rows),
            )
        self._left_at = done + len(rows)
        return False

    async def catch_up_some(self, database: Database) -> int:
        """Take in some of the records that were touched meanwhile; how many there were."""
        async with database.writing() as session:
            return await self.catch_up(session) if await _under_way(session, self._settings) else 0

    async def catch_up(self, session: Writing) -> int:
        """The same, within a transaction that has the rebuild to itself."""
        touched = await session.fetch(
            f"DELETE FROM rebuild_touched WHERE id IN (SELECT id FROM rebuild_touched"
            f" ORDER BY id LIMIT {AT_ONCE}) RETURNING record, key"
        )
        rows: list[AnyRow] = []
        for row_type in STAGES:
            shelf: Shelf[Any] = Shelf(row_type)
            types = key_types(row_type)
            named = [r["key"] for r in touched if r["record"] == row_type.table]
            await shelf.load_named(session, [_values(types, key) for key in named])
            rows += _as_sent(shelf)
        self._known = None
        async with _beside(session):
            await self._take(session, rows)
        return len(touched)

    async def _take(self, session: Writing, rows: Sequence[AnyRow]) -> None:
        """Take the records in like a batch; `session` sees the new tables."""
        known = self._known or await self._learn(session)
        self._known = None  # until all of it went well
        desk = Desk(Known(known.directory, known.floors, known.rates))
        others = await set_apart(session, desk, rows)
        await load_records(session, desk, others)
        settle(desk, others)
        derived = await derive(session, desk)
        await write_down(session, desk, derived)
        self._known = desk.known

    async def _learn(self, session: Writing) -> Known:
        directory = await load_directory(session, self._settings)
        rates = Rates(self._settings.currency, await load_rates(session))
        return Known(directory, floors_of(self._settings), rates)


@asynccontextmanager
async def _beside(session: Writing) -> AsyncIterator[None]:
    """Within the block plain names mean the new tables."""
    await session.run("SET LOCAL search_path TO rebuild, public")
    yield
    await session.run("SET LOCAL search_path TO DEFAULT")


async def _page(
    session: Writing, row_type: type[AnyRow], last: Sequence[str] | None
) -> list[AnyRow]:
    """The records after the key `last`, as they were sent."""
    names = ", ".join(f't."{column}"' for column in row_type.key_columns)
    types = key_types(row_type)
    after = (
        "true"
        if last is None
        else (f"({names}) > ({', '.join(f'${i + 1}::{t}' for i, t in enumerate(types))})")
    )
    values = () if last is None else _values(types, last)
    where = f"WHERE {after} ORDER BY {names} LIMIT {AT_ONCE}"
    shelf: Shelf[Any] = Shelf(row_type)
    await shelf.load(session, where, *values)
    return _as_sent(shelf)


def _values(types: Sequence[str], key: Sequence[str]) -> tuple[Any, ...]:
    return tuple(
        date.fromisoformat(part) if kind == "date" else part
        for kind, part in zip(types, key, strict=True)
    )


def _as_sent(shelf: Shelf[Any]) -> list[AnyRow]:
    """The shelf's records without what was derived: what has a default, in `app.facts.rows`."""
    row_type = shelf.row_type
    sent = [f.name for f in msgspec.structs.fields(row_type) if f.required]
    return [row_type(**{name: getattr(row, name) for name in sent}) for row in shelf.now.values()]
