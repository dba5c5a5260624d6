"""Which topic an event travels on, and by which key.

Topics are for the producers' convenience and for scaling, never for meaning: a consumer takes any
type from any of them.
"""

from typing import Final

from app.events.types import Data, Event, RecordVoided

CALLS: Final = "calls"
TALK_TIME: Final = "talk-time"
CONVERSATIONS: Final = "conversations"
ORDERS: Final = "orders"
DIRECTORY: Final = "directory"
DEAD_LETTERS: Final = "dead-letters"

CONSUMED: Final = (CALLS, TALK_TIME, CONVERSATIONS, ORDERS, DIRECTORY)

_BY_TYPE: Final = {
    "call.ended": CALLS,
    "talktime.recorded": TALK_TIME,
    "conversation.recorded": CONVERSATIONS,
    "quote.recorded": ORDERS,
    "order.recorded": ORDERS,
    "order.returned": ORDERS,
    "rep.recorded": DIRECTORY,
    "customer.recorded": DIRECTORY,
    "time_off.recorded": DIRECTORY,
    "fx_rate.recorded": DIRECTORY,
}

_BY_KIND: Final = {
    "call": CALLS,
    "talktime": TALK_TIME,
    "conversation": CONVERSATIONS,
    "quote": ORDERS,
    "order": ORDERS,
    "return": ORDERS,
    "customer": DIRECTORY,
    "rep": DIRECTORY,
}

# What names the record where the event has no rep.
_RECORD_ID: Final = {
    "order.returned": "return_id",
    "customer.recorded": "customer_id",
    "fx_rate.recorded": "currency",
    "record.voided": "key",
}


def named(prefix: str, topic: str) -> str:
    """The topic's full name in a deployment."""
    return f"{prefix}.{topic}"


def topics_of_type(data: type[Data]) -> frozenset[str]:
    """The topics on which events of a type usually travel."""
    if data is RecordVoided:
        return frozenset(_BY_KIND.values())
    return frozenset({_BY_TYPE[data.wire]})


def topic_of(data: Data) -> str:
    """The topic of this event, without the prefix; a withdrawal follows what it withdraws."""
    if isinstance(data, RecordVoided):
        return _BY_KIND[data.kind]
    return _BY_TYPE[data.wire]


def key_of(event: Event) -> bytes:
    """The Kafka key: `rep_id`, or the record's id where there is none."""
    rep_id: str | None = getattr(event.data, "rep_id", None)
    return (rep_id or str(getattr(event.data, _RECORD_ID[event.data.wire]))).encode()
