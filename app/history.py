"""Files of events go through the door, like what comes over HTTP.

Nothing is remembered of a file: where an import broke off, or is run again, what was taken before
counts as duplicate. The next batch is read and decoded while PostgreSQL works on the one in hand.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, cast

from msgspec import Struct, field

from app.errors import Flood
from app.event_file import EventFile, Line
from app.events.decode import decode_structured
from app.events.refusals import Refusal
from app.events.types import Event
from app.ingest import Door
from app.offer import Arrival, Offer, Origin, Refused
from app.settings import Settings

STRUCTURED = '{"content-type": "application/cloudevents+json"}'


class Imported(Struct):
    """What became of a file's events; `refused` by code."""

    read: int = 0
    accepted: int = 0
    duplicates: int = 0
    refused: Counter[str] = field(default_factory=Counter)


async def take_file(
    file: EventFile,
    door: Door,
    settings: Settings,
    *,
    clock: Callable[[], datetime],
    progress: Callable[[Imported, int], None],
) -> Imported:
    """Take a file in, batch by batch; `progress` hears of each, with the bytes read.

    Raises `Flood` when the brake says that too much of a batch is refused: nothing of that batch
    was taken. What was, stays.
    """
    done = Imported()

    def read() -> tuple[Offer, int]:
        lines = islice(file.lines, settings.batch_events)
        now = clock()
        return door.offer(_arrival(line, now, settings.currency) for line in lines), file.done

    reading = asyncio.create_task(asyncio.to_thread(read))
    while True:
        offer, at = await reading
        if not offer:
            return done
        _brake(file.path, offer, settings)
        reading = asyncio.create_task(asyncio.to_thread(read))
        try:
            outcome = await door.take_offer(offer, now=clock())
        except BaseException:
            await asyncio.gather(reading, return_exceptions=True)
            raise
        done.read += len(offer)
        done.accepted += outcome.accepted
        done.duplicates += outcome.duplicates
        done.refused.update(refused.refusal.code for refused in offer.refused)
        progress(done, at)


def _arrival(line: Line, now: datetime, currency: str) -> Arrival:
    number, body, kept = line
    result: Any = body
    if isinstance(body, bytes):
        result = decode_structured(body, now=now, currency=currency)
    if isinstance(result, Refusal):
        return Refused(result, kept, Origin(offset=number, headers=STRUCTURED))
    return cast(Event, result)


def _brake(path: Path, offer: Offer, settings: Settings) -> None:
    refused = offer.refused
    if len(refused) < settings.brake_minimum or (len(refused) <= settings.brake_share * len(offer)):
        return
    first = refused[0]
    raise Flood(
        f"{len(refused)} of {len(offer)} events of a batch cannot be taken, e.g. {path} line "
        f"{first.origin.offset}: {first.refusal.code}: {first.refusal.detail}. Nothing of this "
        "batch was taken. Mend the file, or raise RINGSIDE_BRAKE_SHARE to let them into the dead "
        "letters, and start again"
    )
