"""Plays the simulated floor against a running Ringside: today up to now, then live, with the
thirteen months before it loading alongside. Whatever is sent again is a duplicate, so stopping
and starting anew never changes a figure.
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from app.simulate.envelope import CloudEvent
from app.simulate.money import rates
from app.simulate.post import Post, Tally
from app.simulate.stream import DAY, between, day_events, directory

SEED = 7
HISTORY_DAYS = 396  # thirteen months
# The reps' own todays began at most so long ago, from Sydney's to Denver's.
TODAY_BEGAN = timedelta(hours=26)

Clock = Callable[[], datetime]


@dataclass(slots=True)
class Progress:
    """How far the history is: days in, days there are, and what the door said so far."""

    days: int
    of: int
    tally: Tally = field(default_factory=Tally)


class Ledger:
    """Remembers the days whose history is in, in a small file beside the data; None: in memory.

    Losing it costs time only: the days are then sent again, as duplicates.
    """

    def __init__(self, path: Path | None, seed: int = SEED) -> None:
        self._path, self._seed = path, seed
        self.days: set[date] = set()
        if path is not None and path.exists():
            with suppress(ValueError, KeyError, TypeError):  # half written: begin anew
                kept = json.loads(path.read_text(encoding="utf-8"))
                if kept["seed"] == seed:
                    self.days = {date.fromisoformat(day) for day in kept["days"]}

    def add(self, day: date) -> None:
        """A day is in, wholly."""
        self.days.add(day)
        if self._path is None:
            return
        text = json.dumps({"seed": self._seed, "days": sorted(map(str, self.days))})
        draft = self._path.with_suffix(".new")
        draft.write_text(text, encoding="utf-8")
        draft.replace(self._path)


async def load_today(post: Post, now: datetime, *, seed: int = SEED) -> Tally:
    """Announce everybody, then send the floor's present day up to `now`: about 8,000 events."""
    tally = await post(directory(seed))
    before = [now.astimezone(UTC).date() - back * DAY for back in range(6, 0, -1)]
    tally.add(await post([d.event for day in before for d in rates(seed, day)]))
    today = await asyncio.to_thread(between, seed, now - TODAY_BEGAN, now)
    tally.add(await post([delivery.event for delivery in today]))
    return tally


async def play(
    post: Post,
    clock: Clock,
    *,
    since: datetime,
    seed: int = SEED,
    tick: float = 1.0,
    told: Callable[[Tally], None] | None = None,
) -> None:
    """Post each event as `clock` (aware) passes its moment, from `since` on, until cancelled.

    A clock that jumps (a laptop that slept) is caught up with: nothing is left out.
    """
    while True:
        now = clock()
        due = await asyncio.to_thread(between, seed, since, now)
        if due:
            tally = await post([delivery.event for delivery in due])
            if told is not None:
                told(tally)
        since = max(since, now)
        await asyncio.sleep(tick)


async def load_history(
    post: Post,
    *,
    until: date,
    seed: int = SEED,
    days: int = HISTORY_DAYS,
    ledger: Ledger | None = None,
    busy: float = 0.5,
    progress: Callable[[Progress], None] | None = None,
) -> Progress:
    """Load the `days` UTC days before `until`, the latest weeks first, about a million events.

    `busy` is the share of time spent posting, so that the live floor is not kept waiting.
    Days in the ledger are left out.
    """
    ledger = ledger or Ledger(None, seed)
    state = Progress(0, days)
    for day in in_order(until, days):
        if day not in ledger.days:
            events = await asyncio.to_thread(day_events, seed, day)
            for batch in _batches(events):
                begun = time.monotonic()
                state.tally.add(await post(batch))
                await asyncio.sleep((time.monotonic() - begun) * (1 - busy) / busy)
            ledger.add(day)
        state.days += 1
        if progress is not None:
            progress(state)
    return state


async def demo(
    post: Post,
    clock: Clock,
    *,
    seed: int = SEED,
    ledger: Ledger | None = None,
    ready: Callable[[Tally], None] | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> None:
    """The whole show, until cancelled; `ready` is called when today's board is complete."""
    now = clock()
    tally = await load_today(post, now, seed=seed)
    if ready is not None:
        ready(tally)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(play(post, clock, since=now, seed=seed))
        tasks.create_task(
            load_history(
                post, until=now.astimezone(UTC).date(), seed=seed, ledger=ledger, progress=progress
            )
        )


def in_order(until: date, days: int) -> Iterator[date]:
    """The `days` dates before `until`: weeks from the latest back, each from its first date on."""
    for back in range(0, days, 7):
        week = range(min(back + 7, days), back, -1)
        yield from (until - n * DAY for n in week)


def _batches(events: list[CloudEvent], most: int = 1_000) -> Iterator[list[CloudEvent]]:
    """A day's events rep by rep, so that a batch touches few of them and most only once."""
    by_rep = sorted(events, key=lambda event: str(event["partitionkey"]))
    for first in range(0, len(by_rep), most):
        yield by_rep[first : first + most]
