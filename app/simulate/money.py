"""What the simulated floor sells in: currencies, their daily rates, and order lines.

The reporting currency is taken to be USD. Money is whole cents until it is written as text.
"""

import math
import random
from datetime import UTC, date, datetime, time
from typing import Any

from app.simulate.envelope import Delivery, cloud_event
from app.simulate.floor import Rep, draw
from app.simulate.names import PRODUCTS

RATES = {"GBP": 1.27, "EUR": 1.09, "AUD": 0.66, "INR": 0.0119}
# Share of a team's deals that are not in dollars.
ABROAD = {
    "Thames": (("GBP", 0.35), ("EUR", 0.12)),
    "Mersey": (("GBP", 0.4), ("EUR", 0.05)),
    "Deccan": (("INR", 0.3),),
    "Harbour": (("AUD", 0.45),),
}


def rates(seed: int, day: date) -> list[Delivery]:
    """The day's rates, published at 05:00 UTC; none at weekends, when the last ones hold."""
    if day.weekday() >= 5:
        return []
    at = datetime.combine(day, time(5), tzinfo=UTC)
    deliveries = []
    for place, (currency, middle) in enumerate(RATES.items()):
        noise = draw(seed, "rate", currency, day).gauss(0, 0.004)
        wave = 0.03 * math.sin(day.toordinal() / 37 + place)
        data = {
            "currency": currency,
            "day": day.isoformat(),
            "rate": f"{middle * (1 + wave + noise):.6f}",
        }
        name = f"s{seed}-rate-{currency}-{day}"
        deliveries.append(
            Delivery(at, cloud_event("fx_rate.recorded", "demo/treasury", name, at, currency, data))
        )
    return deliveries


def currency_of(chance: random.Random, rep: Rep) -> str:
    """The currency of one deal of a rep."""
    mark = chance.random()
    for currency, share in ABROAD.get(rep.team, ()):
        if mark < share:
            return currency
        mark -= share
    return "USD"


def cents(amount: int) -> str:
    """Whole cents as a decimal string."""
    return f"{amount // 100}.{amount % 100:02d}"


def lines(chance: random.Random, currency: str) -> list[dict[str, Any]]:
    """The lines of one order: products, now and then a service, freight and tax."""
    exchange = RATES.get(currency, 1.0)
    picked = chance.sample(PRODUCTS, k=chance.choice((1, 1, 2, 2, 3, 4)))
    found = [_line(chance, place, *product, exchange) for place, product in enumerate(picked, 1)]
    goods = sum(line["cents"] for line in found)
    if chance.random() < 0.6:
        found.append(_extra("freight", "freight", round(chance.uniform(12, 90) / exchange) * 100))
    if chance.random() < 0.5:
        found.append(_extra("tax", "tax", goods * 8 // 100))
    for line in found:
        line.pop("cents", None)
    return found


def _line(
    chance: random.Random,
    place: int,
    sku: str,
    kind: str,
    price: int,
    cost: int | None,
    exchange: float,
) -> dict[str, Any]:
    quantity = chance.choice((1, 1, 1, 2, 2, 3, 4, 5, 6, 10))
    each = round(price * 100 / exchange)
    rebate = chance.choice((0, 0, 0, 3, 5, 8, 12))
    line: dict[str, Any] = {
        "line_id": str(place),
        "sku": sku,
        "kind": kind,
        "quantity": str(quantity),
        "unit_price": cents(each),
        "discount": cents(each * quantity * rebate // 100),
        "cents": each * quantity * (100 - rebate) // 100,
    }
    if cost is not None:
        line["unit_cost"] = cents(round(cost * 100 / exchange))
    return line


def _extra(name: str, kind: str, amount: int) -> dict[str, Any]:
    return {"line_id": name, "kind": kind, "quantity": "1", "unit_price": cents(amount)}


def net_cents(order_lines: list[dict[str, Any]]) -> int:
    """Goods and services of an order, after discount, in cents."""
    return sum(
        int(line["quantity"]) * _in_cents(line["unit_price"]) - _in_cents(line["discount"])
        for line in order_lines
        if line.get("kind") in ("goods", "service")
    )


def returned(chance: random.Random, line: dict[str, Any]) -> dict[str, Any]:
    """What comes back of one line: some of its pieces, at what was paid for them."""
    quantity = int(line["quantity"])
    back = chance.randint(1, quantity)
    paid = quantity * _in_cents(line["unit_price"]) - _in_cents(line["discount"])
    amount = cents(paid * back // quantity)
    return {"line_id": line["line_id"], "quantity": str(back), "amount": amount}


def _in_cents(amount: str) -> int:
    whole, _, part = amount.partition(".")
    return int(whole) * 100 + int(part or 0)
