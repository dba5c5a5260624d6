"""By how much each rep's day moves with a batch: what its rows add now, less what they added."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from app.batch.causes import Cause, Causes, fresh
from app.batch.desk import Desk
from app.batch.pairs import Pairs, remarked_amounts
from app.batch.reach import Dirty
from app.facts.rows import Conversation, Leg, Order, Quote, Segment
from app.facts.shelf import Shelf
from app.meaning.contributions import Amounts, of_row
from app.rollups import Movement


def movement_of(
    desk: Desk, pairs: Pairs, closed: Callable[[str, date], bool] = lambda rep_id, day: False
) -> Movement:
    """The movement of every (rep, day) that the batch touches, with its causes where closed."""
    movement = Movement()
    for row_type in (Leg, Segment, Conversation, Quote, Order):
        shelf: Shelf[Any] = desk.shelves[row_type]
        for before, after in shelf.changed():
            if before is not None:
                _move(movement, of_row(before), -1)
            _move(movement, of_row(after), 1)
    _returns(desk, movement)
    for touch, marks in pairs.remarked:
        for measure, amount in remarked_amounts(touch.marks, marks):
            movement.add(touch.rep_id, touch.day, [(measure, amount)], 1)
    _find_causes(desk, pairs, movement, closed)
    return movement


def _find_causes(
    desk: Desk, pairs: Pairs, movement: Movement, closed: Callable[[str, date], bool]
) -> None:
    """Name the event behind everything that moves on a day that was final."""
    if not any(closed(*key) for key in movement.days):
        return
    causes = Causes(desk)

    def name(rep_id: str, day: date, amounts: Amounts, cause: Cause) -> None:
        if closed(rep_id, day):
            for measure, _ in amounts:
                movement.causes[rep_id, day, measure] = cause

    for row_type in (Leg, Segment, Conversation, Quote, Order):
        shelf: Shelf[Any] = desk.shelves[row_type]
        for before, after in shelf.changed():
            for row in (before, after):
                for contribution in of_row(row):
                    name(*contribution, causes.of(after))
    for key, returned in desk.returns.now.items():
        was = desk.returns.stored.get(key)
        for row, orders in ((was, desk.orders.stored), (returned, desk.orders.now)):
            if row is not None:
                for contribution in of_row(row, orders.get((row.order_id,))):
                    order = desk.orders.now.get((returned.order_id,))
                    own = fresh(was, returned) or order is None
                    name(*contribution, causes.of(returned if own else order))
    for touch, marks in pairs.remarked:
        amounts: Amounts = list(remarked_amounts(touch.marks, marks))
        name(touch.rep_id, touch.day, amounts, causes.of_pair(touch.party, touch.rep_id))


def _returns(desk: Desk, movement: Movement) -> None:
    """A return counts by its order: either may have changed."""
    orders = desk.orders
    for key, after in desk.returns.now.items():
        before = desk.returns.stored.get(key)
        if before is not None:
            _move(movement, of_row(before, orders.stored.get((before.order_id,))), -1)
        _move(movement, of_row(after, orders.now.get((after.order_id,))), 1)


def _move(movement: Movement, contributions: Iterable[Any], sign: int) -> None:
    for rep_id, day, amounts in contributions:
        movement.add(rep_id, day, amounts, sign)


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
