"""Short ways to say events in hand-worked examples. Instants are UTC unless they say otherwise."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from tests.oracle.figures import Oracle
from tests.oracle.form import Figure
from tests.oracle.wire import Json, instant

_IDS = count(1)
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)  # a Tuesday
DAY = "2026-11-20"  # a Friday
ADA = {"customer_id": "ada"}


def event(kind: str, data: Json, **envelope: Any) -> Json:
    return {
        "specversion": "1.0",
        "id": f"e{next(_IDS):06d}",
        "source": "test",
        "type": f"ringside.{kind}.v1",
        "data": data,
    } | envelope


def leg(call_id: str, at: str = f"{DAY}T15:00:00Z", seconds: float = 120, **more: Any) -> Json:
    """An outbound leg of r1, answered by a human at once and bridged to its end."""
    ended = instant(at) + timedelta(seconds=seconds)
    data: Json = {
        "call_id": call_id,
        "rep_id": "r1",
        "direction": "outbound",
        "started_at": at,
        "answered_at": at,
        "ended_at": ended.isoformat(),
        "outcome": "connected",
        "answered_by": "human",
    }
    return event("call.ended", data | more)


def unanswered(call_id: str, at: str = f"{DAY}T15:00:00Z", **more: Any) -> Json:
    return leg(call_id, at, **{"answered_at": None, "outcome": "no_answer"} | more)


def said(call_id: str | None, kind: str = "customer", **more: Any) -> Json:
    """r1 says what a contact was: of a call, or alone where `call_id` is None."""
    data: Json = {
        "conversation_id": f"v-{call_id}",
        "call_id": call_id,
        "rep_id": "r1",
        "channel": "phone",
        "started_at": f"{DAY}T16:00:00Z",
        "duration_seconds": 600,
        "kind": kind,
    }
    return event("conversation.recorded", data | more)


def segment(segment_id: str, call_id: str, kind: str, seconds: int, **more: Any) -> Json:
    data: Json = {
        "segment_id": segment_id,
        "call_id": call_id,
        "rep_id": "r1",
        "kind": kind,
        "started_at": f"{DAY}T15:00:00Z",
        "seconds": seconds,
    }
    return event("talktime.recorded", data | more)


def quote(quote_id: str, at: str = f"{DAY}T12:00:00Z", **more: Any) -> Json:
    data: Json = {
        "quote_id": quote_id,
        "rep_id": "r1",
        "customer": ADA,
        "status": "issued",
        "amount": "100",
        "currency": "USD",
        "issued_at": at,
    }
    return event("quote.recorded", data | more)


def line(line_id: str, quantity: Any, unit_price: Any, **more: Any) -> Json:
    return {"line_id": line_id, "quantity": quantity, "unit_price": unit_price} | more


def order(order_id: str, *lines: Json, at: str = f"{DAY}T13:00:00Z", **more: Any) -> Json:
    data: Json = {
        "order_id": order_id,
        "rep_id": "r1",
        "customer": ADA,
        "status": "confirmed",
        "currency": "USD",
        "placed_at": at,
        "lines": list(lines) or [line("l1", 1, "100")],
    }
    return event("order.recorded", data | more)


def back(return_id: str, order_id: str, *lines: Json, at: str = f"{DAY}T14:00:00Z") -> Json:
    data = {"return_id": return_id, "order_id": order_id, "returned_at": at, "lines": list(lines)}
    return event("order.returned", data)


def came(line_id: str, quantity: Any, amount: Any, **more: Any) -> Json:
    return {"line_id": line_id, "quantity": quantity, "amount": amount} | more


def rep(rep_id: str = "r1", zone: str = "UTC", team: str | None = None, **more: Any) -> Json:
    data: Json = {"rep_id": rep_id, "name": rep_id, "team": team, "time_zone": zone}
    return event("rep.recorded", data | more)


def rate(currency: str, day: str, value: Any) -> Json:
    return event("fx_rate.recorded", {"currency": currency, "day": day, "rate": value})


def void(kind: str, key: str, revision: int = 1, **more: Any) -> Json:
    return event("record.voided", {"kind": kind, "key": key, "revision": revision} | more)


def oracle(*events: Json, **settings: Any) -> Oracle:
    return Oracle(list(events), **{"now": NOW} | settings)


def figures(*events: Json, on: str = DAY, days: int = 1, **settings: Any) -> dict[str, Figure]:
    """r1's figures of the day, or of some days from it on."""
    start = date.fromisoformat(on)
    known = oracle(*events, **settings)
    return known.figures(("rep", "r1"), start, start + timedelta(days=days))


def values(found: dict[str, Figure], *kpis: str) -> list[Any]:
    return [found[kpi]["value"] for kpi in kpis]
