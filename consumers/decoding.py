"""Polled records to arrivals for the door, without holding up the event loop."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec
from aiokafka import ConsumerRecord, TopicPartition

from app.events.cloudevents import from_kafka
from app.events.refusals import Refusal
from app.events.types import Event
from app.ingest import Refused
from consumers.brake import Verdict
from consumers.dead_letters import Letter
from consumers.positions import Partition

# The group's heartbeat shares this loop: let it breathe after so many records.
_BREATH = 250
_LOG_APPEND_TIME = 1


class Polled(msgspec.Struct):
    """One poll, decoded: `reached` is the offset after each partition's last record, `stamps`
    the moment the broker took that record (None where its producer's clock was kept)."""

    arrivals: list[Event | Refused]
    letters: list[Letter]
    verdicts: list[Verdict]
    reached: dict[Partition, int]
    stamps: dict[Partition, datetime | None]


async def decode(
    polled: Mapping[TopicPartition, Sequence[ConsumerRecord]], *, now: datetime, currency: str
) -> Polled:
    """Decode what was polled, in its order within each partition."""
    batch = Polled([], [], [], {}, {})
    for tp, records in polled.items():
        partition = (tp.topic, tp.partition)
        for start in range(0, len(records), _BREATH):
            for record in records[start : start + _BREATH]:
                _decode_one(batch, partition, record, now, currency)
            await asyncio.sleep(0)
        if records:
            batch.reached[partition] = records[-1].offset + 1
            batch.stamps[partition] = _stamp(records[-1])
    return batch


def _decode_one(
    batch: Polled, partition: Partition, record: ConsumerRecord, now: datetime, currency: str
) -> None:
    headers = record.headers
    if any(content is None for _, content in headers):  # Kafka lets a header be null
        headers = [(name, content or b"") for name, content in headers]
    result = from_kafka(headers, record.value, now=now, currency=currency)
    refusal = result if isinstance(result, Refusal) else None
    batch.verdicts.append(Verdict(partition, record.offset, refusal))
    if isinstance(result, Refusal):
        letter = Letter(record, result)
        batch.letters.append(letter)
        batch.arrivals.append(letter.refused())
    else:
        batch.arrivals.append(result)


def _stamp(record: ConsumerRecord) -> datetime | None:
    if record.timestamp_type != _LOG_APPEND_TIME:
        return None
    return datetime.fromtimestamp(record.timestamp / 1000, UTC)
