"""What the consumer tells Prometheus."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from app import metrics
from app.ingest import Outcome
from consumers.decoding import Polled
from consumers.positions import Partition


def measure_lag(lag: Mapping[Partition, int]) -> None:
    """The lag of every partition that is ours; those let go disappear."""
    metrics.CONSUMER_LAG.clear()
    for (topic, partition), records in lag.items():
        metrics.CONSUMER_LAG.labels(topic, str(partition)).set(records)


def measure_batch(batch: Polled, outcome: Outcome, seconds: float, now: datetime) -> None:
    """One committed batch: it took `seconds`, and it is readable since `now`."""
    metrics.BATCH_EVENTS.observe(len(batch.offer))
    metrics.BATCH_SECONDS.observe(seconds)
    for letter in batch.letters:
        metrics.DEAD_LETTERS.labels(letter.refusal.code).inc()
    for labels, count in _outcomes(batch, outcome).items():
        metrics.EVENTS.labels(*labels).inc(count)
    for (feed, reason), count in batch.ignored.items():
        metrics.EVENTS.labels(feed, "record", f"ignored_{reason}").inc(count)
    for stamp in batch.stamps.values():
        if stamp is not None:
            metrics.FRESHNESS.observe(max(0.0, (now - stamp).total_seconds()))


def _outcomes(batch: Polled, outcome: Outcome) -> Counter[tuple[str, str, str]]:
    labels = batch.offer.labels
    twice = Counter(labels[position] for position in outcome.duplicate_positions)
    counts: Counter[tuple[str, str, str]] = Counter()
    for label, count in Counter(labels).items():
        source, wire = label
        if wire:
            counts[source, wire, "duplicate"] = twice[label]
            counts[source, wire, "accepted"] = count - twice[label]
    # nobody's text becomes a label unread
    counts["unknown", "unknown", "refused"] = len(batch.offer.refused)
    return +counts
