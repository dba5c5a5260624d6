"""That nothing was lost: source by source, all that was read and what became of it."""

from collections.abc import Iterable

from msgspec import Struct

from app.db import Reading
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
