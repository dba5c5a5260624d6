"""Which standing events wait for another record: a leg, an order, its line, a rate.

A record that has come only as a void is there: what hangs on it is in nothing, and waits no more.
"""

from dataclasses import dataclass

from tests.oracle.records import Key, Records
from tests.oracle.results import Results
from tests.oracle.wire import Json


@dataclass(frozen=True)
class Wait:
    """One standing event that waits. `reason`: `leg`, `order`, `line` or `rate`."""

    source: str
    key: Key
    reason: str


def waits(records: Records, results: Results) -> list[Wait]:
    """Each waiting event once, under the first reason of leg, order, line, rate."""
    unrated: set[Key] = {("order", x.order_id) for x in results.orders if x.rate is None}
    unrated |= {("quote", x.quote_id) for x in results.quotes if x.rate is None}
    found = []
    for key, event in records.events.items():
        if not records.withdrawn(key):
            reason = _reason(records, unrated, key, event["data"])
            if reason is not None:
                found.append(Wait(event["source"], key, reason))
    return found


def _reason(records: Records, unrated: set[Key], key: Key, data: Json) -> str | None:
    if key[0] in {"conversation", "talktime"}:
        call_id = data.get("call_id")
        alone = call_id is None or records.known(("call", call_id, data["rep_id"]))
        return None if alone else "leg"
    if key[0] == "return":
        return _return_reason(records, unrated, data)
    return "rate" if key in unrated else None


def _return_reason(records: Records, unrated: set[Key], data: Json) -> str | None:
    order = ("order", data["order_id"])
    if not records.known(order):
        return "order"
    if records.withdrawn(order):
        return None
    lines = {line["line_id"] for line in records.events[order]["data"]["lines"]}
    if any(line["line_id"] not in lines for line in data["lines"]):
        return "line"
    return "rate" if order in unrated else None
