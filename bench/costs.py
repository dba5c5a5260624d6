"""What each part of the work costs: by type of event, by what is worked out, by index.

    python -m bench.costs [--batch 5000] [--rounds 5]

CPU microseconds an event, of ours and of the PostgreSQL backend, through the door in one process.
A part costs what is saved when it is left out: the same calls go in with each part taken away in
turn, round by round; medians. An index costs what COPY of the legs costs with it alone, less what
it costs without any.
"""

import argparse
import asyncio
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from rich.console import Console
from rich.progress import Progress

from app.cycles import look_seldom
from app.db import Database
from app.embedded import running
from app.facts.rows import Leg
from app.ingest import Door
from app.migrate import migrate
from app.rollups import Movement
from app.settings import read
from bench.door import Cost, Meter, take
from bench.ingest import fresh
from bench.load import calls
from bench.mixed import MAKERS, Floor, as_event

BEFORE = 40_000  # events that are there already
INDEXES = {
    "primary key (call_id, agent)": "ADD PRIMARY KEY (call_id, agent)",
    "what a pair did (party, rep_id, started_at, marks)": (
        "(party, rep_id, started_at) INCLUDE (marks) WHERE party IS NOT NULL"
    ),
    "a rep's day (rep_id, day)": "(rep_id, day)",
}


def median(costs: Sequence[Cost]) -> Cost:
    """The median of each of the two."""
    return Cost(*(statistics.median(each) for each in zip(*costs, strict=True)))


async def _nothing(*_: object) -> tuple[()]:
    return ()


async def _no_histories(*_: object) -> dict[str, None]:
    return {}


async def _no_one(*_: object) -> None:
    return None


# What is put in the place of a part, by where it is called.
PARTS: dict[str, dict[str, Callable[..., Any]]] = {
    "what comes twice (deliveries)": {"app.ingest._delivered_before": _nothing},
    "look-backs: repeats, new customers, calls in vain": {
        "app.batch.plain._before": _no_histories,
        "app.batch.plain._look_back": _no_one,
    },
    "sums of days and months": {"app.batch.derive.movement_of": lambda *_: Movement()},
}


@contextmanager
def without(part: str | None) -> Iterator[None]:
    """Leave a part of the work out."""
    patches = [patch(place, to) for place, to in PARTS.get(part or "", {}).items()]
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in patches:
            each.stop()


def of_kind(kind: str, count: int) -> list[bytes]:
    """So many events of one type, on a floor that has had calls and orders."""
    floor = Floor(datetime.now(UTC) - timedelta(hours=20), seed=17)
    before = [as_event(floor, k, MAKERS[k](floor), f"{k}-{n}") for k in ("call.ended",
              "order.recorded") for n in range(count)]  # fmt: skip
    found = []
    for number in range(count):
        floor.number = number
        floor.moment += timedelta(milliseconds=50)
        found.append(as_event(floor, kind, MAKERS[kind](floor), f"{kind}-its-{number}"))
    return before + found


async def door_of(dsn: str) -> tuple[Database, Door, Meter]:
    """A fresh database with its door, and a meter of both."""
    database = Database(await fresh(dsn), pool=1)
    async with database.writing() as session:
        backend = await session.value("SELECT pg_backend_pid()")
    return database, Door(database, read({}, secret="bench")), Meter(backend)


async def by_kind(dsn: str, batch: int, told: Callable[[], None]) -> dict[str, Cost]:
    """What an event of each type costs."""
    costs = {}
    for kind in MAKERS:
        database, door, meter = await door_of(dsn)
        load = of_kind(kind, batch)
        await take(door, load[:-batch], batch)
        costs[kind] = await meter.of(take(door, load[-batch:], batch), batch)
        await database.close()
        told()
    return costs


async def by_part(
    dsn: str, batch: int, rounds: int, told: Callable[[], None]
) -> dict[str | None, Cost]:
    """What a call costs altogether, by None, and without each part."""
    found: dict[str | None, list[Cost]] = {part: [] for part in (None, *PARTS)}
    load = list(calls(BEFORE + batch * 2, start=datetime.now(UTC) - timedelta(hours=20)))
    for _ in range(rounds):
        for part, costs in found.items():
            database, door, meter = await door_of(dsn)
            with without(part):
                await take(door, load[:BEFORE], batch)
                costs.append(await meter.of(take(door, load[BEFORE:], batch), batch * 2))
            await database.close()
            told()
    return {part: median(costs) for part, costs in found.items()}


async def by_index(
    dsn: str, batch: int, rounds: int, told: Callable[[], None]
) -> dict[str | None, float]:
    """What COPY of a leg costs PostgreSQL without any index, by None, and with each alone."""
    database, door, meter = await door_of(dsn)
    await take(door, list(calls(BEFORE, start=datetime.now(UTC) - timedelta(hours=20))), batch)
    columns = list(Leg.__struct_fields__)
    async with database.writing() as session:
        rows = [tuple(r) for r in await session.fetch(f"SELECT {', '.join(columns)} FROM legs")]
    found: dict[str | None, list[float]] = {name: [] for name in (None, *INDEXES)}
    for _ in range(rounds):
        for name, costs in found.items():
            async with database.writing() as session:
                await session.run("CREATE TABLE bare (LIKE legs)")
                if name is not None:
                    made = INDEXES[name]
                    await session.run(
                        f"ALTER TABLE bare {made}"
                        if made.startswith("ADD")
                        else f"CREATE INDEX ON bare {made}"
                    )
                spent = [
                    await meter.of(session.copy("bare", columns, rows[at : at + batch]), batch)
                    for at in range(0, len(rows), batch)
                ]
                costs.append(statistics.median(cost.theirs for cost in spent))
                await session.run("DROP TABLE bare")
            told()
    await database.close()
    return {name: statistics.median(costs) for name, costs in found.items()}


async def main(batch: int, rounds: int) -> None:
    """Measure and print the three tables."""
    steps = len(MAKERS) + rounds * (len(PARTS) + len(INDEXES) + 2)
    with (
        tempfile.TemporaryDirectory(prefix="ringside-bench-") as folder,
        Progress(console=Console(stderr=True)) as progress,
    ):
        bar = progress.add_task("costs", total=steps)
        async with running(Path(folder)) as dsn:
            await asyncio.to_thread(migrate, dsn)
            kinds = await by_kind(dsn, batch, lambda: progress.advance(bar))
            parts = await by_part(dsn, batch, rounds, lambda: progress.advance(bar))
            indexes = await by_index(dsn, batch, rounds, lambda: progress.advance(bar))
    print(f"CPU µs an event, ours + PostgreSQL's; batches of {batch:,}, medians of {rounds}")
    for kind, cost in kinds.items():
        _line(kind, cost)
    whole = parts.pop(None)
    _line("a call, in order", whole)
    for part, cost in parts.items():
        _line(f"  of it {part}", Cost(whole.ours - cost.ours, whole.theirs - cost.theirs))
    bare = indexes.pop(None)
    print(f"COPY of a leg without an index {bare:39.1f}")
    for name, spent in indexes.items():
        print(f"  {name:60}  + {spent - bare:5.1f}")


def _line(what: str, cost: Cost) -> None:
    print(f"{what:60} {cost.ours:6.1f} + {cost.theirs:5.1f}")


if __name__ == "__main__":
    look_seldom()  # as the consumer does
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    asyncio.run(main(given.batch, given.rounds))
