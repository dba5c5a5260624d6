"""How long an event takes from its producer to a figure, and to the page: by Kafka, under load.

    python -m bench.freshness [--rate 5000] [--seconds 20] [--reps 200] [--full]

A real Kafka, one consumer process, one API process, a PostgreSQL of their own. A steady stream of
calls is produced, `--rate` a second; now and then one more, of a rep of its own, whose figure is
asked for over HTTP until it shows the call, while the floor's stream is watched for it too. Prints
medians and 99th percentiles, and the rate that was reached. `--full` is a minute on a floor of
2,000.
"""

import argparse
import asyncio
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiokafka import AIOKafkaProducer

from app import keys
from app.db import Database
from app.embedded import running as postgres_running
from app.embedded_kafka import running as kafka_running
from app.migrate import migrate
from app.producer import create_topics
from app.settings import read
from bench.boards import told
from bench.http import SETTINGS, Client, api
from bench.load import calls

HEADERS = [("content-type", b"application/cloudevents+json")]
PREFIX = "bench"
TOPIC = f"{PREFIX}.calls"
PROBE = "the-probe"
TICK = 0.01  # seconds between two handfuls of events
LOOK = 0.005  # between two looks at the figure
ON_THE_FLOOR = re.compile(rf'data-key="{PROBE}".*?<td[^>]*title="(\d+)"', re.DOTALL)


@asynccontextmanager
async def consuming(dsn: str, bootstrap: str) -> AsyncIterator[None]:
    """A consumer process on the topics."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "consumers", cwd=Path(__file__).parents[1],
        env={**os.environ, **SETTINGS, "DATABASE_URL": dsn, "KAFKA_BOOTSTRAP_SERVERS": bootstrap,
             "RINGSIDE_TOPIC_PREFIX": PREFIX},
    )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


async def announce(database: Database, reps: int) -> str:
    """So many reps in teams of twenty, the probe among them; a key that reads."""
    async with database.writing() as session:
        await session.run(
            "INSERT INTO rep_states (rep_id, effective_from, name, team, time_zone, active, voided,"
            " revision, event_id, source) SELECT r, '2000-01-01', r, 'Team ' || i / 20, 'UTC',"
            " true, false, 0, r, 'bench' FROM unnest($1::text[]) WITH ORDINALITY AS s(r, i)",
            [PROBE, *(f"rep-{i:05d}" for i in range(reps))],
        )
        await session.run("INSERT INTO versions (id, ingest, directory) VALUES (1, 1, 1)")
        token, _ = await keys.create(session, "bench", ["read"], now=datetime.now(UTC))
        return token


async def load(producer: AIOKafkaProducer, events: list[bytes], rate: int) -> float:
    """Produce the events at a steady rate; how many a second it was."""
    begun, sent = time.perf_counter(), 0
    while sent < len(events):
        due = min(len(events), int((time.perf_counter() - begun) * rate) + 1)
        for event in events[sent:due]:
            await producer.send(TOPIC, event, headers=HEADERS)
        sent = due
        await asyncio.sleep(TICK)
    return sent / (time.perf_counter() - begun)


class Page:
    """The floor's stream, read as a browser would; tells since when a count has been on it."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._token = token
        self.seen: dict[int, float] = {}

    async def watch(self) -> None:
        """Read on and on."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 24)
        writer.write(
            b"GET /floor/stream?by=calls HTTP/1.1\r\nHost: bench\r\n"
            + f"Authorization: Bearer {self._token}\r\n\r\n".encode()
        )
        try:
            while line := await reader.readline():
                if line.startswith(b"data: "):
                    self._note(json.loads(line[6:])["html"])
        finally:
            writer.close()

    def _note(self, html: str) -> None:
        found = ON_THE_FLOOR.search(html)
        count = int(found.group(1)) if found else 0
        for each in range(max(self.seen, default=0) + 1, count + 1):
            self.seen[each] = time.perf_counter()


async def probe(
    producer: AIOKafkaProducer, client: Client, events: Iterator[bytes], seconds: float
) -> dict[int, tuple[float, float]]:
    """By the probe's count of calls: when the last was produced, and when the figure showed it."""
    path = f"/v1/reps/{PROBE}/kpis?kpi=calls"

    async def count(at_least: int = 0) -> int:
        while True:
            found = int(json.loads(await client.ask(path))["kpis"]["calls"]["value"])
            if found >= at_least:
                return found
            await asyncio.sleep(LOOK)

    taken: dict[int, tuple[float, float]] = {}
    wanted, ends = await count(), time.perf_counter() + seconds
    while time.perf_counter() < ends:
        wanted += 1
        body = json.loads(next(events))
        body["data"] |= {"rep_id": PROBE, "direction": "outbound"}
        produced = time.perf_counter()
        await producer.send_and_wait(TOPIC, json.dumps(body).encode(), headers=HEADERS)
        await count(wanted)
        taken[wanted] = produced, time.perf_counter()
        # Not in step with the consumer's batches, nor with the page's.
        await asyncio.sleep(0.05 + wanted * 0.037 % 0.2)
    return taken


async def measured(
    producer: AIOKafkaProducer, port: int, token: str, events: list[bytes], rate: int
) -> None:
    """Produce and probe at once; print."""
    client, page = Client(port, token), Page(port, token)
    probes = calls(10_000, start=datetime.now(UTC), seed=8)
    watching = asyncio.create_task(page.watch())
    await probe(producer, client, probes, 1)  # everybody is there, and awake
    reached, taken = await asyncio.gather(
        load(producer, events, rate), probe(producer, client, probes, len(events) / rate)
    )
    await asyncio.sleep(3)  # what is still on its way to the page
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    shown = [page.seen[n] - produced for n, (produced, _) in taken.items() if n in page.seen]
    print(f"{reached:,.0f} events/s of {rate:,} asked for, {len(taken)} probes; ms")
    print(f"produced to figure    {told([at - produced for produced, at in taken.values()])}")
    print(f"produced to the page  {told(shown)}   {len(taken) - len(shown)} not seen", flush=True)


async def main(rate: int, seconds: float, reps: int) -> None:
    """Serve, produce, ask, print."""
    start = datetime.now(UTC) - timedelta(hours=2)
    events = list(calls(int(rate * seconds), start=start, reps=reps))
    with tempfile.TemporaryDirectory(prefix="ringside-bench-") as folder:
        async with (
            postgres_running(Path(folder) / "pg") as dsn,
            kafka_running(Path(folder) / "kafka") as bootstrap,
        ):
            await asyncio.to_thread(migrate, dsn)
            database = Database(dsn, pool=1)
            token = await announce(database, reps)
            given = {"KAFKA_BOOTSTRAP_SERVERS": bootstrap, "RINGSIDE_TOPIC_PREFIX": PREFIX}
            await create_topics(read({**os.environ, **SETTINGS, **given}))
            producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
            await producer.start()
            async with consuming(dsn, bootstrap), api(dsn) as port:
                await measured(producer, port, token, events, rate)
            await producer.stop()
            await database.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=5_000)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--reps", type=int, default=200)
    parser.add_argument("--full", action="store_true", help="a minute on a floor of 2,000")
    given = parser.parse_args()
    if given.full:
        given.seconds, given.reps = 60, 2_000
    asyncio.run(main(given.rate, given.seconds, given.reps))
