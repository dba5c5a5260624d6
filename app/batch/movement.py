"""By how much each rep's day moves with a batch: what its rows add now, less what they added."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

from app.batch.causes import Causes, cause_by, fresh
from app.batch.desk import Desk
from app.batch.pairs import Pairs, remarked_amounts
from app.batch.reach import Dirty
from app.facts.rows import Conversation, Leg, Order, Quote, Segment
from app.facts.shelf import Shelf
from app.meaning.contributions import of_leg, of_row
from app.restatements import Cause, Day
from app.rollups import Movement


def movement_of(desk: Desk, pairs: Pairs) -> Movement:
    """The movement of every (rep, day) that the batch touches."""
    movement = Movement()
    for leg in desk.plain:
        amounts = of_leg(leg)
        if amounts and leg.day is not None:
            movement.add(leg.rep_id, leg.day, amounts, 1)
    for change in changes_on(desk):
        _move(movement, of_row(change.before, change.order_before), -1)
        _move(movement, of_row(change.after, change.order_after), 1)
    for touch, marks in pairs.remarked:
        movement.add(touch.rep_id, touch.day, remarked_amounts(touch.marks, marks), 1)
    return movement


class Change(NamedTuple):
    """A row that counts otherwise than before; a return counts by its order, which is here too."""

    before: Any
    after: Any
    order_before: Order | None = None
    order_after: Order | None = None


def changes_on(desk: Desk) -> Iterator[Change]:
    """Everything on the desk's shelves that may count otherwise than before."""
    for row_type in (Leg, Segment, Conversation, Quote, Order):
        shelf: Shelf[Any] = desk.shelves[row_type]
        for before, after in shelf.changed():
            yield Change(before, after)
    orders = desk.orders
    for key, after in desk.returns.now.items():
        before = desk.returns.stored.get(key)
        yield Change(
            before,
            after,
            orders.stored.get((before.order_id,)) if before is not None else None,
            orders.now.get((after.order_id,)),
        )


def _move(movement: Movement, contributions: Iterable[Any], sign: int) -> None:
    for rep_id, day, amounts in contributions:
        movement.add(rep_id, day, amounts, sign)


def causes_of(
    desk: Desk, pairs: Pairs, causes: Causes, keeps: Callable[[date], bool]
) -> dict[Day, dict[str, Cause]]:
    """The event behind every measure that the batch may move of a day that is kept."""
    found: defaultdict[Day, dict[str, Cause]] = defaultdict(dict)

    def name(contributions: Iterable[Any], cause: Cause) -> None:
        for rep_id, day, amounts in contributions:
            if keeps(day):
                found[rep_id, day].update(dict.fromkeys([each[0] for each in amounts], cause))

    for leg in desk.plain:
        if leg.day is not None and keeps(leg.day):
            cause = cause_by(None, leg)
            measures = [amount[0] for amount in of_leg(leg)]
            found[leg.rep_id, leg.day].update(dict.fromkeys(measures, cause))
    for change in changes_on(desk):
        if not any(row is not None and row.day and keeps(row.day) for row in change[:2]):
            continue
        row = change.after
        if change.order_after is not None and not fresh(change.before, row):
            row = change.order_after
        name(of_row(change.before, change.order_before), causes.of(row))
        name(of_row(change.after, change.order_after), causes.of(row))
    for touch, marks in pairs.remarked:
        amounts = remarked_amounts(touch.marks, marks)
        name([(touch.rep_id, touch.day, amounts)], causes.of_pair(touch.party, touch.rep_id))
    return found


def add_up(desk: Desk, dirty: Dirty, sums: Movement) -> int:
    """Add to `sums` what the rows in `dirty`, and only they, count now; how many they are."""
    chosen: list[tuple[Any, Order | None]] = []
    chosen += [(leg, None) for leg in desk.legs.now.values() if leg.call_id in dirty.calls]
    chosen += [(s, None) for s in desk.segments.now.values() if s.call_id in dirty.calls]
    for word in desk.conversations.now.values():
        if word.conversation_id in dirty.standalone:
            chosen.append((word, None))
    chosen += [(q, None) for q in desk.quotes.now.values() if q.quote_id in dirty.quotes]
    chosen += [(o, None) for o in desk.orders.now.values() if o.order_id in dirty.orders]
    for returned in desk.returns.now.values():
        if returned.return_id in dirty.returns:
            chosen.append((returned, desk.orders.now.get((returned.order_id,))))
    for row, order in chosen:
        _move(sums, of_row(row, order), 1)
    return len(chosen)
