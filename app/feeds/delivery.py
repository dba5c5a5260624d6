"""What an adapter makes of a payload, as CloudEvents of its vendor. Pure.

An event is named by what it says, so a payload that comes again makes the same events, which are
then found to be duplicates, whatever the vendor calls its deliveries.
"""

import hashlib
from typing import Any

import msgspec

from app.events.refusals import Invalid
from app.feeds.feed import CloudEvent

# Where the id of a record stands, by the type of its event.
RECORD = {
    "call.ended": "call_id",
    "conversation.recorded": "conversation_id",
    "quote.recorded": "quote_id",
    "order.recorded": "order_id",
    "customer.recorded": "customer_id",
    "record.voided": "key",
}


def recorded(
    source: str, kind: str, data: dict[str, Any], *, time: str | None, name: str | None = None
) -> CloudEvent:
    """An event of `kind` (`call.ended`); `name` is the vendor's own for what happened, if good."""
    record = data[RECORD[kind]]
    if record.endswith(":"):
        raise Invalid("empty_string", RECORD[kind], f"{RECORD[kind]} is empty")
    subject = f"{data['kind']}:{record}" if kind == "record.voided" else record
    if name is None:
        name = hashlib.sha256(msgspec.json.encode([time, data])).hexdigest()[:24]
    return {
        "specversion": "1.0",
        "id": f"{name}:{kind}:{subject}",
        "source": source,
        "type": f"ringside.{kind}.v1",
        "time": time,
        "partitionkey": data.get("rep_id") or record,
        "data": data,
    }


def voided(
    source: str,
    kind: str,
    key: str,
    revision: int,
    reason: str,
    *,
    time: str | None,
    name: str | None = None,
) -> CloudEvent:
    """A withdrawal of one record of `kind` (`order`)."""
    data = {"kind": kind, "key": key, "reason": reason, "revision": revision}
    return recorded(source, "record.voided", data, time=time, name=name)
