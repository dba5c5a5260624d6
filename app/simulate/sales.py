"""What a simulated rep sells on a date: quotes, the orders they turn into, what comes back.

A deal begins in a conversation of its date and may go on for six weeks; each of its events says
when it is delivered. Pure in (seed, rep, date).
"""

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from app.simulate.envelope import CloudEvent, Delivery, cloud_event, text, weekday_after
from app.simulate.floor import Account, Rep, draw, floor
from app.simulate.money import cents, currency_of, lines, net_cents, returned
from app.simulate.workday import moments, workday

# An event of a deal comes at most so many days after the deal's date.
LONGEST = 50
SOURCE = "demo/crm"


@dataclass(frozen=True, slots=True)
class Deal:
    """A piece of business: the conversation it came from, and everything that follows."""

    at: datetime
    account: Account
    deliveries: tuple[Delivery, ...]


@lru_cache(maxsize=8_000)
def deals(seed: int, number: int, day: date) -> tuple[Deal, ...]:
    """The deals that rep `number` strikes on a date, by time of day."""
    rep = floor(seed).reps[number]
    plan = workday(floor(seed), rep, day)
    chance = draw(seed, "deals", rep.rep_id, day)
    expected = 2.2 * plan.calls / 60
    count = sum(chance.random() < expected / 4 for _ in range(4))
    return tuple(
        _deal(seed, rep, day, place, at, chance)
        for place, at in enumerate(moments(chance, plan, count))
    )


def _deal(seed: int, rep: Rep, day: date, place: int, at: datetime, chance: random.Random) -> Deal:
    account = rep.book[int(len(rep.book) * chance.random() ** 1.6)]
    story = _Story(f"s{seed}-{rep.rep_id}-{day:%y%m%d}-{place}", rep, account, chance)
    struck = at + timedelta(minutes=chance.uniform(6, 25))
    if chance.random() < 0.28 * rep.closing:
        story.order(struck, None)
    else:
        story.quote(struck)
    return Deal(at, account, tuple(story.deliveries))


class _Story:
    """Tells one deal, event by event."""

    def __init__(self, name: str, rep: Rep, account: Account, chance: random.Random) -> None:
        self.name, self.rep, self.account, self.chance = name, rep, account, chance
        self.currency = currency_of(chance, rep)
        self.deliveries: list[Delivery] = []
        self.customer: dict[str, str] = (
            {"phone": account.phone}
            if account.customer_id is None
            else {"customer_id": account.customer_id}
        )

    def quote(self, at: datetime) -> None:
        """A quote, and what becomes of it."""
        chance = self.chance
        issued, goods = at, lines(chance, self.currency)
        amount = net_cents(goods)
        if chance.random() < 0.12:
            self._quote(at, "draft", amount, issued, 0)
            at += timedelta(hours=chance.uniform(0.3, 3))
        self._quote(at, "issued", amount, issued, 1)
        fate = chance.random()
        after = weekday_after(at, min(20.0, 0.1 + chance.expovariate(1 / 5)))
        if fate < 0.36 * self.rep.closing:
            self._quote(after, "accepted", amount, issued, 2)
            self.order(after + timedelta(minutes=9), f"q-{self.name}", goods)
        elif fate > 0.8:
            self._quote(after, "declined", amount, issued, 2)
        elif fate > 0.65:
            self._quote(at + timedelta(days=30), "expired", amount, issued, 2)

    def order(
        self, at: datetime, quote: str | None, goods: list[dict[str, Any]] | None = None
    ) -> None:
        """An order, and whether it is amended, cancelled, withdrawn or partly sent back."""
        chance = self.chance
        goods = goods or lines(chance, self.currency)
        if quote is not None and chance.random() < 0.25:
            quote = None  # the clerk forgot to name it: rep and customer tie the two
        if self.account.customer_id is not None and not self.account.announced:
            self._announce(at)
        self._order(at, "confirmed", goods, at, quote, 0)
        fate = chance.random()
        if fate < 0.05:
            amended = [{**goods[0], "quantity": str(int(goods[0]["quantity"]) + 2)}, *goods[1:]]
            later = at + timedelta(hours=chance.uniform(0.5, 30))
            self._order(later, "confirmed", amended, at, quote, 1)
        elif fate < 0.085:
            later = weekday_after(at, chance.uniform(0.1, 4))
            self._order(later, "canceled", goods, at, quote, 1)
        elif fate < 0.088:
            self._void(weekday_after(at, chance.uniform(0.1, 2)))
        elif fate < 0.16:
            self._return(weekday_after(at, chance.uniform(3, 25)), goods)

    def _add(self, at: datetime, kind: str, name: str, data: dict[str, Any]) -> CloudEvent:
        event = cloud_event(kind, SOURCE, f"{name}-{kind}", at, self.rep.rep_id, data)
        self.deliveries.append(Delivery(at + timedelta(seconds=self.chance.uniform(1, 40)), event))
        return event

    def _quote(self, at: datetime, status: str, amount: int, issued: datetime, rev: int) -> None:
        self._add(at, "quote.recorded", f"{self.name}-{rev}", {
            "quote_id": f"q-{self.name}",
            "rep_id": self.rep.rep_id,
            "customer": self.customer,
            "status": status,
            "amount": cents(amount),
            "currency": self.currency,
            "issued_at": text(issued),
            "revision": rev,
        })  # fmt: skip

    def _order(
        self,
        at: datetime,
        status: str,
        goods: list[dict[str, Any]],
        placed: datetime,
        quote: str | None,
        rev: int,
    ) -> None:
        self._add(at, "order.recorded", f"{self.name}-{rev}", {
            "order_id": f"o-{self.name}",
            "rep_id": self.rep.rep_id,
            "customer": self.customer,
            "status": status,
            "currency": self.currency,
            "placed_at": text(placed),
            "quote_id": quote,
            "lines": goods,
            "revision": rev,
        })  # fmt: skip

    def _return(self, at: datetime, goods: list[dict[str, Any]]) -> None:
        line = next(line for line in goods if line.get("kind") in ("goods", "service"))
        self._add(at, "order.returned", self.name, {
            "return_id": f"ret-{self.name}",
            "order_id": f"o-{self.name}",
            "returned_at": text(at),
            "lines": [returned(self.chance, line)],
        })  # fmt: skip

    def _void(self, at: datetime) -> None:
        self._add(at, "record.voided", f"{self.name}-9", {
            "kind": "order",
            "key": f"o-{self.name}",
            "reason": "entered twice",
            "revision": 9,
        })  # fmt: skip

    def _announce(self, at: datetime) -> None:
        """A buyer becomes a customer with a name: the same event whenever it is sent."""
        account = self.account
        seed = self.name.split("-", 1)[0]
        self.deliveries.append(Delivery(at, customer_recorded(seed, account)))


def customer_recorded(seed: str, account: Account) -> CloudEvent:
    """The announcement of an account that has an id; it says the same whenever it is sent."""
    assert account.customer_id is not None
    return cloud_event(
        "customer.recorded", SOURCE, f"{seed}-{account.customer_id}", None, account.customer_id,
        {"customer_id": account.customer_id, "name": account.name, "phones": [account.phone]},
    )  # fmt: skip
