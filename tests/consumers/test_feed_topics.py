"""Topics that carry vendors' own payloads: read by their feeds, once, with nothing lost."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from app import metrics
from app.db import Database
from app.dead_letters.kept import Choice
from app.dead_letters.replay import replay
from app.errors import BadConfiguration
from app.facts.numbers import Numbers
from app.feeds.registry import feed_topics
from app.ingest import Door
from app.offer import Offer
from app.producer import Producer, Record, connection
from app.proof.ledgers import ledgers
from app.settings import Settings
from consumers import subscription
from consumers.decoding import decode
from consumers.runner import Runner
from tests.consumers.floor import call, member, produce, settings, structured, until_taken
from tests.feeds import hubspot_payloads
from tests.feeds.debezium_payloads import MAPPING, change, encoded
from tests.feeds.debezium_payloads import call as row
from tests.feeds.payloads import order, refund, shopify_headers


def chosen(bootstrap: str, prefix: str, **over: Any) -> Settings:
    """A deployment with a topic of calls of its own table, and one of a shop's webhooks."""
    return settings(
        bootstrap, prefix,
        feed_topics=f"{prefix}-pbx=debezium,{prefix}-shop=shopify,{prefix}-crm=hubspot,"
        f"{prefix}-phones=aircall",
        debezium_mapping=json.dumps(MAPPING), hubspot_token="pat-of-the-tests", **over,
    )  # fmt: skip


async def create(deployed: Settings) -> None:
    """The topics of vendors, which are not ours to create; that of phones is never there."""
    admin = AIOKafkaAdminClient(**connection(deployed))
    await admin.start()
    try:
        names = [pair.rpartition("=")[0] for pair in deployed.feed_topics[:3]]
        await admin.create_topics([NewTopic(name, 2, 1) for name in names])
    finally:
        await admin.close()


def pbx(prefix: str, number: int, op: str = "c", **over: Any) -> Record:
    after = row(id=number, **over)
    one = change("pbx.public.calls", op, lsn=number * 10, after=after)
    return Record(f"{prefix}-pbx", str(number).encode(), encoded(one))


def shop(prefix: str, topic: str, payload: dict[str, Any]) -> Record:
    body = json.dumps(payload).encode()
    headers = [(name, value.encode()) for name, value in shopify_headers(topic, body).items()]
    return Record(f"{prefix}-shop", b"1", body, tuple(headers))


def mixed(prefix: str) -> list[Record]:
    """Eleven arrivals of eleven records: some of them are two, some of them none."""
    whole = order(refunds=[refund(31, (1, 1, "40.00"))])
    return [
        structured(f"{prefix}.calls", b"r1", call(1)),
        pbx(prefix, 1),
        pbx(prefix, 2),
        pbx(prefix, 2),  # delivered twice
        pbx(prefix, 3, ended=None),  # runs
        pbx(prefix, 4, dir=9),  # of no direction
        Record(f"{prefix}-pbx", b"4", None),
        Record(f"{prefix}-pbx", None, None),
        Record(f"{prefix}-pbx", b"5", b"null"),
        shop(prefix, "orders/updated", whole),  # an order and what came back of it
        shop(prefix, "app/uninstalled", {"id": 1}),
        Record(f"{prefix}-shop", b"x", b"\xff nonsense", (("X-Shopify-Topic", b"orders/create"),)),
        Record(f"{prefix}-crm", b"5", json.dumps([
            hubspot_payloads.told("deal.deletion"),
            hubspot_payloads.told("deal.creation", objectId=7),
            {"subscriptionType": "deal.creation"},
        ]).encode()),
    ]  # fmt: skip


async def rows(database: Database, sql: str) -> list[tuple[Any, ...]]:
    async with database.reading() as reading:
        return [tuple(one) for one in await reading.fetch(sql)]


def counted(feed: str, outcome: str) -> float:
    labels = {"source": feed, "type": "record", "outcome": outcome}
    return metrics.REGISTRY.get_sample_value("ringside_events_total", labels) or 0


async def test_payloads_of_vendors_become_events_once(
    database: Database, bootstrap: str, prefix: str
) -> None:
    deployed, sent = chosen(bootstrap, prefix), mixed(prefix)
    tombstones, running_calls = ("ignored_tombstone", "ignored_not_final")
    before = {name: counted("debezium", name) for name in (tombstones, running_calls)}
    await create(deployed)
    await produce(deployed, sent)
    for _ in range(2):  # the second consumer finds nothing to do
        async with member(deployed, database) as running:
            await until_taken(database, 11, running)
            await asyncio.sleep(1.5)
    assert await rows(database, "SELECT call_id FROM legs ORDER BY 1") == [
        ("c1",), ("pbx:1",), ("pbx:2",)
    ]  # fmt: skip
    assert await rows(database, "SELECT count(*) FROM orders") == [(2,)]  # one only withdrawn
    assert await rows(database, "SELECT count(*) FROM returns") == [(1,)]
    assert await rows(database, "SELECT kind, key FROM object_reads") == [("deals", "7")]
    ledger = "SELECT source, read, standing, duplicates, refused FROM feeds ORDER BY source"
    assert await rows(database, ledger) == [
        ("debezium", 4, 2, 1, 1), ("floor", 1, 1, 0, 0), ("hubspot", 3, 2, 0, 1),
        ("shopify", 3, 2, 0, 1),
    ]  # fmt: skip
    async with database.reading() as reading:
        assert all(one.balanced for one in await ledgers(reading))
    bad = [record for record in sent if record in (sent[5], sent[11], sent[12])]
    kept = await rows(database, "SELECT payload FROM dead_letters")
    assert sorted(payload for (payload,) in kept) == sorted(one.value or b"" for one in bad)
    assert counted("debezium", tombstones) == before[tombstones] + 3
    assert counted("debezium", running_calls) == before[running_calls] + 1


async def test_a_topic_that_comes_later_is_read_from_then_on(
    database: Database, bootstrap: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription, "LOOK_SECONDS", 0.5)
    deployed = chosen(bootstrap, prefix)
    await produce(deployed, [structured(f"{prefix}.calls", b"r1", call(1))])
    async with member(deployed, database) as running:
        await until_taken(database, 1, running)
        await create(deployed)
        await produce(deployed, [pbx(prefix, 1), structured(f"{prefix}.calls", b"r1", call(2))])
        await until_taken(database, 3, running)


async def test_a_replay_after_the_mapping_is_mended_counts_once(
    database: Database, bootstrap: str, prefix: str
) -> None:
    deployed = chosen(bootstrap, prefix)
    await create(deployed)
    await produce(deployed, [pbx(prefix, 1), pbx(prefix, 2, dir=9)])
    async with member(deployed, database) as running:
        await until_taken(database, 2, running)
    mapping = json.loads(json.dumps(MAPPING))
    mapping["tables"][0]["fields"]["direction"]["otherwise"] = "internal"
    mended = deployed.model_copy(update={"debezium_mapping": json.dumps(mapping)})
    producer = Producer(mended)
    try:
        for sent in (1, 0):
            done = await replay(
                database, mended, Choice(), door=Door(database, mended), producer=producer,
                now=datetime.now(UTC),
            )  # fmt: skip
            assert (done.sent, done.refused) == (sent, 0)
    finally:
        await producer.close()
    async with member(mended, database) as running:
        await until_taken(database, 3, running)
    assert await rows(database, "SELECT call_id, direction FROM legs ORDER BY 1") == [
        ("pbx:1", "outbound"), ("pbx:2", "internal")
    ]  # fmt: skip


async def test_one_bad_part_of_a_record_is_one_dead_letter_of_all_of_it() -> None:
    class Of:
        topic, partition, offset, key, headers = "crm", 0, 7, b"k", [("a", None), ("b", b"\xff")]
        value = json.dumps([{}, hubspot_payloads.told("deal.deletion"), 7]).encode()
        timestamp_type = 0

    deployed = chosen("kafka.test:9092", "p").model_copy(update={"feed_topics": ("crm=hubspot",)})
    batch = await decode(
        {_place("crm"): [Of()]}, now=datetime(2025, 12, 1, tzinfo=UTC),
        settings=deployed, feeds=feed_topics(deployed), offer=Offer(Numbers("secret", "US")),
    )  # fmt: skip
    (letter,) = batch.letters
    assert (letter.refusal.code, letter.refused().payload) == ("missing", Of.value)
    assert len(batch.offer) == 3
    assert [verdict.refusal for verdict in batch.verdicts] == [letter.refusal]
    assert batch.reached == {("crm", 0): 8}


def _place(topic: str) -> Any:
    class Place:
        partition = 0

    place: Any = Place()
    place.topic = topic
    return place


@pytest.mark.parametrize(
    ("topics", "why"),
    [
        ("a=faxes", "a=faxes: there is no feed 'faxes'; there are aircall,"),
        ("ringside.calls=aircall", "ringside.calls=aircall: topics of ringside.* carry events"),
        ("a=aircall,a=shopify", "a=shopify: a is named twice"),
    ],
)
def test_a_wrong_topic_ends_the_start(database: Database, topics: str, why: str) -> None:
    wrong = settings("kafka.test:9092", "ringside", feed_topics=topics)
    with pytest.raises(BadConfiguration) as told:
        Runner(wrong, database)
    assert str(told.value).startswith(f"RINGSIDE_FEED_TOPICS: {why}")
    bare = settings("kafka.test:9092", "ringside", feed_topics="a=debezium")
    with pytest.raises(BadConfiguration, match="RINGSIDE_DEBEZIUM_MAPPING"):
        feed_topics(bare)
