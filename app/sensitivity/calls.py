"""What calls would add at another conversation floor or hold limit, from the talk and hold that
are kept with every leg. Exact: nothing but the threshold differs from how the figures are made.
"""

from collections.abc import Mapping, Sequence
from itertools import accumulate

from app.kpi import Sums, total
from app.meaning.marks import Mark
from app.settings import floors_of
from app.spans import Span
from app.sums import columns_of, over
from app.view import View

_ANSWERED = int(Mark.ANSWERED)
_ANSWERED_CALL = int(Mark.CALL | Mark.ANSWERED)
_CONVERSATION = int(Mark.CONVERSATION)
_ASSIST = int(Mark.ASSIST)

# Which leg `o` of its call comes before the unclassified `d` for the conversation, in the order of
# `app.meaning.ladder`. That order knows no floor, and whoever comes before an unclassified leg is
# classified or has talked no less: at a floor that this leg meets, the other meets it as well. So
# the first of a call has the conversation at every floor at which anybody has it, and the others
# that meet the floor are assists. Legs whose marks tell it already need not be looked up.
COMES_FIRST = f"""o.call_id = d.call_id AND o.agent <> d.agent
    AND (o.classified = 'customer' OR o.classified IS NULL AND o.marks & {_ANSWERED} <> 0)
    AND (o.classified IS NULL, -coalesce(o.talk, 0), o.started_at, o.rep_id, o.agent)
        < (true, -d.talk, d.started_at, d.rep_id, d.agent)"""

# What is classified is a conversation, an assist or neither at any floor: only others move.
_FLOOR = f"""
WITH near AS MATERIALIZED (
    SELECT d.call_id, d.agent, d.rep_id, d.started_at, d.talk, d.marks {over("legs", "day", 1)}
    AND d.classified IS NULL AND d.marks & {_ANSWERED} <> 0 AND d.talk >= $8
), behind AS (
    SELECT DISTINCT d.call_id, d.agent FROM near d JOIN legs o ON {COMES_FIRST}
    WHERE d.marks & $9 = 0
), placed AS (
    SELECT d.talk, d.marks, b.agent IS NOT NULL OR d.marks & {_ASSIST} <> 0 AS behind
    FROM near d LEFT JOIN behind b ON b.call_id = d.call_id AND b.agent = d.agent
)
SELECT width_bucket(talk, $1::int[]),
    count(*) FILTER (WHERE NOT behind), coalesce(sum(talk) FILTER (WHERE NOT behind), 0)::bigint,
    count(*) FILTER (WHERE behind),
    count(*) FILTER (WHERE marks & {_CONVERSATION} <> 0),
    coalesce(sum(talk) FILTER (WHERE marks & {_CONVERSATION} <> 0), 0)::bigint,
    count(*) FILTER (WHERE marks & {_ASSIST} <> 0)
FROM placed GROUP BY 1"""

COUNTED = ("conversations", "call_conversations", "spoken_conversations", "timed_conversations")
AT_FLOOR = frozenset((*COUNTED, "timed_talk", "assists"))

_HEAVY = f"""
SELECT width_bucket(d.hold, $1::int[]), count(*) {over("legs", "day", 1)}
    AND d.marks & {_ANSWERED_CALL} = {_ANSWERED_CALL}
    AND d.hold >= $8 AND d.hold > coalesce(d.talk, 0)
GROUP BY 1"""


async def at_floors(
    view: View, spans: Sequence[Span], floors: Sequence[int], sums: Sums
) -> list[Sums]:
    """Conversations, their talk and assists with each of these floors for everybody.

    No floor in force on a day of the spans may be lower than the lowest of `floors`.
    """
    records = await view.reading.fetch(
        _FLOOR, list(floors), *columns_of(spans), floors[0], settled(view)
    )
    found = {record[0]: tuple(record)[1:] for record in records}
    now = [sum(row[at] for row in found.values()) for at in (3, 4, 5)]
    conversations, talk, assists = (
        [there - now[at] for there in from_each(floors, {b: row[at] for b, row in found.items()})]
        for at in range(3)
    )
    return [
        {
            **{name: total(name, sums) + conversations[i] for name in COUNTED},
            "timed_talk": total("timed_talk", sums) + talk[i],
            "assists": total("assists", sums) + assists[i],
        }
        for i in range(len(floors))
    ]


def settled(view: View) -> int:
    """The marks that tell a leg's place in its call: an assist has another before it. Who has the
    conversation is the first only where all had to meet the same floor.
    """
    return _ASSIST if floors_of(view.settings).steps else _ASSIST | _CONVERSATION


async def at_holds(view: View, spans: Sequence[Span], holds: Sequence[int], _: Sums) -> list[Sums]:
    """Hold-heavy calls with each of these limits."""
    records = await view.reading.fetch(_HEAVY, list(holds), *columns_of(spans), holds[0])
    counts = from_each(holds, {record[0]: record[1] for record in records})
    return [{"hold_heavy_calls": count} for count in counts]


def from_each(values: Sequence[int], amounts: Mapping[int, int]) -> list[int]:
    """For each value what lies at it or above, of amounts by how many of the values they reach."""
    reached = [amounts.get(i + 1, 0) for i in range(len(values))]
    return list(accumulate(reversed(reached)))[::-1]
