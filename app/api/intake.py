"""Many small posts become few batches: what arrives while one batch commits goes into the next.

Each request hears of its own events alone, and only once they are durable.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.errors import Fenced, RingsideError, Unavailable
from app.events.types import Event
from app.ingest import Door, Outcome
from app.offer import Refused

MOST_EVENTS = 5_000
MOST_WAITING = 200


@dataclass(slots=True)
class _Waiting:
    arrivals: Sequence[Event | Refused]
    done: "asyncio.Future[Outcome]"


class Intake:
    """Puts requests' arrivals through the door, several requests in one transaction."""

    def __init__(self, door: Door, clock: Callable[[], datetime]) -> None:
        self._door = door
        self._clock = clock
        self._waiting: list[_Waiting] = []
        self._working: asyncio.Task[None] | None = None

    async def take(self, arrivals: Sequence[Event | Refused]) -> Outcome:
        """Take one request's arrivals in; returns once they are durable.

        Raises `Unavailable` where nothing durable can be promised; then nothing was kept.
        """
        if len(self._waiting) >= MOST_WAITING:
            raise Unavailable("too many requests are waiting to be stored", retry_after=1)
        waiting = _Waiting(arrivals, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work())
        return await waiting.done

    async def _work(self) -> None:
        while self._waiting:
            batch: list[_Waiting] = []
            size = 0
            while self._waiting and (
                not batch or size + len(self._waiting[0].arrivals) <= MOST_EVENTS
            ):
                batch.append(self._waiting.pop(0))
                size += len(batch[-1].arrivals)
            await self._take(batch)

    async def _take(self, batch: list[_Waiting]) -> None:
        arrivals = [arrival for waiting in batch for arrival in waiting.arrivals]
        try:
            outcome = await self._door.take(arrivals, now=self._clock())
        except Exception as error:
            if len(batch) > 1 and not isinstance(error, Unavailable | Fenced):
                # One request's events must not spoil the others': each by itself.
                for waiting in batch:
                    await self._take([waiting])
                return
            for waiting in batch:
                if not waiting.done.done():
                    waiting.done.set_exception(_told(error))
            return
        start = 0
        for waiting in batch:
            end = start + len(waiting.arrivals)
            if not waiting.done.done():
                waiting.done.set_result(_share(outcome, waiting.arrivals, start, end))
            start = end


def _told(error: Exception) -> Exception:
    return error if isinstance(error, RingsideError) else RingsideError(type(error).__name__)


def _share(outcome: Outcome, arrivals: Sequence[Event | Refused], start: int, end: int) -> Outcome:
    """What became of the arrivals at `start`..`end` of a batch."""
    duplicates = [at - start for at in outcome.duplicate_positions if start <= at < end]
    refused = sum(1 for arrival in arrivals if isinstance(arrival, Refused))
    return Outcome(len(arrivals) - refused - len(duplicates), len(duplicates), refused, duplicates)
