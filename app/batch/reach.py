"""How far a change of what is known reaches: a rep's zone, a customer's numbers, a rate. What
depends on it is brought in, to be worked out anew.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from app.batch.desk import Desk
from app.db import Reading, Writing
from app.directory import Directory, RepState, Timeline
from app.facts.rows import Customer, Rep
from app.facts.shelf import unique
from app.floors import Floors
from app.periods import DAY, FIRST_DAY, LAST_DAY

# An instant's day moves by at most this when a zone changes.
MARGIN = timedelta(days=2)


@dataclass(slots=True)
class Dirty:
    """Keys of what has to be worked out anew."""

    calls: set[str] = field(default_factory=set)
    standalone: set[str] = field(default_factory=set)
    quotes: set[str] = field(default_factory=set)
    orders: set[str] = field(default_factory=set)
    returns: set[str] = field(default_factory=set)


# Where facts are found, and the keys of what is worked out anew with them.
_Keys = Callable[[Dirty], set[str]]
_FACTS: tuple[tuple[str, str, _Keys], ...] = (
    ("legs", "call_id", lambda dirty: dirty.calls),
    ("segments", "call_id", lambda dirty: dirty.calls),
    ("conversations", "call_id", lambda dirty: dirty.calls),
    ("conversations", "conversation_id", lambda dirty: dirty.standalone),
    ("quotes", "quote_id", lambda dirty: dirty.quotes),
    ("orders", "order_id", lambda dirty: dirty.orders),
    ("returns", "return_id", lambda dirty: dirty.returns),
)


def timeline_of(states: Iterable[Rep], default_zone: str) -> Timeline:
    """The timeline of the states that are not withdrawn."""
    return Timeline(
        [
            RepState(s.effective_from, s.name, s.team, s.manager, s.time_zone, s.active, s.aliases)
            for s in states
            if not s.voided
        ],
        default_zone,
    )


def changed_days(old: Timeline, new: Timeline, floors: Floors) -> tuple[date, date] | None:
    """The first and last date on which the zone, or the team's floor, differs; None if neither."""
    cuts = {FIRST_DAY, LAST_DAY + DAY, *(since for since, _, _ in floors.steps)}
    cuts |= {state.effective_from for t in (old, new) for state in t.states}
    ordered = sorted(cuts)
    differ = [
        (start, end - DAY)
        for start, end in pairwise(ordered)
        if old.zone_on(start) != new.zone_on(start)
        or floors.on(old.team_on(start), start) != floors.on(new.team_on(start), start)
    ]
    return (differ[0][0], differ[-1][1]) if differ else None


async def reps_changed(session: Reading, desk: Desk, dirty: Dirty) -> bool:
    """Take the batch's states of reps into the directory; whether there were any."""
    changed = {row.rep_id for _, row in desk.reps.changed()}
    if not changed:
        return False
    directory = desk.known.directory
    states: dict[str, list[Rep]] = {rep_id: [] for rep_id in changed}
    for row in desk.reps.now.values():
        if row.rep_id in changed:
            states[row.rep_id].append(row)
    timelines = dict(directory.timelines)
    zone = directory.default_zone
    moves: dict[str, tuple[date, date]] = {}
    for rep_id, rows in states.items():
        new = timeline_of(rows, zone)
        moved = changed_days(directory.of(rep_id), new, desk.known.floors)
        if new.states:
            timelines[rep_id] = new
        else:
            timelines.pop(rep_id, None)
        if moved is not None:
            moves[rep_id] = moved
    if moves:
        await _days_moved(session, moves, dirty)
    desk.known.directory = Directory(timelines, zone, directory.given)
    await _names_moved(session, directory, desk.known.directory, changed, dirty)
    return True


async def _names_moved(
    session: Reading, old: Directory, new: Directory, changed: Iterable[str], dirty: Dirty
) -> None:
    """Find the facts under the names that these reps have in other systems, or had."""
    agents = {
        agent for each in (old, new) for rep_id in changed for agent in each.of(rep_id).aliases()
    }
    agents = {agent for agent in agents if old.claims(agent) != new.claims(agent)}
    if not agents:
        return
    # Where they are now: with whom the name meant before.
    reps = {rep for agent in agents for rep in (agent, old.given.get(agent), *old.claims(agent))}
    for table, column, keys in _FACTS[:-1]:
        for record in await session.fetch(
            f"SELECT {column} AS key FROM {table} WHERE rep_id = ANY($1) AND agent = ANY($2) "
            f"AND {column} IS NOT NULL",
            unique(reps), unique(agents),
        ):  # fmt: skip
            keys(dirty).add(record["key"])


async def _days_moved(session: Reading, moves: dict[str, tuple[date, date]], dirty: Dirty) -> None:
    """Find the facts of these reps on the dates on which their zone or floor changed."""
    reps = sorted(moves)
    for table, column, keys in _FACTS:
        for record in await session.fetch(
            f"SELECT t.{column} AS key FROM unnest($1::text[], $2::date[], $3::date[]) "
            f"AS m(rep_id, first, last) JOIN {table} t ON t.rep_id = m.rep_id "
            f"AND t.day BETWEEN m.first AND m.last AND t.{column} IS NOT NULL",
            reps,
            [moves[rep_id][0] - MARGIN for rep_id in reps],
            [moves[rep_id][1] + MARGIN for rep_id in reps],
        ):
            keys(dirty).add(record["key"])


async def customers_changed(session: Writing, desk: Desk, dirty: Dirty) -> bool:
    """Take the batch's customers' claims on numbers; whether any claim changed."""
    gone: list[tuple[str, str]] = []
    come: list[tuple[str, str]] = []
    for before, after in desk.customers.changed():
        was, now = _claims(before), _claims(after)
        gone += [(phone, after.customer_id) for phone in was - now]
        come += [(phone, after.customer_id) for phone in now - was]
    if not gone and not come:
        return False
    await session.run(
        "DELETE FROM customer_phones WHERE (phone, customer_id) IN "
        "(SELECT * FROM unnest($1::text[], $2::text[]))",
        [phone for phone, _ in gone], [customer for _, customer in gone],
    )  # fmt: skip
    await session.copy("customer_phones", ("phone", "customer_id"), come)
    await claimed(session, {phone for phone, _ in gone + come}, dirty)
    return True


def _claims(customer: Customer | None) -> set[str]:
    return set() if customer is None or customer.voided else set(customer.phones)


async def claimed(session: Reading, phones: set[str], dirty: Dirty) -> None:
    """Find the facts that name one of these numbers."""
    wanted = unique(phones)
    for table, column, keys in _FACTS:
        if table in ("segments", "returns"):
            continue  # they name no customer
        for record in await session.fetch(
            f"SELECT {column} AS key FROM {table} WHERE phone = ANY($1) AND {column} IS NOT NULL",
            wanted,
        ):
            keys(dirty).add(record["key"])


async def rates_changed(session: Reading, desk: Desk, dirty: Dirty) -> None:
    """Find the quotes and orders that convert at a rate the batch brought."""
    for _, rate in desk.rates.changed():
        until = desk.known.rates.until(rate.currency, rate.day) or LAST_DAY + DAY
        for table, column, keys in (
            ("quotes", "quote_id", dirty.quotes),
            ("orders", "order_id", dirty.orders),
        ):
            for record in await session.fetch(
                f"SELECT {column} AS key FROM {table} "
                "WHERE currency = $1 AND day >= $2 AND day < $3",
                rate.currency, rate.day, until,
            ):  # fmt: skip
                keys.add(record["key"])


async def load_owners(session: Reading, desk: Desk, rows: Iterable[Any]) -> None:
    """Learn which customers claim the numbers on these rows."""
    wanted = {row.phone for row in rows if row.phone is not None} - desk.known.owners.keys()
    if not wanted:
        return
    for record in await session.fetch(
        "SELECT phone, min(customer_id) AS owner FROM customer_phones "
        "WHERE phone = ANY($1) GROUP BY phone",
        unique(wanted),
    ):
        desk.known.owners[record["phone"]] = record["owner"]
