"""The quick path: a plain event of a frequent type is read in one go, as the careful path reads it.

Whatever is not plain, be it wrong or only written unusually, is left to the careful path. Pure.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import asdict

from app.events.currencies import CURRENCIES
from app.events.fields import AHEAD, EARLIEST
from app.events.read import consistent, overdiscounted
from app.events.refusals import Invalid
from app.events.types import (
    NONE,
    SOME,
    CallEnded,
    ConversationRecorded,
    Data,
    Event,
    Id,
    Moment,
    OrderLine,
    OrderRecorded,
    QuoteRecorded,
    TalktimeRecorded,
)

# U+0000 is no text, half a surrogate is none either, msgspec rounds beyond the microsecond and
# takes an offset of +0000: read with care, and so is what may hide them, escaped ASCII. Patterns
# that begin with one fixed byte search five times as fast as one for all.
_ESCAPED = re.compile(rb"\\u(?:00[0-7]|[dD][89a-fA-F])")
_LONG_FRACTION = re.compile(rb"\.[0-9]{7}")
_UNCOLONED = re.compile(rb'0000"')
_UNUSUAL = re.compile(r"\x00|\.[0-9]{7}|0000$", re.MULTILINE)
_AMOUNT = re.compile(rb'"?((?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,4})?)"?')
_ABSENT = (b"", b"null")
_TROUBLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, Invalid, ValueError)


class _Quote(QuoteRecorded, frozen=True, gc=False, kw_only=True):
    """A quote with its amount as it was written: a number or a string."""

    amount: Raw  # type: ignore[assignment]


class _Line(OrderLine, frozen=True, gc=False, kw_only=True):
    quantity: Raw  # type: ignore[assignment]
    unit_price: Raw  # type: ignore[assignment]
    discount: Raw = Raw()  # type: ignore[assignment]
    unit_cost: Raw = Raw()  # type: ignore[assignment]


class _Order(OrderRecorded, frozen=True, gc=False, kw_only=True):
    lines: Annotated[tuple[_Line, ...], SOME]


class _Attributes(Struct, gc=False):
    specversion: Literal["1.0"]
    id: Id
    source: Id
    time: Moment | None = None


class _Envelope(_Attributes, gc=False, kw_only=True):
    type: str
    data: Raw


_Read = CallEnded | TalktimeRecorded | ConversationRecorded | _Quote | _Order
_envelope = msgspec.json.Decoder(_Envelope)
_data_of: dict[str | None, msgspec.json.Decoder[_Read]] = {
    f"ringside.{kind.wire}.v1": msgspec.json.Decoder(kind)
    for kind in (CallEnded, TalktimeRecorded, ConversationRecorded, _Quote, _Order)
}


def read_quickly(body: bytes, now: datetime) -> Event | None:
    """The event in structured mode, if it is a plain one of the frequent types; None to look at it
    with care. `now` is the receiver's clock.
    """
    if _unusual(body):
        return None
    try:
        body.isascii() or body.decode()  # what is skipped is not looked at otherwise
        envelope = _envelope.decode(body)
        decoder = _data_of.get(envelope.type)
        if decoder is None:
            return None
        return _event(envelope, decoder.decode(envelope.data), now + AHEAD)
    except _TROUBLE:
        return None


def read_data_quickly(attributes: Mapping[str, str], body: bytes, now: datetime) -> Event | None:
    """The same in binary mode: `attributes` by their names, the data as JSON."""
    decoder = _data_of.get(attributes.get("type"))
    if decoder is None or _unusual(body):
        return None
    if _UNUSUAL.search("\n".join(attributes.values())):
        return None
    try:
        body.isascii() or body.decode()
        envelope = msgspec.convert(attributes, _Attributes)
        return _event(envelope, decoder.decode(body), now + AHEAD)
    except _TROUBLE:
        return None


def _unusual(body: bytes) -> bool:
    return bool(_LONG_FRACTION.search(body) or _ESCAPED.search(body) or _UNCOLONED.search(body))


def _event(envelope: _Attributes, read: _Read, latest: datetime) -> Event | None:
    time = envelope.time
    if time is not None and not _plain(time, latest):
        return None
    data = _data(read, latest)
    return None if data is None else Event(envelope.id, envelope.source, time, data)


def _data(data: _Read, latest: datetime) -> Data | None:
    if type(data) is CallEnded:
        start, answered, end = data.started_at, data.answered_at, data.ended_at
        if end.tzinfo is not UTC or (answered is not None and answered.tzinfo is not UTC):
            return None
        consistent(data)  # so all of it lies between start and end
        return data if start.tzinfo is UTC and start >= EARLIEST and end <= latest else None
    if type(data) is _Quote:
        return _quote(data) if _plain(data.issued_at, latest) else None
    if type(data) is _Order:
        return _order(data) if _plain(data.placed_at, latest) else None
    assert type(data) is TalktimeRecorded or type(data) is ConversationRecorded
    return data if _plain(data.started_at, latest) else None


def _plain(instant: datetime, latest: datetime) -> bool:
    return instant.tzinfo is UTC and EARLIEST <= instant <= latest


def _quote(quote: _Quote) -> QuoteRecorded | None:
    if quote.currency not in CURRENCIES:
        return None
    return QuoteRecorded(**asdict(quote) | {"amount": _amount(quote.amount)})


def _order(order: _Order) -> OrderRecorded | None:
    lines = tuple([_line(line) for line in order.lines])
    if order.currency not in CURRENCIES or len({line.line_id for line in lines}) < len(lines):
        return None
    return OrderRecorded(**asdict(order) | {"lines": lines})


def _line(line: _Line) -> OrderLine:
    amounts = {
        "quantity": _amount(line.quantity),
        "unit_price": _amount(line.unit_price),
        "discount": _maybe_amount(line.discount) or NONE,
        "unit_cost": _maybe_amount(line.unit_cost),
    }
    read = OrderLine(**asdict(line) | amounts)
    if not read.quantity or overdiscounted(read):
        raise ValueError
    return read


def _amount(raw: Raw) -> Decimal:
    """The amount, if it is written plainly; else `ValueError`."""
    match = _AMOUNT.fullmatch(raw)
    if match is None:
        raise ValueError
    return Decimal(match[1].decode()) or NONE


def _maybe_amount(raw: Raw) -> Decimal | None:
    return _amount(raw) if bytes(raw) not in _ABSENT else None
