"""A KPI over time: a point for each day, week or month of a range, the first and last cut."""

from datetime import date
from typing import Any

from tests.oracle.figures import Oracle, Scope
from tests.oracle.form import written
from tests.oracle.periods import period


def buckets(start: date, end: date, bucket: str, week_start: int = 0) -> list[tuple[date, date]]:
    """The days, weeks or months that hold the days of `start`..`end`, cut at both."""
    found = []
    while start < end:
        after = min(end, period(bucket, start, week_start)[1])
        found.append((start, after))
        start = after
    return found


def series(
    oracle: Oracle, scope: Scope, kpi: str, start: date, end: date, bucket: str
) -> list[dict[str, Any]]:
    """Each point is the figure of its dates."""
    return [
        {
            "start": lo.isoformat(),
            **written(kpi, oracle.parts(scope, oracle.fixed(lo, hi))[kpi]),
            "status": oracle.status(scope, lo, hi)[kpi],
        }
        for lo, hi in buckets(start, end, bucket, oracle.week_start)
    ]
