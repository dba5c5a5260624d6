"""Shopify: the topic in a header, the signature over the raw body."""

import base64
import hmac
import json

from tests.feeds.payloads import SECRET, line, off, order, refund, shopify_headers
from tests.feeds.vendor import KIND, NO_REP, Delivery, Outcome, Seed, Vendor

OUTCOMES = {
    "shopify-draft_orders.create": NO_REP,
    "shopify-order-partially_refunded": Outcome(refused="wrong_type"),  # its lines were cut
    "shopify-order_transactions.create": KIND,
    "shopify-orders.cancelled": Outcome(1),
    "shopify-orders.create": Outcome(1),
    "shopify-orders.delete": Outcome(1),
    "shopify-orders.edited": Outcome(ignored="partial"),
    "shopify-orders.paid": Outcome(1),
    "shopify-orders.updated": Outcome(1),
    "shopify-refunds.create": Outcome(1),
    "shopify-returns.approve": KIND,
}


def sign(_name: str, body: bytes, headers: dict[str, str]) -> Delivery:
    kept = {name: value for name, value in headers.items() if name.startswith("x-shopify")}
    kept.setdefault("x-shopify-topic", "orders/updated")
    digest = hmac.digest(SECRET.encode(), body, "sha256")
    return Delivery(body, {**kept, "x-shopify-hmac-sha256": base64.b64encode(digest).decode()})


VENDOR = Vendor(
    environ={"RINGSIDE_SHOPIFY_SECRET": SECRET},
    captured="shopify-",
    outcomes=OUTCOMES,
    sign=sign,
    seeds=[
        Seed(json.dumps(payload).encode(), shopify_headers(topic, b""))
        for topic, payload in (
            ("orders/updated", order(
                taxes_included=True,
                line_items=[line(1, 3, "40.00", discount_allocations=[off("1")], current_quantity=2,
                                 tax_lines=[{"price": "1"}], attributed_staffs=[{"id": 4}])],
                refunds=[refund(31, (1, 1, "40.00"))])),
            ("refunds/create", refund(31, (1, 1, "40.00"))),
            ("draft_orders/update", {
                "id": 41, "currency": "USD", "status": "completed", "subtotal_price": "412.00",
                "total_tax": 3.0, "taxes_included": True, "created_at": "2025-11-18T09:00:00Z",
                "user_id": 3, "updated_at": "2025-11-18T09:00:00Z"}),
            ("orders/delete", {"id": 7}),
        )
    ],
)  # fmt: skip
