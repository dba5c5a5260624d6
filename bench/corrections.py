"""What corrections, lateness and closed days cost: the same load plain, troubled, and of long ago.

    python -m bench.corrections [--events 60000] [--rounds 3]

The streams go through the door in batches of 5,000 into a database that holds as many calls
already. The troubled one has 3 % of its calls late by an hour to 20 days, 1 % sent again with
another outcome, 2 % repeated as they are, and comes shuffled within each batch.
"""

import argparse
import asyncio
import json
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from app.db import Database
from app.embedded import running
from app.ingest import Door
from app.migrate import migrate
from app.settings import read
from bench.door import take
from bench.ingest import fresh
from bench.load import calls

BATCH = 5_000
LATE, CORRECTED, REPEATED = 0.03, 0.01, 0.02
LONG_AGO = timedelta(days=400)


def troubled(plain: Sequence[bytes], seed: int = 11) -> list[bytes]:
    """The same calls with late, corrected and repeated ones among them, as many altogether."""
    draw = random.Random(seed)
    out: list[bytes] = []
    for raw in plain:
        chance = draw.random()
        if out and chance < REPEATED:
            out.append(draw.choice(out[-BATCH:]))
        elif out and chance < REPEATED + CORRECTED:
            out.append(_corrected(json.loads(draw.choice(out[-BATCH:])), len(out)))
        elif chance < REPEATED + CORRECTED + LATE:
            out.append(_late(json.loads(raw), timedelta(hours=draw.uniform(1, 480))))
        else:
            out.append(raw)
    for start in range(0, len(out), BATCH):
        part = out[start : start + BATCH]
        draw.shuffle(part)
        out[start : start + BATCH] = part
    return out


def _corrected(event: dict[str, Any], number: int) -> bytes:
    data = event["data"]
    data |= {"outcome": "voicemail", "talk_seconds": None, "revision": number + 1}
    return json.dumps({**event, "id": f"corrected-{number}"}).encode()


def _late(event: dict[str, Any], by: timedelta) -> bytes:
    data = event["data"]
    for field in ("started_at", "answered_at", "ended_at"):
        if data[field] is not None:
            data[field] = (datetime.fromisoformat(data[field]) - by).isoformat()
    return json.dumps(event).encode()


async def micros(dsn: str, before: Sequence[bytes], load: Sequence[bytes]) -> float:
    """Microseconds an event of `load`, into a database that has taken `before`."""
    database = Database(dsn)
    door = Door(database, read({}, secret="bench"))
    assert await take(door, before, BATCH) == len(before)
    async with database.writing() as session:
        await session.run("ANALYZE")
    started = time.perf_counter()
    assert await take(door, load, BATCH) == len(load)
    seconds = time.perf_counter() - started
    await database.close()
    return seconds / len(load) * 1e6


async def main(count: int, rounds: int) -> None:
    """Run the rounds and print the ratio."""
    start = datetime.now(UTC) - timedelta(hours=20)
    before = list(calls(count, start=start - timedelta(hours=2), seed=3))
    plain = list(calls(count, start=start))
    loads = {
        "plain": plain,
        "troubled": troubled(plain),
        "closed": [_late(json.loads(raw), LONG_AGO) for raw in plain],
    }
    times: dict[str, list[float]] = {name: [] for name in loads}
    with tempfile.TemporaryDirectory(prefix="ringside-bench-") as folder:
        async with running(Path(folder)) as dsn:
            await asyncio.to_thread(migrate, dsn)
            for _ in range(rounds):
                for name, load in loads.items():
                    times[name].append(await micros(await fresh(dsn), before, load))
    print(f"medians of {rounds}, {count:,} calls each")
    for name, each in times.items():
        median = statistics.median(each)
        ratio = median / statistics.median(times["plain"])
        print(f"{name:10}{median:6.1f} µs an event   {ratio:.2f} times plain")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    asyncio.run(main(given.events, given.rounds))
