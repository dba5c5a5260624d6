"""The two rules for everything: the highest revision stands, and a record can be withdrawn.

Takes raw CloudEvents in the order they came and says which event stands for each record.
"""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from tests.oracle.wire import Json, instant, or_default

Key = tuple[str, ...]

_BY_ID = {  # type → (record, the field that names it)
    "talktime.recorded": ("talktime", "segment_id"),
    "conversation.recorded": ("conversation", "conversation_id"),
    "quote.recorded": ("quote", "quote_id"),
    "order.recorded": ("order", "order_id"),
    "order.returned": ("return", "return_id"),
    "customer.recorded": ("customer", "customer_id"),
}
ALWAYS = "2000-01-01"


def kind_of(event: Json) -> str:
    """The short name: `call.ended` of `ringside.call.ended.v1`."""
    return str(event["type"]).removeprefix("ringside.").removesuffix(".v1")


def key_of(event: Json) -> Key:
    """Which record the event tells of; a void tells of the record it withdraws."""
    kind, data = kind_of(event), event["data"]
    if kind == "record.voided":
        if data["kind"] in {"call", "rep"}:
            owner = data["rep_id"]
            return (data["kind"], data["key"], owner)
        return (data["kind"], data["key"])
    if kind in _BY_ID:
        record, field = _BY_ID[kind]
        return (record, data[field])
    if kind == "call.ended":
        return ("call", data["call_id"], data["rep_id"])
    if kind == "rep.recorded":
        return ("rep", or_default(data, "effective_from", ALWAYS), data["rep_id"])
    if kind == "time_off.recorded":
        return ("time_off", data["rep_id"], data["date"])
    assert kind == "fx_rate.recorded", kind
    return ("fx_rate", data["currency"], data["day"])


def _time(event: Json) -> tuple[bool, datetime]:
    """An event without a time sorts before any that has it."""
    time = event.get("time")
    return (False, datetime.min.replace(tzinfo=UTC)) if time is None else (True, instant(time))


def rank(event: Json) -> Any:
    """`(revision, time, id, source)`: the greatest stands."""
    revision = or_default(event["data"], "revision", 0)
    return (revision, _time(event), event["id"], event["source"])


def word(event: Json) -> Any:
    """`(time, revision, id, source)`: the newest word on what a call was."""
    revision = or_default(event["data"], "revision", 0)
    return (_time(event), revision, event["id"], event["source"])


class Records:
    """What stands. `events`: record → the event that stands, voids among them."""

    def __init__(self, deliveries: list[Json]) -> None:
        self.read: Counter[str] = Counter()
        self.duplicates: Counter[str] = Counter()
        self.superseded: Counter[str] = Counter()
        self.events: dict[Key, Json] = {}
        self._take(deliveries)

    def _take(self, deliveries: list[Json]) -> None:
        seen: set[tuple[str, str]] = set()
        for event in deliveries:
            source, pair = event["source"], (event["source"], event["id"])
            self.read[source] += 1
            if pair in seen:
                self.duplicates[source] += 1
                continue
            seen.add(pair)
            self._stand(key_of(event), event)

    def _stand(self, key: Key, event: Json) -> None:
        other = self.events.get(key)
        if other is None:
            self.events[key] = event
            return
        lower, greater = sorted((other, event), key=rank)
        self.events[key] = greater
        self.superseded[lower["source"]] += 1

    def known(self, key: Key) -> bool:
        """Anything at all has come for the record, if only its void."""
        return key in self.events

    def withdrawn(self, key: Key) -> bool:
        return self.known(key) and kind_of(self.events[key]) == "record.voided"

    def of(self, record: str) -> list[Json]:
        """The events that stand for records of this sort, withdrawn ones left out."""
        return [
            event
            for key, event in self.events.items()
            if key[0] == record and not self.withdrawn(key)
        ]

    def data(self, record: str) -> list[Json]:
        return [event["data"] for event in self.of(record)]

    def standing(self) -> Counter[str]:
        """How many events stand, by source; a void that stands is one."""
        return Counter(event["source"] for event in self.events.values())
