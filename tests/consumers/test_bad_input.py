"""Bad input through a real Kafka in both modes: its code, the very bytes, neighbours that land."""

from datetime import UTC, datetime

from app.db import Database
from app.events.cloudevents import from_kafka
from app.events.refusals import Refusal
from app.producer import Record
from tests.bad_input import BAD, BODIES, as_sent, data_of
from tests.consumers.floor import call, member, produce, settings, structured, until_taken

STRUCTURED = (("content-type", b"application/cloudevents+json"),)


def records(topic: str) -> list[Record]:
    """Every row, structured, and binary where its data can be had."""
    made = []
    for name, (body, _) in (BAD | BODIES).items():
        made.append(Record(topic, b"k", as_sent(name, body), STRUCTURED))
        data = data_of(body)
        kind = body.partition(b'"type": "')[2].partition(b'"')[0]
        if data is not None:
            headers = (("ce_specversion", b"1.0"), ("ce_id", f"{name} binary".encode()),
                       ("ce_source", b"pbx"), ("ce_type", kind))  # fmt: skip
            made.append(Record(topic, b"k", data, headers))
    return [*made, Record(topic, b"k", None, ()), Record(topic, b"k", b"", STRUCTURED)]


async def test_everything_bad_beside_everything_good(
    database: Database, bootstrap: str, prefix: str
) -> None:
    chosen = settings(bootstrap, prefix, brake_share=1, brake_run=10_000, topic_partitions=1)
    topic = f"{prefix}.calls"
    rows = records(topic)
    mixed = [
        record
        for number, row in enumerate(rows)
        for record in (structured(topic, b"k", call(1_000 + number)), row)
    ]
    now = datetime.now(UTC)
    refusals = [
        (answer.code, row.value or b"")
        for row in rows
        if isinstance(
            answer := from_kafka(row.headers, row.value, now=now, currency="USD"), Refusal
        )
    ]
    assert len(refusals) > len(BAD)
    await produce(chosen, mixed)
    async with member(chosen, database) as running:
        await until_taken(database, len(mixed), running)
    async with database.reading() as reading:
        kept = await reading.fetch('SELECT code, payload FROM dead_letters ORDER BY "offset"')
        landed = await reading.value("SELECT count(*) FROM legs WHERE source = 'floor'")
        ledger = await reading.fetch(
            "SELECT sum(read), sum(standing + superseded + duplicates + refused) FROM feeds"
        )
    assert [(row["code"], row["payload"]) for row in kept] == refusals
    assert landed == len(rows)
    assert tuple(ledger[0]) == (len(mixed), len(mixed))
