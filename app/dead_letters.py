"""Dead letters: what could not be taken, byte for byte, with why and whence; and their replay.

The table is the exact record, written in the batch's own transaction. The dead-letter topic is a
copy for other tools, and may repeat one after a crash.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from app.db import Database, Reading
from app.errors import NotFound
from app.events.cloudevents import HTTP_PREFIX, STRUCTURED, from_http, from_kafka
from app.events.refusals import Refusal
from app.events.types import Event
from app.ingest import Door
from app.producer import Producer, Record
from app.settings import Settings

CHUNK = 500

_COLUMNS = (
    'id, source, event_id, type, code, field, detail, topic, partition, "offset", headers, '
    "payload, received_at, replayed_at"
)


class DeadLetter(msgspec.Struct, frozen=True):
    """One row of the table. `topic` is `http` for what did not come over Kafka."""

    id: int
    source: str
    event_id: str | None
    type: str | None
    code: str
    field: str | None
    detail: str
    topic: str
    partition: int
    offset: int
    headers: dict[str, Any]
    payload: bytes
    received_at: datetime
    replayed_at: datetime | None


class Choice(msgspec.Struct, frozen=True):
    """Which dead letters: those of all that is given; of everything where nothing is."""

    ids: tuple[int, ...] = ()
    code: str | None = None
    source: str | None = None


class Replayed(msgspec.Struct):
    """What a replay did: `refused` would be refused again and were left as they are."""

    sent: int = 0
    refused: int = 0
    already: int = 0


def pack(
    key: bytes | None, headers: Sequence[tuple[str, bytes]], *, tombstone: bool = False
) -> str:
    """The JSON kept with a Kafka record, from which `unpack` makes the same record again.

    Values are base64 (they are bytes), names plain but for U+0000, which PostgreSQL cannot keep.
    """
    kept: dict[str, Any] = {
        "key": None if key is None else _text(key),
        "headers": [[name.replace("\0", "\\0"), _text(value or b"")] for name, value in headers],
    }
    if tombstone:
        kept["tombstone"] = True
    return msgspec.json.encode(kept).decode()


def unpack(letter: DeadLetter) -> Record:
    """The Kafka record a dead letter came as."""
    kept = letter.headers
    headers = tuple((str(name), base64.b64decode(value)) for name, value in kept["headers"])
    key = None if kept["key"] is None else base64.b64decode(kept["key"])
    return Record(letter.topic, key, None if kept.get("tombstone") else letter.payload, headers)


def _text(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).decode()


async def listed(
    reading: Reading, choice: Choice, *, after: int = 0, limit: int = CHUNK
) -> list[DeadLetter]:
    """The chosen dead letters with an id over `after`, oldest first, at most `limit`."""
    rows = await reading.fetch(
        f"SELECT {_COLUMNS} FROM dead_letters WHERE id > $1 "
        "AND ($2::bigint[] IS NULL OR id = ANY($2)) "
        "AND ($3::text IS NULL OR code = $3) AND ($4::text IS NULL OR source = $4) "
        "ORDER BY id LIMIT $5",
        after, list(choice.ids) or None, choice.code, choice.source, limit,
    )  # fmt: skip
    return [_letter(row) for row in rows]


async def shown(reading: Reading, number: int) -> DeadLetter:
    """One dead letter; raises `NotFound`."""
    found = await listed(reading, Choice(ids=(number,)))
    if not found:
        raise NotFound(f"there is no dead letter {number}")
    return found[0]


def _letter(row: Mapping[str, Any]) -> DeadLetter:
    values = dict(row)
    headers = values["headers"]
    if isinstance(headers, str):
        values["headers"] = msgspec.json.decode(headers)
    return DeadLetter(**values)


async def replay(
    database: Database,
    settings: Settings,
    choice: Choice,
    *,
    door: Door,
    producer: Producer | None,
    now: datetime,
) -> Replayed:
    """Send the chosen dead letters to their origin again, as they came.

    What came over Kafka goes to its topic if there is a `producer`; everything else goes through
    the door. Each counts once however often this runs: a sent one is marked, and were the mark
    lost, its `(source, id)` makes it a duplicate. Raises `Unavailable`; run it again then.
    """
    done, after = Replayed(), 0
    while True:
        async with database.reading() as reading:
            letters = await listed(reading, choice, after=after)
        if not letters:
            return done
        after = letters[-1].id
        waiting = [letter for letter in letters if letter.replayed_at is None]
        done.already += len(letters) - len(waiting)
        good = [(letter, event) for letter in waiting if (event := decoded(letter, settings, now))]
        done.refused += len(waiting) - len(good)
        await _send(good, door, producer, now)
        await _mark(database, [letter.id for letter, _ in good], now)
        done.sent += len(good)


def decoded(letter: DeadLetter, settings: Settings, now: datetime) -> Event | None:
    """The event that the dead letter holds by today's rules; None if it is refused still."""
    event: Event | Refusal
    if "key" in letter.headers:
        record = unpack(letter)
        event = from_kafka(record.headers, record.value, now=now, currency=settings.currency)
    else:
        headers = {str(name).lower(): str(value) for name, value in letter.headers.items()}
        kind = headers.get("content-type", "")
        binary = any(name.startswith(HTTP_PREFIX) for name in headers)
        if not binary or kind.lower().startswith(STRUCTURED):
            kind = f"{STRUCTURED}+json"  # one element of a batch is structured by itself
        answer = from_http(kind, headers, letter.payload, now=now, currency=settings.currency)
        event = answer[0][0]
    return event if isinstance(event, Event) else None


async def _send(
    good: Sequence[tuple[DeadLetter, Event]], door: Door, producer: Producer | None, now: datetime
) -> None:
    over_kafka = [letter for letter, _ in good if producer and "key" in letter.headers]
    if producer and over_kafka:
        await producer.relay([unpack(letter) for letter in over_kafka])
    rest = [event for letter, event in good if not producer or "key" not in letter.headers]
    if rest:
        await door.take(rest, now=now)


async def _mark(database: Database, ids: list[int], now: datetime) -> None:
    if ids:
        async with database.writing() as writing:
            await writing.run(
                "UPDATE dead_letters SET replayed_at = $2 WHERE id = ANY($1::bigint[])", ids, now
            )
