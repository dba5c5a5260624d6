"""The events that the benchmarks feed: calls in order, about 400 bytes each, fixed seed."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec

REPS = 2_000
CUSTOMERS_A_REP = 200
OUTCOMES = ("connected",) * 5 + ("no_answer", "voicemail", "busy")


def calls(
    count: int,
    *,
    start: datetime,
    seed: int = 7,
    reps: int = REPS,
    customers: int = CUSTOMERS_A_REP,
) -> Iterator[bytes]:
    """`count` call.ended events as structured JSON, close together from `start`; of so many reps,
    each with so many customers of their own.
    """
    draw = random.Random(seed)
    moment = start.astimezone(UTC)
    for number in range(count):
        moment += timedelta(milliseconds=draw.randrange(20, 120))
        rep = draw.randrange(reps)
        outcome = draw.choice(OUTCOMES)
        length = draw.randrange(5, 600)
        connected = outcome == "connected"
        data = {
            "call_id": f"CA{draw.getrandbits(128):032x}",
            "rep_id": f"rep-{rep:05d}",
            "direction": "outbound" if draw.random() < 0.85 else "inbound",
            "customer": {"customer_id": f"cust-{rep:05d}-{draw.randrange(customers):04d}"},
            "started_at": _text(moment),
            "answered_at": _text(moment + timedelta(seconds=4)) if connected else None,
            "ended_at": _text(moment + timedelta(seconds=length + 4)),
            "ring_seconds": 4,
            "talk_seconds": length - 1 if connected else None,
            "hold_seconds": 1 if connected else None,
            "outcome": outcome,
        }
        yield msgspec.json.encode(
            {
                "specversion": "1.0",
                "id": f"{seed}-{number}",
                "source": "bench",
                "type": "ringside.call.ended.v1",
                "time": _text(moment + timedelta(seconds=length + 5)),
                "data": data,
            }
        )


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
