"""Objects of vendors that have to be read again: noted before their webhook is answered.

One row an object however often it changed. It goes only once what was read is durable, and stays
if another change was noted meanwhile: at least one reading begins after each change. Who takes a
row has it for a while (`LEASE`); if that process dies, another takes it again.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, Table

from app.db import Database, Reading, Writing, metadata
from app.facts.tables import words
from app.feeds.feed import ReadAgain

LEASE = timedelta(minutes=5)
LONGEST_ERROR = 300

object_reads = Table(
    "object_reads",
    metadata,
    words("source", key=True),
    words("kind", key=True),
    words("key", key=True),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("noted_at", DateTime(timezone=True), nullable=False),
    Column("notes", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", DateTime(timezone=True), nullable=False),
    words("error"),
    Index(None, "source", "next_at"),
)


class Pending(Struct, frozen=True):
    """An object that is ours to read now; `attempt` counts from 1, `notes` its changes so far."""

    source: str
    kind: str
    key: str
    changed_at: datetime
    notes: int
    attempt: int


class Backlog(Struct, frozen=True):
    """What of a source waits to be read: how many objects, since when, and what is in the way."""

    source: str
    waiting: int
    since: datetime
    error: str | None


async def keep_notes(database: Database, notes: Sequence[ReadAgain], now: datetime) -> None:
    """Note what has to be read again; durable when this returns. Raises `Unavailable`."""
    if notes:
        async with database.writing() as writing:
            await note(writing, notes, now)


async def note(writing: Writing, notes: Iterable[ReadAgain], now: datetime) -> None:
    """Note what has to be read again, as part of a transaction."""
    newest: dict[tuple[str, str, str], datetime] = {}
    for one in notes:
        row = (one.source, one.kind, one.key)
        newest[row] = max(one.at, newest.get(row, one.at))
    rows = sorted(newest)  # two writers take their locks in one order
    await writing.run(
        "INSERT INTO object_reads AS r "
        "(source, kind, key, changed_at, noted_at, notes, attempts, next_at) "
        "SELECT n.source, n.kind, n.key, n.changed_at, $5, 1, 0, $5 "
        "FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) "
        "AS n(source, kind, key, changed_at) "
        "ON CONFLICT (source, kind, key) DO UPDATE SET notes = r.notes + 1, "
        "changed_at = greatest(r.changed_at, EXCLUDED.changed_at), "
        # What is in trouble waits on: many changes must not undo the pause it was given.
        "next_at = CASE WHEN r.error IS NULL THEN EXCLUDED.next_at ELSE r.next_at END",
        *([row[place] for row in rows] for place in range(3)), [newest[row] for row in rows], now,
    )  # fmt: skip


async def take(writing: Writing, source: str, now: datetime, most: int) -> list[Pending]:
    """Take up to `most` due objects of one kind, the longest due first; `LEASE` long ours."""
    rows = await writing.fetch(
        "WITH due AS (SELECT source, kind, key FROM object_reads "
        "WHERE source = $1 AND next_at <= $2 AND kind = (SELECT kind FROM object_reads "
        "WHERE source = $1 AND next_at <= $2 ORDER BY next_at, kind LIMIT 1) "
        "ORDER BY next_at, key LIMIT $3 FOR UPDATE SKIP LOCKED) "
        "UPDATE object_reads r SET attempts = attempts + 1, next_at = $4 FROM due d "
        "WHERE (r.source, r.kind, r.key) = (d.source, d.kind, d.key) "
        "RETURNING r.source, r.kind, r.key, r.changed_at, r.notes, r.attempts",
        source, now, most, now + LEASE,
    )  # fmt: skip
    return sorted((Pending(*row) for row in rows), key=lambda one: one.key)


async def done(writing: Writing, read: Sequence[Pending], now: datetime) -> None:
    """What was read is durable: the notes go, but for those that came meanwhile."""
    of = [[one.source for one in read], [one.kind for one in read], [one.key for one in read],
          [one.notes for one in read]]  # fmt: skip
    given = "unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) AS t(source, kind, key, n)"
    same = "(r.source, r.kind, r.key) = (t.source, t.kind, t.key)"
    await writing.run(
        f"DELETE FROM object_reads r USING {given} WHERE {same} AND r.notes = t.n", *of
    )
    await writing.run(
        f"UPDATE object_reads r SET attempts = 0, error = NULL, next_at = $5 FROM {given} "
        f"WHERE {same}",
        *of, now,
    )  # fmt: skip


async def failed(
    writing: Writing, unread: Sequence[Pending], error: str, again_at: datetime
) -> None:
    """They could not be read: try again at `again_at`."""
    await writing.run(
        "UPDATE object_reads r SET error = $4, next_at = $5 "
        "FROM unnest($1::text[], $2::text[], $3::text[]) AS t(source, kind, key) "
        "WHERE (r.source, r.kind, r.key) = (t.source, t.kind, t.key)",
        [one.source for one in unread], [one.kind for one in unread], [one.key for one in unread],
        error.replace("\0", "")[:LONGEST_ERROR], again_at,
    )  # fmt: skip


async def backlogs(reading: Reading) -> list[Backlog]:
    """What waits, source by source."""
    rows = await reading.fetch(
        "SELECT source, count(*), min(noted_at), max(error) FROM object_reads "
        "GROUP BY source ORDER BY source"
    )
    return [Backlog(*row) for row in rows]
