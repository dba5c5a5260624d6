"""Shopify's orders, refunds and drafts, in the shop's money and counted once."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from app.events.refusals import Refusal
from app.events.types import (
    Customer,
    Event,
    OrderLine,
    OrderRecorded,
    OrderReturned,
    QuoteRecorded,
    RecordVoided,
    ReturnLine,
)
from app.feeds import shopify
from app.feeds.feed import Hook, Ignored
from tests.feeds import given
from tests.feeds.payloads import SECRET, line, money, off, order, refund, shopify_headers

NOW = datetime(2025, 12, 1, tzinfo=UTC)
UPDATED = 1_763_456_405_000  # 2025-11-18T09:00:05Z
ORDER = "shopify:5512345678901234567"


def read(topic: str, payload: object, **headers: str) -> list[Event | Refusal | Ignored]:
    body = json.dumps(payload).encode()
    return given.read(shopify.FEED, body, shopify_headers(topic, body, **headers), now=NOW)


def data(topic: str, payload: object) -> list[Any]:
    found = read(topic, payload)
    return [event.data if isinstance(event, Event) else event for event in found]


def recorded(*lines: OrderLine, **over: Any) -> OrderRecorded:
    plain: dict[str, Any] = {
        "order_id": ORDER, "rep_id": "shopify:77", "status": "confirmed", "currency": "USD",
        "customer": Customer("shopify:8801", "+13035550142"),
        "placed_at": datetime(2025, 11, 18, 9, tzinfo=UTC), "revision": UPDATED, "lines": lines,
    }  # fmt: skip
    return OrderRecorded(**{**plain, **over})


def goods(line_id: int, quantity: str, price: str, discount: str = "0", **over: Any) -> OrderLine:
    return OrderLine(
        line_id=str(line_id), sku=f"SKU-{line_id}", quantity=Decimal(quantity),
        unit_price=Decimal(price), discount=Decimal(discount), **over,
    )  # fmt: skip


PLAIN = recorded(goods(1, "3", "40"), goods(2, "1", "300"))


@pytest.mark.parametrize(
    "topic",
    ["orders/create", "orders/updated", "orders/paid", "orders/fulfilled", "orders/cancelled"],
)
def test_every_topic_that_carries_the_whole_order_says_the_same(topic: str) -> None:
    assert data(topic, order()) == [PLAIN]


def test_ids_keep_all_their_digits() -> None:
    payload = order(id=9_007_199_254_740_993, line_items=[line(18_446_744_073_709_551_615, 1, "5")])
    (recorded_order,) = data("orders/create", payload)
    assert recorded_order.order_id == "shopify:9007199254740993"
    assert recorded_order.lines[0].line_id == "18446744073709551615"


def test_discounts_are_the_lines_shares_in_the_shops_money() -> None:
    payload = order(
        line_items=[
            line(
                1, 3, "40.00", total_discount="0.00", discount_allocations=[off("3.33"), off("2")]
            ),
            line(2, 1, "300.00", total_discount="7.00", discount_allocations=[off("7.00")]),
        ]
    )
    assert data("orders/create", payload) == [
        recorded(goods(1, "3", "40", "5.33"), goods(2, "1", "300", "7"))
    ]


def test_without_money_sets_the_plain_amounts_count_numbers_and_texts_alike() -> None:
    payload = order(
        line_items=[
            {"id": 1, "quantity": 3, "price": 40.1, "total_discount": "1.10", "sku": "SKU-1"},
            {"id": 2, "quantity": 1, "price": "300.00", "sku": "SKU-2",
             "discount_allocations": [{"amount": "0.05"}]},
        ]
    )  # fmt: skip
    assert data("orders/create", payload) == [
        recorded(goods(1, "3", "40.1", "1.1"), goods(2, "1", "300", "0.05"))
    ]


def test_where_prices_hold_the_tax_it_is_taken_out() -> None:
    taxed = [line(1, 3, "40.00", tax_lines=[{"price": "20.00", "price_set": money("20.00")}])]
    payload = order(taxes_included=True, line_items=taxed, refunds=[refund(31, (1, 1, "40.00"))])
    payload["line_items"][0]["current_quantity"] = 2
    assert data("orders/updated", payload) == [
        recorded(goods(1, "3", "40", "20")),
        OrderReturned(
            return_id="shopify:31", order_id=ORDER, revision=1,
            returned_at=datetime(2025, 11, 25, 10, tzinfo=UTC),
            lines=(ReturnLine(line_id="1", quantity=Decimal(1), amount=Decimal("38.5")),),
        ),
    ]  # fmt: skip


def test_a_refund_counts_once_whether_it_comes_by_itself_or_in_its_order() -> None:
    back = refund(31, (1, 2, "80.00"), (2, 1, "300.00"))
    payload = order(refunds=[back])
    payload["line_items"][0]["current_quantity"] = 1
    payload["line_items"][1]["current_quantity"] = 0
    in_order, by_itself = data("orders/updated", payload), data("refunds/create", back)
    assert in_order == [PLAIN, *by_itself]  # sold are all of them: what came back is a return
    assert by_itself == [
        OrderReturned(
            return_id="shopify:31", order_id=ORDER,
            returned_at=datetime(2025, 11, 25, 10, tzinfo=UTC),
            lines=(
                ReturnLine(line_id="1", quantity=Decimal(2), amount=Decimal(80)),
                ReturnLine(line_id="2", quantity=Decimal(1), amount=Decimal(300)),
            ),
        )
    ]  # fmt: skip


def test_the_goods_that_came_back_count_not_the_money_that_was_kept() -> None:
    back = refund(32, (1, 1, "195.67"), (1, 1, "195.66"), transactions=[{"amount": "209.00"}])
    (returned,) = data("refunds/create", back)
    assert returned.lines == (
        ReturnLine(line_id="1", quantity=Decimal(2), amount=Decimal("391.33")),
    )


def test_money_alone_that_goes_back_is_no_return() -> None:
    assert read("refunds/create", refund(33)) == [Ignored("no_goods", "refunds/create")]
    assert data("orders/updated", order(refunds=[refund(33)])) == [PLAIN]


def test_pieces_that_an_edit_took_out_were_never_sold() -> None:
    payload = order(
        line_items=[
            line(1, 3, "40.00", current_quantity=1, discount_allocations=[off("6.00")]),
            line(2, 1, "300.00", current_quantity=0),
        ]
    )
    assert data("orders/updated", payload) == [recorded(goods(1, "1", "40", "2"))]


def test_an_order_of_which_nothing_is_left_is_withdrawn() -> None:
    payload = order(line_items=[line(1, 3, "40.00", current_quantity=0)])
    assert data("orders/updated", payload) == [
        RecordVoided(kind="order", key=ORDER, reason="nothing is left on it", revision=UPDATED)
    ]


@pytest.mark.parametrize(
    ("over", "status"),
    [
        ({"cancelled_at": "2025-11-18T10:00:00Z"}, "canceled"),
        ({"test": True}, "test"),
        ({"test": True, "cancelled_at": "2025-11-18T10:00:00Z"}, "test"),
        ({"test": None}, "confirmed"),
    ],
)
def test_test_orders_and_cancelled_ones_say_so(over: dict[str, Any], status: str) -> None:
    (recorded_order,) = data("orders/updated", order(**over))
    assert recorded_order.status == status


def test_a_gift_card_is_no_sale_yet() -> None:
    payload = order(line_items=[line(1, 1, "50.00", gift_card=True), line(2, 1, "300.00")])
    assert data("orders/create", payload) == [
        recorded(goods(1, "1", "50", kind="fee"), goods(2, "1", "300"))
    ]


STAFF = [{"id": "gid://shopify/StaffMember/902541635", "quantity": 1}]


@pytest.mark.parametrize(
    ("over", "rep"),
    [
        ({"user_id": 77}, "shopify:77"),
        ({"user_id": None, "line_items": [line(1, 1, "5", attributed_staffs=STAFF)]},
         "shopify:902541635"),
        ({"user_id": None, "line_items": [
            line(1, 1, "5", attributed_staffs=STAFF),
            line(2, 3, "5", attributed_staffs=[{"id": 44, "quantity": 3}])]}, "shopify:44"),
        ({"user_id": 77, "note_attributes": [{"name": "ringside_rep", "value": " r7 "}]}, "r7"),
        ({"user_id": 77, "note_attributes": [{"name": "ringside_rep", "value": ""},
                                             {"name": "gift", "value": None}]}, "shopify:77"),
    ],
)  # fmt: skip
def test_whose_order_it_is(over: dict[str, Any], rep: str) -> None:
    (recorded_order,) = data("orders/create", order(**over))
    assert recorded_order.rep_id == rep


def test_a_web_order_is_nobodys_and_leaves_the_rep_it_was_taken_from() -> None:
    assert read("orders/create", order(user_id=None)) == [Ignored("no_rep", "orders/create")]
    assert data("orders/updated", order(user_id=None)) == [
        RecordVoided(kind="order", key=ORDER, reason="it names no rep", revision=UPDATED)
    ]


def test_a_deleted_order_stays_deleted() -> None:
    assert data("orders/delete", {"id": order()["id"]}) == [
        RecordVoided(kind="order", key=ORDER, reason="deleted", revision=2**53 - 1)
    ]


def test_an_order_replayed_as_its_own_deletion_is_refused() -> None:
    (refusal,) = data("orders/delete", order())
    assert (refusal.code, refusal.field) == ("inconsistent", "line_items")


def draft(**over: Any) -> dict[str, Any]:
    return {
        "id": 41, "currency": "USD", "status": "open", "subtotal_price": "412.00",
        "total_price": "420.00", "total_tax": "3.00", "taxes_included": False, "order_id": None,
        "created_at": "2025-11-18T09:00:00Z", "updated_at": "2025-11-18T09:00:05Z",
        "invoice_sent_at": None, "customer": {"id": 8_801},
        "note_attributes": [{"name": "ringside_rep", "value": "r7"}],
        "line_items": [{"id": 1, "quantity": 1, "price": "412.00"}], **over,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("over", "status", "hour"),
    [
        ({}, "draft", 9),
        ({"status": "invoice_sent", "invoice_sent_at": "2025-11-18T11:00:00Z"}, "issued", 11),
        ({"status": "completed", "invoice_sent_at": "2025-11-18T11:00:00Z"}, "accepted", 11),
        ({"status": "open", "invoice_sent_at": "2025-11-18T11:00:00Z"}, "issued", 11),
    ],
)
def test_a_draft_order_is_a_quote(over: dict[str, Any], status: str, hour: int) -> None:
    assert data("draft_orders/update", draft(**over)) == [
        QuoteRecorded(
            quote_id="shopify:41", rep_id="r7", customer=Customer("shopify:8801"), status=status,  # type: ignore[arg-type]
            amount=Decimal(412), currency="USD", revision=UPDATED,
            issued_at=datetime(2025, 11, 18, hour, tzinfo=UTC),
        )
    ]  # fmt: skip
    taxed = data("draft_orders/create", draft(**over, taxes_included=True))
    assert taxed[0].amount == Decimal(409)


def test_a_draft_order_without_a_rep_is_nobodys() -> None:
    found = read("draft_orders/create", draft(note_attributes=[]))
    assert found == [Ignored("no_rep", "draft_orders/create")]


@pytest.mark.parametrize(
    ("topic", "reason"),
    [("orders/edited", "partial"), ("order_transactions/create", "kind"),
     ("returns/approve", "kind"), ("app/uninstalled", "kind")],
)  # fmt: skip
def test_other_topics_are_ignored_by_name(topic: str, reason: str) -> None:
    assert read(topic, {"id": 1}) == [Ignored(reason, topic)]


def test_a_retry_is_a_duplicate_and_another_topic_of_the_same_event_is_not() -> None:
    def named(topic: str, **headers: str) -> str:
        found = read(topic, order(), **headers)
        assert isinstance(found[0], Event)
        return found[0].id

    later = {"x-shopify-triggered-at": "2025-11-18T09:05:00Z", "x-shopify-webhook-id": "other"}
    assert named("orders/create") == named("orders/create", **later)
    assert named("orders/create") != named("orders/updated")
    without = {"x-shopify-event-id": ""}
    assert named("orders/create", **without).endswith("b54557e4-bdd9-4b37-8a5f-bf7d70bcd043")
    neither = {**without, "x-shopify-webhook-id": ""}
    assert named("orders/create", **neither) == named("orders/create", **neither)


def test_time_is_when_it_was_first_sent_and_revision_when_the_order_changed() -> None:
    found = read("orders/paid", order())
    (event,) = found
    assert isinstance(event, Event)
    assert event.time == datetime(2025, 11, 18, 9, 0, 6, 123_456, tzinfo=UTC)
    assert isinstance(event.data, OrderRecorded)
    assert event.data.revision == UPDATED
    for unread in ("yesterday", "2025-11-18T09:05:00"):
        found = read("orders/paid", order(), **{"x-shopify-triggered-at": unread})
        assert isinstance(found[0], Event)
        assert found[0].time is None


@pytest.mark.parametrize(
    ("over", "code", "field"),
    [
        ({"currency": "XXQ"}, "unknown_currency", "data.currency"),
        ({"currency": ...}, "missing", "currency"),
        ({"line_items": "trimmed"}, "wrong_type", "line_items"),
        ({"line_items": [line(1, 1, "-5")]}, "out_of_range", "data.lines[0].unit_price"),
        ({"line_items": [line(1, 1, "5"), line(1, 1, "5")]}, "bad_lines", "data.lines"),
        ({"line_items": [{**line(1, 1, "5"), "price_set": money("NaN")}]},
         "bad_number", "line_items.price"),
        ({"line_items": [{"id": 1, "quantity": 1}]}, "missing", "line_items.price"),
        ({"line_items": [line(1, 1, "5", discount_allocations=[off("6")])]},
         "inconsistent", "data.lines[0].discount"),
        ({"line_items": [line(1, 1, "1e400")]}, "bad_number", "line_items.price"),
        ({"processed_at": "2025-11-18T09:00:00"}, "naive_timestamp", "data.placed_at"),
        ({"updated_at": "2025-11-18T09:00:00"}, "naive_timestamp", "updated_at"),
        ({"updated_at": "now"}, "bad_timestamp", "updated_at"),
        ({"id": None}, "wrong_type", "id"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_by_name(
    over: dict[str, Any], code: str, field: str
) -> None:
    payload = {name: value for name, value in order(**over).items() if value is not ...}
    (refusal,) = data("orders/updated", payload)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.field, refusal.source) == (code, field, "shopify")


def test_a_payload_without_a_topic_is_refused() -> None:
    (refusal,) = data("", order())
    assert (refusal.code, refusal.field) == ("missing", "X-Shopify-Topic")


def test_only_the_hmac_of_these_bytes_makes_a_payload_genuine() -> None:
    body = json.dumps(order()).encode()
    headers = shopify_headers("orders/create", body)
    assert shopify.genuine(SECRET, Hook(headers, body), NOW)
    assert not shopify.genuine("another", Hook(headers, body), NOW)
    assert not shopify.genuine(SECRET, Hook(headers, body + b" "), NOW)
    for signature in ("", "x", headers["x-shopify-hmac-sha256"].lower(), "ü"):
        assert not shopify.genuine(SECRET, Hook({"x-shopify-hmac-sha256": signature}, body), NOW)
    assert not shopify.genuine(SECRET, Hook({}, body), NOW)
