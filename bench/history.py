"""Events a second of `ringside import`: a file of new calls, of closed days, and of all types.

    python -m bench.history [--events 100000]

NDJSON, as `ringside import` takes it in, batches of 20,000, without the start of the process.
"""

import argparse
import asyncio
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.cycles import look_seldom
from app.db import Database
from app.embedded import running
from app.event_file import EventFile
from app.history import take_file
from app.ingest import Door
from app.migrate import migrate
from app.settings import read
from bench.ingest import fresh
from bench.load import calls
from bench.mixed import mixed


def clock() -> datetime:
    """Now, UTC."""
    return datetime.now(UTC)


async def imported(dsn: str, path: Path) -> tuple[float, float]:
    """Events a second and CPU of ours, µs an event, of a file into a fresh database."""
    database = Database(dsn, pool=1)
    settings = read({}, secret="bench")
    door = Door(database, settings)
    started, spent = time.perf_counter(), time.process_time()
    with EventFile(path, {}) as file:
        done = await take_file(file, door, settings, clock=clock, progress=lambda *_: None)
    seconds, spent = time.perf_counter() - started, time.process_time() - spent
    await database.close()
    return done.read / seconds, spent / done.read * 1e6


async def main(count: int) -> None:
    """Import each file and print the table."""
    today, long_ago = clock() - timedelta(hours=20), clock() - timedelta(days=400)
    loads = {
        "new calls": calls(count, start=today),
        "calls of 400 days ago": calls(count, start=long_ago),
        "events of all types": mixed(count, start=today),
    }
    with tempfile.TemporaryDirectory(prefix="ringside-bench-") as folder:
        async with running(Path(folder) / "pg") as dsn:
            await asyncio.to_thread(migrate, dsn)
            for name, load in loads.items():
                path = Path(folder) / "events.ndjson"
                path.write_bytes(b"\n".join(load))
                rate, micros = await imported(await fresh(dsn), path)
                print(f"{name:24}{rate:8,.0f} events/s   {micros:5.1f} µs of ours an event")


if __name__ == "__main__":
    look_seldom()  # as the import does
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    given = parser.parse_args()
    asyncio.run(main(given.events))
