"""What the consumer tells Prometheus."""

from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from consumers.positions import Partition


class Gauges:
    """The consumer's metrics in one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._lag = Gauge(
            "ringside_consumer_lag",
            "Records in Kafka not yet taken",
            ("topic", "partition"),
            registry=registry,
        )
        self._seconds = Histogram(
            "ringside_batch_seconds", "Time from the poll to the commit", registry=registry
        )
        self._events = Histogram(
            "ringside_batch_events",
            "Records in a batch",
            buckets=(1, 10, 100, 500, 1_000, 2_000, 5_000, 10_000, 20_000),
            registry=registry,
        )
        self._dead_letters = Counter(
            "ringside_dead_letters_total", "Records refused", ("code",), registry=registry
        )

    def lag(self, lag: Mapping[Partition, int]) -> None:
        """The lag of every partition that is ours; those let go disappear."""
        self._lag.clear()
        for (topic, partition), records in lag.items():
            self._lag.labels(topic, str(partition)).set(records)

    def batch(self, events: int, seconds: float, codes: Iterable[str]) -> None:
        """One committed batch: its records, its seconds, the codes of those refused."""
        self._events.observe(events)
        self._seconds.observe(seconds)
        for code in codes:
            self._dead_letters.labels(code).inc()
