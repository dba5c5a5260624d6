"""Payloads in the shape of the vendors', written by us: the plain ones that tests bend."""

import base64
import hmac
import json
from typing import Any

TOKEN = "tok_0123456789abcdef"
SECRET = "shpss_0123456789abcdef"
STARTED = 1_763_459_940  # 2025-11-18T09:59:00Z


def user(number: int) -> dict[str, Any]:
    return {"id": number, "name": f"Agent {number}", "email": f"a{number}@example.com",
            "wrap_up_time": 90}  # fmt: skip


def aircall(event: str = "call.ended", *, timestamp: int = STARTED + 240, **data: Any) -> bytes:
    """A finished outbound call of user 11: 12 s of ringing, 188 s of talk."""
    call = {
        "id": 910_000_001, "direction": "outbound", "status": "done", "missed_call_reason": None,
        "started_at": STARTED, "answered_at": STARTED + 12, "ended_at": STARTED + 200,
        "duration": 200, "voicemail": None, "recording": None, "raw_digits": "+1 303 555 0142",
        "user": user(11), "number": {"id": 5, "digits": "+1 303 555 0000", "country": "US"},
        "archived": False, "teams": [], "comments": [], "tags": [],
        **data,
    }  # fmt: skip
    call = {name: value for name, value in call.items() if value is not ...}
    hook = {"resource": "call", "event": event, "timestamp": timestamp, "token": TOKEN}
    return json.dumps({**hook, "data": call}).encode()


def money(amount: str, abroad: str | None = None) -> dict[str, Any]:
    return {"shop_money": {"amount": amount, "currency_code": "USD"},
            "presentment_money": {"amount": abroad or amount, "currency_code": "EUR"}}  # fmt: skip


def line(number: int, quantity: int, price: str, **more: Any) -> dict[str, Any]:
    return {
        "id": number, "quantity": quantity, "current_quantity": quantity, "sku": f"SKU-{number}",
        "price": price, "price_set": money(price, "1.23"), "gift_card": False,
        "total_discount": "0.00", "discount_allocations": [], "tax_lines": [],
        "attributed_staffs": [], **more,
    }  # fmt: skip


def off(amount: str) -> dict[str, Any]:
    return {"amount": amount, "amount_set": money(amount, "0.50"), "discount_application_index": 0}


def order(**more: Any) -> dict[str, Any]:
    """Three lamps at 40.00 and a desk at 300.00, entered by staff 77."""
    return {
        "id": 5_512_345_678_901_234_567, "name": "#1001", "test": False, "currency": "USD",
        "presentment_currency": "EUR", "taxes_included": False, "user_id": 77,
        "created_at": "2025-11-18T04:00:00-05:00", "processed_at": "2025-11-18T04:00:00-05:00",
        "updated_at": "2025-11-18T04:00:05-05:00", "cancelled_at": None, "phone": None,
        "customer": {"id": 8_801, "phone": "+13035550142", "first_name": "Ada"},
        "note_attributes": [], "refunds": [], "shipping_lines": [{"price": "9.00"}],
        "line_items": [line(1, 3, "40.00"), line(2, 1, "300.00")],
        **more,
    }  # fmt: skip


def refund(number: int, *lines: tuple[int, int, str], **more: Any) -> dict[str, Any]:
    """Lines are (line id, pieces, amount); the amount comes as a number and as text."""
    return {
        "id": number, "order_id": order()["id"], "created_at": "2025-11-25T10:00:00Z",
        "processed_at": "2025-11-25T10:00:00Z", "transactions": [{"amount": "1.00"}],
        "refund_line_items": [
            {"line_item_id": line_id, "quantity": pieces, "subtotal": float(amount),
             "subtotal_set": money(amount, "9.99"),
             "total_tax": 1.5, "total_tax_set": money("1.50")}
            for line_id, pieces, amount in lines
        ],
        **more,
    }  # fmt: skip


def shopify_headers(topic: str, body: bytes, **more: str) -> dict[str, str]:
    """The headers of a genuine delivery."""
    return {
        "content-type": "application/json",
        "x-shopify-topic": topic,
        "x-shopify-hmac-sha256": base64.b64encode(
            hmac.digest(SECRET.encode(), body, "sha256")
        ).decode(),
        "x-shopify-shop-domain": "ringside-test.myshopify.com",
        "x-shopify-webhook-id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
        "x-shopify-event-id": "98880550-7158-44d4-b7cd-2c97c8a091b5",
        "x-shopify-triggered-at": "2025-11-18T09:00:06.123456789Z",
        **more,
    }
