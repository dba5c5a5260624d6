"""Where refusals go: the dead-letter topic, byte for byte, before their batch commits.

A crash between the two may repeat one in the topic; the `dead_letters` table, written in the
batch's own transaction, has each exactly once.
"""

import logging
from collections.abc import Sequence
from datetime import datetime

import msgspec
from aiokafka import ConsumerRecord

from app.dead_letters.letter import pack
from app.errors import TooLarge
from app.events.refusals import Refusal
from app.offer import Origin, Refused
from app.producer import Producer, Record
from app.settings import Settings
from app.topics import DEAD_LETTERS, named

log = logging.getLogger(__name__)


class Letter(msgspec.Struct, frozen=True):
    """A record that could not be taken, and why."""

    record: ConsumerRecord
    refusal: Refusal

    def refused(self) -> Refused:
        """The same for the door: the table keeps all it takes to make the record again."""
        record = self.record
        kept = pack(record.key, record.headers, tombstone=record.value is None)
        origin = Origin(record.topic, record.partition, record.offset, kept)
        return Refused(self.refusal, record.value or b"", origin)


class DeadLetters:
    """Sends letters to the topic. What was sent is not sent again while its batch is retried."""

    def __init__(self, settings: Settings, producer: Producer) -> None:
        self._topic = named(settings.topic_prefix, DEAD_LETTERS)
        self._producer = producer
        self._sent: set[tuple[str, int, int]] = set()

    async def send(self, letters: Sequence[Letter], now: datetime) -> None:
        """Returns when all in-sync replicas have them; raises `Unavailable` otherwise."""
        fresh = [letter for letter in letters if _position(letter) not in self._sent]
        try:
            await self._producer.relay([_record(self._topic, letter, now) for letter in fresh])
        except TooLarge:
            await self._send_what_fits(fresh, now)
        self._sent.update(_position(letter) for letter in fresh)

    async def _send_what_fits(self, letters: Sequence[Letter], now: datetime) -> None:
        for letter in letters:
            try:
                await self._producer.relay([_record(self._topic, letter, now)])
            except TooLarge as error:
                log.error("%s[%d] offset %d is only in the dead_letters table: %s",
                          *_position(letter), error)  # fmt: skip

    def committed(self) -> None:
        """The batch is in: its letters will not come again."""
        self._sent.clear()


def _position(letter: Letter) -> tuple[str, int, int]:
    return letter.record.topic, letter.record.partition, letter.record.offset


def _record(topic: str, letter: Letter, now: datetime) -> Record:
    record, refusal = letter.record, letter.refusal
    why = {
        "code": refusal.code,
        "detail": refusal.detail,
        "topic": record.topic,
        "partition": str(record.partition),
        "offset": str(record.offset),
        "received_at": now.isoformat(),
    }
    # After the record's own headers: where names meet, the last one is ours.
    ours = [(name, value.encode("utf-8", "backslashreplace")) for name, value in why.items()]
    return Record(topic, record.key, record.value, (*record.headers, *ours))
