"""The facts of a rep's days as they are kept, in order of time: what a figure can be checked by.

Withdrawn records keep no content of their own; they are shown as they last stood, which the
audit of superseded events knows. A withdrawal that came before its record shows nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import msgspec

from app.db import Reading
from app.facts.rows import Conversation, Leg, Order, Quote, Return, Segment
from app.facts.shelf import Shelf
from app.meaning.marks import Mark
from app.reasons import Fact
from app.spans import Span
from app.view import View


class Place(NamedTuple):
    """Where a fact stands in a listing."""

    at: datetime
    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """A fact of a day; `order` is a return's, `first` says a call is its customer's first."""

    place: Place
    day: date
    fact: Fact
    order: Order | None = None
    first: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fact: its rows, the columns it is listed by, and the measures it adds to."""

    name: str
    row_type: type[Any]
    at: str
    id: str
    measures: frozenset[str]
    withdrawn: str | None = None


# Withdrawn records of a rep, by what they last were. The last line picks that.
_LAST = (
    " AND NOT (s.content ->> 'voided')::boolean ORDER BY s.record, s.revision DESC,"
    " s.event_time DESC NULLS LAST, s.event_id DESC, s.source DESC"
)
_OF_LEG = (
    "SELECT DISTINCT ON (s.record) s.content FROM legs t JOIN superseded s ON s.kind = 'call'"
    " AND s.record = ARRAY[t.call_id, t.agent]"
    " WHERE t.rep_id = ANY($1) AND t.day IS NULL AND t.voided" + _LAST
)
_OF_RETURN = (
    "SELECT w.content FROM (SELECT DISTINCT ON (s.record) s.content FROM returns t"
    " JOIN superseded s ON s.kind = 'return' AND s.record = ARRAY[t.return_id] WHERE t.voided"
    + _LAST
    + ") w JOIN orders o ON o.order_id = w.content ->> 'order_id' WHERE o.rep_id = ANY($1)"
)


def _of(table: str, kind: str, key: str) -> str:
    return (
        f"SELECT w.content FROM (SELECT DISTINCT ON (s.record) s.content FROM {table} t"
        f" JOIN superseded s ON s.kind = '{kind}' AND s.record = ARRAY[t.{key}] WHERE t.voided"
        f"{_LAST}) w WHERE w.content ->> 'agent' = ANY($1) AND w.content ->> 'call_id' IS NULL"
    )


_TALK = frozenset(("talk_time", "non_customer_talk"))
_CONVERSATIONS = frozenset(
    ("conversations", "timed_talk", "timed_conversations", "right_party_conversations",
     "right_party_known", "repeat_conversations", "repeat_quote_conversations")
)  # fmt: skip
_CALLS = frozenset(
    ("calls", "outbound_calls", "inbound_calls", "answered_calls", "answered_outbound",
     "call_conversations", "assists", "missed_inbound", "hold_seconds", "hold_talk",
     "hold_heavy_calls", "unproductive_repeats", "outbound_to_customer", "new_customer_calls",
     "unknown_party_calls", "customers")
)  # fmt: skip
_ORDERS = frozenset(
    ("orders", "converted_orders", "order_lines", "costed_orders", "costed_cost", "units", "net",
     "known_net", "known_cost")
)  # fmt: skip
_QUOTES = frozenset(("quotes", "turned_quotes", "quoted_amount"))
_RETURNS = frozenset(("returned", "returned_units", "known_returned", "known_returned_cost"))
KINDS = (
    Kind("call", Leg, "started_at", "call_id", _CALLS | _CONVERSATIONS | _TALK, _OF_LEG),
    Kind(
        "conversation", Conversation, "started_at", "conversation_id", _CONVERSATIONS | _TALK,
        _of("conversations", "conversation", "conversation_id"),
    ),
    Kind("order", Order, "placed_at", "order_id", _ORDERS, _of("orders", "order", "order_id")),
    Kind("quote", Quote, "issued_at", "quote_id", _QUOTES, _of("quotes", "quote", "quote_id")),
    Kind("return", Return, "returned_at", "return_id", _RETURNS, _OF_RETURN),
    Kind("talktime", Segment, "started_at", "segment_id", _TALK),
)  # fmt: skip


async def read_evidence(
    view: View,
    spans: Sequence[Span],
    measures: Iterable[str],
    *,
    after: Place | None = None,
    limit: int,
) -> list[Evidence]:
    """The first `limit` facts after a place that add, or could, to one of these measures.

    `spans` are all of one rep, and at least one.
    """
    wanted = frozenset(measures)
    found: list[Evidence] = []
    for kind in KINDS:
        if kind.measures & wanted:
            found += await _standing(view.reading, kind, spans, after, limit)
            if kind.withdrawn is not None:
                found += await _withdrawn(view, kind, kind.withdrawn, spans)
    if "customers" in wanted:
        found = await _with_firsts(view.reading, spans, found)
    later = (one for one in found if after is None or one.place > after)
    return sorted(later, key=lambda one: one.place)[:limit]


async def _standing(
    reading: Reading, kind: Kind, spans: Sequence[Span], after: Place | None, limit: int
) -> list[Evidence]:
    shelf: Shelf[Any] = Shelf(kind.row_type)
    await shelf.load(
        reading,
        f"JOIN {_DAYS} ON t.day >= s.lo AND t.day < s.hi WHERE t.rep_id = $1"
        f" AND ($4::timestamptz IS NULL OR (t.{kind.at}, '{kind.name}'::text COLLATE \"C\","
        f" t.{kind.id}) > ($4, $5::text, $6::text)) ORDER BY t.{kind.at}, t.{kind.id} LIMIT $7",
        *_days(spans),
        *(after or (None, None, None)),
        limit,
    )
    facts: list[Fact] = list(shelf.now.values())
    orders = await _orders_of(reading, facts)
    return [
        Evidence(_place(kind, fact), fact.day, fact, orders.get(getattr(fact, "order_id", "")))
        for fact in facts
        if fact.day is not None
    ]


_DAYS = "unnest($2::date[], $3::date[]) AS s(lo, hi)"


def _days(spans: Sequence[Span]) -> tuple[str, list[date], list[date]]:
    return spans[0].rep_id, [span.start for span in spans], [span.end for span in spans]


def _place(kind: Kind, fact: Fact) -> Place:
    return Place(getattr(fact, kind.at), kind.name, getattr(fact, kind.id))


async def _withdrawn(view: View, kind: Kind, sql: str, spans: Sequence[Span]) -> list[Evidence]:
    rep_id, directory = spans[0].rep_id, view.roster.directory
    timeline = directory.of(rep_id)
    found = []
    for (content,) in await view.reading.fetch(sql, directory.agents_of(rep_id)):
        fact = _as_it_stood(kind, content)
        place = _place(kind, fact)
        agent = getattr(fact, "agent", None)  # a return has none: it is its order's rep's
        if agent is not None and directory.rep_of(agent, place.at) != rep_id:
            continue
        day = timeline.day_of(place.at)
        if any(span.start <= day < span.end for span in spans):
            found.append(Evidence(place, day, fact))
    return found


def _as_it_stood(kind: Kind, content: dict[str, Any]) -> Fact:
    """The row of a withdrawn record: what was sent last, marked as withdrawn."""
    stamp = {"voided": True, "revision": 0, "event_id": "", "source": "", "event_time": None}
    fact: Fact = msgspec.convert({**content, **stamp}, kind.row_type)
    return fact


async def _orders_of(reading: Reading, facts: Sequence[Fact]) -> dict[str, Order]:
    """The orders of the returns among the facts."""
    order_ids = [fact.order_id for fact in facts if isinstance(fact, Return)]
    shelf = Shelf(Order)
    if order_ids:
        await shelf.load(reading, "WHERE t.order_id = ANY($1::text[])", order_ids)
    return {order.order_id: order for order in shelf.now.values()}


async def _with_firsts(
    reading: Reading, spans: Sequence[Span], found: Sequence[Evidence]
) -> list[Evidence]:
    """The evidence, with the first call to each customer among the spans' marked as that."""
    called = int(Mark.CALL | Mark.OUTBOUND)
    records = await reading.fetch(
        f"SELECT DISTINCT ON (t.party) t.call_id, t.agent FROM legs t JOIN {_DAYS} ON t.day >= s.lo"
        f" AND t.day < s.hi WHERE t.rep_id = $1 AND t.marks & {called} = {called}"
        " AND t.party = ANY($4::text[]) ORDER BY t.party, t.started_at, t.call_id, t.agent",
        *_days(spans),
        sorted({one.fact.party for one in found if isinstance(one.fact, Leg) and one.fact.party}),
    )
    firsts = {(record[0], record[1]) for record in records}
    return [
        Evidence(one.place, one.day, one.fact, one.order, first=True)
        if isinstance(one.fact, Leg)
        and (one.fact.call_id, one.fact.agent) in firsts
        and not one.fact.voided
        else one
        for one in found
    ]
