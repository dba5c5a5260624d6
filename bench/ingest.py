"""How fast one consumer takes calls from Kafka to committed figures, beside two baselines.

    python -m bench.ingest [--events 100000] [--rounds 3] [--batch 5000] [--load plain|mixed]
                           [--consumers 1]

In every round, on the same PostgreSQL (fsync on): Ringside, one consumer process reading a topic
that is full, or several; (a) bare COPY of the very rows into one table with a primary key, in
batches as large; (b) the usual hand-written service: for each event an insert, an upsert of the
rep's day and a commit. Prints medians, CPU, memory and ratios.
"""

import argparse
import asyncio
import os
import platform
import statistics
import sys
import tempfile
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import psutil
from aiokafka import AIOKafkaProducer

from app.embedded import running as postgres_running
from app.embedded_kafka import running as kafka_running
from app.facts.rows import Leg
from app.migrate import migrate
from app.producer import create_topics
from app.settings import read
from bench.load import calls
from bench.mixed import mixed

TOPIC = "calls"
HEADERS = [("content-type", b"application/cloudevents+json")]
SLOW_EVENTS = 3_000


async def fresh(dsn: str) -> str:
    """A fresh, migrated database on the same server."""
    name = f"bench_{uuid.uuid4().hex[:8]}"
    before, _, template = dsn.rpartition("/")
    connection = await asyncpg.connect(f"{before}/postgres")
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    await connection.execute("CHECKPOINT")
    await connection.close()
    return f"{before}/{name}"


async def fill(bootstrap: str, prefix: str, events: list[bytes]) -> None:
    """Put the events on the topic of calls, over its partitions."""
    await create_topics(
        read({**os.environ, "KAFKA_BOOTSTRAP_SERVERS": bootstrap, "RINGSIDE_TOPIC_PREFIX": prefix})
    )
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, linger_ms=20, max_batch_size=1 << 20)
    await producer.start()
    for start in range(0, len(events), 20_000):
        sent = [
            await producer.send(f"{prefix}.{TOPIC}", event, headers=HEADERS)
            for event in events[start : start + 20_000]
        ]
        await asyncio.gather(*sent)
    await producer.stop()


def cpu_seconds(processes: list[psutil.Process]) -> float:
    """User and system time of these processes and what is left of their children."""
    total = 0.0
    for process in processes:
        with_children = [process]
        with_children += process.children(recursive=True)
        for each in with_children:
            try:
                used = each.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += used.user + used.system
    return total


async def ringside(
    dsn: str, bootstrap: str, prefix: str, count: int, batch: int, consumers: int
) -> tuple[float, float, float]:
    """Events a second, CPU microseconds an event of consumers and PostgreSQL together, and the
    most memory that a consumer took, in megabytes.
    """
    environment = {
        **os.environ,
        "DATABASE_URL": dsn,
        "KAFKA_BOOTSTRAP_SERVERS": bootstrap,
        "RINGSIDE_TOPIC_PREFIX": prefix,
        "RINGSIDE_CONSUMER_GROUP": uuid.uuid4().hex,
        "RINGSIDE_SECRET": "bench",
        "RINGSIDE_BATCH_EVENTS": str(batch),
        "LOG_LEVEL": "WARNING",
    }
    watch = await asyncpg.connect(dsn)
    members = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "consumers", env=environment, cwd=Path(__file__).parents[1]
        )
        for _ in range(consumers)
    ]
    postmaster = psutil.Process(int(await watch.fetchval("SELECT pg_backend_pid()"))).parent()
    assert postmaster is not None
    running = [psutil.Process(member.pid) for member in members]
    processes = [*running, postmaster]
    first: tuple[int, float, float] | None = None
    most = 0
    while True:
        done = await watch.fetchval("SELECT coalesce(sum(read), 0)::bigint FROM feeds")
        if done and first is None:
            first = (done, time.perf_counter(), cpu_seconds(processes))
        if done >= count:
            break
        if any(member.returncode is not None for member in members):
            raise RuntimeError("a consumer ended")
        most = max(most, *(process.memory_info().rss for process in running))
        await asyncio.sleep(0.02)
    assert first is not None
    taken = count - first[0]
    seconds = time.perf_counter() - first[1]
    cpu = cpu_seconds(processes) - first[2]
    for member in members:
        member.terminate()
        await member.wait()
    await watch.close()
    return taken / seconds, cpu / taken * 1e6, most / 2**20


async def bare_copy(dsn: str, batch: int) -> float:
    """Rows a second of COPY into one table with a primary key: the legs that Ringside stored."""
    connection = await asyncpg.connect(dsn)
    columns = list(Leg.__struct_fields__)
    rows = [tuple(r) for r in await connection.fetch(f"SELECT {', '.join(columns)} FROM legs")]
    await connection.execute("CREATE TABLE bare (LIKE legs, PRIMARY KEY (call_id, rep_id))")
    await connection.execute("CHECKPOINT")
    started = time.perf_counter()
    for start in range(0, len(rows), batch):
        await connection.copy_records_to_table(
            "bare", records=rows[start : start + batch], columns=columns
        )
    seconds = time.perf_counter() - started
    await connection.execute("DROP TABLE bare")
    await connection.close()
    return len(rows) / seconds


async def by_hand(dsn: str) -> float:
    """Events a second with one insert, one upsert and one commit for each."""
    connection = await asyncpg.connect(dsn)
    columns = ", ".join(Leg.__struct_fields__)
    rows = [
        tuple(r)
        for r in await connection.fetch(
            f"SELECT {columns} FROM legs WHERE day IS NOT NULL LIMIT {SLOW_EVENTS}"
        )
    ]
    await connection.execute("CREATE TABLE hand (LIKE legs, PRIMARY KEY (call_id, rep_id))")
    await connection.execute("CREATE TABLE hand_days (LIKE rep_days INCLUDING ALL)")
    places = ", ".join(f"${i + 1}" for i in range(len(Leg.__struct_fields__)))
    insert = await connection.prepare(
        f"INSERT INTO hand ({columns}) VALUES ({places}) ON CONFLICT DO NOTHING"
    )
    upsert = await connection.prepare(
        "INSERT INTO hand_days (rep_id, day, calls, talk_time) VALUES ($1, $2, 1, $3) "
        "ON CONFLICT (rep_id, day) DO UPDATE SET calls = hand_days.calls + 1, "
        "talk_time = hand_days.talk_time + EXCLUDED.talk_time"
    )
    at_rep, at_day = (Leg.__struct_fields__.index(name) for name in ("rep_id", "day"))
    at_talk = Leg.__struct_fields__.index("talk")
    started = time.perf_counter()
    for row in rows:
        async with connection.transaction():
            await insert.fetch(*row)
            await upsert.fetch(row[at_rep], row[at_day], row[at_talk] or 0)
    seconds = time.perf_counter() - started
    await connection.execute("DROP TABLE hand, hand_days")
    await connection.close()
    return len(rows) / seconds


async def main(count: int, rounds: int, batch: int, load: str, consumers: int) -> None:
    """Run the rounds and print the table."""
    make = mixed if load == "mixed" else calls
    events = list(make(count, start=datetime.now(UTC) - timedelta(hours=20)))
    ours, cpu, memory, copied, hand = [], [], [], [], []
    with tempfile.TemporaryDirectory(prefix="ringside-bench-") as folder:
        async with (
            postgres_running(Path(folder) / "pg") as dsn,
            kafka_running(Path(folder) / "kafka") as bootstrap,
        ):
            await asyncio.to_thread(migrate, dsn)
            await fill(bootstrap, "bench", events)
            for number in range(rounds):
                database = await fresh(dsn)
                rate, micros, most = await ringside(
                    database, bootstrap, "bench", count, batch, consumers
                )
                ours.append(rate)
                cpu.append(micros)
                memory.append(most)
                copied.append(await bare_copy(database, batch))
                hand.append(await by_hand(database))
                print(
                    f"round {number + 1}: {rate:,.0f}/s, {micros:.1f} µs CPU; "
                    f"COPY {copied[-1]:,.0f}/s; by hand {hand[-1]:,.0f}/s",
                    flush=True,
                )
    mine, a, b = (statistics.median(rates) for rates in (ours, copied, hand))
    print(
        f"\n{platform.processor() or platform.machine()}, {os.cpu_count()} cores, "
        f"{datetime.now(UTC):%Y-%m-%d}; {count:,} events ({load}), batches up to {batch:,}, "
        f"{consumers} consumer{'s' * (consumers > 1)}, medians of {rounds}"
    )
    print(
        f"Ringside, Kafka to committed   {mine:>10,.0f} events/s   "
        f"{statistics.median(cpu):.1f} µs CPU an event (consumer + PostgreSQL), "
        f"{max(memory):.0f} MB a consumer"
    )
    print(f"(a) bare COPY, primary key     {a:>10,.0f} rows/s     Ringside is {mine / a:.2f} of it")
    print(
        f"(b) by hand, a commit each     {b:>10,.0f} events/s   Ringside is {mine / b:.1f} times it"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=5_000)
    parser.add_argument("--consumers", type=int, default=1)
    parser.add_argument("--load", choices=("plain", "mixed"), default="plain")
    given = parser.parse_args()
    asyncio.run(main(given.events, given.rounds, given.batch, given.load, given.consumers))
