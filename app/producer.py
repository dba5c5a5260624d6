"""Events to Kafka: for HTTP ingest in front of a cluster, for dead letters, and for their replay.

Idempotent, acks=all: when `send` or `relay` returns, every in-sync replica has every record. When
it raises `Unavailable`, some may still arrive later; a producer that tries again makes duplicates
of those, and duplicates count once.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, for_code
from aiokafka.helpers import create_ssl_context

from app.errors import BadConfiguration, TooLarge, Unavailable
from app.events.cloudevents import KAFKA_PREFIX, STRUCTURED, attributes_of
from app.events.types import Event
from app.settings import Settings
from app.topics import CONSUMED, DEAD_LETTERS, key_of, named, topic_of

log = logging.getLogger(__name__)

DEADLINE_SECONDS = 10.0
# A dead letter carries any record the broker let in, and its headers on top.
MOST_BYTES = 16 << 20
_TOPIC_EXISTS = 36


class Record(msgspec.Struct, frozen=True, gc=False):
    """One Kafka record to be sent."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


def connection(settings: Settings) -> dict[str, Any]:
    """How any aiokafka client reaches the cluster; `BadConfiguration` without one."""
    if not settings.kafka_bootstrap_servers:
        raise BadConfiguration("KAFKA_BOOTSTRAP_SERVERS: not set, and this needs Kafka")
    options: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap_servers,
        "security_protocol": settings.kafka_security_protocol,
    }
    if settings.kafka_security_protocol.endswith("SSL"):
        options["ssl_context"] = create_ssl_context()
    if settings.kafka_security_protocol.startswith("SASL"):
        password = settings.kafka_sasl_password
        options["sasl_mechanism"] = settings.kafka_sasl_mechanism
        options["sasl_plain_username"] = settings.kafka_sasl_username
        options["sasl_plain_password"] = password.get_secret_value() if password else None
    return options


async def create_topics(settings: Settings) -> None:
    """Create those of our topics that are missing, with the cluster's own replication.

    The broker stamps the records: as-of times must not hang on the producers' clocks.
    """
    stamped = {"message.timestamp.type": "LogAppendTime"}
    large = {"max.message.bytes": str(MOST_BYTES)}
    topics = [
        # -1 is the broker's default; this client lets it through only beside an (empty) assignment
        NewTopic(named(settings.topic_prefix, topic), settings.topic_partitions, -1, {}, configs)
        for topic, configs in [(t, stamped) for t in CONSUMED] + [(DEAD_LETTERS, stamped | large)]
    ]
    admin = AIOKafkaAdminClient(**connection(settings))
    try:
        await admin.start()
        missing = {topic.name for topic in topics} - set(await admin.list_topics())
        if missing:
            answer = await admin.create_topics([t for t in topics if t.name in missing])
            _raise_unless_there(answer.topic_errors)
            log.info("created topics %s", ", ".join(sorted(missing)))
    except (KafkaError, OSError) as error:
        raise Unavailable(f"Kafka: {error!r}", retry_after=2) from error
    finally:
        await admin.close()


def _raise_unless_there(errors: Sequence[Sequence[Any]]) -> None:
    for topic, code, *_ in errors:
        if code not in (0, _TOPIC_EXISTS):
            raise for_code(code)(topic)


def record(settings: Settings, event: Event, raw: bytes, headers: Mapping[str, str]) -> Record:
    """The Kafka record of one event as it came over HTTP.

    `raw` are that event's own bytes, `headers` its request's: in binary mode (`ce-…`) they become
    the record's; otherwise the event is structured JSON by itself.
    """
    topic = named(settings.topic_prefix, topic_of(event.data))
    return Record(topic, key_of(event), raw, _kafka_headers(headers))


def _kafka_headers(headers: Mapping[str, str]) -> tuple[tuple[str, bytes], ...]:
    lower = {name.lower(): value for name, value in headers.items()}
    kind = lower.get("content-type", "")
    # HTTP percent-encodes what Kafka carries as UTF-8.
    attributes = [
        (KAFKA_PREFIX + name, value.encode()) for name, value in attributes_of(lower).items()
    ]
    if not attributes or kind.lower().startswith(STRUCTURED):
        return (("content-type", f"{STRUCTURED}+json".encode()),)
    return (("content-type", (kind or "application/json").encode()), *attributes)


class Producer:
    """One connection to the cluster, opened at first use and opened anew when it breaks."""

    def __init__(self, settings: Settings, *, deadline: float = DEADLINE_SECONDS) -> None:
        self._settings = settings
        self._deadline = deadline
        self._opening = asyncio.Lock()
        self._producer: AIOKafkaProducer | None = None

    async def send(self, events: Sequence[tuple[Event, bytes]], headers: Mapping[str, str]) -> None:
        """Send events of one HTTP request, each with its own bytes; see `record`."""
        await self.relay([record(self._settings, event, raw, headers) for event, raw in events])

    async def relay(self, records: Sequence[Record]) -> None:
        """Send records as they are; returns when all in-sync replicas have them.

        Raises `Unavailable` when not within the deadline, `TooLarge` for a record over the
        cluster's limit.
        """
        if not records:
            return
        try:
            async with asyncio.timeout(self._deadline):
                producer = await self._open()
                acks = [await _enqueue(producer, record) for record in records]
                outcomes = await asyncio.gather(*acks, return_exceptions=True)
        except (KafkaError, OSError, TimeoutError) as error:
            await self._failed(error)
        else:
            for outcome in outcomes:
                if isinstance(outcome, BaseException):
                    await self._failed(outcome)

    async def _failed(self, error: BaseException) -> None:
        if isinstance(error, MessageSizeTooLargeError):
            raise TooLarge(f"Kafka: {error}") from error
        if isinstance(error, KafkaError) and not error.retriable:
            await self.close()  # a broken sequence never heals: the next one begins anew
        reason = str(error) or type(error).__name__
        raise Unavailable(f"Kafka has not acknowledged: {reason}", retry_after=2) from error

    async def _open(self) -> AIOKafkaProducer:
        async with self._opening:
            if self._producer is None:
                await create_topics(self._settings)
                producer = AIOKafkaProducer(
                    **connection(self._settings),
                    enable_idempotence=True,
                    acks="all",
                    compression_type="lz4",
                    max_batch_size=256 << 10,
                    max_request_size=MOST_BYTES,
                    request_timeout_ms=int(self._deadline * 1000),
                    retry_backoff_ms=300,
                )
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
            return self._producer

    async def close(self) -> None:
        """Send what is pending and let go of the connection, in bounded time."""
        producer, self._producer = self._producer, None
        if producer is not None:
            try:
                await asyncio.wait_for(producer.stop(), 5)
            except (KafkaError, OSError, TimeoutError) as error:
                log.warning("the Kafka producer did not stop cleanly: %r", error)


async def _enqueue(producer: AIOKafkaProducer, record: Record) -> "asyncio.Future[Any]":
    if record.key is not None or record.value is not None:
        return await producer.send(  # type: ignore[no-any-return]
            record.topic, record.value, record.key, headers=list(record.headers)
        )
    # `send` wants a key or a value; a tombstone without a key has neither.
    batch = producer.create_batch()
    batch.append(timestamp=None, key=None, value=None, headers=list(record.headers))
    batch.close()
    partition = min(await producer.partitions_for(record.topic))
    return await producer.send_batch(batch, record.topic, partition=partition)  # type: ignore[no-any-return]
