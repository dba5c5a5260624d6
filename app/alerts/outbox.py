"""Where notices go (sinks), and those on their way: written with the change they tell of.

A notice is sent at least once under one id, in the order of its alert's changes: a later one
waits until the one before is through or given up. Who takes a notice has it for a while
(`LEASE`); if that process dies, another takes it again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from app.db import Reading, Writing, metadata
from app.errors import NotFound
from app.facts.tables import moment, words

LEASE = timedelta(seconds=60)
LONGEST_ERROR = 300

alert_sinks = Table(
    "alert_sinks",
    metadata,
    words("id", key=True),
    words("name", needed=True),
    words("url", needed=True),
    words("secret", needed=True),
    Column("enabled", Boolean, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
)

notices = Table(
    "notices",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=True),
    words("id", needed=True),
    Column(
        "sink_id",
        Text(collation="C"),
        ForeignKey("alert_sinks.id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("alert_id", BigInteger, ForeignKey("alerts.id")),
    words("body", needed=True),
    words("state", needed=True),
    Column("attempts", Integer, nullable=False),
    Column("next_at", DateTime(timezone=True), nullable=False),
    words("error"),
    Column("created_at", DateTime(timezone=True), nullable=False),
    moment("sent_at"),
    UniqueConstraint("sink_id", "id"),
    Index(None, "sink_id", "next_at", postgresql_where=text("state = 'waiting'")),
    Index(None, "alert_id", "sink_id", postgresql_where=text("state = 'waiting'")),
    Index(None, "sent_at"),
)


class Sink(Struct, frozen=True, kw_only=True):
    """A webhook: its address and the secret its notices are signed with."""

    id: str
    name: str
    url: str
    secret: str
    enabled: bool
    created_at: datetime


class SinkState(Struct, frozen=True, kw_only=True):
    """How a sink is doing: notices waiting, given up, and the last thing that went wrong."""

    waiting: int = 0
    dead: int = 0
    last_error: str | None = None
    last_sent_at: datetime | None = None


class Notice(Struct, frozen=True):
    """A message for every sink: its id is the same however often it is sent."""

    id: str
    alert_id: int | None
    body: str


class Taken(Struct, frozen=True):
    """A notice that is ours to send now; `attempt` counts from 1."""

    seq: int
    id: str
    body: str
    attempt: int


async def post(writing: Writing, posted: Sequence[Notice], now: datetime) -> None:
    """Put notices into the outbox of every sink that is on."""
    if not posted:
        return
    await writing.run(
        "INSERT INTO notices (id, sink_id, alert_id, body, state, attempts, next_at, created_at) "
        "SELECT n.id, s.id, n.alert_id, n.body, 'waiting', 0, $4, $4 "
        "FROM unnest($1::text[], $2::bigint[], $3::text[]) WITH ORDINALITY "
        "AS n(id, alert_id, body, place) CROSS JOIN alert_sinks s WHERE s.enabled "
        "ORDER BY n.place, s.id ON CONFLICT DO NOTHING",
        [n.id for n in posted], [n.alert_id for n in posted], [n.body for n in posted], now,
    )  # fmt: skip


async def post_to(writing: Writing, sink_id: str, notice: Notice, now: datetime) -> None:
    """Put a notice into the outbox of one sink."""
    await writing.run(
        "INSERT INTO notices (id, sink_id, alert_id, body, state, attempts, next_at, created_at) "
        "VALUES ($1, $2, $3, $4, 'waiting', 0, $5, $5)",
        notice.id, sink_id, notice.alert_id, notice.body, now,
    )  # fmt: skip


async def sinks_with_work(reading: Reading, now: datetime) -> list[Sink]:
    """The sinks that are on and have a notice due."""
    rows = await reading.fetch(
        "SELECT * FROM alert_sinks s WHERE enabled AND EXISTS (SELECT FROM notices n "
        "WHERE n.sink_id = s.id AND n.state = 'waiting' AND n.next_at <= $1) ORDER BY id",
        now,
    )
    return [_sink(row) for row in rows]


async def take(writing: Writing, sink_id: str, now: datetime, most: int) -> list[Taken]:
    """Take up to `most` due notices of a sink, the oldest first; others leave them for `LEASE`."""
    rows = await writing.fetch(
        "WITH due AS (SELECT seq FROM notices n WHERE sink_id = $1 AND state = 'waiting' "
        "AND next_at <= $2 AND NOT EXISTS (SELECT FROM notices e WHERE e.alert_id = n.alert_id "
        "AND e.sink_id = n.sink_id AND e.state = 'waiting' AND e.seq < n.seq) "
        "ORDER BY seq LIMIT $3 FOR UPDATE SKIP LOCKED) "
        "UPDATE notices n SET attempts = attempts + 1, next_at = $4 FROM due "
        "WHERE n.seq = due.seq RETURNING n.seq, n.id, n.body, n.attempts",
        sink_id, now, most, now + LEASE,
    )  # fmt: skip
    return [Taken(*row) for row in sorted(rows, key=lambda row: row["seq"])]


async def mark_sent(writing: Writing, taken: Taken, now: datetime) -> None:
    """The receiver has it."""
    await writing.run(
        "UPDATE notices SET state = 'sent', sent_at = $2, error = NULL "
        "WHERE seq = $1 AND state = 'waiting'",
        taken.seq, now,
    )  # fmt: skip


async def mark_failed(
    writing: Writing, taken: Taken, error: str, again_at: datetime | None
) -> None:
    """It did not get through: try again at `again_at`, never for None.

    Whoever took it after our lease ran out decides about it instead.
    """
    await writing.run(
        "UPDATE notices SET error = $3, next_at = coalesce($4, next_at), "
        "state = CASE WHEN $4::timestamptz IS NULL THEN 'dead' ELSE 'waiting' END "
        "WHERE seq = $1 AND attempts = $2 AND state = 'waiting'",
        taken.seq, taken.attempt, error[:LONGEST_ERROR], again_at,
    )  # fmt: skip


async def forget_sent(writing: Writing, before: datetime) -> None:
    """Drop notices that were sent `before`."""
    await writing.run("DELETE FROM notices WHERE sent_at < $1", before)


async def retry_dead(writing: Writing, sink_id: str, now: datetime) -> int:
    """Give the notices of a sink that were given up another round; how many. Raises `NotFound`."""
    await find_sink(writing, sink_id)
    done = await writing.run(
        "UPDATE notices SET state = 'waiting', attempts = 0, next_at = $2 "
        "WHERE sink_id = $1 AND state = 'dead'",
        sink_id, now,
    )  # fmt: skip
    return int(done.split()[-1])


async def listed_sinks(reading: Reading) -> list[tuple[Sink, SinkState]]:
    """Every sink by id, with how it is doing."""
    rows = await reading.fetch(
        "SELECT s.*, n.waiting, n.dead, n.last_sent_at, (SELECT error FROM notices e "
        "WHERE e.sink_id = s.id AND e.state <> 'sent' AND e.error IS NOT NULL "
        "ORDER BY e.seq DESC LIMIT 1) AS last_error "
        "FROM alert_sinks s LEFT JOIN LATERAL (SELECT "
        "count(*) FILTER (WHERE state = 'waiting') AS waiting, "
        "count(*) FILTER (WHERE state = 'dead') AS dead, max(sent_at) AS last_sent_at "
        "FROM notices WHERE sink_id = s.id) n ON true ORDER BY s.id"
    )
    return [
        (
            _sink(row),
            SinkState(
                waiting=row["waiting"], dead=row["dead"], last_error=row["last_error"],
                last_sent_at=row["last_sent_at"],
            ),
        )
        for row in rows
    ]  # fmt: skip


async def find_sink(reading: Reading, sink_id: str) -> Sink:
    """The sink with this id. Raises `NotFound`."""
    rows = await reading.fetch("SELECT * FROM alert_sinks WHERE id = $1", sink_id)
    if not rows:
        raise NotFound(f"there is no alert sink {sink_id!a}")
    return _sink(rows[0])


def _sink(row: object) -> Sink:
    fields = dict(row)  # type: ignore[call-overload]
    return Sink(**{name: fields[name] for name in Sink.__struct_fields__})


async def keep_sink(writing: Writing, sink: Sink) -> None:
    """Make the sink, or replace the one with its id."""
    await writing.run(
        "INSERT INTO alert_sinks (id, name, url, secret, enabled, created_at) "
        "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name, "
        "url = EXCLUDED.url, secret = EXCLUDED.secret, enabled = EXCLUDED.enabled",
        sink.id, sink.name, sink.url, sink.secret, sink.enabled, sink.created_at,
    )  # fmt: skip


async def drop_sink(writing: Writing, sink_id: str) -> None:
    """Forget the sink and what was on its way to it. Raises `NotFound`."""
    if await writing.run("DELETE FROM alert_sinks WHERE id = $1", sink_id) == "DELETE 0":
        raise NotFound(f"there is no alert sink {sink_id!a}")
