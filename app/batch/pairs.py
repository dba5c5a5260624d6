"""Works out anew the look-backs of the pairs of rep and customer that a batch touches.

A changed call or conversation reaches the later ones of its pair for as long as the longest
look-back; a changed quote reaches the conversations of its customer, whoever had them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.batch.desk import Desk, own
from app.db import Reading, Writing
from app.facts.rows import Conversation, Leg, Quote
from app.facts.shelf import Shelf
from app.meaning.ladder import ASSIST, CALL, CONVERSATION, OUTBOUND
from app.meaning.lookback import (
    LONGEST,
    LOOK_BACKS,
    NEW_CUSTOMER,
    QUOTE_AFTER,
    QUOTE_BEFORE,
    REPEAT,
    REPEAT_QUOTE,
    UNPRODUCTIVE,
    History,
)
from app.meaning.results import issued

Pair = tuple[str, str]
MATTERS = OUTBOUND | CALL | CONVERSATION | ASSIST
# What has none of these turns no look-back.
TURNS = CONVERSATION | ASSIST | OUTBOUND


@dataclass(slots=True)
class Touch:
    """A call or conversation of a pair: on a shelf (`row`), or only its outline from the table."""

    start: datetime
    marks: int
    row: Leg | Conversation | None
    table: str
    key: tuple[str, ...]
    party: str
    rep_id: str
    day: date


def counts(row: Leg | Conversation) -> bool:
    """Whether the row matters to the look-backs of its pair."""
    marks = row.marks
    return row.party is not None and bool(
        marks & (CONVERSATION | ASSIST) or marks & (CALL | OUTBOUND) == CALL | OUTBOUND
    )


def relevant(row: Leg | Conversation) -> tuple[object, ...] | None:
    """What of the row matters to the look-backs of its pair; None if nothing."""
    return (row.party, row.rep_id, row.started_at, row.marks & MATTERS) if counts(row) else None


class Pairs:
    """The pairs to look at, each with the first and last start that changed."""

    def __init__(self) -> None:
        self.windows: dict[Pair, tuple[datetime, datetime]] = {}
        # outlines whose marks change: (touch, marks after)
        self.remarked: list[tuple[Touch, int]] = []

    def touch(self, row: Leg | Conversation) -> None:
        """Note that the row has come, gone or changed."""
        if row.party is not None and counts(row):
            self.add((row.party, row.rep_id), row.started_at)

    def add(self, pair: Pair, start: datetime) -> None:
        """Note that something of the pair changed at `start`."""
        window = self.windows.get(pair)
        if window is None:
            self.windows[pair] = (start, start)
        else:
            self.windows[pair] = (min(window[0], start), max(window[1], start))


async def quotes_reach(session: Reading, desk: Desk, pairs: Pairs) -> None:
    """Note the conversations that a changed quote may make, or no longer make, repeat-quote."""
    reached: list[tuple[str, datetime]] = []
    for before, after in desk.quotes.changed():
        if before is not None and _issue(before) == _issue(after):
            continue
        for quote in (before, after):
            if quote is not None and issued(quote) and quote.party is not None:
                reached.append((quote.party, quote.issued_at))
    if not reached:
        return
    for table in ("legs", "conversations"):
        for record in await session.fetch(
            f"SELECT t.party, t.rep_id, t.started_at FROM unnest($1::text[], $2::timestamptz[],"
            f" $3::timestamptz[]) q(party, lo, hi) JOIN {table} t ON t.party = q.party"
            f" AND t.started_at BETWEEN q.lo AND q.hi WHERE t.marks & {REPEAT} <> 0",
            [party for party, _ in reached],
            [at - QUOTE_AFTER for _, at in reached],
            [at + QUOTE_BEFORE for _, at in reached],
        ):
            pairs.add((record["party"], record["rep_id"]), record["started_at"])


def _issue(quote: Quote) -> tuple[bool, str | None, datetime]:
    return issued(quote), quote.party, quote.issued_at


async def work_out_pairs(session: Reading, desk: Desk, pairs: Pairs) -> None:
    """Give every touch within reach of a change its look-back marks."""
    if not pairs.windows:
        return
    touches = await _touches(session, desk, pairs)
    repeated = (
        pair[0]
        for pair, of_pair in touches.items()
        if sum(1 for touch in of_pair if touch.marks & CONVERSATION) > 1
    )
    quotes = await quotes_of(session, desk, repeated)
    for pair, of_pair in touches.items():
        lo, hi = pairs.windows[pair]
        _mark(desk, pairs, of_pair, quotes.get(pair[0], []), lo, hi + LONGEST)


async def _touches(session: Reading, desk: Desk, pairs: Pairs) -> dict[Pair, list[Touch]]:
    touches: dict[Pair, list[Touch]] = {pair: [] for pair in pairs.windows}
    shelves: tuple[tuple[Shelf[Any], str], ...] = (
        (desk.legs, "call_id, t.agent"),
        (desk.conversations, "conversation_id"),
    )
    ordered = sorted(pairs.windows.items())
    window = (
        [pair[0] for pair, _ in ordered],
        [pair[1] for pair, _ in ordered],
        [lo - LONGEST for _, (lo, _) in ordered],
        [hi + LONGEST for _, (_, hi) in ordered],
    )
    for shelf, key in shelves:
        table = shelf.row_type.table
        for record in await session.fetch(
            f"SELECT t.party, t.rep_id, t.started_at, t.marks, t.day, t.{key} "
            "FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[]) "
            f"AS p(party, rep_id, lo, hi) JOIN {table} t ON t.party = p.party "
            "AND t.rep_id = p.rep_id AND t.started_at BETWEEN p.lo AND p.hi "
            f"WHERE t.marks & {TURNS} <> 0",
            *window,
        ):
            row_key = tuple(record)[5:]
            if row_key not in shelf.now:
                party, rep_id, start, marks, day = tuple(record)[:5]
                touches[party, rep_id].append(
                    Touch(start, marks, None, table, row_key, party, rep_id, day)
                )
        for row in shelf.now.values():
            pair = (row.party, row.rep_id)
            if pair in touches and counts(row):
                touches[pair].append(
                    Touch(row.started_at, row.marks, row, table, (), *pair, row.day)
                )
    return touches


async def quotes_of(
    session: Reading, desk: Desk, parties: Iterable[str]
) -> dict[str, list[datetime]]:
    """When quotes were issued to these parties; ask for those that had a second conversation."""
    wanted = sorted(set(parties))
    found: dict[str, list[datetime]] = {party: [] for party in wanted}
    if not wanted:
        return found
    for record in await session.fetch(
        "SELECT quote_id, party, issued_at FROM quotes "
        "WHERE party = ANY($1) AND status <> 'draft' AND NOT voided",
        wanted,
    ):
        if (record["quote_id"],) not in desk.quotes.now:
            found[record["party"]].append(record["issued_at"])
    for quote in desk.quotes.now.values():
        if quote.party in found and issued(quote):
            found[quote.party].append(quote.issued_at)
    for instants in found.values():
        instants.sort()
    return found


def _mark(
    desk: Desk,
    pairs: Pairs,
    touches: list[Touch],
    quotes: Sequence[datetime],
    first: datetime,
    last: datetime,
) -> None:
    history = History()
    for touch in touches:
        history.add(touch.start, touch.marks)
    history.sort()
    for touch in touches:
        if not first <= touch.start <= last:
            continue
        marks = touch.marks & ~LOOK_BACKS
        marks |= history.look_back(touch.start, marks, quotes)
        if touch.row is None:
            if marks != touch.marks:
                pairs.remarked.append((touch, marks))
        elif marks != touch.row.marks:
            shelf: Shelf[Any] = desk.shelves[type(touch.row)]
            own(shelf, touch.row).marks = marks


REMARKED = (
    (REPEAT, "repeat_conversations"),
    (REPEAT_QUOTE, "repeat_quote_conversations"),
    (UNPRODUCTIVE, "unproductive_repeats"),
    (NEW_CUSTOMER, "new_customer_calls"),
)


def remarked_amounts(before: int, after: int) -> list[tuple[str, int]]:
    """By how much the measures of a touch's day move when only its look-backs change."""
    return [
        (measure, 1 if after & mark else -1)
        for mark, measure in REMARKED
        if (before ^ after) & mark
    ]


async def keep_remarked(session: Writing, pairs: Pairs) -> None:
    """Write the new marks of rows that were not on a shelf."""
    for table, columns in (
        ("legs", ("call_id", "agent")),
        ("conversations", ("conversation_id",)),
    ):
        rows = [(touch.key, marks) for touch, marks in pairs.remarked if touch.table == table]
        if not rows:
            continue
        names = ", ".join(columns)
        arrays = ", ".join(f"${i + 2}::text[]" for i in range(len(columns)))
        match = " AND ".join(f"t.{column} = u.{column}" for column in columns)
        await session.run(
            f"UPDATE {table} t SET marks = u.marks "
            f"FROM unnest($1::int[], {arrays}) u(marks, {names}) WHERE {match}",
            [marks for _, marks in rows],
            *([key[i] for key, _ in rows] for i in range(len(columns))),
        )
