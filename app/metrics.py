"""Every metric of Ringside in one list: name, help, labels. Never a rep or customer as a label."""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)

disable_created_metrics()  # type: ignore[no-untyped-call]  # a series more for each of ours, which nobody reads
REGISTRY = CollectorRegistry()

EVENTS = Counter(
    "ringside_events_total", "Events taken, by what became of them", ("source", "type", "outcome"),
    registry=REGISTRY,
)  # fmt: skip
DEAD_LETTERS = Counter(
    "ringside_dead_letters_total", "Records refused", ("code",), registry=REGISTRY
)
BATCH_SECONDS = Histogram(
    "ringside_batch_seconds", "Time from a batch in hand to its commit", registry=REGISTRY
)
BATCH_EVENTS = Histogram(
    "ringside_batch_events", "Events in a batch",
    buckets=(1, 10, 100, 500, 1_000, 2_000, 5_000, 10_000, 20_000), registry=REGISTRY,
)  # fmt: skip
FRESHNESS = Histogram(
    "ringside_freshness_seconds", "From an event in hand to its figure readable",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60), registry=REGISTRY,
)  # fmt: skip
CONSUMER_LAG = Gauge(
    "ringside_consumer_lag", "Records in Kafka not yet taken", ("topic", "partition"),
    registry=REGISTRY,
)  # fmt: skip
WATERMARK = Gauge(
    "ringside_feed_watermark_timestamp_seconds", "The latest event time of a source", ("source",),
    registry=REGISTRY,
)  # fmt: skip
OBJECT_READS = Gauge(
    "ringside_object_reads", "Objects of a vendor that changed and wait to be read", ("source",),
    registry=REGISTRY,
)  # fmt: skip
ALERTS = Gauge("ringside_alerts", "Open alerts", ("state", "severity"), registry=REGISTRY)
NOTIFICATIONS = Counter(
    "ringside_notifications_total", "Notices sent, by what came of it", ("sink", "outcome"),
    registry=REGISTRY,
)  # fmt: skip
TEAM_KPI = Gauge("ringside_team_kpi", "Today's floor", ("team", "kpi"), registry=REGISTRY)
CHECK_TIME = Gauge(
    "ringside_check_timestamp_seconds", "When figures were last worked out anew",
    registry=REGISTRY,
)  # fmt: skip
CHECK_ROWS = Gauge(
    "ringside_check_rows", "Facts and rollup rows that check looked at", registry=REGISTRY
)
CHECK_DRIFTED = Gauge(
    "ringside_check_drifted_rows", "Of these, those that were not what the facts say",
    registry=REGISTRY,
)  # fmt: skip
REBUILD_NEEDED = Gauge(
    "ringside_rebuild_needed", "1 where the figures are by other rules or settings than ours",
    registry=REGISTRY,
)  # fmt: skip
REQUESTS = Histogram(
    "http_request_duration_seconds", "Requests by route", ("method", "route", "status"),
    registry=REGISTRY,
)  # fmt: skip
BUILD = Gauge("ringside_build_info", "The version that runs", ("version",), registry=REGISTRY)
