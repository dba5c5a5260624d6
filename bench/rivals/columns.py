"""chDB: ClickHouse within the process, batches into a ReplacingMergeTree, figures by a query.

    python columns.py BOOTSTRAP TOPIC FOLDER EVENTS

The days are written to FOLDER/days.json, since no other process can read the engine's tables.
"""

import asyncio
import json
import sys
import time
from datetime import datetime
from pathlib import Path

import msgspec
import pyarrow as pa
from aiokafka import AIOKafkaConsumer
from chdb.session import Session

bootstrap, topic, folder, events = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
BATCH = 5_000


class Call(msgspec.Struct):
    call_id: str
    rep_id: str
    direction: str
    outcome: str
    started_at: datetime
    ended_at: datetime
    talk_seconds: int | None = None
    revision: int = 0


class Message(msgspec.Struct):
    id: str
    data: Call


DAYS = """
    SELECT c.rep_id AS rep_id, toString(c.day) AS day, count() AS calls,
    countIf(c.outcome = 'connected' AND c.talk >= 90) AS conversations, sum(c.talk) AS talk
    FROM bench.calls AS c FINAL GROUP BY 1, 2
"""


async def main() -> None:
    engine = Session(f"{folder}/chdb")
    engine.query("CREATE DATABASE bench ENGINE = Atomic")
    engine.query(
        "CREATE TABLE bench.calls (call_id String, rep_id String, day Date, outcome String, "
        "talk Int32, revision UInt64) ENGINE = ReplacingMergeTree(revision) "
        "ORDER BY (rep_id, call_id)"
    )
    decode = msgspec.json.Decoder(Message).decode
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    seen, began = 0, 0.0
    while seen < events:
        polled = await consumer.getmany(timeout_ms=500, max_records=BATCH)
        began = began or time.perf_counter()
        rows = []
        for records in polled.values():
            for record in records:
                seen += 1
                try:
                    call = decode(record.value or b"").data
                except msgspec.MsgspecError:
                    continue
                taken = call.direction == "outbound" or call.outcome == "connected"
                if taken and call.started_at.tzinfo:
                    rows.append(call)
        calls = pa.table({
            "call_id": [c.call_id for c in rows], "rep_id": [c.rep_id for c in rows],
            "day": [c.started_at.date() for c in rows], "outcome": [c.outcome for c in rows],
            "talk": pa.array([c.talk_seconds or 0 for c in rows], pa.int32()),
            "revision": pa.array([c.revision for c in rows], pa.uint64()),
        })  # fmt: skip
        globals()["arriving"] = calls
        engine.query("INSERT INTO bench.calls SELECT * FROM Python(arriving)")
    seconds = time.perf_counter() - began
    asked = time.perf_counter()
    days = engine.query(DAYS, "JSON").bytes()
    print(
        json.dumps({"events": seen, "seconds": seconds, "query": time.perf_counter() - asked}),
        flush=True,
    )
    Path(folder, "days.json").write_bytes(days)
    await consumer.stop()


asyncio.run(main())
