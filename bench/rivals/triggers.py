"""View maintenance by trigger: batches of calls upserted into one table, whose statement triggers
keep the days' sums, as incremental view maintenance inside PostgreSQL does.

    python triggers.py BOOTSTRAP TOPIC DSN EVENTS
"""

import asyncio
import json
import sys
import time
from datetime import datetime

import asyncpg
import msgspec
from aiokafka import AIOKafkaConsumer

bootstrap, topic, dsn, events = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
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


SUMS = """
    SELECT rep_id, day, {sign}count(*) AS calls,
    {sign}count(*) FILTER (WHERE outcome = 'connected' AND talk >= 90) AS conversations,
    {sign}sum(talk) AS talk FROM {rows} GROUP BY 1, 2
"""
ADD = """
    INSERT INTO ivm_days AS d SELECT rep_id, day, sum(calls), sum(conversations), sum(talk)
    FROM ({rows}) AS moved GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (rep_id, day) DO UPDATE SET calls = d.calls + EXCLUDED.calls,
    conversations = d.conversations + EXCLUDED.conversations, talk = d.talk + EXCLUDED.talk;
"""
SCHEMA = f"""
CREATE TABLE ivm_calls (call_id text, rep_id text, day date, outcome text, talk int,
    revision bigint, PRIMARY KEY (call_id, rep_id));
CREATE TABLE ivm_days (rep_id text, day date, calls bigint, conversations bigint, talk bigint,
    PRIMARY KEY (rep_id, day));
CREATE FUNCTION added() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    {ADD.format(rows=SUMS.format(sign="", rows="fresh"))} RETURN NULL; END $$;
CREATE FUNCTION changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    {
    ADD.format(
        rows=SUMS.format(sign="", rows="fresh") + " UNION ALL " + SUMS.format(sign="-", rows="gone")
    )
} RETURN NULL; END $$;
CREATE TRIGGER on_insert AFTER INSERT ON ivm_calls REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION added();
CREATE TRIGGER on_update AFTER UPDATE ON ivm_calls REFERENCING OLD TABLE AS gone NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION changed();
"""
UPSERT = """
    INSERT INTO ivm_calls AS c SELECT * FROM
    unnest($1::text[], $2::text[], $3::date[], $4::text[], $5::int[], $6::bigint[])
    ON CONFLICT (call_id, rep_id) DO UPDATE SET day = EXCLUDED.day, outcome = EXCLUDED.outcome,
    talk = EXCLUDED.talk, revision = EXCLUDED.revision WHERE c.revision < EXCLUDED.revision
"""


async def main() -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(SCHEMA)
    decode = msgspec.json.Decoder(Message).decode
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    seen, began = 0, 0.0
    while seen < events:
        polled = await consumer.getmany(timeout_ms=500, max_records=BATCH)
        began = began or time.perf_counter()
        newest: dict[tuple[str, str], Call] = {}
        for records in polled.values():
            for record in records:
                seen += 1
                try:
                    call = decode(record.value or b"").data
                except msgspec.MsgspecError:
                    continue
                key = (call.call_id, call.rep_id)
                taken = call.direction == "outbound" or call.outcome == "connected"
                if (
                    taken
                    and call.started_at.tzinfo
                    and (key not in newest or newest[key].revision < call.revision)
                ):
                    newest[key] = call
        rows = list(newest.values())
        await connection.execute(
            UPSERT,
            [c.call_id for c in rows], [c.rep_id for c in rows],
            [c.started_at.date() for c in rows], [c.outcome for c in rows],
            [c.talk_seconds or 0 for c in rows], [c.revision for c in rows],
        )  # fmt: skip
    print(json.dumps({"events": seen, "seconds": time.perf_counter() - began}), flush=True)
    await consumer.stop()
    await connection.close()


asyncio.run(main())
