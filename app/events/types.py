"""What the events say, once decoded: one struct a type, with the names of the wire contract.

Datetimes are aware UTC, cut to the microsecond; money, quantities, rates and fractions are
Decimals; optional fields that were absent or null hold their default.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

from app.events import shapes

ALWAYS = date(2000, 1, 1)
NONE = Decimal(0)

MOST_LINES = 1000
SOME = Meta(min_length=1, max_length=MOST_LINES)

Id = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(max_length=200)]
Moment = Annotated[datetime, Meta(tz=True, extra_json_schema=shapes.INSTANT)]
Day = Annotated[date, Meta(extra_json_schema=shapes.DAY)]
Zone = Annotated[str, Meta(extra_json_schema=shapes.ZONE)]
Currency = Annotated[str, Meta(extra_json_schema=shapes.CURRENCY)]
Amount = Annotated[Decimal, Meta(extra_json_schema=shapes.AMOUNT)]
Quantity = Annotated[Decimal, Meta(extra_json_schema=shapes.QUANTITY)]
Rate = Annotated[Decimal, Meta(extra_json_schema=shapes.RATE)]
Fraction = Annotated[Decimal, Meta(extra_json_schema=shapes.FRACTION)]
Seconds = Annotated[int, Meta(ge=0, le=86_400)]
Revision = Annotated[int, Meta(ge=0, le=2**53 - 1)]


class Customer(Struct, frozen=True, gc=False):
    """Whom it was with, as far as the producer knows."""

    customer_id: Id | None = None
    phone: Text | None = None


class CallEnded(Struct, frozen=True, gc=False, kw_only=True):
    """One rep's part in one call: the leg `(call_id, rep_id)`."""

    wire: ClassVar[str] = "call.ended"

    call_id: Id
    rep_id: Id
    direction: Literal["inbound", "outbound", "internal"]
    customer: Customer | None = None
    started_at: Moment
    answered_at: Moment | None = None
    ended_at: Moment
    ring_seconds: Seconds | None = None
    talk_seconds: Seconds | None = None
    hold_seconds: Seconds | None = None
    wrap_up_seconds: Seconds | None = None
    outcome: Literal["connected", "no_answer", "busy", "voicemail", "failed", "canceled", "missed"]
    answered_by: Literal["human", "machine"] | None = None
    test: bool = False
    revision: Revision = 0


class TalktimeRecorded(Struct, frozen=True, gc=False, kw_only=True):
    """A stretch of one kind of time within a leg."""

    wire: ClassVar[str] = "talktime.recorded"

    segment_id: Id
    call_id: Id
    rep_id: Id
    kind: Literal["talk", "hold", "wrap_up", "ring"]
    started_at: Moment
    seconds: Seconds
    revision: Revision = 0


class ConversationRecorded(Struct, frozen=True, gc=False, kw_only=True):
    """What a contact really was; with `call_id` it classifies that rep's leg of the call."""

    wire: ClassVar[str] = "conversation.recorded"

    conversation_id: Id
    call_id: Id | None = None
    rep_id: Id
    customer: Customer | None = None
    channel: Literal["phone", "video", "chat", "in_person"]
    started_at: Moment
    duration_seconds: Seconds
    kind: Literal["customer", "personal", "internal", "hold_line", "wrong_party"]
    right_party: bool | None = None
    revision: Revision = 0


class QuoteRecorded(Struct, frozen=True, gc=False, kw_only=True):
    """A quote in its present state."""

    wire: ClassVar[str] = "quote.recorded"

    quote_id: Id
    rep_id: Id
    customer: Customer | None
    status: Literal["draft", "issued", "accepted", "declined", "expired"]
    amount: Amount
    currency: Currency
    issued_at: Moment
    revision: Revision = 0


class OrderLine(Struct, frozen=True, gc=False, kw_only=True):
    """One line of an order; `discount` is of the whole line, a cost of None is not known."""

    line_id: Id
    sku: Text | None = None
    kind: Literal["goods", "service", "freight", "fee", "tax"] = "goods"
    quantity: Quantity
    unit_price: Amount
    discount: Amount = NONE
    unit_cost: Amount | None = None


class OrderRecorded(Struct, frozen=True, gc=False, kw_only=True):
    """An order in its present state."""

    wire: ClassVar[str] = "order.recorded"

    order_id: Id
    rep_id: Id
    customer: Customer | None = None
    status: Literal["confirmed", "canceled", "draft", "test"]
    currency: Currency
    placed_at: Moment
    quote_id: Id | None = None
    lines: Annotated[tuple[OrderLine, ...], SOME]
    revision: Revision = 0


class ReturnLine(Struct, frozen=True, gc=False, kw_only=True):
    """What came back of one line; `cost` is of the whole line, None is not known."""

    line_id: Id
    quantity: Amount
    amount: Amount
    cost: Amount | None = None


class OrderReturned(Struct, frozen=True, gc=False, kw_only=True):
    """Goods that came back; rep and currency are the order's."""

    wire: ClassVar[str] = "order.returned"

    return_id: Id
    order_id: Id
    returned_at: Moment
    lines: Annotated[tuple[ReturnLine, ...], SOME]
    revision: Revision = 0


class Alias(Struct, frozen=True, gc=False):
    """What another system calls a rep: its feed's name and its own id for the rep."""

    source: Id
    id: Id


class RepRecorded(Struct, frozen=True, gc=False, kw_only=True):
    """A rep's state from `effective_from` on, until the next one.

    `aliases` None: those of the state before stay.
    """

    wire: ClassVar[str] = "rep.recorded"

    rep_id: Id
    name: Id
    team: Id | None = None
    manager: Id | None = None
    time_zone: Zone
    active: bool = True
    effective_from: Day = ALWAYS
    aliases: tuple[Alias, ...] | None = None
    revision: Revision = 0


class CustomerRecorded(Struct, frozen=True, gc=False, kw_only=True):
    """A customer and the phone numbers it claims, as sent."""

    wire: ClassVar[str] = "customer.recorded"

    customer_id: Id
    name: Id
    phones: tuple[Text, ...] = ()
    revision: Revision = 0


class TimeOffRecorded(Struct, frozen=True, gc=False, kw_only=True):
    """The fraction of a date that a rep does not work; 0 takes it back."""

    wire: ClassVar[str] = "time_off.recorded"

    rep_id: Id
    date: Day
    fraction: Fraction
    revision: Revision = 0


class FxRateRecorded(Struct, frozen=True, gc=False, kw_only=True):
    """What one unit of `currency` is in the reporting currency on `day`."""

    wire: ClassVar[str] = "fx_rate.recorded"

    currency: Currency
    day: Day
    rate: Rate
    revision: Revision = 0


class RecordVoided(Struct, frozen=True, gc=False, kw_only=True):
    """A record is withdrawn; `key` is its id, a leg's call id, a rep state's date (ISO)."""

    wire: ClassVar[str] = "record.voided"

    kind: Literal["call", "conversation", "talktime", "quote", "order", "return", "customer", "rep"]
    key: Id
    rep_id: Id | None = None
    reason: Text | None = None
    revision: Revision


Data = (
    CallEnded
    | TalktimeRecorded
    | ConversationRecorded
    | QuoteRecorded
    | OrderRecorded
    | OrderReturned
    | RepRecorded
    | CustomerRecorded
    | TimeOffRecorded
    | FxRateRecorded
    | RecordVoided
)


class Event(Struct, frozen=True, gc=False):
    """One event: `id` and `source` name its delivery; `time` orders it among its record's."""

    id: str
    source: str
    time: datetime | None
    data: Data
