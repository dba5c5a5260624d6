"""A record the Kafka client cannot even hand over: where it is, so that a person can deal with it.

A header name that is no UTF-8 makes aiokafka fail for its whole partition, without its bytes;
there is nothing to keep as a dead letter, so nothing is skipped in silence.
"""

from collections.abc import Collection

from aiokafka import AIOKafkaConsumer, TopicPartition

from app.errors import RingsideError


class Unreadable(RingsideError):
    """A partition cannot be read past one record."""

    title = "A record cannot be read"


async def locate(consumer: AIOKafkaConsumer, partitions: Collection[TopicPartition]) -> Unreadable:
    """The error to end with, naming the record; reads on record by record, so the positions of
    `consumer` are of no use afterwards."""
    for tp in sorted(partitions):
        try:
            while await consumer.getmany(tp, timeout_ms=1_000, max_records=1):
                pass
        except UnicodeDecodeError as error:
            return Unreadable(
                f"{tp.topic}[{tp.partition}] offset {await consumer.position(tp)}: the name of a "
                f"header is no UTF-8 ({error.reason}), which the Kafka client cannot read. Delete "
                "the records up to it (kafka-delete-records) and start once with "
                "RINGSIDE_ACCEPT_LOSS=true"
            )
    return Unreadable("a record's header name is no UTF-8, and it is gone by now: start again")
