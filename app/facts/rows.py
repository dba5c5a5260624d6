"""The rows of the fact tables as Python sees them: fields in the order of the columns.

First what was sent (a voided record keeps only its key and stamp; its content must not be read),
then the stamp, then what `app.meaning` derives. `agent` is the rep as the producer calls them,
`rep_id` who that is. Instants are aware UTC; phones are hashes.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import ClassVar

from msgspec import Struct

from app.events.types import OrderLine, ReturnLine

BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


class Row(Struct, gc=False):
    """What every row has: a table, the columns of its key, the record's kind, a stamp."""

    table: ClassVar[str]
    key_columns: ClassVar[tuple[str, ...]]
    record: ClassVar[str]


class Leg(Row, gc=False):
    """A rep's part in a call."""

    table: ClassVar[str] = "legs"
    key_columns: ClassVar[tuple[str, ...]] = ("call_id", "agent")
    record: ClassVar[str] = "call"

    call_id: str
    agent: str
    direction: str
    customer_id: str | None
    phone: str | None
    phone_last2: str | None
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime
    ring_seconds: int | None
    talk_seconds: int | None
    hold_seconds: int | None
    wrap_up_seconds: int | None
    outcome: str
    answered_by: str | None
    test: bool
    voided: bool
    void_reason: str | None
    revision: int
    event_time: datetime | None
    event_id: str
    source: str
    rep_id: str = ""
    day: date | None = None
    party: str | None = None
    talk: int | None = None
    hold: int | None = None
    classified: str | None = None
    right_party: bool | None = None
    marks: int = 0


class Segment(Row, gc=False):
    """A stretch of one kind of time within a leg."""

    table: ClassVar[str] = "segments"
    key_columns: ClassVar[tuple[str, ...]] = ("segment_id",)
    record: ClassVar[str] = "talktime"

    segment_id: str
    call_id: str
    agent: str
    kind: str
    started_at: datetime
    seconds: int
    voided: bool
    void_reason: str | None
    revision: int
    event_time: datetime | None
    event_id: str
    source: str
    rep_id: str = ""
    day: date | None = None
    marks: int = 0


class Conversation(Row, gc=False):
    """What a contact really was: of a leg (`call_id`), or standing alone."""

    table: ClassVar[str] = "conversations"
    key_columns: ClassVar[tuple[str, ...]] = ("conversation_id",)
    record: ClassVar[str] = "conversation"

    conversation_id: str
    call_id: str | None
    agent: str
    customer_id: str | None
    phone: str | None
    phone_last2: str | None
    channel: str
    started_at: datetime
    duration_seconds: int
    kind: str
    right_party: bool | None
    voided: bool
    void_reason: str | None
    revision: int
    event_time: datetime | None
    event_id: str
    source: str
    rep_id: str = ""
    day: date | None = None
    party: str | None = None
    marks: int = 0


class Quote(Row, gc=False):
    """A quote in its present state."""

    table: ClassVar[str] = "quotes"
    key_columns: ClassVar[tuple[str, ...]] = ("quote_id",)
    record: ClassVar[str] = "quote"

    quote_id: str
    agent: str
    customer_id: str | None
    phone: str | None
    phone_last2: str | None
    status: str
    amount: Decimal
    currency: str
    issued_at: datetime
    voided: bool
    void_reason: str | None
    revision: int
    event_time: datetime | None
    event_id: str
    source: str
    rep_id: str = ""
    day: date | None = None
    party: str | None = None
    rate: Decimal | None = None
    turned: bool = False


class Order(Row, gc=False):
    """An order in its present state."""

    table: ClassVar[str] = "orders"
    key_columns: ClassVar[tuple[str, ...]] = ("order_id",)
    record: ClassVar[str] = "order"

    order_id: str
    agent: str
    customer_id: str | None
    phone: str | None
    phone_last2: str | None
    status: str
    currency: str
    placed_at: datetime
    quote_id: str | None
    lines: tuple[OrderLine, ...]
    voided: bool
    void_reason: str | None
    revision: int
    event_time: datetime | None
    event_id: str
    source: str
    rep_id: str = ""
    day: date | None = None
    party: str | None = None
    rate: Decimal | None = None


class Return(Row, gc=False):
    """Goods that came back from an order, which may not have come itself yet."""

    table: ClassVar[str] = "returns"
    key_columns: ClassVar[tuple[str, ...]] = ("return_id",)
    record: ClassVar[str] = "return"

    return_id: str
    order_id: str
    returned_at: datetime
    lines: tuple[ReturnLine, ...]
    voided: bool
    void_reason: str | None
    revision: int
    event_time: datetime | None
    event_id: str
    source: str
    day: date | None = None
    rep_id: str | None = None


class Customer(Row, gc=False):
    """A customer and the numbers it claims."""

    table: ClassVar[str] = "customers"
    key_columns: ClassVar[tuple[str, ...]] = ("customer_id",)
    record: ClassVar[str] = "customer"

    customer_id: str
    name: str
    phones: list[str]
    voided: bool
    void_reason: str | None
    revision: int
    event_time: datetime | None
    event_id: str
    source: str


class Rep(Row, gc=False):
    """A rep's state from `effective_from` on."""

    table: ClassVar[str] = "rep_states"
    key_columns: ClassVar[tuple[str, ...]] = ("rep_id", "effective_from")
    record: ClassVar[str] = "rep"

    rep_id: str
    effective_from: date
    name: str
    team: str | None
    manager: str | None
    time_zone: str
    active: bool
    aliases: list[str] | None
    voided: bool
    void_reason: str | None
    revision: int
    event_time: datetime | None
    event_id: str
    source: str


class TimeOff(Row, gc=False):
    """The fraction of a date that a rep does not work."""

    table: ClassVar[str] = "time_off"
    key_columns: ClassVar[tuple[str, ...]] = ("rep_id", "date")
    record: ClassVar[str] = "time_off"

    rep_id: str
    date: date
    fraction: Decimal
    voided: bool
    void_reason: str | None
    revision: int
    event_time: datetime | None
    event_id: str
    source: str


class Rate(Row, gc=False):
    """What one unit of a currency is in the reporting currency on a day."""

    table: ClassVar[str] = "fx_rates"
    key_columns: ClassVar[tuple[str, ...]] = ("currency", "day")
    record: ClassVar[str] = "fx_rate"

    currency: str
    day: date
    rate: Decimal
    voided: bool
    void_reason: str | None
    revision: int
    event_time: datetime | None
    event_id: str
    source: str


AnyRow = Leg | Segment | Conversation | Quote | Order | Return | Customer | Rep | TimeOff | Rate
