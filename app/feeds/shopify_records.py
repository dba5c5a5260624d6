"""What Shopify's orders, refunds and draft orders say in our words. Pure.

Amounts are taken in the shop's money, never in the buyer's. A line counts what was sold: the
quantity that is left of it now and whatever came back by refunds, which are returns of their own;
pieces that an edit took out before that were never sold.
"""

from collections import Counter
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from app.events.refusals import Invalid, shown
from app.feeds.shopify_payloads import Buyer, Draft, Line, MoneySet, Order, Refund

ZERO = Decimal(0)
# A shop can name the rep itself: a note attribute of this name on the draft or the order.
REP_ATTRIBUTE = "ringside_rep"


def rep_of(record: Order | Draft) -> str | None:
    """Whose sale it is: whom the shop names, else who entered it, else who sold most of it."""
    for note in record.note_attributes or ():
        if note.name == REP_ATTRIBUTE and isinstance(note.value, str) and note.value.strip():
            return note.value.strip()
    if record.user_id not in (None, ""):
        return f"shopify:{record.user_id}"
    sold: Counter[str] = Counter()
    for line in record.line_items:
        for staff in line.attributed_staffs or ():
            sold[str(staff.id).rpartition("/")[2]] += staff.quantity
    if not sold:
        return None
    most = max(sold.values())
    return f"shopify:{min(staff for staff, pieces in sold.items() if pieces == most)}"


def order_of(order: Order, rep: str) -> dict[str, Any] | None:
    """The data of `order.recorded`; None where every piece was taken out again."""
    back = _returned_pieces(order)
    lines = [made for line in order.line_items if (made := _line(order, line, back))]
    if not lines:
        return None
    return {
        "order_id": f"shopify:{order.id}",
        "rep_id": rep,
        "customer": _customer(order.customer, order.phone),
        "status": _status(order),
        "currency": order.currency,
        "placed_at": order.processed_at or order.created_at,
        "lines": lines,
        "revision": order.revision,
    }


def _status(order: Order) -> str:
    if order.test:
        return "test"
    return "canceled" if order.cancelled_at else "confirmed"


def return_of(refund: Refund, order_id: str, *, taxes_included: bool) -> dict[str, Any] | None:
    """The data of `order.returned`; None where no goods came back.

    The same refund comes by itself and within its order, which alone knows whether its prices
    hold the tax: that word stands.
    """
    lines: dict[str, list[Decimal]] = {}
    for line in refund.refund_line_items:
        amount = _money(line.subtotal_set, line.subtotal, "refund_line_items.subtotal")
        if taxes_included:
            amount -= _money(line.total_tax_set, line.total_tax, "refund_line_items.total_tax")
        pieces = lines.setdefault(f"{line.line_item_id}", [ZERO, ZERO])
        pieces[0] += line.quantity
        pieces[1] += amount
    if not lines:
        return None
    return {
        "return_id": f"shopify:{refund.id}",
        "order_id": f"shopify:{order_id}",
        "returned_at": refund.processed_at or refund.created_at,
        "lines": [
            {"line_id": line_id, "quantity": _text(quantity), "amount": _text(amount)}
            for line_id, (quantity, amount) in lines.items()
        ],
        "revision": int(taxes_included),
    }


def quote_of(draft: Draft, rep: str) -> dict[str, Any]:
    """The data of `quote.recorded`: issued once its invoice is sent, accepted once completed."""
    amount = draft.subtotal_price
    if draft.taxes_included:
        amount -= draft.total_tax or ZERO
    statuses = {"invoice_sent": "issued", "completed": "accepted"}
    return {
        "quote_id": f"shopify:{draft.id}",
        "rep_id": rep,
        "customer": _customer(draft.customer, None),
        "status": statuses.get(draft.status, "issued" if draft.invoice_sent_at else "draft"),
        "amount": _text(_finite(amount, "subtotal_price")),
        "currency": draft.currency,
        "issued_at": draft.invoice_sent_at or draft.created_at,
        "revision": draft.revision,
    }


def _returned_pieces(order: Order) -> Counter[str] | None:
    """Pieces that came back, by line; None where the order does not say."""
    if order.refunds is None:
        return None
    back: Counter[str] = Counter()
    for refund in order.refunds:
        for line in refund.refund_line_items:
            back[str(line.line_item_id)] += line.quantity
    return back


def _line(order: Order, line: Line, back: Counter[str] | None) -> dict[str, Any] | None:
    """One line as it was sold; None for one of which nothing was."""
    sold = line.quantity
    if back is not None and line.current_quantity is not None:
        sold = min(line.quantity, line.current_quantity + back[str(line.id)])
    if sold <= 0:
        return None
    discount = _discount(line)
    if order.taxes_included:
        # What is not ours comes off the price: the contract's prices are without tax.
        discount += sum((_money(t.price_set, t.price, "tax") for t in line.tax_lines or ()), ZERO)
    if sold != line.quantity:
        discount = discount * sold / line.quantity
    return {
        "line_id": str(line.id),
        "sku": line.sku[:200] if line.sku else None,
        # A gift card is money kept for the buyer, no sale yet.
        "kind": "fee" if line.gift_card else "goods",
        "quantity": str(sold),
        "unit_price": _text(_money(line.price_set, line.price, "line_items.price")),
        "discount": _text(discount),
    }


def _discount(line: Line) -> Decimal:
    """What the line's price was lowered by: its own discounts and its share of the order's."""
    if line.discount_allocations is None:
        return line.total_discount or ZERO
    shares = (
        _money(share.amount_set, share.amount, "line_items.discount_allocations")
        for share in line.discount_allocations
    )
    return sum(shares, ZERO)


def _money(amounts: MoneySet | None, plain: Decimal | None, name: str) -> Decimal:
    """The amount in the shop's money; a plain amount is in it, too."""
    inside = amounts.shop_money if amounts is not None else None
    amount = inside.amount if inside is not None else plain
    if amount is None:
        raise Invalid("missing", name, f"{name} has no amount in the shop's money")
    return _finite(amount, name)


def _finite(amount: Decimal, name: str) -> Decimal:
    # Beyond this the sums below would lose digits before the contract could refuse them.
    if not amount.is_finite() or abs(amount.adjusted()) > 20:
        raise Invalid("bad_number", name, f"{shown(str(amount))} is no amount")
    return amount


def _text(amount: Decimal) -> str:
    """A decimal string with at most the four places that the contract keeps."""
    return format(amount.quantize(Decimal("0.0001"), ROUND_HALF_EVEN).normalize(), "f")


def _customer(buyer: Buyer | None, phone: str | None) -> dict[str, str] | None:
    customer = {}
    if buyer is not None and buyer.id not in (None, ""):
        customer["customer_id"] = f"shopify:{buyer.id}"
    number = phone or (buyer.phone if buyer is not None else None)
    if number:
        customer["phone"] = number
    return customer or None
