"""What a batch changes of the sets of things that a day counts once: the customers a rep called,
and the calls missed, which a team and the company count once however many reps they rang at.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import date

from app.batch.causes import cause_by
from app.batch.desk import Desk
from app.db import Reading
from app.facts.rows import Leg
from app.meaning.ladder import CALL, MISSED, OUTBOUND
from app.restatements import Cause, Customers, Day, Part

CALLED = CALL | OUTBOUND


class Distincts:
    """The changes of closed days' sets: `parts` to be undone, numbers of `customers` by day."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.customers: dict[Day, Customers] = {}


async def distincts_of(
    session: Reading, desk: Desk, cause_of: Callable[[Leg], Cause], keeps: Callable[[date], bool]
) -> Distincts:
    """What the desk's legs change of the sets of days that are kept; before they are written."""
    found = Distincts()
    causes: dict[Day, Cause] = {}
    moved: defaultdict[Day, dict[str, int]] = defaultdict(dict)
    for leg in desk.plain:
        if leg.day is None or not keeps(leg.day):
            continue
        if leg.marks & CALLED == CALLED and leg.party is not None:
            day = leg.rep_id, leg.day
            moved[day][leg.party] = moved[day].get(leg.party, 0) + 1
            causes[day] = cause_by(None, leg)
        if leg.marks & MISSED:
            found.parts += _missed(None, leg)
    for before, after in desk.legs.changed():
        was, now = _called(before), _called(after)
        if was != now:
            for customer, step in ((was, -1), (now, 1)):
                if customer is not None and keeps(customer[1]):
                    *_, party = customer
                    of_day = moved[customer[:2]]
                    of_day[party] = of_day.get(party, 0) + step
                    causes[customer[:2]] = cause_of(after)
        found.parts += (part for part in _missed(before, after) if keeps(part.day))
    if moved:
        await _customers(session, found, moved, causes)
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


def _missed_on(leg: Leg | None) -> Day | None:
    if leg is None or not leg.marks & MISSED or leg.day is None:
        return None
    return leg.rep_id, leg.day


# A day's calls as one array: told apart here, they are neither sorted there nor sent one by one.
_PARTIES = (
    "SELECT d.rep_id, d.day, c.parties FROM unnest($1::text[], $2::date[]) AS d(rep_id, day)"
    " CROSS JOIN LATERAL (SELECT array_agg(l.party) AS parties FROM legs l"
    " WHERE l.rep_id = d.rep_id AND l.day = d.day"
    f" AND l.marks & {CALLED} = {CALLED} AND l.party IS NOT NULL) AS c"
)


async def _customers(
    session: Reading,
    found: Distincts,
    moved: Mapping[Day, Mapping[str, int]],
    causes: Mapping[Day, Cause],
) -> None:
    days = sorted(moved)
    for rep_id, day, parties in await session.fetch(
        _PARTIES, [rep_id for rep_id, _ in days], [day for _, day in days]
    ):
        calls = parties or []
        before = frozenset(calls)
        parts = []
        for party, step in moved[rep_id, day].items():
            was = party in before
            if was != (step > 0 or (was and calls.count(party) + step > 0)):
                parts.append(Part("customer", rep_id, day, party, "", was))
        if parts:
            found.parts += sorted(parts)
            after = len(before) + sum([-1 if part.was else 1 for part in parts])
            cause = causes[rep_id, day]
            found.customers[rep_id, day] = Customers(len(before), after, cause)
