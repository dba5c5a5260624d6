"""What a batch changes of the sets of things that a day counts once: the customers a rep called,
and the calls missed, which a team and the company count once however many reps they rang at.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from itertools import chain

from app.batch.desk import Desk
from app.db import Reading
from app.facts.rows import Leg
from app.meaning.ladder import CALL, MISSED, OUTBOUND
from app.restatements import Cause, Part

CALLED = CALL | OUTBOUND
Key = tuple[str, date]


class Distincts:
    """The changes of closed days' sets: `parts` to be undone, `counts` of customers by day."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.counts: dict[Key, tuple[int, int]] = {}
        self.causes: dict[tuple[str, date, str], Cause] = {}


async def distincts_of(
    session: Reading, desk: Desk, cause_of: Callable[[Leg], Cause], keeps: Callable[[date], bool]
) -> Distincts:
    """What the desk's legs change of the sets of days that are kept; before they are written."""
    found = Distincts()
    moved: Counter[tuple[str, date, str]] = Counter()
    plain = ((None, leg) for leg in desk.plain if leg.day is not None and keeps(leg.day))
    for before, after in chain(desk.legs.changed(), plain):
        was, now = _called(before), _called(after)
        if was != now:
            for customer, step in ((was, -1), (now, 1)):
                if customer is not None and keeps(customer[1]):
                    moved[customer] += step
                    found.causes[customer[0], customer[1], "customers"] = cause_of(after)
        found.parts += (part for part in _missed(before, after) if keeps(part.day))
    moved = Counter({key: step for key, step in moved.items() if step})
    if moved:
        await _customers(session, found, moved)
    return found


def _called(leg: Leg | None) -> tuple[str, date, str] | None:
    if leg is None or leg.marks & CALLED != CALLED or leg.party is None or leg.day is None:
        return None
    return leg.rep_id, leg.day, leg.party


def _missed(before: Leg | None, after: Leg) -> Iterator[Part]:
    """Leg by leg: two names of one rep may ring for the same call."""
    was, now = _missed_on(before), _missed_on(after)
    if was != now:
        for key, counted in ((was, True), (now, False)):
            if key is not None:
                rep_id, day = key
                yield Part("missed", rep_id, day, after.call_id, after.agent, counted)


def _missed_on(leg: Leg | None) -> Key | None:
    if leg is None or not leg.marks & MISSED or leg.day is None:
        return None
    return leg.rep_id, leg.day


async def _customers(
    session: Reading, found: Distincts, moved: Counter[tuple[str, date, str]]
) -> None:
    days = sorted({(rep_id, day) for rep_id, day, _ in moved})
    stored: dict[Key, dict[str, int]] = {key: {} for key in days}
    for rep_id, day, party, calls in await session.fetch(
        "SELECT l.rep_id, l.day, l.party, count(*) FROM unnest($1::text[], $2::date[])"
        " AS d(rep_id, day) JOIN legs l ON l.rep_id = d.rep_id AND l.day = d.day"
        f" WHERE l.marks & {CALLED} = {CALLED} AND l.party IS NOT NULL GROUP BY 1, 2, 3",
        [rep_id for rep_id, _ in days],
        [day for _, day in days],
    ):
        stored[rep_id, day][party] = calls
    steps: Counter[Key] = Counter()
    changed = set()
    for (rep_id, day, party), step in sorted(moved.items()):
        before = stored[rep_id, day].get(party, 0)
        if (before > 0) != (before + step > 0):
            changed.add((rep_id, day))
            steps[rep_id, day] += 1 if before == 0 else -1
            found.parts.append(Part("customer", rep_id, day, party, "", before > 0))
    found.counts = {
        key: (len(stored[key]), len(stored[key]) + steps[key]) for key in days if key in changed
    }
