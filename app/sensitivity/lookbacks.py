"""What looks back, at another threshold: repeat conversations and calls in vain.

Each call or conversation of the period looks up the others of its rep and customer, as
`app.meaning.lookback` does, whatever team or period these were in: the cost goes with the calls
of the period. Spans of time are multiples of 24 h.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import asyncpg

from app.kpi import Sums
from app.meaning.lookback import (
    QUOTE_AFTER,
    QUOTE_BEFORE,
    REPEAT_APART,
    REPEAT_WITHIN,
    UNPRODUCTIVE_CALLS,
    UNPRODUCTIVE_WITHIN,
)
from app.meaning.marks import Mark
from app.sensitivity.calls import COMES_FIRST, from_each, settled
from app.spans import Span
from app.sums import columns_of, over
from app.view import View

_ANSWERED = int(Mark.ANSWERED)
_CONVERSATION = int(Mark.CONVERSATION)
_ASSIST = int(Mark.ASSIST)
_MET = _CONVERSATION | _ASSIST
_CALLED = int(Mark.CALL | Mark.OUTBOUND)

REPEATS = frozenset({"repeat_conversations", "repeat_quote_conversations"})
UNPRODUCTIVE = frozenset({"unproductive_repeats"})


def _hours(span: timedelta) -> str:
    return f"interval '{span // timedelta(hours=1)} hours'"


# How many of the floors $1, the lowest of which is $8, a leg meets: all if it is classified as
# talk with a customer, none if as anything else.
_REACH = f"""CASE WHEN d.classified IS NOT NULL
        THEN CASE WHEN d.marks & {_MET} <> 0 THEN cardinality($1::int[]) ELSE 0 END
    WHEN d.marks & {_ANSWERED} <> 0 THEN width_bucket(d.talk, $1::int[]) ELSE 0 END"""
# ... with its call's conversation. $9 are the marks that tell who comes first.
_HELD = f"""(d.classified IS NULL AND d.marks & {_ANSWERED} <> 0 AND d.talk >= $8
        AND d.marks & {_ASSIST} = 0
        AND (d.marks & $9 <> 0 OR NOT EXISTS (SELECT FROM legs o WHERE {COMES_FIRST}))
    OR d.classified IS NOT NULL AND d.marks & {_CONVERSATION} <> 0)"""
_STOOD = f"d.marks & {_CONVERSATION} <> 0"

_PAIR = "d.party = n.party AND d.rep_id = n.rep_id AND d.started_at"
_REPEATABLE = f"""{_PAIR} BETWEEN n.started_at - {{within}}
    AND n.started_at - {_hours(REPEAT_APART)}"""
_QUOTED = f"""EXISTS (
    SELECT FROM quotes q WHERE q.party = n.party AND q.status <> 'draft' AND NOT q.voided
    AND q.issued_at BETWEEN n.started_at - {_hours(QUOTE_BEFORE)}
        AND n.started_at + {_hours(QUOTE_AFTER)})"""

_REPEATS_AT_FLOORS = f"""
WITH n AS MATERIALIZED (
    SELECT d.party, d.rep_id, d.started_at, {_REACH} AS reach {over("legs", "day", 1)}
    AND d.party IS NOT NULL AND {_HELD}
    UNION ALL
    SELECT d.party, d.rep_id, d.started_at, cardinality($1::int[])
    {over("conversations", "day", 1)} AND d.party IS NOT NULL AND {_STOOD}
)
SELECT least(n.reach, e.reach), {_QUOTED}, count(*) FROM n, LATERAL (
    SELECT max(reach) FROM (
        SELECT {_REACH} AS reach FROM legs d
        WHERE {_REPEATABLE.format(within=_hours(REPEAT_WITHIN))} AND {_HELD}
        UNION ALL
        SELECT cardinality($1::int[]) FROM conversations d
        WHERE {_REPEATABLE.format(within=_hours(REPEAT_WITHIN))} AND {_STOOD}
    ) AS earlier
) AS e (reach) WHERE e.reach > 0 GROUP BY 1, 2"""

# Days since the latest that is no nearer than an hour, against the days $1, the most of which are
# $8: of the last of these, a conversation is a repeat wherever there are as many or more.
_REPEATS_WITHIN = f"""
WITH n AS MATERIALIZED (
    SELECT d.party, d.rep_id, d.started_at {over("legs", "day", 1)}
    AND d.party IS NOT NULL AND {_STOOD}
    UNION ALL
    SELECT d.party, d.rep_id, d.started_at {over("conversations", "day", 1)}
    AND d.party IS NOT NULL AND {_STOOD}
)
SELECT (SELECT count(*) FROM unnest($1::int[]) AS w
        WHERE n.started_at - e.latest <= w * interval '24 hours'), {_QUOTED}, count(*)
FROM n, LATERAL (
    SELECT max(latest) FROM (
        SELECT max(d.started_at) AS latest FROM legs d
        WHERE {_REPEATABLE.format(within="$8::int * interval '24 hours'")} AND {_STOOD}
        UNION ALL
        SELECT max(d.started_at) FROM conversations d
        WHERE {_REPEATABLE.format(within="$8::int * interval '24 hours'")} AND {_STOOD}
    ) AS earlier
) AS e (latest) WHERE e.latest IS NOT NULL GROUP BY 1, 2"""

# Outbound calls to a customer: how many of $8 they and those before in the span make up, and how
# much was met in it, at any of the floors and at the one in force.
_WITHIN = f"{_PAIR} > n.started_at - {_hours(UNPRODUCTIVE_WITHIN)} AND d.started_at <= n.started_at"
_IN_VAIN = f"""
WITH n AS MATERIALIZED (
    SELECT d.party, d.rep_id, d.started_at {over("legs", "day", 1)}
    AND d.party IS NOT NULL AND d.marks & {_CALLED} = {_CALLED}
)
SELECT width_bucket(e.made::int, $8::int[]), greatest(e.reach, a.reach), e.met OR a.reach > 0,
    count(*)
FROM n, LATERAL (
    SELECT count(*) FILTER (WHERE d.marks & {_CALLED} = {_CALLED}), max({_REACH}),
        bool_or(d.marks & {_MET} <> 0)
    FROM legs d WHERE {_WITHIN}
) AS e (made, reach, met), LATERAL (
    SELECT CASE WHEN count(*) > 0 THEN cardinality($1::int[]) ELSE 0 END
    FROM conversations d WHERE {_WITHIN} AND {_STOOD}
) AS a (reach) WHERE e.made >= ($8::int[])[1] GROUP BY 1, 2, 3"""


async def repeats_at_floors(
    view: View, spans: Sequence[Span], floors: Sequence[int], _: Sums
) -> list[Sums]:
    """Repeat conversations with each of these floors for everybody."""
    records = await view.reading.fetch(
        _REPEATS_AT_FLOORS, list(floors), *columns_of(spans), floors[0], settled(view)
    )
    return _repeats(from_each(floors, _all(records)), from_each(floors, _quoted(records)))


async def repeats_within(
    view: View, spans: Sequence[Span], days: Sequence[int], _: Sums
) -> list[Sums]:
    """Repeat conversations with each of these numbers of days to look back."""
    records = await view.reading.fetch(_REPEATS_WITHIN, list(days), *columns_of(spans), days[-1])
    # The more days, the more repeats: what is near enough for the first is for all that follow.
    return _repeats(from_each(days, _all(records))[::-1], from_each(days, _quoted(records))[::-1])


def _all(records: Sequence[asyncpg.Record]) -> Counter[int]:
    found: Counter[int] = Counter()
    for bucket, _, count in records:
        found[bucket] += count
    return found


def _quoted(records: Sequence[asyncpg.Record]) -> dict[int, int]:
    return {bucket: count for bucket, quoted, count in records if quoted}


def _repeats(every: Sequence[int], with_quote: Sequence[int]) -> list[Sums]:
    return [
        {"repeat_conversations": all_, "repeat_quote_conversations": quoted}
        for all_, quoted in zip(every, with_quote, strict=True)
    ]


async def in_vain_at_floors(
    view: View, spans: Sequence[Span], floors: Sequence[int], _: Sums
) -> list[Sums]:
    """Unproductive repeats with each of these floors for everybody: one above finds less."""
    records = await view.reading.fetch(
        _IN_VAIN, list(floors), *columns_of(spans), [UNPRODUCTIVE_CALLS]
    )
    return [
        {"unproductive_repeats": sum(count for _, reach, _, count in records if reach <= below)}
        for below in range(len(floors))
    ]


async def in_vain_from(
    view: View, spans: Sequence[Span], calls: Sequence[int], _: Sums
) -> list[Sums]:
    """Unproductive repeats with each of these numbers of calls in seven days."""
    records = await view.reading.fetch(_IN_VAIN, [0], *columns_of(spans), list(calls))
    made: Counter[int] = Counter()
    for bucket, _, met, count in records:
        if not met:
            made[bucket] += count
    return [{"unproductive_repeats": count} for count in from_each(calls, made)]
