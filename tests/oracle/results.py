"""Quotes, orders and returns: goods and service lines in the reporting currency, exact.

Money is a `Fraction` in the reporting currency, None where no rate is known.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

from tests.oracle.days import Days
from tests.oracle.parties import Parties, Party
from tests.oracle.records import Records
from tests.oracle.wire import Json, exact, instant, maybe_exact, or_default
from tests.oracle.wire import day as as_date

DAY = timedelta(hours=24)
ZERO = Fraction(0)


@dataclass(frozen=True)
class Line:
    """One goods or service line, in the order's own currency."""

    quantity: Fraction
    net: Fraction
    unit_cost: Fraction | None


@dataclass(frozen=True)
class Order:
    """A confirmed order."""

    order_id: str
    rep: str
    day: date
    placed: datetime
    party: Party | None
    quote_id: str | None
    rate: Fraction | None
    lines: dict[str, Line]

    @property
    def costed(self) -> bool:
        """It has a goods or service line, and a known cost for every such line."""
        return bool(self.lines) and all(x.unit_cost is not None for x in self.lines.values())


@dataclass(frozen=True)
class Returned:
    """One returned line of a confirmed order, on the day the goods came back."""

    rep: str
    day: date
    rate: Fraction | None
    quantity: Fraction
    amount: Fraction
    cost: Fraction | None  # None where the order line's unit cost is not known

    @property
    def counts(self) -> bool:
        """Whether it is more than nothing."""
        return self.quantity > 0 or (self.rate is not None and (self.amount > 0 or bool(self.cost)))


@dataclass(frozen=True)
class Quote:
    """A quote in any status but draft."""

    quote_id: str
    rep: str
    day: date
    issued: datetime
    party: Party | None
    amount: Fraction
    rate: Fraction | None


class Results:
    """All quotes, confirmed orders and what came back of them."""

    def __init__(self, records: Records, days: Days, parties: Parties, currency: str) -> None:
        self.records, self.days, self.parties, self.currency = records, days, parties, currency
        self.rates = [
            (data["currency"], as_date(data["day"]), exact(data["rate"]))
            for data in records.data("fx_rate")
        ]
        self.quotes = [self._quote(x) for x in records.data("quote") if x["status"] != "draft"]
        self.orders = [self._order(x) for x in records.data("order") if x["status"] == "confirmed"]
        self.returned = [
            line for data in records.data("return") for line in self._returned_lines(data)
        ]

    def rate(self, currency: str, day: date) -> Fraction | None:
        """The rate of the day, else the last one before, else None."""
        if currency == self.currency:
            return Fraction(1)
        known = [(on, rate) for name, on, rate in self.rates if name == currency and on <= day]
        return max(known)[1] if known else None

    def _quote(self, data: Json) -> Quote:
        issued = instant(data["issued_at"])
        day = self.days.of(data["rep_id"], issued)
        return Quote(
            quote_id=data["quote_id"],
            rep=data["rep_id"],
            day=day,
            issued=issued,
            party=self.parties.of(data["customer"]),
            amount=exact(data["amount"]),
            rate=self.rate(data["currency"], day),
        )

    def _order(self, data: Json) -> Order:
        placed = instant(data["placed_at"])
        day = self.days.of(data["rep_id"], placed)
        return Order(
            order_id=data["order_id"],
            rep=data["rep_id"],
            day=day,
            placed=placed,
            party=self.parties.of(data.get("customer")),
            quote_id=data.get("quote_id"),
            rate=self.rate(data["currency"], day),
            lines={x["line_id"]: _line(x) for x in data["lines"] if counts(x)},
        )

    def _returned_lines(self, data: Json) -> list[Returned]:
        """A line the order doesn't have waits; one of another kind of line is in nothing."""
        orders = [order for order in self.orders if order.order_id == data["order_id"]]
        return [
            Returned(
                rep=order.rep,
                day=self.days.of(order.rep, instant(data["returned_at"])),
                rate=order.rate,
                quantity=exact(back["quantity"]),
                amount=exact(back["amount"]),
                cost=_returned_cost(back, order.lines[back["line_id"]]),
            )
            for order in orders
            for back in data["lines"]
            if back["line_id"] in order.lines
        ]

    def turned(self, quote: Quote) -> bool:
        """An order came of the quote."""
        return any(self._turns(order, quote) for order in self.orders)

    def _turns(self, order: Order, quote: Quote) -> bool:
        if order.quote_id == quote.quote_id:
            return quote.issued <= order.placed <= quote.issued + 180 * DAY
        if order.quote_id is not None and self._quote_stands(order.quote_id):
            return False
        near = [
            other
            for other in self.quotes
            if order.party is not None
            and (other.rep, other.party) == (order.rep, order.party)
            and other.issued <= order.placed <= other.issued + 30 * DAY
        ]
        latest = max(near, key=lambda x: (x.issued, x.quote_id), default=None)
        return latest is not None and latest.quote_id == quote.quote_id

    def _quote_stands(self, quote_id: str) -> bool:
        """A draft is a standing quote too."""
        key = ("quote", quote_id)
        return self.records.known(key) and not self.records.withdrawn(key)


def counts(line: Json) -> bool:
    """Goods and service lines only."""
    return or_default(line, "kind", "goods") in {"goods", "service"}


def _line(data: Json) -> Line:
    quantity = exact(data["quantity"])
    return Line(
        quantity=quantity,
        net=quantity * exact(data["unit_price"]) - exact(or_default(data, "discount", 0)),
        unit_cost=maybe_exact(data.get("unit_cost")),
    )


def _returned_cost(back: Json, line: Line) -> Fraction | None:
    """`cost`, else quantity × the line's `unit_cost`; nothing where that is not known."""
    if line.unit_cost is None:
        return None
    cost = maybe_exact(back.get("cost"))
    return exact(back["quantity"]) * line.unit_cost if cost is None else cost
