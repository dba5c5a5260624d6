"""The straight path of a batch: new calls that nothing else, here or in the tables, speaks of.

Such a leg needs no shelf and no rows beside it: it is read alone, counted once, written once. For
its look-backs it needs only what its pair did before. Where the pair also changes otherwise, or
did something later, the leg goes onto the desk after all and is worked out there like any other.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from app.batch.desk import Desk
from app.batch.pairs import TURNS, Pair, Pairs, counts, quotes_of
from app.batch.reach import load_owners
from app.db import Reading
from app.facts.rows import AnyRow, Conversation, Leg, Segment
from app.meaning.ladder import read_alone
from app.meaning.lookback import LONGEST, History, first_marks

_SPOKEN_OF = " UNION ALL ".join(
    f"SELECT call_id FROM {table} WHERE call_id = ANY($1)"
    for table in ("legs", "segments", "conversations")
)
_SINCE = " UNION ALL ".join(
    "SELECT p.pair, t.started_at, t.marks FROM unnest($1::text[], $2::text[]) "
    f"WITH ORDINALITY AS p(party, rep_id, pair) JOIN {table} t ON t.party = p.party "
    f"AND t.rep_id = p.rep_id AND t.started_at >= $3 WHERE t.marks & {TURNS} <> 0"
    for table in ("legs", "conversations")
)


async def set_apart(session: Reading, desk: Desk, rows: Sequence[AnyRow]) -> Sequence[AnyRow]:
    """Lay the plain legs among `rows` on the desk, but on no shelf; returns the other rows."""
    named = Counter(
        [
            row.call_id
            for row in rows
            if type(row) is Leg or type(row) is Segment or type(row) is Conversation
        ]
    )
    alone = {
        row.call_id: row
        for row in rows
        if type(row) is Leg and named[row.call_id] == 1 and not row.voided
    }
    if not alone:
        return rows
    ordered = sorted(alone)
    for record in await session.fetch(_SPOKEN_OF, ordered):
        alone.pop(record[0], None)
    # Written in this order too: the primary key's pages are then met one after the other.
    desk.plain = [alone[call_id] for call_id in ordered if call_id in alone]
    return [row for row in rows if type(row) is not Leg or row.call_id not in alone]


async def read_plain(session: Reading, desk: Desk, pairs: Pairs) -> None:
    """Give the plain legs their meaning, after everything else on the desk but the pairs."""
    await load_owners(session, desk, desk.plain)
    by_pair: dict[Pair, list[Leg]] = {}
    for leg in desk.plain:
        read_alone(leg, desk.known)
        if leg.party is not None and counts(leg):
            by_pair.setdefault((leg.party, leg.rep_id), []).append(leg)
    apart = {pair: legs for pair, legs in by_pair.items() if pair not in pairs.windows}
    histories = await _before(session, apart)
    later = {pair for pair, history in histories.items() if history is None}
    await _look_back(session, desk, apart, histories)
    if later or len(apart) < len(by_pair):
        _onto_the_desk(desk, pairs, {*later, *(pair for pair in by_pair if pair not in apart)})


async def _before(
    session: Reading, apart: Mapping[Pair, Sequence[Leg]]
) -> dict[Pair, History | None]:
    """What the pairs that did anything did before their first new call; None where they did
    something since.
    """
    if not apart:
        return {}
    firsts = {
        pair: legs[0].started_at if len(legs) == 1 else min(leg.started_at for leg in legs)
        for pair, legs in apart.items()
    }
    ordered = sorted(firsts)
    histories: dict[Pair, History | None] = {}
    for number, start, marks in await session.fetch(
        _SINCE,
        [party for party, _ in ordered],
        [rep_id for _, rep_id in ordered],
        min(firsts.values()) - LONGEST,
    ):
        pair = ordered[number - 1]
        if pair not in histories:
            histories[pair] = History()
        history = histories[pair]
        if start >= firsts[pair]:
            histories[pair] = None
        elif history is not None:
            history.add(start, marks)
    return histories


async def _look_back(
    session: Reading,
    desk: Desk,
    apart: Mapping[Pair, Sequence[Leg]],
    histories: Mapping[Pair, History | None],
) -> None:
    """Mark the legs of the pairs that did nothing since; most did nothing before either."""
    several: list[tuple[Pair, History]] = []
    for pair, legs in apart.items():
        if pair not in histories and len(legs) == 1:
            legs[0].marks |= first_marks(legs[0].marks)
            continue
        history = histories.get(pair, History())
        if history is not None:
            for leg in legs:
                history.add(leg.started_at, leg.marks)
            history.sort()
            several.append((pair, history))
    repeated = [pair[0] for pair, history in several if len(history.conversations) > 1]
    quotes = await quotes_of(session, desk, repeated)
    for pair, history in several:
        for leg in apart[pair]:
            leg.marks |= history.look_back(leg.started_at, leg.marks, quotes.get(pair[0], ()))


def _onto_the_desk(desk: Desk, pairs: Pairs, chosen: Collection[Pair]) -> None:
    """Let the legs of these pairs be worked out with all that their pairs have."""
    stay = []
    for leg in desk.plain:
        if counts(leg) and (leg.party, leg.rep_id) in chosen:
            desk.legs.now[leg.call_id, leg.agent] = leg
            pairs.touch(leg)
        else:
            stay.append(leg)
    desk.plain = stay
