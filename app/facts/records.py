"""An event becomes the row of the record it speaks of, with its stamp; a withdrawal becomes a
row with nothing but key and stamp. Pure.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from app.directory import agent_of
from app.events.types import (
    CallEnded,
    ConversationRecorded,
    CustomerRecorded,
    Event,
    FxRateRecorded,
    OrderRecorded,
    OrderReturned,
    QuoteRecorded,
    RecordVoided,
    RepRecorded,
    TalktimeRecorded,
    TimeOffRecorded,
)
from app.facts.numbers import Numbers
from app.facts.rows import (
    BEFORE_ALL,
    AnyRow,
    Conversation,
    Customer,
    Leg,
    Order,
    Quote,
    Rate,
    Rep,
    Return,
    Segment,
    TimeOff,
)

# voided, void_reason, revision, event_time, event_id and source, in the order of the columns
Stamp = tuple[Any, ...]


def order_of(row: AnyRow) -> tuple[int, datetime, str, str]:
    """What the events of one record are compared by: the greatest stands."""
    return row.revision, row.event_time or BEFORE_ALL, row.event_id, row.source


def key_of(row: AnyRow) -> tuple[Any, ...]:
    """The row's primary key."""
    return tuple([getattr(row, column) for column in row.key_columns])


def written(key: Iterable[Any]) -> list[str]:
    """A record's key as texts."""
    return [part.isoformat() if isinstance(part, date) else part for part in key]


def row_of(event: Event, numbers: Numbers) -> AnyRow:
    """The row that `event` would be, if it stands."""
    data = event.data
    stamp = (False, None, data.revision, event.time, event.id, event.source)
    return _ROWS[type(data)](data, stamp, event, numbers)


def _leg(d: CallEnded, stamp: Stamp, _: Event, numbers: Numbers) -> Leg:
    return Leg(
        d.call_id, d.rep_id, d.direction, *numbers.of(d.customer),
        d.started_at, d.answered_at, d.ended_at,
        d.ring_seconds, d.talk_seconds, d.hold_seconds, d.wrap_up_seconds,
        d.outcome, d.answered_by, d.test, *stamp,
    )  # fmt: skip


def _segment(d: TalktimeRecorded, stamp: Stamp, _: Event, _numbers: Numbers) -> Segment:
    return Segment(d.segment_id, d.call_id, d.rep_id, d.kind, d.started_at, d.seconds, *stamp)


def _conversation(
    d: ConversationRecorded, stamp: Stamp, _: Event, numbers: Numbers
) -> Conversation:
    return Conversation(
        d.conversation_id, d.call_id, d.rep_id, *numbers.of(d.customer), d.channel,
        d.started_at, d.duration_seconds, d.kind, d.right_party, *stamp,
    )  # fmt: skip


def _quote(d: QuoteRecorded, stamp: Stamp, _: Event, numbers: Numbers) -> Quote:
    return Quote(
        d.quote_id, d.rep_id, *numbers.of(d.customer), d.status, d.amount, d.currency,
        d.issued_at, *stamp,
    )  # fmt: skip


def _order(d: OrderRecorded, stamp: Stamp, _: Event, numbers: Numbers) -> Order:
    return Order(
        d.order_id, d.rep_id, *numbers.of(d.customer), d.status, d.currency,
        d.placed_at, d.quote_id, d.lines, *stamp,
    )  # fmt: skip


def _return(d: OrderReturned, stamp: Stamp, _: Event, _numbers: Numbers) -> Return:
    return Return(d.return_id, d.order_id, d.returned_at, d.lines, *stamp)


def _customer(d: CustomerRecorded, stamp: Stamp, _: Event, numbers: Numbers) -> Customer:
    hashes = {numbers.hashed(phone)[0] for phone in d.phones}
    return Customer(d.customer_id, d.name, sorted(h for h in hashes if h), *stamp)


def _rep(d: RepRecorded, stamp: Stamp, _: Event, _numbers: Numbers) -> Rep:
    aliases = None if d.aliases is None else sorted({agent_of(a.source, a.id) for a in d.aliases})
    return Rep(
        d.rep_id, d.effective_from, d.name, d.team, d.manager, d.time_zone, d.active, aliases,
        *stamp,
    )  # fmt: skip


def _time_off(d: TimeOffRecorded, stamp: Stamp, _: Event, _numbers: Numbers) -> TimeOff:
    return TimeOff(d.rep_id, d.date, d.fraction, *stamp)


def _rate(d: FxRateRecorded, stamp: Stamp, _: Event, _numbers: Numbers) -> Rate:
    return Rate(d.currency, d.day, d.rate, *stamp)


def _void(d: RecordVoided, _stamp: Stamp, event: Event, _numbers: Numbers) -> AnyRow:
    row_type = _VOIDABLE[d.kind]
    fields, defaults = row_type.__struct_fields__, row_type.__struct_defaults__
    values: dict[str, Any] = dict.fromkeys(fields)
    values |= dict(zip(fields[len(fields) - len(defaults) :], defaults, strict=True))
    values |= {
        "voided": True,
        "void_reason": d.reason,
        "revision": d.revision,
        "event_time": event.time,
        "event_id": event.id,
        "source": event.source,
    }
    if d.kind == "call":
        values |= {"call_id": d.key, "agent": d.rep_id}
    elif d.kind == "rep":
        values |= {"rep_id": d.rep_id, "effective_from": date.fromisoformat(d.key)}
    else:
        values[row_type.key_columns[0]] = d.key
    row: AnyRow = row_type(**values)
    return row


_ROWS: dict[type, Callable[[Any, Any, Event, Numbers], AnyRow]] = {
    CallEnded: _leg,
    TalktimeRecorded: _segment,
    ConversationRecorded: _conversation,
    QuoteRecorded: _quote,
    OrderRecorded: _order,
    OrderReturned: _return,
    CustomerRecorded: _customer,
    RepRecorded: _rep,
    TimeOffRecorded: _time_off,
    FxRateRecorded: _rate,
    RecordVoided: _void,
}
_VOIDABLE: dict[str, type[Any]] = {
    row.record: row for row in (Leg, Segment, Conversation, Quote, Order, Return, Customer, Rep)
}
