"""One good event of every type, to be spoiled."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from app.events.decode import decode_structured
from app.events.refusals import Refusal
from app.events.types import Event

NOW = datetime(2026, 11, 20, 20, tzinfo=UTC)

DATA: dict[str, dict[str, Any]] = {
    "call.ended": {
        "call_id": "c1", "rep_id": "r1", "direction": "outbound",
        "customer": {"customer_id": "k1", "phone": "+13035550101"},
        "started_at": "2026-11-20T18:00:00Z", "answered_at": "2026-11-20T18:00:10Z",
        "ended_at": "2026-11-20T18:03:20.5Z", "ring_seconds": 10, "talk_seconds": 170,
        "hold_seconds": 20, "wrap_up_seconds": None, "outcome": "connected",
        "answered_by": "human", "test": False, "revision": 3,
    },
    "talktime.recorded": {
        "segment_id": "s1", "call_id": "c1", "rep_id": "r1", "kind": "talk",
        "started_at": "2026-11-20T18:00:10Z", "seconds": 60, "revision": 0,
    },
    "conversation.recorded": {
        "conversation_id": "v1", "call_id": "c1", "rep_id": "r1", "customer": None,
        "channel": "phone", "started_at": "2026-11-20T18:00:10Z", "duration_seconds": 170,
        "kind": "customer", "right_party": True,
    },
    "quote.recorded": {
        "quote_id": "q1", "rep_id": "r1", "customer": None, "status": "issued",
        "amount": "100.50", "currency": "EUR", "issued_at": "2026-11-20T18:00:10Z",
    },
    "order.recorded": {
        "order_id": "o1", "rep_id": "r1", "status": "confirmed", "currency": "USD",
        "placed_at": "2026-11-20T18:00:10Z", "quote_id": "q1",
        "lines": [{"line_id": "1", "sku": "A", "quantity": 2, "unit_price": "10.25",
                   "discount": 0.5, "unit_cost": "4"}, {"line_id": "2", "kind": "service",
                   "quantity": "1.5", "unit_price": 0}],
    },
    "order.returned": {
        "return_id": "t1", "order_id": "o1", "returned_at": "2026-11-20T18:00:10Z",
        "lines": [{"line_id": "1", "quantity": 0, "amount": "3.1415", "cost": None}],
    },
    "rep.recorded": {
        "rep_id": "r1", "name": "Ada", "team": "West", "manager": None,
        "time_zone": "America/Denver", "active": True, "effective_from": "2026-01-01",
    },
    "customer.recorded": {"customer_id": "k1", "name": "Acme", "phones": ["+13035550101", ""]},
    "time_off.recorded": {"rep_id": "r1", "date": "2026-11-20", "fraction": 0.5},
    "fx_rate.recorded": {"currency": "EUR", "day": "2026-11-20", "rate": "1.123456789012"},
    "record.voided": {
        "kind": "rep", "key": "2026-01-01", "rep_id": "r1", "reason": "typo", "revision": 1,
    },
}  # fmt: skip


def event(kind: str, /, **over: Any) -> dict[str, Any]:
    """A good event of this type, with some of its data replaced; `...` takes a field away."""
    data = deepcopy(DATA[kind]) | over
    return {
        "specversion": "1.0",
        "id": "e1",
        "source": "pbx",
        "type": f"ringside.{kind}.v1",
        "time": "2026-11-20T18:05:00Z",
        "data": {name: value for name, value in data.items() if value is not ...},
    }


def decoded(what: dict[str, Any] | bytes) -> Event | Refusal:
    body = what if isinstance(what, bytes) else json.dumps(what).encode()
    return decode_structured(body, now=NOW, currency="USD")


def refusal(what: dict[str, Any] | bytes) -> tuple[str, str | None]:
    """The code and field of the refusal."""
    answer = decoded(what)
    assert isinstance(answer, Refusal), answer
    return answer.code, answer.field
