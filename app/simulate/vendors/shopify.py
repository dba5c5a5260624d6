"""Shopify as it would post: orders that staff enter, some paid back in part, some called off."""

import base64
import hmac
import json
from datetime import datetime, timedelta
from typing import Any

from app.simulate.vendors.hook import Payload, Story, Vendor

GOODS = (("LAMP", 4_000), ("DESK", 32_000), ("CHAIR", 18_950), ("SHELF", 7_425), ("CABLE", 990))


def tell(story: Story) -> list[Payload]:
    """An order, told when it is made and again when it is paid; then what may become of it."""
    chance = story.chance
    order = _order(story)
    told = [_hook("orders/create", order, story.at)]
    later = story.at + timedelta(seconds=1)
    told.append(_hook("orders/paid", {**order, "updated_at": later.isoformat()}, later))
    fate, last = chance.random(), story.at + timedelta(seconds=2)
    if fate < 0.08:
        gone = {**order, "cancelled_at": last.isoformat(), "updated_at": last.isoformat()}
        told.append(_hook("orders/cancelled", gone, last))
    elif fate < 0.18:
        told.append(_hook("refunds/create", _refund(story, order, last), last))
    elif fate < 0.24:
        told.append(told[0])  # sent again
    return told


def _order(story: Story) -> dict[str, Any]:
    chance = story.chance
    chosen = chance.sample(GOODS, k=chance.choice((1, 1, 2, 3)))
    lines = [
        _line(story.id * 10 + place, sku, chance.choice((1, 1, 2, 4)), cents)
        for place, (sku, cents) in enumerate(chosen)
    ]
    return {
        "id": story.id, "name": f"#{story.number + 1001}", "test": False, "currency": "USD",
        "taxes_included": False, "user_id": 70 + story.agent, "cancelled_at": None,
        "created_at": story.at.isoformat(), "processed_at": story.at.isoformat(),
        "updated_at": story.at.isoformat(), "note_attributes": [], "refunds": [],
        "customer": {"id": 8_000 + story.number % 90, "phone": story.customer()},
        "line_items": lines,
    }  # fmt: skip


def _line(number: int, sku: str, quantity: int, cents: int) -> dict[str, Any]:
    return {
        "id": number, "sku": sku, "quantity": quantity, "current_quantity": quantity,
        "price": _dollars(cents), "price_set": _set(cents), "total_discount": "0.00",
        "discount_allocations": [], "tax_lines": [], "gift_card": False, "attributed_staffs": [],
    }  # fmt: skip


def _refund(story: Story, order: dict[str, Any], at: datetime) -> dict[str, Any]:
    line = order["line_items"][0]
    cents = round(float(line["price"]) * 100)
    return {
        "id": story.id + 1, "order_id": order["id"], "created_at": at.isoformat(),
        "processed_at": at.isoformat(), "transactions": [],
        "refund_line_items": [{"line_item_id": line["id"], "quantity": 1,
                               "subtotal": cents / 100, "subtotal_set": _set(cents),
                               "total_tax": 0, "total_tax_set": _set(0)}],
    }  # fmt: skip


def _dollars(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _set(cents: int) -> dict[str, Any]:
    money = {"amount": _dollars(cents), "currency_code": "USD"}
    return {"shop_money": money, "presentment_money": money}


def _hook(topic: str, payload: dict[str, Any], at: datetime) -> Payload:
    body = json.dumps(payload).encode()
    return Payload(body, {
        "content-type": "application/json", "x-shopify-topic": topic,
        "x-shopify-event-id": f"{topic}-{payload['id']}", "x-shopify-triggered-at": at.isoformat(),
    })  # fmt: skip


def sign(secret: str, _address: str, payload: Payload, _at: datetime) -> Payload:
    """HMAC-SHA-256 of the raw body."""
    digest = base64.b64encode(hmac.digest(secret.encode(), payload.body, "sha256")).decode()
    return payload._replace(headers={**payload.headers, "x-shopify-hmac-sha256": digest})


VENDOR = Vendor(tell, sign)
