"""The usual hand-written service: FastStream takes a message, SQLAlchemy inserts the call and
upserts the rep's day, one commit for each message.

    python by_hand.py BOOTSTRAP TOPIC DSN EVENTS
"""

import asyncio
import json
import sys
import time
from datetime import UTC
from typing import Annotated

from faststream import FastStream
from faststream.kafka import KafkaBroker
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import BigInteger, Column, Date, Integer, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import create_async_engine

bootstrap, topic, dsn, events = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])

metadata = MetaData()
calls = Table(
    "hand_calls", metadata,
    Column("call_id", Text, primary_key=True), Column("rep_id", Text, primary_key=True),
    Column("day", Date), Column("talk", Integer),
)  # fmt: skip
days = Table(
    "hand_days", metadata,
    Column("rep_id", Text, primary_key=True), Column("day", Date, primary_key=True),
    Column("calls", BigInteger), Column("conversations", BigInteger), Column("talk", BigInteger),
)  # fmt: skip
engine = create_async_engine(dsn.replace("postgresql://", "postgresql+asyncpg://"))
broker = KafkaBroker(bootstrap)
app = FastStream(broker)


class Call(BaseModel):
    call_id: str
    rep_id: str
    direction: str
    outcome: str
    started_at: AwareDatetime
    ended_at: AwareDatetime
    talk_seconds: Annotated[int, Field(ge=0)] | None = None


class Message(BaseModel):
    id: str
    data: Call


seen = 0
began = 0.0


@broker.subscriber(topic, group_id=f"hand-{time.time()}", auto_offset_reset="earliest")
async def on_call(body: bytes) -> None:
    global seen, began
    began = began or time.perf_counter()
    seen += 1
    try:
        await keep(Message.model_validate_json(body).data)
    except ValueError:
        pass  # logged and dropped, as such services do
    if seen == events:
        print(json.dumps({"events": seen, "seconds": time.perf_counter() - began}), flush=True)
        app.exit()


async def keep(call: Call) -> None:
    day, talk = call.started_at.astimezone(UTC).date(), call.talk_seconds or 0
    row = {"call_id": call.call_id, "rep_id": call.rep_id, "day": day, "talk": talk}
    spoken = int(call.outcome == "connected" and talk >= 90)
    async with engine.begin() as connection:
        new = await connection.execute(
            upsert(calls).values(row).on_conflict_do_nothing().returning(calls.c.call_id)
        )
        taken = call.direction == "outbound" or call.outcome == "connected"
        if new.first() is None or not taken:
            return
        sums = upsert(days).values(
            rep_id=call.rep_id, day=day, calls=1, conversations=spoken, talk=talk
        )
        more = {
            name: days.c[name] + sums.excluded[name] for name in ("calls", "conversations", "talk")
        }
        await connection.execute(
            sums.on_conflict_do_update(index_elements=["rep_id", "day"], set_=more)
        )


async def main() -> None:
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await app.run()


asyncio.run(main())
