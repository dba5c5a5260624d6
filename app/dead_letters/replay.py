"""The second chance: dead letters sent to where they came from again, as they came.

Each counts once however often this runs, also twice at a time and also if it dies anywhere: a
letter is held while it is sent and marked in the same transaction, and were the mark lost, the
`(source, id)` of its events makes them duplicates.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from app.db import Database, Reading
from app.dead_letters.kept import PAGE, Choice, locked, mark_replayed, settled, waiting
from app.dead_letters.letter import DeadLetter, over_kafka, read_again, unpack
from app.events.refusals import Refusal
from app.events.types import Event
from app.feeds.feed import ReadAgain
from app.ingest import Door
from app.producer import Producer
from app.rereads.notes import keep_notes
from app.settings import Settings

# What is held in memory and in a transaction at a time.
MOST_BYTES = 8 << 20

Progress = Callable[[int], None]


class Replayed(msgspec.Struct):
    """What a replay did: `sent` and `ignored` (they mean nothing, by today's rules) are marked,
    `refused` would be refused again and wait on, `already` were replayed or discarded before.

    `last` is the id of the last one looked at where there are more, else None.
    """

    sent: int = 0
    ignored: int = 0
    refused: int = 0
    already: int = 0
    last: int | None = None


async def replay(
    database: Database,
    settings: Settings,
    choice: Choice,
    *,
    door: Door,
    producer: Producer | None,
    now: datetime,
    after: int = 0,
    most: int | None = None,
    progress: Progress = lambda _: None,
) -> Replayed:
    """Replay the chosen ones that wait, with an id over `after`, at most `most` of them.

    What came over Kafka goes to its topic if there is a `producer`; everything else goes through
    the door. Raises `Unavailable`; run it again then. `progress` hears of each lot's size.
    """
    done = Replayed()
    async with database.reading() as reading:
        done.already = await settled(reading, choice)
    left = most
    while True:
        async with database.reading() as reading:
            ids = await _lot(reading, choice, after, left)
        if not ids:
            return done
        await _replay(database, settings, ids, door, producer, now, done)
        after = ids[-1]
        progress(len(ids))
        if left is not None:
            left -= len(ids)
            if left <= 0:
                async with database.reading() as reading:
                    more = await waiting(reading, choice, after=after, limit=1)
                done.last = after if more else None
                return done


async def _lot(reading: Reading, choice: Choice, after: int, left: int | None) -> list[int]:
    """The next ids, as many as may be held at a time: at least one, if there is one."""
    limit = PAGE if left is None else min(PAGE, left)
    ids: list[int] = []
    size = 0
    for number, length in await waiting(reading, choice, after=after, limit=limit):
        if ids and size + length > MOST_BYTES:
            break
        ids.append(number)
        size += length
    return ids


async def _replay(
    database: Database,
    settings: Settings,
    ids: list[int],
    door: Door,
    producer: Producer | None,
    now: datetime,
    done: Replayed,
) -> None:
    async with database.writing() as writing:
        letters = await locked(writing, ids)
        done.already += len(ids) - len(letters)
        read = [(letter, read_again(letter, settings, now)) for letter in letters]
        good = [(letter, events) for letter, events in read if not isinstance(events, Refusal)]
        await _send(database, good, door, producer, now)
        await mark_replayed(writing, [letter.id for letter, _ in good], now)
    done.refused += len(letters) - len(good)
    done.sent += sum(1 for _, events in good if events)
    done.ignored += sum(1 for _, events in good if not events)


async def _send(
    database: Database,
    good: Sequence[tuple[DeadLetter, list[Event | ReadAgain]]],
    door: Door,
    producer: Producer | None,
    now: datetime,
) -> None:
    records = [unpack(letter) for letter, _ in good if producer and over_kafka(letter)]
    if producer and records:
        await producer.relay(records)
    rest = [one for letter, came in good if not (producer and over_kafka(letter)) for one in came]
    await keep_notes(database, [one for one in rest if isinstance(one, ReadAgain)], now)
    events = [one for one in rest if isinstance(one, Event)]
    if events:
        await door.take(events, now=now)
