"""A record that the Kafka client cannot hand over ends the consumer, naming the record."""

import asyncio
import struct

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.record.util import calc_crc32c

from app.db import Database
from app.producer import connection, create_topics
from consumers.unreadable import Unreadable
from tests.consumers.floor import call, member, produce, settings, structured, taken


async def produce_bad_header(options: dict[str, object], topic: str) -> None:
    """A record whose header is named ff fe: our client would not write it, others do."""
    producer = AIOKafkaProducer(**options)
    await producer.start()
    try:
        batch = producer.create_batch()
        batch.append(timestamp=None, key=b"k", value=b"v", headers=[("QQ", b"")])
        batch.close()
        raw = bytearray(batch._builder.build())
        at = raw.index(b"QQ")
        raw[at : at + 2] = b"\xff\xfe"
        raw[17:21] = struct.pack(">I", calc_crc32c(bytes(raw[21:])))
        batch._build = lambda: raw
        batch._buffer = raw
        await (await producer.send_batch(batch, topic, partition=0))
    finally:
        await producer.stop()


async def test_it_is_named_and_nothing_is_skipped(
    database: Database, bootstrap: str, prefix: str
) -> None:
    chosen = settings(bootstrap, prefix, topic_partitions=1)
    await create_topics(chosen)
    await produce(chosen, [structured(f"{prefix}.calls", b"r1", call(n)) for n in range(3)])
    await produce_bad_header(connection(chosen), f"{prefix}.calls")
    with pytest.raises(Unreadable, match=r"calls\[0\] offset 3: the name of a header is no UTF-8"):
        async with member(chosen, database) as running:
            await asyncio.wait_for(running, 20)
    assert await taken(database) <= 3
