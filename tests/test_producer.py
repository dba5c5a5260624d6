"""The producer for HTTP ingest, against a real Kafka: what arrives, and what it promises."""

import json
import os
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord

from app.embedded_kafka import Broker
from app.errors import BadConfiguration, TooLarge, Unavailable
from app.events.cloudevents import from_http, from_kafka
from app.events.types import Event
from app.producer import MOST_BYTES, Producer, Record, connection, create_topics
from app.settings import Settings, read
from tests.consumers.floor import call, event, settings

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def posted(headers: dict[str, str], body: bytes) -> list[tuple[Event, bytes]]:
    """What the API has in hand after it took a request apart."""
    found = from_http(headers.get("content-type"), headers, body, now=NOW, currency="USD")
    return [(one, raw) for one, raw in found if isinstance(one, Event)]


async def everything(chosen: Settings, topic: str, count: int) -> list[ConsumerRecord]:
    client = AIOKafkaConsumer(
        f"{chosen.topic_prefix}.{topic}", **connection(chosen), auto_offset_reset="earliest"
    )
    await client.start()
    found: list[ConsumerRecord] = []
    try:
        while len(found) < count:
            for records in (await client.getmany(timeout_ms=5_000)).values():
                found += records
    finally:
        await client.stop()
    return found


def again(record: ConsumerRecord) -> Any:
    return from_kafka(record.headers, record.value, now=NOW, currency="USD")


async def test_events_of_a_batch_go_to_their_topics_with_their_own_bytes(
    bootstrap: str, prefix: str
) -> None:
    chosen = settings(bootstrap, prefix)
    acme = event("customer.recorded", "k1", {"customer_id": "acme", "name": "Ä  b", "phones": []})
    body = json.dumps([call(1), acme, call(2, rep="r2")], indent=1).encode()
    headers = {"content-type": "application/cloudevents-batch+json"}
    producer = Producer(chosen)
    events = posted(headers, body)
    await producer.send(events, headers)
    await producer.close()
    calls = await everything(chosen, "calls", 2)
    customers = await everything(chosen, "directory", 1)
    assert {record.key for record in calls} == {b"r1", b"r2"}
    assert [record.key for record in customers] == [b"acme"]
    by_id = {one.id: (one, raw) for one, raw in events}
    for record in calls + customers:
        assert record.headers == (("content-type", b"application/cloudevents+json"),)
        found = again(record)
        assert (found, record.value) == by_id[found.id]


async def test_binary_mode_stays_binary(bootstrap: str, prefix: str) -> None:
    chosen = settings(bootstrap, prefix)
    one = call(1)
    headers = {f"ce-{name}": str(one[name]) for name in ("specversion", "type", "time")}
    headers |= {"ce-id": "%C3%A4%25", "ce-source": "floor", "content-type": "application/json"}
    data = json.dumps(one["data"], indent=2).encode()
    events = posted(headers, data)
    producer = Producer(chosen)
    await producer.send(events, {name.title(): value for name, value in headers.items()})
    await producer.close()
    (record,) = await everything(chosen, "calls", 1)
    assert record.value == data
    assert again(record) == events[0][0]
    assert again(record).id == "ä%"
    assert dict(record.headers)["content-type"] == b"application/json"


async def test_topics_are_stamped_by_the_broker_and_made_once(bootstrap: str, prefix: str) -> None:
    chosen = settings(bootstrap, prefix, topic_partitions=3)
    await create_topics(chosen)
    await create_topics(chosen)
    producer = Producer(chosen)
    await producer.relay([Record(f"{prefix}.calls", b"k", b"v")])
    await producer.close()
    (record,) = await everything(chosen, "calls", 1)
    assert record.timestamp_type == 1
    client = AIOKafkaConsumer(f"{prefix}.calls", **connection(chosen))
    await client.start()
    assert client.partitions_for_topic(f"{prefix}.calls") == {0, 1, 2}
    await client.stop()


async def test_too_large_is_said(bootstrap: str, prefix: str) -> None:
    producer = Producer(settings(bootstrap, prefix))
    with pytest.raises(TooLarge):
        await producer.relay([Record(f"{prefix}.calls", b"k", b"x" * (MOST_BYTES + 1))])
    with pytest.raises(TooLarge):  # the broker's own limit for this topic
        await producer.relay([Record(f"{prefix}.calls", b"k", os.urandom(2 << 20))])
    await producer.relay([Record(f"{prefix}.calls", b"k", b"fine")])
    await producer.close()


async def test_without_a_broker_nothing_is_promised(broker: Broker, prefix: str) -> None:
    producer = Producer(settings(broker.bootstrap, prefix), deadline=2)
    one = Record(f"{prefix}.calls", b"k", b"v")
    await producer.relay([one])
    await broker.kill()
    try:
        started = time.monotonic()
        with pytest.raises(Unavailable, match="not acknowledged") as raised:
            await producer.relay([one])
        assert raised.value.retry_after == 2
        assert time.monotonic() - started < 4
        fresh = Producer(settings(broker.bootstrap, prefix), deadline=2)
        with pytest.raises(Unavailable):
            await fresh.relay([one])
        await fresh.close()
    finally:
        await broker.start()
    started = time.monotonic()
    while True:  # it mends itself
        try:
            await producer.relay([one])
            break
        except Unavailable:
            assert time.monotonic() - started < 20
    await producer.close()


def test_without_an_address_it_is_a_setting_that_is_wrong() -> None:
    with pytest.raises(BadConfiguration, match="KAFKA_BOOTSTRAP_SERVERS"):
        connection(read({}))


def test_sasl_and_tls_reach_the_client() -> None:
    found = connection(
        read(
            {
                "KAFKA_BOOTSTRAP_SERVERS": "kafka:9093",
                "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
                "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
                "KAFKA_SASL_USERNAME": "u",
                "KAFKA_SASL_PASSWORD": "p",
            }
        )
    )
    context = found.pop("ssl_context")
    assert context.check_hostname
    assert found == {
        "bootstrap_servers": "kafka:9093",
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "u",
        "sasl_plain_password": "p",
    }
