"""Reads the data of an event by its type, field by field, from decoded JSON: the careful path.

Whatever is wrong raises `Invalid` naming the first wrong field; unknown fields are ignored.
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import Context, localcontext
from typing import Any

from app.events import fields
from app.events.entry import Fields, Rules
from app.events.refusals import Invalid
from app.events.types import (
    ALWAYS,
    NONE,
    Alias,
    CallEnded,
    ConversationRecorded,
    CustomerRecorded,
    Data,
    FxRateRecorded,
    OrderLine,
    OrderRecorded,
    OrderReturned,
    QuoteRecorded,
    RecordVoided,
    RepRecorded,
    ReturnLine,
    TalktimeRecorded,
    TimeOffRecorded,
)

SLACK = timedelta(seconds=5)
WITH_REP = ("call", "rep")
_EXACT = Context(prec=100)


def _call(f: Fields, _: Rules) -> CallEnded:
    call = CallEnded(
        call_id=f.text("call_id"),
        rep_id=f.text("rep_id"),
        direction=f.choice("direction", "inbound", "outbound", "internal"),
        customer=f.customer(),
        started_at=f.timestamp("started_at"),
        answered_at=f.maybe_timestamp("answered_at"),
        ended_at=f.timestamp("ended_at"),
        ring_seconds=f.maybe_seconds("ring_seconds"),
        talk_seconds=f.maybe_seconds("talk_seconds"),
        hold_seconds=f.maybe_seconds("hold_seconds"),
        wrap_up_seconds=f.maybe_seconds("wrap_up_seconds"),
        outcome=f.choice(
            "outcome", "connected", "no_answer", "busy", "voicemail", "failed", "canceled", "missed"
        ),
        answered_by=f.maybe_choice("answered_by", "human", "machine"),
        test=f.flag("test", default=False),
        revision=f.revision(),
    )
    return consistent(call)


def consistent(call: CallEnded) -> CallEnded:
    """The call, if its times do not contradict each other."""
    started, answered, ended = call.started_at, call.answered_at, call.ended_at
    if ended < started:
        raise Invalid("inconsistent", "data.ended_at", "data.ended_at is before data.started_at")
    if answered is not None and not started <= answered <= ended:
        raise Invalid(
            "inconsistent",
            "data.answered_at",
            "data.answered_at is not between data.started_at and data.ended_at",
        )
    spoken = (call.talk_seconds or 0) + (call.hold_seconds or 0)
    if spoken > 5 and timedelta(seconds=spoken) > ended - started + SLACK:
        raise Invalid(
            "inconsistent",
            "data.talk_seconds",
            f"data.talk_seconds + data.hold_seconds is {spoken} s, over 5 s longer than the call",
        )
    return call


def _talktime(f: Fields, _: Rules) -> TalktimeRecorded:
    return TalktimeRecorded(
        segment_id=f.text("segment_id"),
        call_id=f.text("call_id"),
        rep_id=f.text("rep_id"),
        kind=f.choice("kind", "talk", "hold", "wrap_up", "ring"),
        started_at=f.timestamp("started_at"),
        seconds=f.seconds("seconds"),
        revision=f.revision(),
    )


def _conversation(f: Fields, _: Rules) -> ConversationRecorded:
    return ConversationRecorded(
        conversation_id=f.text("conversation_id"),
        call_id=f.maybe_text("call_id"),
        rep_id=f.text("rep_id"),
        customer=f.customer(),
        channel=f.choice("channel", "phone", "video", "chat", "in_person"),
        started_at=f.timestamp("started_at"),
        duration_seconds=f.seconds("duration_seconds"),
        kind=f.choice("kind", "customer", "personal", "internal", "hold_line", "wrong_party"),
        right_party=f.flag("right_party", default=None),
        revision=f.revision(),
    )


def _quote(f: Fields, _: Rules) -> QuoteRecorded:
    if not f.has("customer"):
        raise Invalid("missing", "data.customer", "data.customer is required; null if not known")
    return QuoteRecorded(
        quote_id=f.text("quote_id"),
        rep_id=f.text("rep_id"),
        customer=f.customer(),
        status=f.choice("status", "draft", "issued", "accepted", "declined", "expired"),
        amount=f.decimal("amount"),
        currency=fields.currency(f.need("currency"), f.at("currency")),
        issued_at=f.timestamp("issued_at"),
        revision=f.revision(),
    )


def _order(f: Fields, _: Rules) -> OrderRecorded:
    return OrderRecorded(
        order_id=f.text("order_id"),
        rep_id=f.text("rep_id"),
        customer=f.customer(),
        status=f.choice("status", "confirmed", "canceled", "draft", "test"),
        currency=fields.currency(f.need("currency"), f.at("currency")),
        placed_at=f.timestamp("placed_at"),
        quote_id=f.maybe_text("quote_id"),
        lines=_unique(tuple(_order_line(line) for line in f.lines()), f.at("lines")),
        revision=f.revision(),
    )


def _order_line(f: Fields) -> OrderLine:
    line = OrderLine(
        line_id=f.text("line_id"),
        sku=f.maybe_text("sku", empty=True),
        kind=f.maybe_choice("kind", "goods", "service", "freight", "fee", "tax", default="goods"),
        quantity=fields.positive(f.decimal("quantity"), f.at("quantity")),
        unit_price=f.decimal("unit_price"),
        discount=f.maybe_decimal("discount") or NONE,
        unit_cost=f.maybe_decimal("unit_cost"),
    )
    if overdiscounted(line):
        raise Invalid(
            "inconsistent",
            f.at("discount"),
            f"{f.at('discount')} is more than quantity x unit_price",
        )
    return line


def overdiscounted(line: OrderLine) -> bool:
    """Whether the discount is more than the line."""
    if not line.discount:
        return False
    with localcontext(_EXACT):
        return line.discount > line.quantity * line.unit_price


def _return(f: Fields, _: Rules) -> OrderReturned:
    return OrderReturned(
        return_id=f.text("return_id"),
        order_id=f.text("order_id"),
        returned_at=f.timestamp("returned_at"),
        lines=_unique(tuple(_return_line(line) for line in f.lines()), f.at("lines")),
        revision=f.revision(),
    )


def _return_line(f: Fields) -> ReturnLine:
    return ReturnLine(
        line_id=f.text("line_id"),
        quantity=f.decimal("quantity"),
        amount=f.decimal("amount"),
        cost=f.maybe_decimal("cost"),
    )


def _unique(lines: Any, field: str) -> Any:
    seen = set()
    for line in lines:
        if line.line_id in seen:
            raise Invalid("bad_lines", field, f"{field}: line_id {line.line_id!a} comes twice")
        seen.add(line.line_id)
    return lines


def _rep(f: Fields, _: Rules) -> RepRecorded:
    return RepRecorded(
        rep_id=f.text("rep_id"),
        name=f.text("name"),
        team=f.maybe_text("team"),
        manager=f.maybe_text("manager"),
        time_zone=fields.time_zone(f.need("time_zone"), f.at("time_zone")),
        active=f.flag("active", default=True),
        effective_from=_maybe_day(f, "effective_from"),
        aliases=_aliases(f),
        revision=f.revision(),
    )


def _aliases(f: Fields) -> tuple[Alias, ...] | None:
    entries = f.entries("aliases")
    if entries is None:
        return None
    return tuple(Alias(entry.text("source"), entry.text("id")) for entry in entries)


def _maybe_day(f: Fields, name: str) -> Any:
    value = f.maybe(name)
    return ALWAYS if value is None else fields.day(value, f.at(name))


def _customer(f: Fields, _: Rules) -> CustomerRecorded:
    name = f.at("phones")
    value = f.maybe("phones")
    phones = [] if value is None else fields.array(value, name)
    return CustomerRecorded(
        customer_id=f.text("customer_id"),
        name=f.text("name"),
        phones=tuple(
            fields.text(phone, f"{name}[{i}]", empty=True) for i, phone in enumerate(phones)
        ),
        revision=f.revision(),
    )


def _time_off(f: Fields, _: Rules) -> TimeOffRecorded:
    fraction = f.decimal("fraction")
    if fraction > 1:
        raise Invalid(
            "out_of_range", f.at("fraction"), f"{f.at('fraction')} is {fraction}, 0 to 1 is needed"
        )
    return TimeOffRecorded(
        rep_id=f.text("rep_id"),
        date=fields.day(f.need("date"), f.at("date")),
        fraction=fraction,
        revision=f.revision(),
    )


def _fx_rate(f: Fields, rules: Rules) -> FxRateRecorded:
    code = fields.currency(f.need("currency"), f.at("currency"))
    if code == rules.currency:
        raise Invalid(
            "not_allowed",
            f.at("currency"),
            f"{f.at('currency')} is {code}, the reporting currency itself",
        )
    return FxRateRecorded(
        currency=code,
        day=fields.day(f.need("day"), f.at("day")),
        rate=fields.positive(f.decimal("rate", places=12), f.at("rate")),
        revision=f.revision(),
    )


def _voided(f: Fields, _: Rules) -> RecordVoided:
    kind = f.choice(
        "kind", "call", "conversation", "talktime", "quote", "order", "return", "customer", "rep"
    )
    key = f.text("key")
    if kind == "rep":
        fields.day(key, f.at("key"))
    rep_id = f.maybe_text("rep_id")
    if kind in WITH_REP and rep_id is None:
        raise Invalid("missing", f.at("rep_id"), f"{f.at('rep_id')} is required for {kind}")
    if kind not in WITH_REP and rep_id is not None:
        raise Invalid(
            "not_allowed", f.at("rep_id"), f"{f.at('rep_id')} has no place where kind is {kind}"
        )
    f.need("revision")
    return RecordVoided(
        kind=kind,
        key=key,
        rep_id=rep_id,
        reason=f.maybe_text("reason", empty=True),
        revision=f.revision(),
    )


_READERS: dict[str, Callable[[Fields, Rules], Data]] = {
    CallEnded.wire: _call,
    TalktimeRecorded.wire: _talktime,
    ConversationRecorded.wire: _conversation,
    QuoteRecorded.wire: _quote,
    OrderRecorded.wire: _order,
    OrderReturned.wire: _return,
    RepRecorded.wire: _rep,
    CustomerRecorded.wire: _customer,
    TimeOffRecorded.wire: _time_off,
    FxRateRecorded.wire: _fx_rate,
    RecordVoided.wire: _voided,
}
TYPES = {f"ringside.{wire}.v1": reader for wire, reader in _READERS.items()}


def read_data(type_name: str, data: object, rules: Rules) -> Data:
    """The data of an event of this (known) type. Raises `Invalid`."""
    return TYPES[type_name](Fields(fields.entry(data, "data"), "data", rules), rules)
