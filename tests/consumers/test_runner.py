"""A consumer against a real Kafka and PostgreSQL: what it takes, and what it leaves behind."""

import asyncio
from datetime import UTC, datetime

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete

from app.db import Database
from app.producer import connection, create_topics
from app.settings import Settings
from consumers.positions import LostOffsets
from tests.consumers.floor import (
    call,
    floor,
    member,
    produce,
    records,
    settings,
    structured,
    taken,
    undisturbed,
    until_taken,
)
from tests.digest import digests


async def places(database: Database) -> dict[tuple[str, int], tuple[int, datetime | None]]:
    async with database.reading() as reading:
        rows = await reading.fetch("SELECT topic, partition, next, complete_to FROM offsets")
    return {(r["topic"], r["partition"]): (r["next"], r["complete_to"]) for r in rows}


async def ends(chosen: Settings) -> dict[tuple[str, int], int]:
    """The end of every partition, and what Kafka itself believes was consumed."""
    client = AIOKafkaConsumer(**connection(chosen))
    await client.start()
    try:
        tps = [
            TopicPartition(f"{chosen.topic_prefix}.{topic}", n)
            for topic in ("calls", "talk-time", "conversations", "orders", "directory")
            for n in range(chosen.topic_partitions)
        ]
        found = await client.end_offsets(tps)
    finally:
        await client.stop()
    return {(tp.topic, tp.partition): offset for tp, offset in found.items()}


async def test_two_consumers_equal_the_door(
    database: Database, bootstrap: str, prefix: str
) -> None:
    chosen = settings(bootstrap, prefix, batch_events=300)
    made = records(prefix, floor(900))
    expected = await undisturbed(database, chosen, made)
    await produce(chosen, made[: len(made) // 2])
    async with member(chosen, database) as one, member(chosen, database) as two:
        await produce(chosen, made[len(made) // 2 :])
        await until_taken(database, len(made), one, two)
    assert await digests(database) == expected
    stored = {place: offset for place, (offset, _) in (await places(database)).items()}
    assert stored == await ends(chosen)


async def test_an_idle_consumer_keeps_saying_how_far_it_is_complete(
    database: Database, bootstrap: str, prefix: str
) -> None:
    chosen = settings(bootstrap, prefix)
    await create_topics(chosen)
    started = datetime.now(UTC)
    async with member(chosen, database):
        async with asyncio.timeout(15):
            while len(await places(database)) < 20:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        await asyncio.sleep(2.2)
        first = await places(database)
        await asyncio.sleep(2.2)
        second = await places(database)
    assert {offset for offset, _ in second.values()} == {0}
    for place, (_, complete) in first.items():
        later = second[place][1]
        assert complete is not None
        assert later is not None
        assert started < complete < later <= datetime.now(UTC)


async def test_a_restart_goes_on_from_postgresql_not_from_kafka(
    database: Database, bootstrap: str, prefix: str
) -> None:
    chosen = settings(bootstrap, prefix)
    made = records(prefix, [call(n) for n in range(200)])
    await produce(chosen, made[:120])
    async with member(chosen, database) as running:
        await until_taken(database, 120, running)
    await produce(chosen, made[120:])
    client = AIOKafkaConsumer(**connection(chosen), group_id=chosen.consumer_group)
    await client.start()
    client.assign([TopicPartition(*place) for place in await places(database)])
    # Kafka's own copy is only advisory: even a wrong one misleads nobody.
    await client.commit({TopicPartition(*place): 0 for place in await places(database)})
    await client.stop()
    async with member(chosen, database) as running:
        await until_taken(database, 200, running)
        await asyncio.sleep(1)
        assert await taken(database) == 200


async def test_marks_of_transactions_are_no_lag(
    database: Database, bootstrap: str, prefix: str
) -> None:
    chosen = settings(bootstrap, prefix)
    await create_topics(chosen)
    record = structured(f"{prefix}.calls", b"r1", call(1))
    producer = AIOKafkaProducer(**connection(chosen), transactional_id=prefix)
    await producer.start()
    try:
        async with producer.transaction():
            await producer.send_and_wait(
                record.topic, record.value, record.key, headers=list(record.headers)
            )
        await producer.begin_transaction()
        await producer.send_and_wait(record.topic, b"an aborted one is never read", record.key)
        await producer.abort_transaction()
    finally:
        await producer.stop()
    async with member(chosen, database) as running:
        await until_taken(database, 1, running)
        async with asyncio.timeout(10):
            while {k: v for k, (v, _) in (await places(database)).items()} != await ends(chosen):  # noqa: ASYNC110
                await asyncio.sleep(0.2)
    assert await taken(database) == 1


async def test_records_deleted_before_they_were_read_are_loud(
    database: Database, bootstrap: str, prefix: str
) -> None:
    chosen = settings(bootstrap, prefix, topic_partitions=1)
    made = [structured(f"{prefix}.calls", b"r1", call(n)) for n in range(30)]
    await produce(chosen, made[:10])
    async with member(chosen, database) as running:
        await until_taken(database, 10, running)
    await produce(chosen, made[10:])
    admin = AIOKafkaAdminClient(**connection(chosen))
    await admin.start()
    await admin.delete_records({TopicPartition(f"{prefix}.calls", 0): RecordsToDelete(25)})
    await admin.close()
    with pytest.raises(LostOffsets, match=r"the next record to read is 10, but the log holds 25"):
        async with member(chosen, database) as running:
            await asyncio.wait_for(running, 20)
    assert await taken(database) == 10
    async with member(settings(bootstrap, prefix, topic_partitions=1, accept_loss=True), database):
        await until_taken(database, 15)
