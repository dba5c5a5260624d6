"""A mixed stream for the benchmarks: every type, with its repeats, lateness, corrections, refusals.

Two thirds are calls; 2 % of all come again as they are, 3 % are late by an hour to 20 days, 1 %
correct what came before and 0.5 % cannot be taken. Fixed seed.
"""

import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.load import OUTCOMES, REPS

REPEATED, LATE, CORRECTED, REFUSED = 0.02, 0.03, 0.01, 0.005
REMEMBERED = 5_000
SHARES = (
    ("call.ended", 0.66), ("talktime.recorded", 0.12), ("conversation.recorded", 0.08),
    ("quote.recorded", 0.05), ("order.recorded", 0.04), ("order.returned", 0.01),
    ("customer.recorded", 0.02), ("rep.recorded", 0.005), ("time_off.recorded", 0.005),
    ("fx_rate.recorded", 0.005), ("record.voided", 0.005),
)  # fmt: skip

Data = dict[str, Any]


class Floor:
    """What the stream has said so far, as much as later events speak of."""

    def __init__(self, start: datetime, seed: int) -> None:
        self.draw = random.Random(seed)
        self.moment = start.astimezone(UTC)
        self.calls: list[Data] = []
        self.orders: list[Data] = []
        self.number = 0

    def at(self) -> datetime:
        """Now on this floor; for a few an hour to 20 days before."""
        late = self.draw.random() < LATE
        return self.moment - timedelta(hours=self.draw.uniform(1, 480) if late else 0)

    def whom(self) -> Data:
        """A rep and one of the rep's customers."""
        rep, customer = self.draw.randrange(REPS), self.draw.randrange(200)
        known = {"customer_id": f"cust-{rep:05d}-{customer:04d}"}
        phone = {"phone": f"+1415{rep:04d}{customer:03d}"}
        return {"rep_id": f"rep-{rep:05d}", "customer": known if customer % 3 else phone}

    def name(self, kind: str) -> str:
        """An id nobody has used."""
        return f"{kind}{self.draw.getrandbits(96):024x}"


def _call(f: Floor) -> Data:
    at, length, outcome = f.at(), f.draw.randrange(5, 600), f.draw.choice(OUTCOMES)
    connected = outcome == "connected"
    data = {
        "call_id": f.name("CA"), **f.whom(),
        "direction": "outbound" if f.draw.random() < 0.85 else "inbound",
        "started_at": at.isoformat(), "outcome": outcome,
        "answered_at": (at + timedelta(seconds=4)).isoformat() if connected else None,
        "ended_at": (at + timedelta(seconds=length + 4)).isoformat(),
        "talk_seconds": length - 1 if connected else None,
        "hold_seconds": 1 if connected else None,
    }  # fmt: skip
    f.calls.append(data)
    del f.calls[:-REMEMBERED]
    return data


def _of_a_call(f: Floor) -> Data:
    call = f.draw.choice(f.calls)
    return {name: call[name] for name in ("call_id", "rep_id", "started_at")}


def _segment(f: Floor) -> Data:
    seconds = f.draw.randrange(300)
    return {**_of_a_call(f), "segment_id": f.name("S"), "kind": "talk", "seconds": seconds}


def _conversation(f: Floor) -> Data:
    kind = f.draw.choice(("customer", "customer", "personal", "wrong_party"))
    said = {"conversation_id": f.name("V"), "channel": "phone", "duration_seconds": 90}
    if f.draw.random() < 0.7:
        return {**_of_a_call(f), **said, "kind": kind}
    return {**f.whom(), **said, "kind": kind, "started_at": f.at().isoformat()}


def _quote(f: Floor) -> Data:
    return {"quote_id": f.name("Q"), **f.whom(), "status": "issued", "amount": "1250.50",
            "currency": "USD", "issued_at": f.at().isoformat()}  # fmt: skip


def _order(f: Floor) -> Data:
    line = {"line_id": "1", "quantity": "2", "unit_price": "10.25", "unit_cost": "4"}
    data = {"order_id": f.name("O"), **f.whom(), "status": "confirmed", "currency": "USD",
            "placed_at": f.at().isoformat(), "lines": [line]}  # fmt: skip
    f.orders.append(data)
    del f.orders[:-REMEMBERED]
    return data


def _return(f: Floor) -> Data:
    if not f.orders:
        return _order(f)
    line = {"line_id": "1", "quantity": "1", "amount": "10.25"}
    return {"return_id": f.name("R"), "order_id": f.draw.choice(f.orders)["order_id"],
            "returned_at": f.moment.isoformat(), "lines": [line]}  # fmt: skip


def _customer(f: Floor) -> Data:
    rep, customer = f.draw.randrange(REPS), f.draw.randrange(200)
    return {"customer_id": f"cust-{rep:05d}-{customer:04d}", "name": "A customer",
            "phones": [f"+1415{rep:04d}{customer:03d}"]}  # fmt: skip


def _rep(f: Floor) -> Data:
    rep = f.draw.randrange(REPS)
    return {"rep_id": f"rep-{rep:05d}", "name": f"Rep {rep}", "team": f"Team {rep % 50}",
            "time_zone": "UTC", "revision": f.number}  # fmt: skip


def _time_off(f: Floor) -> Data:
    return {"rep_id": f"rep-{f.draw.randrange(REPS):05d}", "fraction": "0.5",
            "date": str(f.at().date()), "revision": f.number}  # fmt: skip


def _rate(f: Floor) -> Data:
    return {"currency": "EUR", "day": str(f.at().date()), "rate": "1.1", "revision": f.number}


def _void(f: Floor) -> Data:
    call = f.draw.choice(f.calls)
    return {"kind": "call", "key": call["call_id"], "rep_id": call["rep_id"], "revision": 2**40}


MAKERS: dict[str, Callable[[Floor], Data]] = {
    "call.ended": _call, "talktime.recorded": _segment, "conversation.recorded": _conversation,
    "quote.recorded": _quote, "order.recorded": _order, "order.returned": _return,
    "customer.recorded": _customer, "rep.recorded": _rep, "time_off.recorded": _time_off,
    "fx_rate.recorded": _rate, "record.voided": _void,
}  # fmt: skip


def as_event(floor: Floor, kind: str, data: Data, name: str) -> bytes:
    """What happened now on the floor, as structured JSON."""
    return json.dumps({
        "specversion": "1.0", "id": name, "source": "bench", "type": f"ringside.{kind}.v1",
        "time": floor.moment.isoformat(), "data": data,
    }).encode()  # fmt: skip


def mixed(count: int, *, start: datetime, seed: int = 13) -> Iterator[bytes]:
    """`count` events of all types as structured JSON, from `start` on."""
    floor = Floor(start, seed)
    kinds, weights = zip(*SHARES, strict=True)
    recent: list[bytes] = []
    for number in range(count):
        floor.number = number
        floor.moment += timedelta(milliseconds=floor.draw.randrange(20, 120))
        chance = floor.draw.random()
        if recent and chance < REPEATED:
            yield floor.draw.choice(recent)
            continue
        kind = floor.draw.choices(kinds, weights)[0] if floor.calls else "call.ended"
        data = MAKERS[kind](floor)
        if floor.calls and chance < REPEATED + CORRECTED:
            kind, data = "call.ended", {**floor.draw.choice(floor.calls), "revision": number}
            data |= {"outcome": "voicemail", "talk_seconds": None}
        elif chance > 1 - REFUSED:
            data = {**data, "revision": "one"}
        event = as_event(floor, kind, data, f"{seed}-{number}")
        recent.append(event)
        del recent[:-REMEMBERED]
        yield event
