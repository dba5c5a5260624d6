"""The list of metrics: what the contract promises, each set somewhere, no person as a label."""

import re
from pathlib import Path

from prometheus_client.exposition import generate_latest
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.parser import text_string_to_metric_families

from app import metrics

ROOT = Path(__file__).parents[1]
LISTED = {
    name: metric for name, metric in vars(metrics).items() if isinstance(metric, MetricWrapperBase)
}


def test_the_list_is_the_promised_one() -> None:
    found = {
        metric._name + ("_total" if metric._type == "counter" else ""): metric._labelnames
        for metric in LISTED.values()
    }
    assert found == {
        "ringside_events_total": ("source", "type", "outcome"),
        "ringside_dead_letters_total": ("code",),
        "ringside_batch_seconds": (),
        "ringside_batch_events": (),
        "ringside_freshness_seconds": (),
        "ringside_consumer_lag": ("topic", "partition"),
        "ringside_feed_watermark_timestamp_seconds": ("source",),
        "ringside_alerts": ("state", "severity"),
        "ringside_notifications_total": ("sink", "outcome"),
        "ringside_team_kpi": ("team", "kpi"),
        "ringside_object_reads": ("source",),
        "ringside_check_timestamp_seconds": (),
        "ringside_check_rows": (),
        "ringside_check_drifted_rows": (),
        "ringside_rebuild_needed": (),
        "http_request_duration_seconds": ("method", "route", "status"),
        "ringside_build_info": ("version",),
    }


def test_every_metric_is_set_somewhere_and_none_beside_the_list() -> None:
    used: set[str] = set()
    for path in (*ROOT.glob("app/**/*.py"), *ROOT.glob("consumers/**/*.py")):
        text = path.read_text(encoding="utf-8")
        used |= set(re.findall(r"\bmetrics\.([A-Z_]+)\b", text)) - {"REGISTRY"}
        if path != ROOT / "app/metrics.py":
            assert re.search(r"prometheus_client import .*(Counter|Gauge|Histogram)", text) is None
    assert used == set(LISTED)


def test_all_of_them_are_in_the_one_registry() -> None:
    shown = text_string_to_metric_families(generate_latest(metrics.REGISTRY).decode())
    assert {family.name for family in shown} == {metric._name for metric in LISTED.values()}
