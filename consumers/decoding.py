"""Polled records to arrivals for the door, without holding up the event loop."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec
from aiokafka import ConsumerRecord, TopicPartition

from app.events.cloudevents import from_kafka
from app.events.refusals import Refusal
from app.events.types import Event
from app.feeds.feed import Feed, Ignored, ReadAgain, is_tombstone, read_hook, record_hook
from app.offer import Offer
from app.settings import Settings
from consumers.brake import Verdict
from consumers.dead_letters import Letter
from consumers.positions import Partition

# The group's heartbeat shares this loop: let it breathe after so many records.
_BREATH = 250
_BREATH_OF_FEEDS = 25  # one record of theirs can be a hundred events
_LOG_APPEND_TIME = 1


class Polled(msgspec.Struct):
    """One poll, decoded and laid out in `offer`: `reached` is the offset after each partition's
    last record, `stamps` the moment the broker took that record (None where its producer's clock
    was kept), `ignored` what meant nothing by feed and reason, `notes` what a vendor has to be
    asked for.
    """

    offer: Offer
    letters: list[Letter] = []
    verdicts: list[Verdict] = []
    reached: dict[Partition, int] = {}
    stamps: dict[Partition, datetime | None] = {}
    ignored: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    notes: list[ReadAgain] = []


async def decode(
    polled: Mapping[TopicPartition, Sequence[ConsumerRecord]],
    *,
    now: datetime,
    settings: Settings,
    feeds: Mapping[str, Feed],
    offer: Offer,
) -> Polled:
    """Decode what was polled into `offer`, in its order within each partition; `feeds` by their
    topics.
    """
    batch = Polled(offer)
    for tp, records in polled.items():
        partition, feed = (tp.topic, tp.partition), feeds.get(tp.topic)
        breath = _BREATH if feed is None else _BREATH_OF_FEEDS
        for start in range(0, len(records), breath):
            for record in records[start : start + breath]:
                if feed is None:
                    _decode_one(batch, partition, record, now, settings.currency)
                else:
                    _read_one(batch, partition, record, feed, now, settings)
            await asyncio.sleep(0)
        if records:
            batch.reached[partition] = records[-1].offset + 1
            batch.stamps[partition] = _stamp(records[-1])
    return batch


def _decode_one(
    batch: Polled, partition: Partition, record: ConsumerRecord, now: datetime, currency: str
) -> None:
    headers = record.headers
    if None in [content for _, content in headers]:  # Kafka lets a header be null
        headers = [(name, content or b"") for name, content in headers]
    result = from_kafka(headers, record.value, now=now, currency=currency)
    refusal = result if isinstance(result, Refusal) else None
    batch.verdicts.append(Verdict(partition, record.offset, refusal))
    if isinstance(result, Refusal):
        letter = Letter(record, result)
        batch.letters.append(letter)
        batch.offer.add(letter.refused())
    else:
        batch.offer.add(result)


def _read_one(
    batch: Polled,
    partition: Partition,
    record: ConsumerRecord,
    feed: Feed,
    now: datetime,
    settings: Settings,
) -> None:
    """A vendor's own payload: several events, none, or a refusal of the record as it came.

    Whatever is wrong in it, a record is one dead letter; what is right in it is taken.
    """
    refusal = None
    if is_tombstone(record.value):
        batch.ignored[feed.name, "tombstone"] += 1
    else:
        hook = record_hook(record.headers, record.value)
        for one, _ in read_hook(feed, hook, now=now, settings=settings):
            if isinstance(one, Event):
                batch.offer.add(one)
            elif isinstance(one, Ignored):
                batch.ignored[feed.name, one.reason] += 1
            elif isinstance(one, ReadAgain):
                batch.notes.append(one)
            else:
                refusal = refusal or one
    batch.verdicts.append(Verdict(partition, record.offset, refusal))
    if refusal is not None:
        letter = Letter(record, refusal)
        batch.letters.append(letter)
        batch.offer.add(letter.refused())


def _stamp(record: ConsumerRecord) -> datetime | None:
    if record.timestamp_type != _LOG_APPEND_TIME:
        return None
    return datetime.fromtimestamp(record.timestamp / 1000, UTC)
