"""The proof: works out from the facts alone what every fact means and what every rollup must be,
and compares with what is stored; and counts that nothing was lost, source by source.

It reads one snapshot and holds up nobody.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from msgspec import Struct

from app.batch.calls import work_out_calls
from app.batch.desk import Desk
from app.batch.movement import add_up
from app.batch.pairs import Pairs, work_out_pairs
from app.batch.reach import Dirty
from app.batch.results import work_out_results
from app.db import Database, Reading
from app.facts.directory import load_directory, load_rates
from app.facts.records import key_of
from app.facts.rows import (
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
from app.facts.waiting import waiting
from app.meaning.known import Known, Rates
from app.rollups import MEASURES, Movement
from app.settings import Settings, floors_of

CHUNK = 5_000


class Drift(Struct, frozen=True):
    """One thing stored that is not what the facts say. `key` is the row's, joined by `/`."""

    table: str
    key: str
    column: str
    stored: str
    right: str


class Ledger(Struct, frozen=True):
    """One source: what was read, and what became of it.

    `refused` are all its dead letters, whatever became of them later: a replay is read again and
    counts as what it then is. `unresolved` of them have been neither replayed nor discarded.
    """

    source: str
    read: int
    standing: int
    superseded: int
    duplicates: int
    refused: int
    waiting: int
    unresolved: int

    @property
    def balanced(self) -> bool:
        """Whether everything that was read is accounted for."""
        return self.read == self.standing + self.superseded + self.duplicates + self.refused


class Report(Struct):
    """What a verification found. `facts` and `rollups` say how much it looked at."""

    facts: int
    rollups: int
    drift: list[Drift]
    ledgers: list[Ledger]

    @property
    def sound(self) -> bool:
        """Whether every figure is right and nothing was lost."""
        return not self.drift and all(ledger.balanced for ledger in self.ledgers)


async def verify(
    database: Database, settings: Settings, *, progress: Callable[[int, int], None]
) -> Report:
    """Verify everything; `progress(done, total)` is called with counts of facts."""
    async with database.reading() as session:
        return await verify_snapshot(session, settings, progress)


async def verify_snapshot(
    session: Reading, settings: Settings, progress: Callable[[int, int], None]
) -> Report:
    """Verify what `session` sees."""
    directory = await load_directory(session, settings)
    rates = Rates(settings.currency, await load_rates(session))
    total = sum([await session.value(f"SELECT count(*) FROM {t}") for t in _FACTS])
    drift: list[Drift] = []
    right = Movement()
    done = 0
    async for dirty in _chunks(session):
        desk = Desk(Known(directory, floors_of(settings), rates))
        pairs = Pairs()
        await work_out_results(session, desk, dirty)
        await work_out_calls(session, desk, dirty, pairs, afresh=True)
        await work_out_pairs(session, desk, pairs)
        drift += _meanings(desk, pairs)
        done += add_up(desk, dirty, right)
        progress(min(done, total), total)
    progress(total, total)
    days, rows = await _rollups(session, "rep_days", "day", right)
    months, more = await _rollups(session, "rep_months", "month", right.by_month())
    return Report(total, rows + more, drift + days + months, await ledgers(session))


_FACTS = ("legs", "segments", "conversations", "quotes", "orders", "returns")


async def _chunks(session: Reading) -> AsyncIterator[Dirty]:
    """Every fact's key, a chunk at a time; a call's legs, segments and words come together."""
    low: str | None = ""
    while low is not None:
        high = await session.value(
            "SELECT max(call_id) FROM (SELECT call_id FROM legs WHERE call_id > $1 "
            f"ORDER BY call_id LIMIT {CHUNK}) page",
            low,
        )
        calls: set[str] = set()
        for table in ("legs", "segments", "conversations"):
            calls |= {
                record["call_id"]
                for record in await session.fetch(
                    f"SELECT call_id FROM {table} WHERE call_id > $1 "
                    "AND ($2::text IS NULL OR call_id <= $2)",
                    low, high,
                )
            }  # fmt: skip
        yield Dirty(calls=calls)
        low = high
    async for keys in _keys(session, "conversations", "conversation_id"):
        yield Dirty(standalone=keys)
    async for keys in _keys(session, "quotes", "quote_id"):
        yield Dirty(quotes=keys)
    async for keys in _keys(session, "orders", "order_id"):
        yield Dirty(orders=keys)
    async for keys in _keys(session, "returns", "return_id"):
        yield Dirty(returns=keys)


async def _keys(session: Reading, table: str, column: str) -> AsyncIterator[set[str]]:
    low = ""
    while True:
        keys = {
            record[0]
            for record in await session.fetch(
                f"SELECT {column} FROM {table} WHERE {column} > $1 ORDER BY 1 LIMIT {CHUNK}", low
            )
        }
        if not keys:
            return
        yield keys
        low = max(keys)


def _meanings(desk: Desk, pairs: Pairs) -> list[Drift]:
    """Rows whose meaning is not what was worked out."""
    found = []
    for shelf in desk.shelves.values():
        for before, after in shelf.changed():
            found += _differences(shelf.row_type.table, key_of(after), before, after)
    for touch, marks in pairs.remarked:
        key = "/".join(touch.key)
        found.append(Drift(touch.table, key, "marks", str(touch.marks), str(marks)))
    return found


def _differences(table: str, key: tuple[Any, ...], stored: Any, right: Any) -> list[Drift]:
    name = "/".join(str(part) for part in key)
    return [
        Drift(table, name, field, str(getattr(stored, field)), str(getattr(right, field)))
        for field in right.__struct_fields__
        if getattr(stored, field) != getattr(right, field)
    ]


async def _rollups(
    session: Reading, table: str, column: str, right: Movement
) -> tuple[list[Drift], int]:
    """Compare a rollup table with the sums it must hold: both ways, so a stray row shows too."""
    wanted: dict[tuple[str, date], list[Any]] = {
        (row[0], row[1]): list(row[2:]) for row in right.rows()
    }
    found: list[Drift] = []
    measures = ", ".join(MEASURES)
    stored = await session.fetch(f"SELECT rep_id, {column}, {measures} FROM {table}")
    for record in stored:
        key = (record[0], record[1])
        found += _sums(table, key, record[2:], wanted.pop(key, [Decimal(0)] * len(MEASURES)))
    for key, sums in wanted.items():
        found += _sums(table, key, [0] * len(MEASURES), sums)
    return found, len(stored)


def _sums(
    table: str, key: tuple[str, date], stored: Iterable[Any], right: Iterable[Any]
) -> list[Drift]:
    name = f"{key[0]}/{key[1]}"
    return [
        Drift(table, name, measure, str(a), str(b))
        for measure, a, b in zip(MEASURES, stored, right, strict=True)
        if a != b
    ]


async def ledgers(session: Reading) -> list[Ledger]:
    """Every source's ledger, with standing, superseded and refused counted from the tables.

    One that only a table knows has read nothing, and is out of balance.
    """
    waits = await waiting(session)
    standing = await _by_source(session, [row.table for row in _RECORDS])
    superseded = await _by_source(session, ["superseded"])
    refused = await _by_source(session, ["dead_letters"])
    unresolved = await _by_source(session, [_UNRESOLVED])
    read = {
        record["source"]: (record["read"], record["duplicates"])
        for record in await session.fetch("SELECT source, read, duplicates FROM feeds")
    }
    return [
        Ledger(
            source, read.get(source, (0, 0))[0], standing.get(source, 0),
            superseded.get(source, 0), read.get(source, (0, 0))[1], refused.get(source, 0),
            waits.get(source, 0), unresolved.get(source, 0),
        )
        for source in sorted({*read, *standing, *superseded, *refused})
    ]  # fmt: skip


_UNRESOLVED = "dead_letters WHERE replayed_at IS NULL AND discarded_at IS NULL"
_RECORDS = (Leg, Segment, Conversation, Quote, Order, Return, Customer, Rep, TimeOff, Rate)


async def _by_source(session: Reading, tables: Iterable[str]) -> dict[str, int]:
    union = " UNION ALL ".join(f"SELECT source FROM {table}" for table in tables)
    return {
        record[0]: record[1]
        for record in await session.fetch(
            f"SELECT source, count(*) FROM ({union}) AS all_of_them GROUP BY source"
        )
    }
