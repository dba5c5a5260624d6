"""Refusals: byte for byte into the topic and the table, the rest of the batch lands; the brake."""

import asyncio
import json
import os
import sys

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord

from app.db import Database
from app.errors import Flood
from app.producer import Record, connection
from app.settings import Settings
from tests.consumers.floor import (
    ROOT,
    call,
    consuming,
    member,
    produce,
    settings,
    structured,
    taken,
    until_taken,
)


async def dead_letters(chosen: Settings, count: int) -> list[ConsumerRecord]:
    """What is in the dead-letter topic."""
    client = AIOKafkaConsumer(
        f"{chosen.topic_prefix}.dead-letters",
        **connection(chosen),
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=4 << 20,
    )
    await client.start()
    found: list[ConsumerRecord] = []
    try:
        async with asyncio.timeout(20):
            while len(found) < count:
                for records in (await client.getmany(timeout_ms=500)).values():
                    found += records
        for records in (await client.getmany(timeout_ms=500)).values():
            found += records
    finally:
        await client.stop()
    return found


def bad(prefix: str) -> list[Record]:
    """Records nobody can take, each bad in its own way."""
    topic = f"{prefix}.calls"
    custom = (("trace", b"\x00\xff"), ("code", b"theirs"))
    naive = call(1)
    naive["data"]["started_at"] = "2026-11-02T14:00:00"
    return [
        Record(topic, b"k1", b"\xff\xfe not json \x00", custom),
        Record(topic, None, b"", ()),
        Record(topic, b"k3", None, ()),  # a tombstone
        Record(topic, None, None, ()),  # a tombstone of nothing
        Record(topic, b"k5", b'{"specversion": "1.0"}', ()),
        Record(topic, b"k6", json.dumps(naive).encode(), ()),
        Record(topic, b"k7", b"[" * 100_000, ()),
        Record(topic, b"k8", b'"' + b"x" * (300 << 10) + b'"', ()),
    ]


async def test_refusals_are_kept_byte_for_byte_and_their_neighbours_land(
    database: Database, bootstrap: str, prefix: str
) -> None:
    chosen = settings(bootstrap, prefix)
    poison = bad(prefix)
    good = [structured(f"{prefix}.calls", b"r1", call(n)) for n in range(40)]
    mixed = [record for n, one in enumerate(good) for record in (one, *poison[n : n + 1])]
    await produce(chosen, mixed)
    async with member(chosen, database) as running:
        await until_taken(database, len(mixed), running)
    async with database.reading() as reading:
        assert await reading.value("SELECT count(*) FROM legs") == len(good)
        rows = await reading.fetch("SELECT * FROM dead_letters")
    letters = await dead_letters(chosen, len(poison))

    sent = sorted((r.key or b"", r.value or b"", r.value is None) for r in poison)
    assert sorted((x.key or b"", x.value or b"", x.value is None) for x in letters) == sent
    assert sorted(row["payload"] for row in rows) == sorted(r.value or b"" for r in poison)

    table = {(row["topic"], row["partition"], row["offset"]): row for row in rows}
    for letter in letters:
        why = {name: value.decode() for name, value in letter.headers[-6:]}
        row = table.pop((why["topic"], int(why["partition"]), int(why["offset"])))
        assert list(why) == ["code", "detail", "topic", "partition", "offset", "received_at"]
        assert (why["code"], why["detail"]) == (row["code"], row["detail"])
        assert why["received_at"] == row["received_at"].isoformat()
        own = letter.headers[:-6]
        assert own == ((("trace", b"\x00\xff"), ("code", b"theirs")) if letter.key == b"k1" else ())
    assert not table


async def test_the_brake_stops_before_anything_is_taken(
    database: Database, bootstrap: str, prefix: str
) -> None:
    chosen = settings(bootstrap, prefix, brake_run=30, topic_partitions=1)
    good = [structured(f"{prefix}.calls", b"r1", call(n)) for n in range(5)]
    flood = [Record(f"{prefix}.calls", b"r1", b"nonsense", ())] * 60
    await produce(chosen, good + flood)
    with pytest.raises(
        Flood, match=r"30 records in a row cannot be taken, e\.g\. t\w+\.calls\[0\]"
    ):
        async with member(chosen, database) as running:
            await asyncio.wait_for(running, 20)
    async with database.reading() as reading:
        assert await reading.value("SELECT count(*) FROM dead_letters") == 0
        assert await reading.value("SELECT count(*) FROM legs") == 0
    # A person has looked, and lets them into the dead letters.
    async with member(settings(bootstrap, prefix, brake_run=100), database) as running:
        await until_taken(database, 65, running)
    assert len(await dead_letters(chosen, 60)) == 60


async def test_a_flood_ends_the_process_with_one_clear_line(
    database: Database, bootstrap: str, prefix: str, capfd: pytest.CaptureFixture[str]
) -> None:
    chosen = settings(bootstrap, prefix)
    await produce(chosen, [Record(f"{prefix}.calls", b"r1", b"nonsense", ())] * 50)
    async with consuming(chosen, database, RINGSIDE_BRAKE_MINIMUM="10") as process:
        assert await asyncio.wait_for(process.wait(), 30) == 1
    last = capfd.readouterr().err.strip().splitlines()[-1]
    assert '"level": "CRITICAL"' in last
    assert "Too many events are being refused: 50 of 50 records" in last
    assert await taken(database) == 0


async def test_bad_configuration_is_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "consumers", cwd=ROOT, env={"PATH": os.environ["PATH"]}
    )
    assert await asyncio.wait_for(process.wait(), 20) == 78
    assert "RINGSIDE_SECRET" in capfd.readouterr().err.strip().splitlines()[-1]
