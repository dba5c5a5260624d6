"""What of Shopify's payloads is read: orders, refunds and draft orders, as its webhooks carry them.

Amounts come as text or as numbers, and are read exactly either way; ids keep all their digits.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct, field

from app.events.refusals import Invalid, shown


class Money(Struct):
    """An amount in one currency."""

    amount: Decimal


class MoneySet(Struct):
    """One amount in the shop's currency (and the buyer's, which is not read)."""

    shop_money: Money | None = None


class Allocation(Struct):
    """A discount's share for one line."""

    amount: Decimal | None = None
    amount_set: MoneySet | None = None


class TaxLine(Struct):
    """One tax on one line."""

    price: Decimal | None = None
    price_set: MoneySet | None = None


class Staff(Struct):
    """Who sold how many pieces of a line."""

    id: int | str
    quantity: int = 1


class Line(Struct):
    """One line of an order or a draft."""

    id: int | str
    quantity: int
    current_quantity: int | None = None
    price: Decimal | None = None
    price_set: MoneySet | None = None
    sku: str | None = None
    gift_card: bool = False
    total_discount: Decimal | None = None
    discount_allocations: list[Allocation] | None = None
    tax_lines: list[TaxLine] | None = None
    attributed_staffs: list[Staff] | None = None


class RefundLine(Struct):
    """What came back of one line, at what the buyer had paid for it."""

    line_item_id: int | str
    quantity: int
    subtotal: Decimal | None = None
    subtotal_set: MoneySet | None = None
    total_tax: Decimal | None = None
    total_tax_set: MoneySet | None = None


class Refund(Struct):
    """A refund, whole and unchanging."""

    id: int | str
    created_at: str
    order_id: int | str | None = None
    processed_at: str | None = None
    refund_line_items: list[RefundLine] = field(default_factory=list)


class Buyer(Struct):
    """The customer of an order."""

    id: int | str | None = None
    phone: str | None = None


class Note(Struct):
    """A free pair of texts that a shop puts on an order."""

    name: str
    value: Any = None


class Order(Struct):
    """An order in its present state."""

    id: int | str
    created_at: str
    currency: str
    line_items: list[Line]
    updated_at: str | None = None
    processed_at: str | None = None
    cancelled_at: str | None = None
    test: bool | None = False
    taxes_included: bool = False
    user_id: int | str | None = None
    phone: str | None = None
    customer: Buyer | None = None
    note_attributes: list[Note] | None = None
    refunds: list[Refund] | None = None

    @property
    def revision(self) -> int:
        """Milliseconds of the last change."""
        return revision_of(self.updated_at)


class Draft(Struct):
    """A draft order: a quote."""

    id: int | str
    created_at: str
    currency: str
    status: str
    subtotal_price: Decimal
    total_tax: Decimal | None = None
    line_items: list[Line] = field(default_factory=list)
    taxes_included: bool = False
    updated_at: str | None = None
    invoice_sent_at: str | None = None
    user_id: int | str | None = None
    customer: Buyer | None = None
    note_attributes: list[Note] | None = None

    @property
    def revision(self) -> int:
        """Milliseconds of the last change."""
        return revision_of(self.updated_at)


def revision_of(updated_at: str | None) -> int:
    """Milliseconds since 1970 of a record's last change, 0 where it does not say."""
    if updated_at is None:
        return 0
    try:
        moment = datetime.fromisoformat(updated_at)
    except ValueError as error:
        raise Invalid("bad_timestamp", "updated_at", f"{shown(updated_at)} is no moment") from error
    if moment.tzinfo is None:
        raise Invalid("naive_timestamp", "updated_at", f"{shown(updated_at)} has no offset")
    return max(0, int(moment.timestamp() * 1000))
