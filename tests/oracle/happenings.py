"""Draws one valid event of each type from a floor's pools."""

from datetime import timedelta
from decimal import ROUND_FLOOR, Decimal, localcontext
from typing import Any

from tests.oracle.wire import Json
from tests.oracle.world import CURRENCIES, World

CALLS, SEGMENTS, CONVERSATIONS, QUOTES, ORDERS, RETURNS, LINES = 18, 12, 18, 8, 10, 8, 3
LENGTHS = ["0", "0.5", "5", "89.999999", "90", "91", "200.5", "610", "1300", "3600"]


def call(world: World) -> Json:
    """A leg; talk and hold fit its length."""
    rng = world.rng
    who, whom, started = world.meeting()
    length = timedelta(microseconds=int(Decimal(rng.choice(LENGTHS)) * 1_000_000))
    whole = length // timedelta(seconds=1)
    hold = world.pick(None, None, 0, 299, 300, 301, whole // 2)
    hold = None if hold is None else min(hold, whole)
    talk = world.pick(None, None, 0, 89, 90, whole, whole + 5, rng.randint(0, whole))
    talk = None if talk is None else min(talk, whole + 5 - (hold or 0))
    answered = world.pick(None, started, started + length / 2, started + length)
    outcome = world.pick("connected", "connected", "connected", "no_answer", "voicemail", "missed")
    data: Json = {
        "call_id": world.one_of("k", CALLS),
        "rep_id": who,
        "direction": world.pick(*["outbound"] * 7, *["inbound"] * 5, "internal"),
        "customer": whom,
        "started_at": world.text(started),
        "answered_at": None if answered is None else world.text(answered),
        "ended_at": world.text(started + length),
        "ring_seconds": world.pick(None, 4),
        "talk_seconds": talk,
        "hold_seconds": hold,
        "outcome": outcome,
        "answered_by": world.pick(None, None, "human", "human", "machine"),
    }
    if world.often(0.1):
        data["test"] = world.pick(True, False, None)
    return world.event("call.ended", sparse(world, data) | world.revision())


def segment(world: World) -> Json:
    data: Json = {
        "segment_id": world.one_of("s", SEGMENTS),
        "call_id": world.one_of("k", CALLS + 5),
        "rep_id": world.rng.choice(world.reps),
        "kind": world.pick("talk", "talk", "talk", "hold", "hold", "wrap_up", "ring"),
        "started_at": world.text(world.moment()),
        "seconds": world.pick(0, 1, 30, 89, 90, 301, 700, 86400 if world.often(0.1) else 60),
    }
    return world.event("talktime.recorded", data | world.revision())


def conversation(world: World) -> Json:
    who, whom, moment = world.meeting()
    data: Json = {
        "conversation_id": world.one_of("v", CONVERSATIONS),
        "call_id": None if world.often(0.35) else world.one_of("k", CALLS + 3),
        "rep_id": who,
        "customer": whom,
        "channel": world.pick("phone", "phone", "video", "chat", "in_person"),
        "started_at": world.text(moment),
        "duration_seconds": world.pick(0, 45, 120, 1800),
        "kind": world.pick(
            *["customer"] * 6, "personal", "internal", "hold_line", "wrong_party", "wrong_party"
        ),
        "right_party": world.pick(None, True, True, False),
    }
    return world.event("conversation.recorded", sparse(world, data) | world.revision())


def quote(world: World) -> Json:
    who, whom, moment = world.meeting()
    data: Json = {
        "quote_id": world.one_of("q", QUOTES),
        "rep_id": who,
        "customer": whom,
        "status": world.pick("draft", "issued", "issued", "accepted", "declined", "expired"),
        "amount": world.amount(),
        "currency": world.rng.choice(CURRENCIES),
        "issued_at": world.text(moment),
    }
    return world.event("quote.recorded", data | world.revision())


def order(world: World) -> Json:
    lines = [f"l{n}" for n in range(1, LINES + 1)]
    who, whom, moment = world.meeting()
    data: Json = {
        "order_id": world.one_of("o", ORDERS),
        "rep_id": who,
        "customer": whom,
        "status": world.pick(*["confirmed"] * 9, "canceled", "draft", "test"),
        "currency": world.rng.choice([world.currency, *CURRENCIES]),
        "placed_at": world.text(moment),
        "quote_id": None if world.often(0.6) else world.one_of("q", QUOTES + 1),
        "lines": [
            _line(world, name) for name in world.rng.sample(lines, world.rng.randint(1, LINES))
        ],
    }
    return world.event("order.recorded", sparse(world, data) | world.revision())


def _line(world: World, name: str) -> Json:
    quantity, price = world.quantity(), world.amount()
    line: Json = {
        "line_id": name,
        "sku": world.pick(None, "A-1"),
        "kind": world.pick(None, *["goods"] * 3, "service", "freight", "fee", "tax"),
        "quantity": quantity,
        "unit_price": price,
        "discount": _discount(world, quantity, price),
        "unit_cost": None if world.often(0.25) else world.amount(),
    }
    return sparse(world, line)


def _discount(world: World, quantity: Any, price: Any) -> Any:
    """None, some, or all of quantity × unit price, as far as 15 digits and 4 places go."""
    with localcontext() as context:
        context.prec = 60
        most = Decimal(str(quantity)) * Decimal(str(price))
        part = most * world.pick(Decimal(1), Decimal("0.5"), Decimal("0.1"))
        part = min(part, Decimal("999999999999999.9999"))
        shown = f"{part.quantize(Decimal('0.0001'), ROUND_FLOOR):f}"
    return world.pick(None, None, 0, shown)


def returned(world: World) -> Json:
    names = [f"l{n}" for n in range(1, LINES + 1 + world.pick(0, 0, 1))]
    data: Json = {
        "return_id": world.one_of("b", RETURNS),
        "order_id": world.one_of("o", ORDERS),
        "returned_at": world.text(world.moment()),
        "lines": [
            sparse(
                world,
                {
                    "line_id": name,
                    "quantity": world.pick(0, world.quantity(), world.quantity()),
                    "amount": world.amount(),
                    "cost": None if world.often(0.6) else world.amount(),
                },
            )
            for name in world.rng.sample(names, world.rng.randint(1, LINES))
        ],
    }
    return world.event("order.returned", data | world.revision())


def rep(world: World, name: str | None = None) -> Json:
    """A state of a rep, from always, from a date gone by, or from a date to come."""
    who = name or world.rng.choice(world.announced)
    data: Json = {
        "rep_id": who,
        "name": f"Name of {who}",
        "team": world.pick(None, *world.teams, *world.teams),
        "manager": world.pick(None, "Mia"),
        "time_zone": world.rng.choice(world.zones),
        "active": world.pick(None, True, True, True, False),
        "effective_from": world.pick(None, "2000-01-01", *[world.date().isoformat()] * 4),
    }
    if world.often(0.1):
        data["effective_from"] = (world.now + timedelta(days=20)).date().isoformat()
    return world.event("rep.recorded", sparse(world, data) | world.revision())


def customer(world: World) -> Json:
    phones = [world.phone() for _ in range(world.rng.randint(0, 3))]
    data: Json = {
        "customer_id": world.rng.choice(world.customers),
        "name": "Some Customer",
        "phones": phones or world.pick(None, []),
    }
    return world.event("customer.recorded", sparse(world, data) | world.revision())


def time_off(world: World) -> Json:
    data: Json = {
        "rep_id": world.rng.choice(world.reps),
        "date": world.date().isoformat(),
        "fraction": world.pick(0, 1, "1", "0.5", 0.25, "0.3333", "0"),
    }
    return world.event("time_off.recorded", data | world.revision())


def fx_rate(world: World) -> Json:
    currencies = [currency for currency in CURRENCIES if currency != world.currency]
    data: Json = {
        "currency": world.rng.choice(currencies),
        "day": world.date().isoformat(),
        "rate": world.pick("1.0834", "0.0068", "0.333333333333", "98765.000000000001", 1, 0.5),
    }
    return world.event("fx_rate.recorded", data | world.revision())


def void(world: World) -> Json:
    """Withdraws a record that may come later, earlier or never."""
    kind = world.pick(
        "call", "call", "conversation", "talktime", "quote", "order", "return", "customer", "rep"
    )
    pools = {
        "call": ("k", CALLS),
        "conversation": ("v", CONVERSATIONS),
        "talktime": ("s", SEGMENTS),
        "quote": ("q", QUOTES),
        "order": ("o", ORDERS),
        "return": ("b", RETURNS),
        "customer": ("cu", len(world.customers)),
    }
    data: Json = {"kind": kind, "revision": world.pick(0, 1, 1, 2, 3)}
    data["key"] = world.one_of(*pools[kind]) if kind in pools else "2000-01-01"
    if kind in {"call", "rep"}:
        data["rep_id"] = world.rng.choice(world.reps)
    return world.event("record.voided", data)


def sparse(world: World, data: Json) -> Json:
    """Null in an optional field means absent: leaves some of the nulls out."""
    required = {"customer"} if "issued_at" in data else set()
    return {
        field: value
        for field, value in data.items()
        if value is not None or field in required or world.often(0.5)
    }
