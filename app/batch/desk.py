"""Everything one batch has in hand: a shelf for each table, and what is known beside the facts."""

from collections.abc import Callable, Collection, Iterable
from copy import copy
from typing import Any, TypeVar

from app.facts.rows import (
    AnyRow,
    Conversation,
    Customer,
    Leg,
    Order,
    Quote,
    Rate,
    Rep,
    Return,
    Segment,
    TimeOff,
)
from app.facts.shelf import Shelf
from app.meaning.known import Known

R = TypeVar("R", bound=AnyRow)


class Desk:
    """The shelves of a batch, by the type of row they hold."""

    def __init__(self, known: Known) -> None:
        self.known = known
        # New calls that nothing else speaks of need no shelf: see `app.batch.plain`.
        self.plain: list[Leg] = []
        self.legs = Shelf(Leg)
        self.segments = Shelf(Segment)
        self.conversations = Shelf(Conversation)
        self.quotes = Shelf(Quote)
        self.orders = Shelf(Order)
        self.returns = Shelf(Return)
        self.customers = Shelf(Customer)
        self.reps = Shelf(Rep)
        self.time_off = Shelf(TimeOff)
        self.rates = Shelf(Rate)
        self.shelves: dict[type[Any], Shelf[Any]] = {
            shelf.row_type: shelf
            for shelf in (
                self.legs, self.segments, self.conversations, self.quotes, self.orders,
                self.returns, self.customers, self.reps, self.time_off, self.rates,
            )
        }  # fmt: skip


def own(shelf: Shelf[R], row: R) -> R:
    """The row itself if it is ours to change, else a copy that takes its place on the shelf."""
    key = tuple([getattr(row, column) for column in row.key_columns])
    if shelf.stored.get(key) is not row:
        return row
    mine = copy(row)
    shelf.now[key] = mine
    return mine


def grouped(shelf: Shelf[R], by: Callable[[R], Any], wanted: Collection[Any]) -> dict[Any, list[R]]:
    """The rows on the shelf whose `by` is among `wanted`, by it; each ours to change."""
    groups: dict[Any, list[R]] = {}
    for row in list(shelf.now.values()):
        group = by(row)
        if group in wanted:
            groups.setdefault(group, []).append(own(shelf, row))
    return groups


def phones(rows: Iterable[Any]) -> set[str]:
    """The hashed numbers on rows that have one."""
    return {row.phone for row in rows if row.phone is not None}
