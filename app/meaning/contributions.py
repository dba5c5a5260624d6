"""What each fact adds to the sums of its rep and day. Pure.

A contribution is `(rep_id, day, [(measure, amount), …])`; a fact that counts in nothing adds
nothing. Amounts of money are exact, in the reporting currency.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Context, Decimal, localcontext

from app.facts.rows import Conversation, Leg, Order, Quote, Return, Segment
from app.meaning.ladder import (
    ANSWERED,
    ASSIST,
    CALL,
    CONVERSATION,
    CUSTOMER_TALK,
    MISSED,
    OTHER_TALK,
    OUTBOUND,
    SPOKEN,
)
from app.meaning.lookback import NEW_CUSTOMER, REPEAT, REPEAT_QUOTE, UNPRODUCTIVE
from app.meaning.results import issued

Amounts = list[tuple[str, int | Decimal]]
Contribution = tuple[str, date, Amounts]

ITEMS = frozenset({"goods", "service"})
HEAVY_HOLD = 300
# 15 + 4 digits times 15 + 4 times 15 + 12: products are exact, sums of a thousand lines too.
EXACT = Context(prec=200)


def of_leg(leg: Leg) -> Amounts:
    """What a leg adds to its day."""
    marks = leg.marks
    if not marks:
        return []
    out: Amounts = []
    if marks & CALL:
        _call(leg, marks, out)
    if marks & CONVERSATION:
        out += [("conversations", 1), ("call_conversations", 1), ("spoken_conversations", 1)]
        if leg.talk is not None:
            out += [("timed_conversations", 1), ("timed_talk", leg.talk)]
        _conversation(marks, leg.right_party, out)
    elif marks & ASSIST:
        out.append(("assists", 1))
    if marks & MISSED:
        out.append(("missed_inbound", 1))
    if leg.talk:
        _talk(marks, leg.talk, out)
    return out


def _call(leg: Leg, marks: int, out: Amounts) -> None:
    outbound = marks & OUTBOUND
    out += [("calls", 1), ("outbound_calls" if outbound else "inbound_calls", 1)]
    if marks & ANSWERED:
        out.append(("answered_calls", 1))
        if outbound:
            out.append(("answered_outbound", 1))
        if leg.hold is not None:
            talk = leg.talk or 0
            out += [("hold_known_calls", 1), ("hold_seconds", leg.hold), ("hold_talk", talk)]
            if leg.hold >= HEAVY_HOLD and leg.hold > talk:
                out.append(("hold_heavy_calls", 1))
    if leg.party is None:
        out.append(("unknown_party_calls", 1))
    elif outbound:
        out.append(("outbound_to_customer", 1))
        if marks & NEW_CUSTOMER:
            out.append(("new_customer_calls", 1))
        if marks & UNPRODUCTIVE:
            out.append(("unproductive_repeats", 1))


def _conversation(marks: int, right_party: bool | None, out: Amounts) -> None:
    if right_party is not None:
        out += [("right_party_known", 1), ("right_party_conversations", int(right_party))]
    if marks & REPEAT:
        out.append(("repeat_conversations", 1))
    if marks & REPEAT_QUOTE:
        out.append(("repeat_quote_conversations", 1))


def _talk(marks: int, seconds: int, out: Amounts) -> None:
    if marks & CUSTOMER_TALK:
        out.append(("talk_time", seconds))
    elif marks & OTHER_TALK:
        out.append(("non_customer_talk", seconds))


def of_segment(segment: Segment) -> Amounts:
    """What a segment whose leg has not come adds to its own day."""
    out: Amounts = []
    if segment.marks:
        _talk(segment.marks, segment.seconds, out)
    return out


def of_conversation(conversation: Conversation) -> Amounts:
    """What a conversation without a call adds to its day."""
    marks, seconds = conversation.marks, conversation.duration_seconds
    out: Amounts = []
    if marks & CONVERSATION:
        out.append(("conversations", 1))
        if marks & SPOKEN:
            out += [("spoken_conversations", 1), ("timed_conversations", 1)]
            out.append(("timed_talk", seconds))
        _conversation(marks, conversation.right_party, out)
    _talk(marks, seconds, out)
    return out


def of_quote(quote: Quote) -> Amounts:
    """What a quote adds to the day it was issued."""
    if not issued(quote):
        return []
    out: Amounts = [("quotes", 1)]
    if quote.turned:
        out.append(("turned_quotes", 1))
    if quote.rate is not None:
        with localcontext(EXACT):
            out += [("converted_quotes", 1), ("quoted_amount", quote.amount * quote.rate)]
    return out


def of_order(order: Order) -> Amounts:
    """What a confirmed order adds to the day it was placed."""
    if order.voided or order.status != "confirmed":
        return []
    lines = [line for line in order.lines if line.kind in ITEMS]
    costed = bool(lines) and all(line.unit_cost is not None for line in lines)
    with localcontext(EXACT):
        out: Amounts = [("orders", 1), ("order_lines", len(lines))]
        out.append(("item_orders", int(bool(lines))))
        out += [("units", line.quantity) for line in lines]
        if order.rate is None:
            return out
        out += [("converted_orders", 1), ("costed_orders", int(costed))]
        for line in lines:
            net = (line.quantity * line.unit_price - line.discount) * order.rate
            out.append(("net", net))
            if line.unit_cost is not None:
                cost = line.quantity * line.unit_cost * order.rate
                out += [("known_net", net), ("known_cost", cost)]
                if costed:
                    out.append(("costed_cost", cost))
    return out


def of_return(returned: Return, order: Order | None) -> Amounts:
    """What a return adds to the day the goods came back; nothing without its confirmed order."""
    if returned.voided or order is None or order.voided or order.status != "confirmed":
        return []
    bought = {line.line_id: line for line in order.lines if line.kind in ITEMS}
    out: Amounts = []
    with localcontext(EXACT):
        for line in returned.lines:
            origin = bought.get(line.line_id)
            if origin is None:
                continue
            out.append(("returned_units", line.quantity))
            if order.rate is None:
                continue
            out.append(("returned", line.amount * order.rate))
            if origin.unit_cost is not None:
                cost = line.quantity * origin.unit_cost if line.cost is None else line.cost
                out.append(("known_returned", line.amount * order.rate))
                out.append(("known_returned_cost", cost * order.rate))
    return out


def of_row(row: object, order: Order | None = None) -> Iterator[Contribution]:
    """The contribution of any fact; a return's needs its order."""
    match row:
        case Leg():
            amounts = of_leg(row)
        case Segment():
            amounts = of_segment(row)
        case Conversation():
            amounts = of_conversation(row)
        case Quote():
            amounts = of_quote(row)
        case Order():
            amounts = of_order(row)
        case Return():
            amounts = of_return(row, order)
        case _:
            return
    if amounts and row.day is not None and row.rep_id is not None:
        yield row.rep_id, row.day, amounts
