"""Ringside beside other ways to the same figures, from one Kafka topic, in one run.

    make rivals        or   python -m bench.rivals --python .venv-rivals/bin/python

Each reads the same troubled stream (see `stream.py`) and keeps calls, conversations and talk of
each rep and day; Ringside keeps all its KPIs. Prints events a second (medians), the ratio to
Ringside, and how many of the days' figures are wrong: speed with wrong figures is not speed.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
from aiokafka import AIOKafkaProducer

from app.embedded import running as postgres_running
from app.embedded_kafka import running as kafka_running
from app.migrate import migrate
from app.producer import create_topics
from app.settings import read
from bench.ingest import fresh, ringside
from bench.rivals.stream import Days, right, troubled

HERE = Path(__file__).parent
HEADERS = [("content-type", b"application/cloudevents+json")]
BATCH = 5_000
# name, script, share of the events it gets (a slow one needs no more), where its days are
RIVALS = (
    ("FastStream + SQLAlchemy, by hand", "by_hand.py", 0.1, "hand_days"),
    ("Quix Streams, windows to PostgreSQL", "windows.py", 0.5, "quix_days"),
    ("bytewax, COPY and a view", "copied.py", 1.0, "wax_days"),
    ("PostgreSQL, view kept by triggers", "triggers.py", 1.0, "ivm_days"),
    ("chDB, ReplacingMergeTree", "columns.py", 1.0, None),
)
OURS = "SELECT rep_id, day, calls, conversations, talk_time FROM rep_days"


def prefix(share: float) -> str:
    """The topics that hold so much of the stream."""
    return f"share-{share}"


async def fill(bootstrap: str, share: float, events: list[dict[str, Any]]) -> None:
    """Put the events on a topic of their own, each rep's on one partition."""
    await create_topics(
        read({"KAFKA_BOOTSTRAP_SERVERS": bootstrap, "RINGSIDE_TOPIC_PREFIX": prefix(share)})
    )
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, linger_ms=20, max_batch_size=1 << 20)
    await producer.start()
    for start in range(0, len(events), 20_000):
        sent = [
            await producer.send(
                f"{prefix(share)}.calls", msgspec.json.encode(event),
                key=event["data"]["rep_id"].encode(), headers=HEADERS,
            )
            for event in events[start : start + 20_000]
        ]  # fmt: skip
        await asyncio.gather(*sent)
    await producer.stop()


async def run(python: str, script: str, *given: str) -> dict[str, Any]:
    """What a rival says it took: `events`, `seconds`, and `query` where figures are a query."""
    process = await asyncio.create_subprocess_exec(
        python, str(HERE / script), *given, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await asyncio.wait_for(process.communicate(), 600)
    if process.returncode:
        raise RuntimeError(f"{script} ended with {process.returncode}")
    (line,) = [line for line in out.decode().splitlines() if line.startswith('{"events"')]
    said: dict[str, Any] = json.loads(line)
    return said


async def days_of(dsn: str, query: str) -> Days:
    """Calls, conversations and talk by rep and day, as a rival kept them."""
    connection = await asyncpg.connect(dsn)
    rows = await connection.fetch(query)
    await connection.close()
    return {(row[0], str(row[1])): (int(row[2]), int(row[3]), int(row[4])) for row in rows}


def wrong(found: Days, truth: Days) -> float:
    """The share of (rep, day) whose figures are not right."""
    keys = found.keys() | truth.keys()
    nothing = (0, 0, 0)
    return sum(found.get(k, nothing) != truth.get(k, nothing) for k in keys) / len(keys)


async def main(python: str, count: int, rounds: int) -> None:
    """Run the rounds and print the table."""
    events = troubled(count, start=datetime.now(UTC) - timedelta(hours=20))
    rates: dict[str, list[float]] = {}
    errors: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="ringside-bench-") as folder:
        async with (
            postgres_running(Path(folder) / "pg") as dsn,
            kafka_running(Path(folder) / "kafka") as bootstrap,
        ):
            await asyncio.to_thread(migrate, dsn)
            for share in {share for _, _, share, _ in RIVALS}:
                await fill(bootstrap, share, events[: int(count * share)])
            for _ in range(rounds):
                database = await fresh(dsn)
                rate, _, _ = await ringside(database, bootstrap, prefix(1.0), count, BATCH, 1)
                rates.setdefault("Ringside", []).append(rate)
                errors["Ringside"] = wrong(await days_of(database, OURS), right(events))
                for name, script, share, table in RIVALS:
                    part = events[: int(count * share)]
                    topic = f"{prefix(share)}.calls"
                    own = tempfile.mkdtemp(dir=folder)
                    where = await fresh(dsn) if table else own
                    said = await run(python, script, bootstrap, topic, where, str(len(part)))
                    rates.setdefault(name, []).append(said["events"] / said["seconds"])
                    errors[name] = wrong(await _days(where, own, table), right(part))
    _print(rates, errors, count, rounds)


async def _days(dsn: str, folder: str, table: str | None) -> Days:
    if table is not None:
        columns = "rep_id, day, calls, conversations, talk"
        return await days_of(dsn, f"SELECT {columns} FROM {table}")
    rows = json.loads(Path(folder, "days.json").read_bytes())["data"]
    return {
        (r["rep_id"], r["day"]): (int(r["calls"]), int(r["conversations"]), int(r["talk"]))
        for r in rows
    }


def _print(
    rates: dict[str, list[float]], errors: dict[str, float], count: int, rounds: int
) -> None:
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, {datetime.now(UTC):%Y-%m-%d}; "
        f"{count:,} events, medians of {rounds}"
    )
    ours = statistics.median(rates["Ringside"])
    print(f"{'':38}{'events/s':>10}{'Ringside is':>13}{'wrong days':>12}")
    for name, own in rates.items():
        rate = statistics.median(own)
        print(f"{name:38}{rate:>10,.0f}{ours / rate:>12.1f}×{errors[name]:>12.1%}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default=".venv-rivals/bin/python")
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    asyncio.run(main(given.python, given.events, given.rounds))
