"""Which event of each record stands, and which are superseded: rule 1 of the wire contract."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.batch.desk import Desk
from app.db import Reading, Writing
from app.facts.records import key_of, order_of, written
from app.facts.rows import AnyRow, Leg, Rate, Rep, TimeOff
from app.facts.shelf import Shelf, content, unique


@dataclass(slots=True)
class Settled:
    """What became of a batch's events: the losers, and how many stand more or less by source."""

    superseded: list[AnyRow] = field(default_factory=list)
    standing: dict[str, int] = field(default_factory=dict)


async def load_records(session: Reading, desk: Desk, rows: Iterable[AnyRow]) -> None:
    """Bring in the stored rows of every record that `rows` speak of."""
    by_type: dict[type[Any], list[Any]] = {}
    for row in rows:
        by_type.setdefault(type(row), []).append(row)
    for row_type, candidates in by_type.items():
        shelf = desk.shelves[row_type]
        if row_type is Leg:
            # all legs of the call: they share one conversation
            where, values = "call_id = ANY($1)", [unique(r.call_id for r in candidates)]
        elif row_type is Rep:
            where, values = "rep_id = ANY($1)", [unique(r.rep_id for r in candidates)]
        elif row_type in (TimeOff, Rate):
            await shelf.load_named(session, unique(key_of(r) for r in candidates))
            continue
        else:
            column = row_type.key_columns[0]
            where = f"{column} = ANY($1)"
            values = [unique(getattr(r, column) for r in candidates)]
        await shelf.load(session, "WHERE " + where, *values)


def settle(desk: Desk, rows: Sequence[AnyRow]) -> Settled:
    """Let each row take its record's place if it is greater; the loser is superseded."""
    settled = Settled()
    standing = settled.standing
    for row in rows:
        shelf: Shelf[Any] = desk.shelves[type(row)]
        key = key_of(row)
        other = shelf.now.get(key)
        if other is None:
            shelf.now[key] = row
            standing[row.source] = standing.get(row.source, 0) + 1
        elif order_of(other) < order_of(row):
            shelf.now[key] = row
            settled.superseded.append(other)
            standing[row.source] = standing.get(row.source, 0) + 1
            standing[other.source] = standing.get(other.source, 0) - 1
        else:
            settled.superseded.append(row)
    return settled


async def keep_superseded(session: Writing, rows: Sequence[AnyRow]) -> None:
    """Keep the losers for the audit."""
    columns = ("source", "event_id", "kind", "record", "revision", "event_time", "content")
    await session.copy(
        "superseded",
        columns,
        [
            (row.source, row.event_id, row.record, written(key_of(row)),
             row.revision, row.event_time, content(row))
            for row in rows
        ],
    )  # fmt: skip
