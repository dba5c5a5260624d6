"""A simulated event on its way: the CloudEvent, and the moment it is handed over."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

CloudEvent = dict[str, Any]


class Delivery(NamedTuple):
    """One posting of an event; the same event may be delivered more than once."""

    at: datetime
    event: CloudEvent


def text(moment: datetime) -> str:
    """RFC 3339 in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def cloud_event(
    kind: str, source: str, event_id: str, time: datetime | None, key: str, data: dict[str, Any]
) -> CloudEvent:
    """An event of the wire contract; `kind` is the short type name, `key` its partition key."""
    event: CloudEvent = {
        "specversion": "1.0",
        "id": event_id,
        "source": source,
        "type": f"ringside.{kind}.v1",
        "partitionkey": key,
        "data": data,
    }
    if time is not None:
        event["time"] = text(time)
    return event


def weekday_after(moment: datetime, days: float) -> datetime:
    """`days` later, moved past a weekend."""
    later = moment + timedelta(days=days)
    return later + timedelta(days=(0, 0, 0, 0, 0, 2, 1)[later.weekday()])
