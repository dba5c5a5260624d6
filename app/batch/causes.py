"""Which event of a batch made a row change: its own, or the one that reached it."""

from collections.abc import Iterator
from typing import Any

from app.batch.desk import Desk
from app.facts.rows import Conversation, Customer, Leg, Order, Return, Segment
from app.restatements import Cause, How

# What changed of a row's meaning tells what it was that reached it.
_TELLS = (
    ("rate", "currency", "currency"),
    ("rep_id", "rep", "rep_id"),
    ("day", "rep", "rep_id"),
    ("party", "phone", "phone"),
)


class Causes:
    """Finds for any row on the desk the event behind its change."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._by: dict[tuple[str, Any], Cause] = {}
        self._any = Cause("", "")
        for shelf in desk.shelves.values():
            for before, after in shelf.changed():
                if fresh(before, after):
                    self._any = cause = cause_by(before, after)
                    for row in (before, after):
                        for tag in _tags(row):
                            self._by[tag] = cause

    def of(self, row: Any) -> Cause:
        """The event that made `row`, as it is now on the desk, what it is."""
        before = self._desk.shelves[type(row)].stored.get(
            tuple([getattr(row, column) for column in row.key_columns])
        )
        if fresh(before, row):
            return cause_by(before, row)
        told = [
            (tag, getattr(state, value))
            for meaning, tag, value in _TELLS
            if getattr(before, meaning, None) != getattr(row, meaning, None)
            for state in (row, before)
        ]
        return next((self._by[tag] for tag in (*told, *_tags(row)) if tag in self._by), self._any)

    def of_pair(self, party: str, rep_id: str) -> Cause:
        """The event that changed the look-backs of a rep and customer."""
        tags = (("pair", (party, rep_id)), ("party", party))
        return next((self._by[tag] for tag in tags if tag in self._by), self._any)


def fresh(before: Any, after: Any) -> bool:
    """Whether `after` stands by an event of this batch."""
    return before is None or (before.source, before.event_id) != (after.source, after.event_id)


def cause_by(before: Any, after: Any) -> Cause:
    """The event by which `after` stands, where `before` stood or, with None, nothing did."""
    how: How = "withdrawn" if after.voided else "came" if before is None else "again"
    return Cause(after.source, after.event_id, after.record, _key(after), how)


def _key(row: Any) -> str:
    """The record's id; a leg's, a state's or a day off's without whose it is: that may be another
    rep than the one whose figures change, and not for everybody to know.
    """
    parts = (getattr(row, name) for name in row.key_columns if name not in ("agent", "rep_id"))
    return " ".join(map(str, parts))


def _tags(row: Any) -> Iterator[tuple[str, Any]]:
    """What a row may reach others by, or be reached by; nearest first."""
    match row:
        case Customer():
            yield from (("phone", phone) for phone in row.phones or ())
            return
        case Leg() | Segment() | Conversation():
            yield "call", row.call_id
        case Order() | Return():
            yield "order", row.order_id
    for tag, field in _FIELDS:
        value = getattr(row, field, None)
        if value is not None:
            yield tag, value
            if tag == "party":
                yield "pair", (value, row.rep_id)


_FIELDS = (
    ("quote", "quote_id"),
    ("party", "party"),
    ("phone", "phone"),
    ("currency", "currency"),
    ("rep", "rep_id"),
)
