"""Shopify: orders, their refunds and draft orders become orders, returns and quotes. Pure.

A webhook carries the whole record in the shop's own currency; ids are kept as text, since they
outgrow what many a reader can hold. Taxes, freight and fees stay out.
"""

import base64
import hashlib
import hmac
from datetime import datetime
from typing import Any

import msgspec

from app.events.refusals import Invalid
from app.feeds.feed import CloudEvent, Feed, Headers, Hook, Ignored, parse
from app.feeds.shopify_payloads import Draft, Order, Refund
from app.feeds.shopify_records import order_of, quote_of, rep_of, return_of
from app.settings import Settings

ORDERS = (
    "orders/create", "orders/updated", "orders/paid", "orders/cancelled", "orders/fulfilled",
    "orders/partially_fulfilled",
)  # fmt: skip
DRAFTS = ("draft_orders/create", "draft_orders/update")
DELETED = {"orders/delete": "order", "draft_orders/delete": "quote"}
# Nothing is newer than a deletion.
LAST = 2**53 - 1


class _Deleted(msgspec.Struct):
    id: int | str
    line_items: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_order = msgspec.json.Decoder(Order)
_refund = msgspec.json.Decoder(Refund)
_draft = msgspec.json.Decoder(Draft)
_deleted = msgspec.json.Decoder(_Deleted)


def genuine(secret: str, hook: Hook, _now: datetime) -> bool:
    """Whether the header's HMAC-SHA-256 is of these very bytes; compared in constant time."""
    mine = base64.b64encode(hmac.digest(secret.encode(), hook.body, "sha256"))
    given = hook.headers.get("x-shopify-hmac-sha256", "")
    return hmac.compare_digest(mine, given.encode(errors="replace"))


def translate(hook: Hook, _settings: Settings) -> list[CloudEvent] | Ignored:
    """The records of a webhook, by its topic; raises `Invalid` for what cannot be read."""
    headers, body = hook.headers, hook.body
    topic = headers.get("x-shopify-topic", "")
    if topic == "":
        raise Invalid("missing", "X-Shopify-Topic", "the header says what the payload is")
    delivery = _Delivery(topic, headers, body)
    if topic in ORDERS:
        return _of_order(delivery, parse(_order, body))
    if topic == "refunds/create":
        refund = parse(_refund, body)
        returned = return_of(refund, str(refund.order_id), taxes_included=False)
        return [delivery.event("order.returned", returned)] if returned else _no_goods(topic)
    if topic in DRAFTS:
        draft = parse(_draft, body)
        rep = rep_of(draft)
        if rep is None:
            return Ignored("no_rep", topic)
        return [delivery.event("quote.recorded", quote_of(draft, rep))]
    if topic in DELETED:
        return [_of_deletion(delivery, parse(_deleted, body))]
    return Ignored("partial" if topic == "orders/edited" else "kind", topic)


def _no_goods(topic: str) -> Ignored:
    return Ignored("no_goods", topic)


def _of_order(delivery: "_Delivery", order: Order) -> list[CloudEvent] | Ignored:
    """The order as it is now, and what came back of it so far."""
    rep = rep_of(order)
    if rep is None:
        if delivery.topic == "orders/create":
            return Ignored("no_rep", delivery.topic)
        # It may have been somebody's before: what we may have of it goes out of the figures.
        return [delivery.voided("order", str(order.id), order.revision, "it names no rep")]
    recorded = order_of(order, rep)
    if recorded is None:
        return [delivery.voided("order", str(order.id), order.revision, "nothing is left on it")]
    events = [delivery.event("order.recorded", recorded)]
    for refund in order.refunds or ():
        returned = return_of(refund, str(order.id), taxes_included=order.taxes_included)
        if returned:
            events.append(delivery.event("order.returned", returned))
    return events


def _of_deletion(delivery: "_Delivery", gone: _Deleted) -> CloudEvent:
    # The topic is not signed: a whole order under it is no deletion.
    if gone.line_items is not msgspec.UNSET:
        raise Invalid("inconsistent", "line_items", "a deletion carries an id only")
    return delivery.voided(DELETED[delivery.topic], str(gone.id), LAST, "deleted")


class _Delivery:
    """One webhook: what names it, so that Shopify's retries are found to be duplicates."""

    def __init__(self, topic: str, headers: Headers, body: bytes) -> None:
        self.topic = topic
        self._name = (
            headers.get("x-shopify-event-id")
            or headers.get("x-shopify-webhook-id")
            or hashlib.sha256(body).hexdigest()
        )
        self._time = _triggered(headers.get("x-shopify-triggered-at"))

    def event(self, kind: str, data: dict[str, Any]) -> CloudEvent:
        """An event of this delivery; one event id of theirs can name several topics' payloads."""
        record = data.get("return_id") or data.get("order_id") or data.get("quote_id")
        return {
            "specversion": "1.0",
            "id": f"{self.topic}:{record}:{self._name}",
            "source": "shopify",
            "type": f"ringside.{kind}.v1",
            "time": self._time,
            "partitionkey": data.get("rep_id") or record,
            "data": data,
        }

    def voided(self, kind: str, record: str, revision: int, reason: str) -> CloudEvent:
        """A withdrawal of one of Shopify's records."""
        key = f"shopify:{record}"
        data = {"kind": kind, "key": key, "reason": reason, "revision": revision}
        event = self.event("record.voided", data)
        return {**event, "id": f"{self.topic}:{key}:{self._name}", "partitionkey": key}


def _triggered(text: str | None) -> str | None:
    """When Shopify sent it first; a header that is no such moment is as good as none."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return text if moment.tzinfo is not None else None


FEED = Feed(
    "shopify",
    "shopify_secret",
    genuine,
    translate,
    topic="x-shopify-topic",
    reads=("x-shopify-event-id", "x-shopify-webhook-id", "x-shopify-triggered-at"),
)
