"""Loads through the door in one process, and what they cost its CPU and that of PostgreSQL."""

import time
from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from app.events.decode import decode_structured
from app.events.types import Event
from app.ingest import Door


class Cost(NamedTuple):
    """CPU microseconds an event: ours, and PostgreSQL's."""

    ours: float
    theirs: float


class Meter:
    """Reads the CPU of this process and of one backend."""

    def __init__(self, backend: int) -> None:
        self._backend = Path(f"/proc/{backend}/schedstat")

    def _now(self) -> tuple[float, float]:
        return time.process_time() * 1e6, int(self._backend.read_text().split()[0]) / 1e3

    async def of(self, work: Awaitable[object], events: int) -> Cost:
        """What `work` costs for each of so many events."""
        ours, theirs = self._now()
        await work
        after = self._now()
        return Cost((after[0] - ours) / events, (after[1] - theirs) / events)


async def take(door: Door, load: Sequence[bytes], batch: int) -> int:
    """Take a load in, batch by batch; what is refused stays outside. How many events are not."""
    taken = 0
    for start in range(0, len(load), batch):
        now = datetime.now(UTC)
        read = [
            decode_structured(raw, now=now, currency="USD") for raw in load[start : start + batch]
        ]
        events = [event for event in read if isinstance(event, Event)]
        await door.take(events, now=now)
        taken += len(events)
    return taken
