"""Reads again what vendors say has changed, in the background of a process that serves the API.

Any number of processes may do so at once. A reading counts once its events are durable; only then
does its note go, so a process that dies in between costs a second reading and nothing else.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

from app import metrics
from app.beside import ended
from app.db import Database
from app.errors import RingsideError, Unavailable
from app.events.refusals import Refusal
from app.events.types import Event
from app.feeds import hubspot as feed
from app.feeds.feed import Feed, Hook, Ignored, read_hook
from app.rereads import notes
from app.rereads.hubspot import MOST_OBJECTS, HubSpot, Readings, Refused
from app.rereads.notes import Pending
from app.settings import Settings

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0
STOP_SECONDS = 5.0
FIRST_PAUSE = 5.0
LONGEST_PAUSE = 3600.0
HEADERS = {"content-type": "application/json"}  # of what HubSpot answers with

Clock = Callable[[], datetime]
Deliver = Callable[[Feed, Hook, list[tuple[Event | Refusal, bytes]]], Awaitable[object]]


class Drain:
    """Takes notes, reads what they name, delivers what that comes to."""

    def __init__(
        self, database: Database, settings: Settings, hubspot: HubSpot, deliver: Deliver,
        clock: Clock,
    ) -> None:  # fmt: skip
        self._database = database
        self._settings = settings
        self._hubspot = hubspot
        self._deliver = deliver
        self._clock = clock

    async def turn(self) -> float:
        """One batch, if there is any; how many seconds to rest. Raises `Unavailable` where
        nothing can be kept: the batch is then taken again when its lease is over."""
        now = self._clock()
        async with self._database.writing() as writing:
            taken = await notes.take(writing, feed.FEED.name, now, MOST_OBJECTS)
        if not taken:
            return POLL_SECONDS
        try:
            await self._read(taken)
        except Unavailable as error:
            return await self._put_off(taken, error)
        except Refused as error:
            return await self._apart(taken, error)
        return 0

    async def _apart(self, taken: Sequence[Pending], error: Refused) -> float:
        """One object that HubSpot will not give must not hold up those beside it."""
        if len(taken) == 1:
            await self._put_off(taken, error)
            return 0
        for one in taken:
            try:
                await self._read([one])
            except Unavailable as trouble:
                return await self._put_off([one], trouble)
            except Refused as refused:
                await self._put_off([one], refused)
        return 0

    async def _read(self, taken: Sequence[Pending]) -> None:
        readings = await self._hubspot.read(taken, self._clock())
        now = self._clock()
        found = self._translated(readings, now)
        if found:
            await self._deliver(feed.FEED, Hook(HEADERS, b""), found)
        async with self._database.writing() as writing:
            if readings.further:
                await notes.note(writing, readings.further, now)
            await notes.done(writing, taken, now)

    def _translated(self, readings: Readings, now: datetime) -> list[tuple[Event | Refusal, bytes]]:
        found: list[tuple[Event | Refusal, bytes]] = []
        for payload in readings.payloads:
            hook = Hook(HEADERS, payload)
            for one, raw in read_hook(feed.FEED, hook, now=now, settings=self._settings):
                if isinstance(one, Event | Refusal):
                    found.append((one, raw))
                elif isinstance(one, Ignored):
                    metrics.EVENTS.labels(feed.FEED.name, "reading", f"ignored_{one.reason}").inc()
        return found

    async def _put_off(self, unread: Sequence[Pending], error: RingsideError) -> float:
        attempt = max(one.attempt for one in unread)
        pause = float(error.retry_after or min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(attempt, 20)))
        log.warning("%d objects of HubSpot wait %.0f s: %s", len(unread), pause, error.detail)
        async with self._database.writing() as writing:
            await notes.failed(
                writing, unread, error.detail, self._clock() + timedelta(seconds=pause)
            )
        return pause if error.retry_after else POLL_SECONDS


@asynccontextmanager
async def rereading(
    database: Database, settings: Settings, deliver: Deliver, clock: Clock
) -> AsyncIterator[None]:
    """Read again what is noted, for as long as the block runs; without a token nothing is."""
    if settings.hubspot_token is None:
        yield
        return
    stopping = asyncio.Event()
    async with HubSpot(settings) as hubspot:
        drain = Drain(database, settings, hubspot, deliver, clock)
        task = asyncio.create_task(_draining(drain, database, stopping))
        try:
            yield
        finally:
            stopping.set()
            await ended([task], within=STOP_SECONDS)


async def _draining(drain: Drain, database: Database, stopping: asyncio.Event) -> None:
    """Turn after turn until `stopping`; trouble is a line in the log, no end."""
    while not stopping.is_set():
        rest = POLL_SECONDS
        try:
            rest = await drain.turn()
            await _measure(database)
        except Unavailable as error:
            log.warning("HubSpot's objects wait: %s", error)
        except Exception:
            log.exception("HubSpot's objects wait")
            rest = FIRST_PAUSE
        if rest:
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), rest)


async def _measure(database: Database) -> None:
    async with database.reading() as reading:
        waiting = {one.source: one.waiting for one in await notes.backlogs(reading)}
    metrics.OBJECT_READS.labels(feed.FEED.name).set(waiting.get(feed.FEED.name, 0))
