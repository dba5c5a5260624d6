"""The consumer: poll → decode → door → advisory commit; rebalance, backpressure, fencing.

Exactly once without Kafka transactions: the offsets are committed by the door, with the facts, in
PostgreSQL; from there every assignment seeks. A batch that fails is forgotten and polled again
from the stored offsets, so nothing is assumed about a COMMIT whose answer was lost.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import (
    IllegalStateError,
    KafkaError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
)
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    stop_after_delay,
    stop_when_event_set,
    wait_exponential_jitter,
)

from app.db import Database
from app.errors import Fenced, Unavailable
from app.feeds.registry import feed_topics
from app.ingest import Door, stored_offsets
from app.producer import Producer, connection, create_topics
from app.rereads.notes import keep_notes
from app.settings import Settings
from app.topics import CONSUMED, named
from consumers.ahead import Ahead
from consumers.brake import Brake
from consumers.dead_letters import DeadLetters
from consumers.decoding import Polled, decode
from consumers.gauges import measure_batch, measure_lag
from consumers.positions import LostOffsets, Partition, Positions
from consumers.stopping import Stop
from consumers.subscription import Subscription
from consumers.unreadable import locate
from consumers.watchdog import Watchdog

log = logging.getLogger(__name__)

IDLE_EVENTS = 500
POLL_SECONDS = 1.0
WATCH_SECONDS = 1.0
START_SECONDS = 60.0  # how long a start waits for Kafka
KAFKA_SECONDS = 10.0  # how long we wait for one answer of the cluster
DRAIN_SECONDS = 10.0  # how long a stop waits for the batch in hand
LEAVE_SECONDS = 5.0


def clock() -> datetime:
    """Now, UTC: the consumer is an edge."""
    return datetime.now(UTC)


class Runner(ConsumerRebalanceListener):  # type: ignore[misc]
    """One member of the consumer group. `run` until `stop`; whatever it raises ends the process."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._feeds = feed_topics(settings)
        self._door = Door(database, settings)
        self._producer = Producer(settings)
        self._dead_letters = DeadLetters(settings, self._producer)
        self._brake = Brake(settings)
        self._watchdog = Watchdog(settings.watchdog_seconds)
        self._positions = Positions()
        ours = [named(settings.topic_prefix, topic) for topic in CONSUMED]
        self._subscription = Subscription(settings, ours, self._feeds)
        self._ahead = Ahead(self._read)
        self._trouble: str | None = None
        self._moves = 0
        self._rebalancing = True  # until partitions are assigned; nothing is sought before
        self._stopping = Stop()
        # Held while a batch is in hand: a rebalance waits for it, so the batch is drained before
        # its partitions are let go. What was read ahead of it is dropped, and read again by whom
        # it belongs to then.
        self._turn = asyncio.Lock()
        self._consumer = AIOKafkaConsumer(
            **connection(settings),
            group_id=settings.consumer_group,
            enable_auto_commit=False,
            auto_offset_reset="none",  # never skip in silence
            isolation_level="read_committed",
            session_timeout_ms=int(settings.session_seconds * 1000),
            heartbeat_interval_ms=int(settings.session_seconds * 300),
            rebalance_timeout_ms=60_000,
            metadata_max_age_ms=60_000,
            retry_backoff_ms=300,
        )

    def stop(self) -> None:
        """Finish the batch in hand, commit, leave the group; `run` returns."""
        self._stopping.set()

    def unready(self) -> str | None:
        """Why this consumer is not taking records; None if it is."""
        if self._trouble:
            return self._trouble
        return None if self._positions.known else "waiting for partitions"

    async def run(self) -> None:
        """Consume until `stop`. Raises `Flood`, `LostOffsets`, `Unavailable` (the watchdog, or
        Kafka not there at the start) and `KafkaError`."""
        try:
            await self._stopping.unless(self._join())
            if not self._stopping.is_set():
                await self._work()
        finally:
            await self._leave()

    # -- the life of a member -------------------------------------------------------------------

    async def _join(self) -> None:
        await AsyncRetrying(
            retry=retry_if_exception_type(Unavailable),
            wait=wait_exponential_jitter(multiplier=0.2, max=5),
            stop=stop_after_delay(START_SECONDS),
            reraise=True,
        )(create_topics, self._settings)
        try:
            await self._subscribe()
            await self._consumer.start()
        except (KafkaError, OSError) as error:
            raise Unavailable(f"Kafka: {error!r}") from error

    async def _subscribe(self) -> None:
        topics = await self._subscription.look(time.monotonic())
        if topics is not None:
            self._consumer.subscribe(topics, listener=self)

    async def _work(self) -> None:
        turns = asyncio.create_task(self._turns())
        watch = asyncio.create_task(self._watch())
        stop = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({turns, watch, stop}, return_when=asyncio.FIRST_COMPLETED)
            if stop.done():
                await asyncio.wait({turns}, timeout=DRAIN_SECONDS)
        finally:
            for task in (turns, watch, stop):
                task.cancel()
            outcomes = await asyncio.gather(turns, watch, stop, return_exceptions=True)
            await self._ahead.discard()
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome

    async def _leave(self) -> None:
        # Each bounded: a cluster that is gone must not keep us.
        await self._commit_advisory()
        for leave in (self._consumer.stop, self._producer.close):
            try:
                await asyncio.wait_for(leave(), LEAVE_SECONDS)
            except (KafkaError, OSError, TimeoutError) as error:
                log.warning("left Kafka without its answer: %r", error)
            except asyncio.CancelledError:
                # While the cluster is away the client lets the end of its own tasks out here.
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    raise
                log.warning("left Kafka while it was away")

    async def on_partitions_revoked(self, _revoked: set[TopicPartition]) -> None:
        """Before a rebalance: drain, commit, let go."""
        async with self._turn:
            await self._commit_advisory()
            self._rebalancing = True
            self._forget()

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """After a rebalance: the next turn seeks to PostgreSQL's offsets before it polls."""
        async with self._turn:
            self._rebalancing = False
            self._forget()
        log.info("assigned %d partitions", len(assigned))

    def _forget(self) -> None:
        self._positions.forget()
        self._brake.forget()
        self._moves += 1

    # -- turns ----------------------------------------------------------------------------------

    async def _turns(self) -> None:
        while not self._stopping.is_set():
            retrying = AsyncRetrying(
                retry=retry_if_exception_type((Unavailable, Fenced)),
                wait=wait_exponential_jitter(multiplier=0.2, max=5, jitter=0.5),
                stop=stop_when_event_set(self._stopping),  # type: ignore[arg-type]
                sleep=self._stopping.sleep,
                before_sleep=self._in_vain,
                reraise=True,
            )
            try:
                await retrying(self._take_turn)
            except (Unavailable, Fenced):
                if not self._stopping.is_set():
                    raise

    async def _take_turn(self) -> None:
        """One batch and what comes of it; after a failure nothing is remembered."""
        try:
            if not self._positions.known:
                await self._ahead.discard()
                await self._seek()
            batch = await self._ahead.next()
            async with self._turn:
                if self._positions.known:  # else a rebalance came between: seek and read again
                    await self._take(batch)
            self._trouble = None
        except (Unavailable, Fenced):
            self._forget()
            raise
        except NoOffsetForPartitionError:
            self._forget()  # partitions came to us in the middle of a poll: seek, then poll again
        except OffsetOutOfRangeError as error:
            raise LostOffsets(f"Kafka no longer holds what comes next: {error}") from error
        except UnicodeDecodeError as error:
            waiting = [
                TopicPartition(*place) for place, lag in self._positions.lag().items() if lag
            ]
            raise await locate(self._consumer, waiting or self._consumer.assignment()) from error
        except (KafkaError, OSError, TimeoutError) as error:
            self._forget()
            if isinstance(error, KafkaError) and not error.retriable:
                raise
            raise Unavailable(f"Kafka: {error!r}") from error

    async def _seek(self) -> None:
        async with self._turn:
            assigned = list(self._consumer.assignment())
            async with self._database.reading() as reading:
                stored = await stored_offsets(reading)
            async with asyncio.timeout(KAFKA_SECONDS):
                begins = _plain(await self._consumer.beginning_offsets(assigned))
                asked_at = clock()
                ends = _plain(await self._consumer.end_offsets(assigned))
            if self._rebalancing or set(assigned) != self._consumer.assignment():
                return  # what is ours is not settled: what is polled meanwhile is dropped
            places = self._positions.settle(
                begins, stored, begins, ends, accept_loss=self._settings.accept_loss
            )
            self._positions.seen(ends, asked_at)
            for (topic, partition), offset in places.items():
                self._consumer.seek(TopicPartition(topic, partition), offset)

    async def _read(self) -> Polled:
        lag = sum(self._positions.lag().values())
        most = max(1, min(self._settings.batch_events, max(IDLE_EVENTS, lag)))
        polling = self._consumer.getmany(timeout_ms=int(POLL_SECONDS * 1000), max_records=most)
        polled = await self._stopping.unless(polling) or {}
        return await decode(
            polled,
            now=clock(),
            settings=self._settings,
            feeds=self._feeds,
            offer=self._door.offer(),
        )

    async def _take(self, batch: Polled) -> None:
        started, now = time.monotonic(), clock()
        runs = self._brake.weigh(batch.verdicts)
        # Past the last record there may be marks of transactions, which no poll returns.
        for tp in self._consumer.assignment():
            batch.reached[tp.topic, tp.partition] = await self._consumer.position(tp)
        self._ahead.start()
        advances = self._positions.advances(batch.reached, batch.stamps)
        if not advances:
            return
        await self._dead_letters.send(batch.letters, now)
        await keep_notes(self._database, batch.notes, now)
        outcome = await self._door.take_offer(batch.offer, now=now, advances=advances)
        self._positions.moved(advances)
        self._dead_letters.committed()
        self._brake.keep(runs)
        self._moves += 1
        if batch.verdicts:
            measure_batch(batch, outcome, time.monotonic() - started, clock())

    # -- beside the turns -----------------------------------------------------------------------

    async def _watch(self) -> None:
        """About once a second: the ends of the logs, the lag, the advisory commit, the watchdog."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            assigned = self._consumer.assignment()
            asked_at = clock()
            try:
                async with asyncio.timeout(KAFKA_SECONDS):
                    await self._subscribe()
                    ends = await self._consumer.end_offsets(list(assigned))
            except (KafkaError, OSError, TimeoutError) as error:
                log.warning("Kafka does not say where its logs end: %r", error)
                self._watchdog.excuse(time.monotonic())
                continue
            if assigned != self._consumer.assignment():
                continue
            self._positions.seen(_plain(ends), asked_at)
            lag = self._positions.lag()
            measure_lag(lag)
            await self._commit_advisory()
            self._watchdog.look(lag=sum(lag.values()), moves=self._moves, now=time.monotonic())

    async def _commit_advisory(self) -> None:
        """Tell Kafka where we are, for its own lag tools; nothing reads it back."""
        stored = self._positions.stored()
        offsets = {TopicPartition(topic, number): n for (topic, number), n in stored.items()}
        if offsets:
            with suppress(KafkaError, IllegalStateError, OSError, TimeoutError):
                await asyncio.wait_for(self._consumer.commit(offsets), 2)

    def _in_vain(self, state: RetryCallState) -> None:
        self._trouble = str(state.outcome.exception()) if state.outcome else None
        log.warning("trying again after %d times: %s", state.attempt_number, self._trouble)


def _plain(offsets: Mapping[TopicPartition, int]) -> dict[Partition, int]:
    return {(tp.topic, tp.partition): offset for tp, offset in offsets.items()}
