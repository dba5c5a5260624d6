"""What comes in while a rebuild is under way: ingest notes whose records it touched, and the
rebuild takes them in again, until both are at the same point.
"""

from collections.abc import Iterable

from sqlalchemy import ARRAY, BigInteger, Column, DateTime, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from app.db import Reading, Writing, metadata
from app.facts.records import key_of, written
from app.facts.rows import AnyRow
from app.facts.tables import words

# At most one row: the rebuild that is under way, and how far it is.
rebuilds = Table(
    "rebuilds",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("began_at", DateTime(timezone=True), nullable=False),
    Column("content", JSONB, nullable=False),
    Column("stage", Integer, nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("last", ARRAY(Text(collation="C"))),
)

rebuild_touched = Table(
    "rebuild_touched",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    words("record", needed=True),
    Column("key", ARRAY(Text(collation="C")), nullable=False),
)


async def rebuilding(reading: Reading) -> bool:
    """Whether a rebuild is under way; it begins under the ingest lock, so no batch misses it."""
    return bool(await reading.value("SELECT EXISTS (SELECT FROM rebuilds)"))


async def note(session: Writing, rows: Iterable[AnyRow]) -> None:
    """Note the records that a batch speaks of."""
    touched = {(row.table, tuple(written(key_of(row)))) for row in rows}
    await session.copy(
        "rebuild_touched", ("record", "key"), [(table, list(key)) for table, key in sorted(touched)]
    )
