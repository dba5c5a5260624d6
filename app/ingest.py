"""The one door in. A batch of events goes through it in one transaction: duplicates drop out,
records settle, facts get their meaning, rollups move, refusals, counters and a consumer's offsets
are kept. Either all of it is durable or none of it is, and one batch goes through at a time.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

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
from app.facts.directory import load_directory, load_rates
from app.facts.numbers import Numbers
from app.facts.rows import AnyRow
from app.meaning.known import Known, Rates
from app.offer import Arrival, Offer, Refused
from app.restatements import Closing
from app.settings import Settings, floors_of
from app.working_days import calendar_of


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

    def offer(self, arrivals: Iterable[Arrival] = ()) -> Offer:
        """Lay `arrivals` out for `take_offer`."""
        offer = Offer(self._numbers)
        for arrival in arrivals:
            offer.add(arrival)
        return offer

    async def take(
        self, arrivals: Sequence[Arrival], *, now: datetime, advances: Sequence[Advance] = ()
    ) -> Outcome:
        """Take a batch in as it comes; see `take_offer`."""
        return await self.take_offer(self.offer(arrivals), now=now, advances=advances)

    async def take_offer(
        self, offer: Offer, *, now: datetime, advances: Sequence[Advance] = ()
    ) -> Outcome:
        """Take a batch in; when this returns, it is durable and in every figure.

        Raises `Fenced` if another consumer has moved one of the offsets, `Unavailable` if
        PostgreSQL is not there; then nothing of the batch is kept.
        """
        async with self._database.ingesting() as session:
            await _advance(session, advances, now)
            fresh, duplicates = offer.without(await _delivered_before(session, offer))
            known, closed, version = await self._learn(session)
            settled, directory_changed = await self._apply(session, known, closed, fresh, now)
            await _keep_refused(session, offer.refused, now)
            await _count(session, offer, duplicates, settled, now)
            if offer:
                version = await session.value(
                    "INSERT INTO versions AS v (id, ingest, tracked, directory) "
                    "VALUES (1, 1, 1, $1) ON CONFLICT (id) DO UPDATE SET ingest = v.ingest + 1, "
                    "tracked = v.tracked + 1, "
                    "directory = v.directory + EXCLUDED.directory RETURNING directory",
                    int(directory_changed),
                )
        # Only now is it true for others too.
        self._known = (version, known, closed)
        return Outcome(len(fresh), len(duplicates), len(offer.refused), duplicates)

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
        for source, standing in Counter([leg.source for leg in desk.plain]).items():
            settled.standing[source] = settled.standing.get(source, 0) + standing
        await keep_superseded(session, settled.superseded)
        directory = known.directory
        derived = await derive(session, desk)
        closing = Closing(now, closed.to(now), directory, known.directory)
        called = await put_on_record(session, desk, derived.pairs, derived.moved, closing)
        news = await announced.prepare(session, desk, called, closing, self._calendar)
        await write_down(session, desk, derived)
        await announced.keep(session, news, closing, self._calendar)
        return settled, derived.known_changed


async def _delivered_before(session: Writing, offer: Offer) -> Collection[bytes]:
    """Keep the names of the deliveries offered; those that had come before."""
    if not offer.first:
        return ()
    new = await session.fetch(
        "INSERT INTO deliveries SELECT unnest($1::bytea[]) "
        "ON CONFLICT DO NOTHING RETURNING delivery",
        sorted(offer.first),
    )
    if len(new) == len(offer.first):
        return ()
    return offer.first.keys() - {record["delivery"] for record in new}


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
            (r.counted_as, r.refusal.id, r.refusal.type, r.refusal.code, r.refusal.field,
             r.refusal.detail, r.origin.topic, r.origin.partition, r.origin.offset,
             json.dumps(json.loads(r.origin.headers)), r.payload, now)
            for r in refused
        ],
    )  # fmt: skip


async def _count(
    session: Writing, offer: Offer, duplicates: Sequence[int], settled: Settled, now: datetime
) -> None:
    """Keep each source's ledger: read = standing + superseded + duplicates + refused."""
    read, refused = (Counter[str]() for _ in range(2))
    for (source, wire), count in Counter(offer.labels).items():
        read[source] += count
        refused[source] += 0 if wire else count
    repeated = Counter(offer.labels[position][0] for position in duplicates)
    superseded = Counter(row.source for row in settled.superseded)
    sources = sorted({*read, *settled.standing, *superseded})
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
        sources,
        [read[source] for source in sources],
        [settled.standing.get(source, 0) for source in sources],
        [superseded[source] for source in sources],
        [repeated[source] for source in sources],
        [refused[source] for source in sources],
        [offer.last.get(source) for source in sources],
        [now if read[source] else None for source in sources],
    )
