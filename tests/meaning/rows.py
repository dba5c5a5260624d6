"""Short ways to write the rows that the tests of meaning work on."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from app.directory import Directory
from app.events.types import OrderLine, ReturnLine
from app.facts.rows import Conversation, Leg, Order, Quote, Return, Segment
from app.floors import Floors
from app.meaning.known import Known, Rates

START = datetime(2026, 11, 20, 18, tzinfo=UTC)


def known(floor: int = 90, owners: dict[str, str] | None = None) -> Known:
    return Known(Directory({}, "UTC"), Floors(floor), Rates("USD", {}), owners or {})


def later(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


STAMP: dict[str, Any] = {
    "voided": False, "void_reason": None, "revision": 0, "event_time": None,
    "event_id": "e", "source": "s",
}  # fmt: skip


def leg(rep_id: str = "r1", **over: Any) -> Leg:
    """An outbound, connected leg of 200 s, answered after 10 s, to nobody known."""
    fields: dict[str, Any] = {
        "call_id": "c1", "agent": rep_id, "rep_id": rep_id, "direction": "outbound",
        "customer_id": None, "phone": None, "phone_last2": None, "started_at": START,
        "answered_at": later(10),
        "ended_at": later(200), "ring_seconds": None, "talk_seconds": None, "hold_seconds": None,
        "wrap_up_seconds": None, "outcome": "connected", "answered_by": None, "test": False,
        **STAMP,
    }  # fmt: skip
    return Leg(**{**fields, **over})


def segment(kind: str, seconds: int, rep_id: str = "r1", **over: Any) -> Segment:
    fields: dict[str, Any] = {
        "segment_id": f"{kind}{seconds}", "call_id": "c1", "agent": rep_id, "rep_id": rep_id,
        "kind": kind, "started_at": later(10), "seconds": seconds, **STAMP,
    }  # fmt: skip
    return Segment(**{**fields, **over})


def word(kind: str, rep_id: str = "r1", **over: Any) -> Conversation:
    fields: dict[str, Any] = {
        "conversation_id": f"v-{kind}", "call_id": "c1", "agent": rep_id, "rep_id": rep_id,
        "customer_id": None, "phone": None, "phone_last2": None, "channel": "phone",
        "started_at": START,
        "duration_seconds": 60, "kind": kind, "right_party": None, **STAMP,
    }  # fmt: skip
    return Conversation(**{**fields, **over})


def quote(quote_id: str = "q1", **over: Any) -> Quote:
    fields: dict[str, Any] = {
        "quote_id": quote_id, "agent": "r1", "rep_id": "r1", "customer_id": "k1", "phone": None,
        "phone_last2": None, "status": "issued", "amount": Decimal("100.00"), "currency": "USD",
        "issued_at": START, **STAMP, "day": START.date(), "party": "c:k1", "rate": Decimal(1),
    }  # fmt: skip
    return Quote(**{**fields, **over})


def line(line_id: str = "1", **over: Any) -> OrderLine:
    fields: dict[str, Any] = {
        "line_id": line_id, "quantity": Decimal(2), "unit_price": Decimal(10),
        "unit_cost": Decimal(6),
    }  # fmt: skip
    return OrderLine(**{**fields, **over})


def order(order_id: str = "o1", **over: Any) -> Order:
    fields: dict[str, Any] = {
        "order_id": order_id, "agent": "r1", "rep_id": "r1", "customer_id": "k1", "phone": None,
        "phone_last2": None, "status": "confirmed", "currency": "USD", "placed_at": START,
        "quote_id": None, "lines": (line(),), **STAMP,
        "day": START.date(), "party": "c:k1", "rate": Decimal(1),
    }  # fmt: skip
    return Order(**{**fields, **over})


def returned(*lines: ReturnLine, **over: Any) -> Return:
    fields: dict[str, Any] = {
        "return_id": "t1", "order_id": "o1", "returned_at": START, "lines": lines, **STAMP,
        "day": START.date(), "rep_id": "r1",
    }  # fmt: skip
    return Return(**{**fields, **over})
