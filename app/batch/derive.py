"""Works out everything that the changes on a desk touch, and writes it down."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from app.batch.calls import touched_calls, work_out_calls
from app.batch.desk import Desk
from app.batch.movement import movement_of
from app.batch.pairs import Pairs, keep_remarked, quotes_reach, work_out_pairs
from app.batch.plain import read_plain
from app.batch.reach import Dirty, customers_changed, rates_changed, reps_changed
from app.batch.results import touched_results, work_out_results
from app.db import Writing
from app.meaning.known import Rates
from app.rollups import move


class Derived(NamedTuple):
    """What follows from a desk's changes: look-backs of rows that are not on it, the movement of
    the rollups, and whether what is known beside the facts (directory, claims, rates) changed.
    """

    pairs: Pairs
    moved: Sequence[tuple[Any, ...]]
    known_changed: bool


async def derive(session: Writing, desk: Desk) -> Derived:
    """Work out everything that the desk's changes touch; only claims on numbers are written."""
    dirty, pairs = Dirty(), Pairs()
    known = desk.known
    if any(desk.rates.changed()):
        newest = {key: rate.rate for key, rate in desk.rates.now.items()}
        known.rates = Rates(known.rates.currency, {**known.rates.all, **newest})
    changed = await reps_changed(session, desk, dirty)
    changed |= await customers_changed(session, desk, dirty)
    if any(desk.rates.changed()):
        await rates_changed(session, desk, dirty)
        changed = True
    touched_results(desk, dirty)
    await work_out_results(session, desk, dirty)
    await quotes_reach(session, desk, pairs)
    touched_calls(desk, dirty)
    await work_out_calls(session, desk, dirty, pairs)
    await read_plain(session, desk, pairs)
    await work_out_pairs(session, desk, pairs)
    return Derived(pairs, movement_of(desk, pairs).rows(), changed)


async def write_down(session: Writing, desk: Desk, derived: Derived) -> None:
    """Move the rollups, and write every row on the desk that changed."""
    await move(session, derived.moved)
    await keep_remarked(session, derived.pairs)
    for shelf in desk.shelves.values():
        await shelf.write(session, desk.plain if shelf is desk.legs else ())
