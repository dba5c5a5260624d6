"""bytewax: parses and copies calls into a table in batches; figures are a GROUP BY when asked.

python copied.py BOOTSTRAP TOPIC DSN EVENTS
"""

import io
import json
import sys
import time
from datetime import UTC, datetime
from typing import Any

import bytewax.operators as op
import msgspec
import psycopg2
from bytewax.connectors.kafka import KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.testing import run_main

bootstrap, topic, dsn, events = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])


class Call(msgspec.Struct):
    call_id: str
    rep_id: str
    direction: str
    outcome: str
    started_at: datetime
    ended_at: datetime
    talk_seconds: int | None = None


class Message(msgspec.Struct):
    id: str
    data: Call


decode = msgspec.json.Decoder(Message).decode
began = 0.0
seen = 0


def read(message: Any) -> Call | None:
    global began, seen
    began = began or time.perf_counter()
    seen += 1
    try:
        call = decode(message.value).data
    except msgspec.MsgspecError:
        return None
    taken = call.direction == "outbound" or call.outcome == "connected"
    return call if taken and call.started_at.tzinfo is not None else None


class Copy(StatelessSinkPartition):
    def __init__(self) -> None:
        self.connection = psycopg2.connect(dsn)

    def write_batch(self, items: list[Call]) -> None:
        text = "".join(
            f"{c.call_id}\t{c.rep_id}\t{c.started_at.astimezone(UTC).isoformat()}\t"
            f"{c.outcome}\t{c.talk_seconds or 0}\n"
            for c in items
        )
        with self.connection, self.connection.cursor() as cursor:
            cursor.copy_expert("COPY wax_calls FROM STDIN", io.StringIO(text))


class Sink(DynamicSink):
    def build(self, _step: str, _index: int, _count: int) -> Copy:
        return Copy()


with psycopg2.connect(dsn) as connection, connection.cursor() as cursor:
    cursor.execute(
        "CREATE TABLE wax_calls (call_id text, rep_id text, started_at timestamptz, outcome text, "
        "talk int)"
    )
    cursor.execute(
        "CREATE VIEW wax_days AS SELECT rep_id, (started_at AT TIME ZONE 'UTC')::date AS day, "
        "count(*) AS calls, count(*) FILTER (WHERE outcome = 'connected' AND talk >= 90) "
        "AS conversations, sum(talk) AS talk FROM wax_calls GROUP BY 1, 2"
    )
flow = Dataflow("calls")
messages = op.input("in", flow, KafkaSource([bootstrap], [topic], tail=False, batch_size=5_000))
op.output("out", op.filter_map("read", messages, read), Sink())
run_main(flow)
print(json.dumps({"events": seen, "seconds": time.perf_counter() - began}), flush=True)
