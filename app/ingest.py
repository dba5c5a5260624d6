"""The one door in. A batch of events goes through it in one transaction: duplicates drop out,
records settle, facts get their meaning, rollups move, refusals, counters and a consumer's offsets
are kept. Either all of it is durable or none of it is, and one batch goes through at a time.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec import Struct

from app.batch import announced
from app.batch.derive import derive, write_down
from app.batch.desk import Desk
from app.batch.on_record import put_on_record
from app.batch.plain import set_apart
from app.batch.settle import Settled, keep_superseded, load_records, settle
from app.catch_up import note, rebuilding
from app.db import Database, Reading, Writing
from app.definition import Closed, all_definitions, closed_by
from app.errors import BadConfiguration, Fenced
from app.events.refusals import Refusal
from app.events.types import Event
from app.facts.directory import load_directory, load_rates
from app.facts.numbers import Numbers
from app.facts.records import row_of
from app.facts.rows import AnyRow
from app.meaning.known import Known, Rates
from app.restatements import Closing
from app.settings import Settings, floors_of
from app.working_days import calendar_of


class Origin(Struct, frozen=True):
    """Whence a refused record came: a Kafka position, or `http`."""

    topic: str = "http"
    partition: int = 0
    offset: int = 0
    headers: str = "{}"


class Refused(Struct, frozen=True):
    """A record that could not be taken, byte for byte, and why."""

    refusal: Refusal
    payload: bytes
    origin: Origin


class Advance(Struct, frozen=True):
    """A consumer's step on one partition: from the offset it believes is stored to the next.

    `complete_to` is the moment up to which everything on the partition has been taken.
    """

    topic: str
    partition: int
    expected: int
    next: int
    complete_to: datetime | None = None


class Outcome(Struct):
    """What became of a batch: `accepted` are all that are neither duplicate nor refused."""

    accepted: int
    duplicates: int
    refused: int
    duplicate_positions: list[int]


class Offered(NamedTuple):
    """An event as a row: where in its batch it stands, and what names its delivery."""

    position: int
    key: bytes
    row: AnyRow


class Door:
    """Takes batches in. Between them it remembers the directory, the rates and which days
    are final, by version.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        if settings.secret is None:
            raise BadConfiguration("RINGSIDE_SECRET: needed to keep phone numbers as hashes")
        self._database = database
        self._settings = settings
        self._numbers = Numbers(settings.secret.get_secret_value(), settings.region)
        self._calendar = calendar_of(settings)
        self._known: tuple[int, Known, Closed] | None = None

    async def take(
        self,
        arrivals: Sequence[Event | Refused],
        *,
        now: datetime,
        advances: Sequence[Advance] = (),
    ) -> Outcome:
        """Take a batch in; when this returns, it is durable and in every figure.

        Raises `Fenced` if another consumer has moved one of the offsets, `Unavailable` if
        PostgreSQL is not there; then nothing of the batch is kept.
        """
        # All that needs nobody else is done before the one turn there is for everybody.
        offered = [
            Offered(i, delivery_of(arrival), row_of(arrival, self._numbers))
            for i, arrival in enumerate(arrivals)
            if isinstance(arrival, Event)
        ]
        refused = [arrival for arrival in arrivals if isinstance(arrival, Refused)]
        async with self._database.ingesting() as session:
            await _advance(session, advances, now)
            fresh, duplicate_positions = await _drop_duplicates(session, offered)
            known, closed, version = await self._learn(session)
            settled, directory_changed = await self._apply(session, known, closed, fresh, now)
            await _keep_refused(session, refused, now)
            await _count(session, arrivals, set(duplicate_positions), settled, now)
            if arrivals:
                version = await session.value(
                    "INSERT INTO versions AS v (id, ingest, tracked, directory) "
                    "VALUES (1, 1, 1, $1) ON CONFLICT (id) DO UPDATE SET ingest = v.ingest + 1, "
                    "tracked = v.tracked + 1, "
                    "directory = v.directory + EXCLUDED.directory RETURNING directory",
                    int(directory_changed),
                )
        # Only now is it true for others too.
        self._known = (version, known, closed)
        return Outcome(len(fresh), len(duplicate_positions), len(refused), duplicate_positions)

    async def _learn(self, session: Reading) -> tuple[Known, Closed, int]:
        """Directory, rates and final days as they stand; read again only if somebody changed
        them.
        """
        version: int = await session.value("SELECT directory FROM versions") or 0
        settings = self._settings
        if self._known is not None and self._known[0] == version:
            _, known, closed = self._known
            return Known(known.directory, known.floors, known.rates), closed, version
        directory = await load_directory(session, settings)
        rates = Rates(settings.currency, await load_rates(session))
        closed = closed_by(await all_definitions(session), settings)
        return Known(directory, floors_of(settings), rates), closed, version

    async def _apply(
        self,
        session: Writing,
        known: Known,
        closed: Closed,
        rows: Sequence[AnyRow],
        now: datetime,
    ) -> tuple[Settled, bool]:
        """Facts, meaning and rollups of a batch; whether what is known beside facts changed."""
        if await rebuilding(session):
            await note(session, rows)
        desk = Desk(known)
        others = await set_apart(session, desk, rows)
        await load_records(session, desk, others)
        settled = settle(desk, others)
        for leg in desk.plain:
            settled.standing[leg.source] = settled.standing.get(leg.source, 0) + 1
        await keep_superseded(session, settled.superseded)
        directory = known.directory
        derived = await derive(session, desk)
        closing = Closing(now, closed.to(now), directory, known.directory)
        called = await put_on_record(session, desk, derived.pairs, derived.moved, closing)
        news = await announced.prepare(session, desk, called, closing, self._calendar)
        await write_down(session, desk, derived)
        await announced.keep(session, news, closing, self._calendar)
        return settled, derived.known_changed


def delivery_of(event: Event) -> bytes:
    """What names a delivery: source and id, as one short key."""
    return hashlib.blake2b(
        f"{len(event.source)}:{event.source}{event.id}".encode(), digest_size=16
    ).digest()


async def _drop_duplicates(
    session: Writing, offered: Sequence[Offered]
) -> tuple[list[AnyRow], list[int]]:
    """The rows that have not been delivered before, and the positions of those that have."""
    first: dict[bytes, Offered] = {}
    duplicates = [each.position for each in offered if first.setdefault(each.key, each) is not each]
    if not first:
        return [], duplicates
    new = {
        record["delivery"]
        for record in await session.fetch(
            "INSERT INTO deliveries SELECT unnest($1::bytea[]) "
            "ON CONFLICT DO NOTHING RETURNING delivery",
            sorted(first),
        )
    }
    if len(new) < len(first):
        duplicates += [each.position for key, each in first.items() if key not in new]
    return [each.row for key, each in first.items() if key in new], sorted(duplicates)


async def _advance(session: Writing, advances: Sequence[Advance], now: datetime) -> None:
    """Move the offsets on, each from where its consumer believes it is: compare-and-set."""
    if not advances:
        return
    steps = sorted(advances, key=lambda a: (a.topic, a.partition))
    moved = {
        (record["topic"], record["partition"])
        for record in await session.fetch(
            _ADVANCE,
            *([getattr(step, field) for step in steps] for field in Advance.__struct_fields__),
            now,
        )
    }
    for step in steps:
        if (step.topic, step.partition) not in moved:
            raise Fenced(
                f"{step.topic}[{step.partition}]: the stored offset is no longer {step.expected}"
            )


# A partition nobody has stored an offset for is expected at 0: a consumer that believes it stands
# further on has outlived a restored database, and must look again.
_ADVANCE = """
WITH steps AS (
    SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[], $5::timestamptz[])
    AS s(topic, partition, expected, next, complete_to)
), updated AS (
    UPDATE offsets o SET next = s.next, updated_at = $6,
        complete_to = coalesce(s.complete_to, o.complete_to)
    FROM steps s
    WHERE o.topic = s.topic AND o.partition = s.partition AND o.next = s.expected
    RETURNING o.topic, o.partition
), inserted AS (
    INSERT INTO offsets (topic, partition, next, complete_to, updated_at)
    SELECT s.topic, s.partition, s.next, s.complete_to, $6 FROM steps s
    WHERE s.expected = 0 AND NOT EXISTS (
        SELECT FROM offsets o WHERE o.topic = s.topic AND o.partition = s.partition)
    ON CONFLICT DO NOTHING RETURNING topic, partition
)
SELECT * FROM updated UNION ALL SELECT * FROM inserted
"""


async def stored_offsets(session: Reading) -> dict[tuple[str, int], int]:
    """The next offset to read, by topic and partition."""
    return {
        (record["topic"], record["partition"]): record["next"]
        for record in await session.fetch("SELECT topic, partition, next FROM offsets")
    }


async def _keep_refused(session: Writing, refused: Sequence[Refused], now: datetime) -> None:
    columns = (
        "source", "event_id", "type", "code", "field", "detail",
        "topic", "partition", "offset", "headers", "payload", "received_at",
    )  # fmt: skip
    await session.copy(
        "dead_letters",
        columns,
        [
            (source_of(r), r.refusal.id, r.refusal.type, r.refusal.code, r.refusal.field,
             r.refusal.detail, r.origin.topic, r.origin.partition, r.origin.offset,
             json.dumps(json.loads(r.origin.headers)), r.payload, now)
            for r in refused
        ],
    )  # fmt: skip


def source_of(arrival: Event | Refused) -> str:
    """The source an arrival is counted under: a refused one's may be unreadable."""
    if isinstance(arrival, Refused):
        return arrival.refusal.source or "unknown"
    return arrival.source


async def _count(
    session: Writing,
    arrivals: Sequence[Event | Refused],
    duplicates: set[int],
    settled: Settled,
    now: datetime,
) -> None:
    """Keep each source's ledger: read = standing + superseded + duplicates + refused."""
    counts: dict[str, list[int]] = {}
    last: dict[str, datetime] = {}
    for position, arrival in enumerate(arrivals):
        source = source_of(arrival)
        of_source = counts.get(source)
        if of_source is None:
            of_source = counts[source] = [0, 0, 0, 0, 0]
        of_source[0] += 1
        if isinstance(arrival, Refused):
            of_source[4] += 1
            continue
        if position in duplicates:
            of_source[3] += 1
        time = arrival.time
        if time is not None and (source not in last or last[source] < time):
            last[source] = time
    for source, standing in settled.standing.items():
        counts.setdefault(source, [0, 0, 0, 0, 0])[1] += standing
    for row in settled.superseded:
        counts.setdefault(row.source, [0, 0, 0, 0, 0])[2] += 1
    sources = sorted(counts)
    columns = [[counts[source][i] for source in sources] for i in range(5)]
    await session.run(
        "INSERT INTO feeds AS f (source, read, standing, superseded, duplicates, refused, "
        "last_event_time, last_received_at) SELECT * FROM unnest($1::text[], $2::bigint[], "
        "$3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::timestamptz[], "
        "$8::timestamptz[]) "
        "ON CONFLICT (source) DO UPDATE SET read = f.read + EXCLUDED.read, "
        "standing = f.standing + EXCLUDED.standing, "
        "superseded = f.superseded + EXCLUDED.superseded, "
        "duplicates = f.duplicates + EXCLUDED.duplicates, "
        "refused = f.refused + EXCLUDED.refused, "
        "last_event_time = greatest(f.last_event_time, EXCLUDED.last_event_time), "
        "last_received_at = greatest(f.last_received_at, EXCLUDED.last_received_at)",
        sources, *columns, [last.get(source) for source in sources],
        [now if counts[source][0] else None for source in sources],
    )  # fmt: skip
