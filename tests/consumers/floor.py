"""A small sales floor on the wire, and consumers of it as real processes."""

import asyncio
import json
import os
import random
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from app.db import Database
from app.events.cloudevents import from_kafka
from app.events.types import Event
from app.ingest import Door
from app.producer import Producer, Record
from app.settings import Settings, read
from consumers.runner import Runner
from tests.digest import digests

START = datetime(2026, 11, 2, 14, tzinfo=UTC)
SECRET = "a secret of the tests"
ROOT = Path(__file__).parents[2]


def settings(bootstrap: str, prefix: str, **over: Any) -> Settings:
    """Settings of one test's deployment: its own topics and group, four partitions each."""
    given = {
        "kafka_bootstrap_servers": bootstrap,
        "topic_prefix": prefix,
        "consumer_group": prefix,
        "topic_partitions": 4,
        "secret": SECRET,
    }
    return read({}, **{**given, **over})


def call(number: int, *, rep: str = "r1", second: int | None = None, **over: Any) -> dict[str, Any]:
    """A connected outbound call, on the wire."""
    at = START + timedelta(seconds=number if second is None else second)
    data = {
        "call_id": f"c{number}",
        "rep_id": rep,
        "direction": "outbound",
        "customer": {"phone": f"+1303555{number % 40:04d}"},
        "started_at": at.isoformat(),
        "answered_at": (at + timedelta(seconds=9)).isoformat(),
        "ended_at": (at + timedelta(seconds=9 + 200)).isoformat(),
        "talk_seconds": 60 + number % 140,
        "hold_seconds": number % 7,
        "outcome": "connected",
    }
    return event("call.ended", f"e{number}", {**data, **over})


def event(kind: str, name: str, data: dict[str, Any], source: str = "floor") -> dict[str, Any]:
    """A CloudEvent, structured."""
    return {
        "specversion": "1.0",
        "id": name,
        "source": source,
        "type": f"ringside.{kind}.v1",
        "time": START.isoformat(),
        "data": data,
    }


def floor(calls: int, *, seed: int = 7) -> list[dict[str, Any]]:
    """Calls of eight reps with their talk, dispositions, orders and repeats, in a shuffled order:
    some events twice, some corrected, some withdrawn."""
    chance = random.Random(seed)
    events = [
        event("rep.recorded", f"rep{n}", {
            "rep_id": f"r{n}", "name": f"Rep {n}", "team": "West" if n % 2 else "East",
            "time_zone": "America/Denver",
        })
        for n in range(8)
    ]  # fmt: skip
    for n in range(calls):
        rep = f"r{n % 8}"
        events.append(call(n, rep=rep))
        if n % 5 == 0:
            correction = {"talk_seconds": 30, "revision": 1}
            corrected = call(n, rep=rep)
            corrected["data"].update(correction)
            events.append({**corrected, "id": f"e{n}-corrected"})
        if n % 11 == 0:
            void = {"kind": "call", "key": f"c{n}", "rep_id": rep, "revision": 2}
            events.append(event("record.voided", f"v{n}", void))
        if n % 7 == 0:
            events.append(event("order.recorded", f"o{n}", _order(n, rep)))
    events += chance.sample(events, len(events) // 10)
    chance.shuffle(events)
    return events


def _order(n: int, rep: str) -> dict[str, Any]:
    return {
        "order_id": f"o{n}", "rep_id": rep, "customer": {"phone": f"+1303555{n % 40:04d}"},
        "status": "confirmed", "currency": "USD",
        "placed_at": (START + timedelta(seconds=n + 60)).isoformat(),
        "lines": [{"line_id": "1", "quantity": "2", "unit_price": "10.25", "unit_cost": "4"}],
    }  # fmt: skip


def records(prefix: str, events: Sequence[dict[str, Any]]) -> list[Record]:
    """The events as Kafka records, half of them structured and half binary, over all topics."""
    topics = ("calls", "talk-time", "conversations", "orders", "directory")
    made = []
    for n, one in enumerate(events):
        topic = f"{prefix}.{topics[n % 5]}"  # any topic takes any type
        key = one["data"].get("rep_id", one["id"]).encode()
        made.append(structured(topic, key, one) if n % 2 else binary(topic, key, one))
    return made


def structured(topic: str, key: bytes, one: dict[str, Any]) -> Record:
    """Structured mode: the whole event is the value."""
    kind = (("content-type", b"application/cloudevents+json"),)
    return Record(topic, key, json.dumps(one).encode(), kind)


def binary(topic: str, key: bytes, one: dict[str, Any]) -> Record:
    """Binary mode: the attributes are headers, the value is the data."""
    headers = [(f"ce_{k}", str(v).encode()) for k, v in one.items() if k != "data"]
    kind = ("content-type", b"application/json")
    return Record(topic, key, json.dumps(one["data"]).encode(), (kind, *headers))


async def produce(chosen: Settings, made: Sequence[Record]) -> None:
    """Send records and wait for Kafka to have them."""
    producer = Producer(chosen)
    try:
        for start in range(0, len(made), 2_000):
            await producer.relay(made[start : start + 2_000])
    finally:
        await producer.close()


def dsn(database: Database) -> str:
    """The address of a test's database, for another process."""
    url = database.engine.url.set(drivername="postgresql")
    return url.render_as_string(hide_password=False)


async def spawn(chosen: Settings, database: Database, **environ: str) -> asyncio.subprocess.Process:
    """A consumer as its own process."""
    given = {
        "DATABASE_URL": dsn(database),
        "KAFKA_BOOTSTRAP_SERVERS": str(chosen.kafka_bootstrap_servers),
        "RINGSIDE_TOPIC_PREFIX": chosen.topic_prefix,
        "RINGSIDE_CONSUMER_GROUP": chosen.consumer_group,
        "RINGSIDE_TOPIC_PARTITIONS": str(chosen.topic_partitions),
        "RINGSIDE_BATCH_EVENTS": str(chosen.batch_events),
        "RINGSIDE_SESSION_SECONDS": str(chosen.session_seconds),
        "RINGSIDE_SECRET": SECRET,
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "consumers",
        cwd=ROOT,
        env={**os.environ, **given, **environ},
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


@asynccontextmanager
async def consuming(
    chosen: Settings, database: Database, **environ: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A consumer process for as long as the block runs; killed if it has not ended by then."""
    process = await spawn(chosen, database, **environ)
    draining = asyncio.create_task(_drain(process))
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await draining


async def _drain(process: asyncio.subprocess.Process) -> None:
    assert process.stderr is not None
    async for line in process.stderr:
        sys.stderr.write(f"[consumer {process.pid}] {line.decode(errors='replace')}")


@asynccontextmanager
async def member(chosen: Settings, database: Database) -> AsyncIterator["asyncio.Task[None]"]:
    """A consumer within this process for as long as the block runs; what ends it is raised."""
    runner = Runner(chosen, database)
    running = asyncio.create_task(runner.run())
    try:
        yield running
    finally:
        runner.stop()
        async with asyncio.timeout(30):
            await running


async def taken(database: Database) -> int:
    """Records taken so far: the ledger's `read` over all sources."""
    async with database.reading() as reading:
        return int(await reading.value("SELECT coalesce(sum(read), 0) FROM feeds"))


async def until_taken(
    database: Database, count: int, *members: "asyncio.Task[None]", seconds: float = 40
) -> None:
    """Wait until so many records are taken; if a member ends before that, raise what ended it."""
    async with asyncio.timeout(seconds):
        while (seen := await taken(database)) < count:
            await asyncio.sleep(0.05)
            for ended in (running for running in members if running.done()):
                await ended
    assert seen == count, f"{seen} records were taken of {count}"


async def undisturbed(
    database: Database, chosen: Settings, made: Sequence[Record]
) -> dict[str, str]:
    """The digests of one run of these records through the door, without Kafka; then all is as
    if nothing had been there."""
    now = datetime.now(UTC)
    arrivals = []
    for record in made:
        event = from_kafka(record.headers, record.value, now=now, currency=chosen.currency)
        assert isinstance(event, Event), event
        arrivals.append(event)
    door = Door(database, chosen)
    for start in range(0, len(arrivals), 1_000):
        await door.take(arrivals[start : start + 1_000], now=now)
    found = await digests(database)
    await _wipe(database)
    return found


async def _wipe(database: Database) -> None:
    async with database.writing() as writing:
        tables = await writing.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' "
            "AND tablename NOT IN ('versions', 'alembic_version')"
        )
        await writing.run(f"TRUNCATE {', '.join(row['tablename'] for row in tables)}")
        await writing.run("UPDATE versions SET ingest = 0, directory = directory + 1")
