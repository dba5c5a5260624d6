"""The troubled stream that Ringside and its rivals read, and the figures that are right for it.

Calls alone, so that everybody can: 2 % sent again word for word, 1 % corrected by a higher
revision that may come first, 3 % an hour to 20 days late, 0.5 % that cannot be taken.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from bench.load import calls

Days = dict[tuple[str, str], tuple[int, int, int]]


def troubled(count: int, *, start: datetime, seed: int = 11) -> list[dict[str, Any]]:
    """`count` events in the order they are sent."""
    draw = random.Random(seed)
    sent: list[tuple[int, dict[str, Any]]] = []
    for at, raw in enumerate(calls(count, start=start, seed=seed)):
        event = msgspec.json.decode(raw)
        if draw.random() < 0.03:
            _late(event, timedelta(seconds=draw.randrange(3_600, 20 * 86_400)))
        if draw.random() < 0.005:
            event["data"]["started_at"] = event["data"]["started_at"].rstrip("Z")
        sent.append((at, event))
        sent += [(at + moved, again) for moved, again in _again(event, draw)]
    sent.sort(key=lambda pair: pair[0])
    return [event for _, event in sent[:count]]


def _late(event: dict[str, Any], by: timedelta) -> None:
    """A call of so long ago that only comes now."""
    for field in ("started_at", "answered_at", "ended_at"):
        if event["data"][field] is not None:
            moment = datetime.fromisoformat(event["data"][field]) - by
            event["data"][field] = moment.isoformat().replace("+00:00", "Z")


def _again(event: dict[str, Any], draw: random.Random) -> Iterator[tuple[int, dict[str, Any]]]:
    """What comes again, and how many events later (a correction also earlier)."""
    if draw.random() < 0.02:
        yield draw.randrange(1, 5_000), event
    if draw.random() < 0.01 and event["data"]["talk_seconds"] is not None:
        corrected = {**event["data"], "revision": 1, "talk_seconds": 0, "hold_seconds": 0}
        yield draw.randrange(-5_000, 5_000), {**event, "id": event["id"] + "r", "data": corrected}


def right(events: Sequence[dict[str, Any]]) -> Days:
    """Calls, conversations and talk of each rep and UTC day, by the contract."""
    legs: dict[tuple[str, str], dict[str, Any]] = {}
    for event in events:
        data = event["data"]
        if datetime.fromisoformat(data["started_at"]).tzinfo is None:
            continue
        key = (data["call_id"], data["rep_id"])
        if key not in legs or legs[key].get("revision", 0) < data.get("revision", 0):
            legs[key] = data
    days: dict[tuple[str, str], list[int]] = {}
    for leg in legs.values():
        answered = leg["outcome"] == "connected"
        if leg["direction"] == "inbound" and not answered:
            continue
        day = datetime.fromisoformat(leg["started_at"]).astimezone(UTC).date().isoformat()
        sums = days.setdefault((leg["rep_id"], day), [0, 0, 0])
        talk = leg["talk_seconds"] or 0
        sums[0] += 1
        sums[1] += int(answered and talk >= 90)
        sums[2] += talk if answered else 0
    return {key: (sums[0], sums[1], sums[2]) for key, sums in days.items()}
