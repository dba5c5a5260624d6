"""Quix Streams: a day's tumbling window for each rep, its results upserted into PostgreSQL.

    python windows.py BOOTSTRAP TOPIC DSN EVENTS

Late calls are taken for 30 days, so that none is dropped; nothing tells a repeat or a correction
from a new call.
"""

import json
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from quixstreams import Application
from quixstreams.dataframe.windows.aggregations import Count, Sum
from quixstreams.sinks.community.postgresql import PostgreSQLSink

bootstrap, topic, dsn, events = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
DAY_MS = 86_400_000
began = ended = 0.0
seen = 0


def moment(value: Any, _headers: Any, _timestamp: int, _kind: Any) -> int:
    try:
        return int(datetime.fromisoformat(value["data"]["started_at"]).timestamp() * 1000)
    except (KeyError, TypeError, ValueError):
        return 0


def read(value: dict[str, Any]) -> dict[str, Any] | None:
    global began, ended, seen
    ended = time.perf_counter()
    began = began or ended
    seen += 1
    data = value["data"]
    if datetime.fromisoformat(data["started_at"]).tzinfo is None:
        return None
    if data["direction"] != "outbound" and data["outcome"] != "connected":
        return None
    talk = data.get("talk_seconds") or 0
    spoken = int(data["outcome"] == "connected" and talk >= 90)
    return {"rep_id": data["rep_id"], "talk": talk, "spoken": spoken}


def row(value: dict[str, Any], key: Any, _timestamp: int, _headers: Any) -> dict[str, Any]:
    rep_id = key.decode() if isinstance(key, bytes) else key
    day = datetime.fromtimestamp(value["start"] / 1000, UTC).date().isoformat()
    return {"rep_id": rep_id, "day": day, "calls": value["calls"], "conversations": value["spoken"],
            "talk": value["talk"]}  # fmt: skip


where = urlsplit(dsn)
app = Application(
    broker_address=bootstrap,
    consumer_group=f"quix-{time.time()}",
    auto_offset_reset="earliest",
    commit_interval=1.0,
    loglevel="ERROR",
    state_dir=f"/tmp/quix-{time.time()}",
)
source = app.topic(topic, value_deserializer="json", timestamp_extractor=moment)
sink = PostgreSQLSink(
    host=where.hostname or "", port=where.port or 5432, dbname=where.path.strip("/"),
    user=where.username or "", password=where.password or "", table_name="quix_days",
    primary_key_columns=["rep_id", "day"], upsert_on_primary_key=True,
)  # fmt: skip
frame = app.dataframe(source).apply(read)
frame = frame.filter(lambda value: value is not None)
frame = (
    frame.tumbling_window(timedelta(days=1), grace_ms=30 * DAY_MS)
    .agg(calls=Count(), talk=Sum("talk"), spoken=Sum("spoken"))
    .current()
)
frame.apply(row, metadata=True).sink(sink)
app.run(timeout=5.0)  # until nothing has come for so long; the last flush is a present
assert seen == events, seen
print(json.dumps({"events": seen, "seconds": ended - began}), flush=True)
