"""Why a fact counts in a KPI or does not: a named reason from a closed list. Pure.

What a fact adds is asked of `app.meaning.contributions`, the same that fills the rollups, so the
records of a figure add up to it. The reasons follow the call ladder of the KPI contract, rung by
rung: the first that fails is named.
"""

from collections.abc import Callable
from decimal import Decimal

from msgspec import Struct

from app.exact import Amount, plus
from app.facts.rows import Conversation, Leg, Order, Quote, Return, Segment
from app.kpi import BEYOND, Kpi, terms, total
from app.meaning.contributions import ITEMS, of_row
from app.meaning.marks import Mark

Fact = Leg | Segment | Conversation | Quote | Order | Return

REASONS: dict[str, str] = {
    "voided": "the record was withdrawn",
    "test": "it is marked as a test",
    "internal": "the leg is internal",
    "inbound": "only outbound calls count",
    "outbound": "only inbound calls count",
    "not_answered": "nobody answered",
    "machine": "a machine answered",
    "answered": "the rep answered it",
    "answered_by_another": "another leg of the call was answered or classified",
    "classified_customer": "classified as talk with a customer",
    "classified_personal": "classified as personal",
    "classified_internal": "classified as internal",
    "classified_hold_line": "classified as a hold line",
    "classified_wrong_party": "classified as the wrong party",
    "assist": "another leg of the call has the conversation",
    "below_floor": "its talk is shorter than the conversation floor",
    "talk_unknown": "its talk is not known",
    "no_talk": "nobody talked",
    "no_customer_talk": "its call, which has not come, is classified as no talk with a customer",
    "hold_unknown": "its hold is not known",
    "hold_light": "less than five minutes on hold, or no more hold than talk",
    "unknown_customer": "nobody knows who the customer is",
    "no_earlier_conversation": "none with this customer between an hour and 90 days before",
    "no_quote": "no quote for this customer around the conversation",
    "few_calls_or_conversation": "fewer than three calls in seven days, or a conversation in them",
    "customer_counted_already": "an earlier call of the period counts for this customer",
    "right_party_unknown": "nobody says whether it was the right party",
    "not_spoken": "by chat or in person",
    "draft": "it is a draft",
    "canceled": "the order is canceled",
    "order_draft": "the order is a draft",
    "order_canceled": "the order is canceled",
    "order_test": "the order is a test",
    "waits_for_rate": "there is no rate for its currency yet",
    "no_goods_or_services": "no line of goods or services",
    "cost_unknown": "the cost of a line is not known",
    "adds_nothing": "there is nothing of it to count",
}


class Part(Struct, frozen=True):
    """A fact's part in a KPI: what it adds to the value, or to both sides of a quotient."""

    counted: bool
    reason: str | None
    value: Amount
    over: Amount


def part_of(kpi: Kpi, fact: Fact, *, order: Order | None = None, first: bool = False) -> Part:
    """The part of a fact in `kpi`.

    A return needs its order; `first` says that a call is the first to its customer among those
    the figure is about.
    """
    sums: dict[str, Amount] = {"customers": int(first)}
    for _, _, amounts in of_row(fact, order):
        for measure, amount in amounts:
            sums[measure] = plus(sums.get(measure, 0), amount)
    value = total(kpi.value, sums)
    over = total(kpi.over, sums) if kpi.over else 0
    # What is known to be nothing counts all the same: a call without hold, a free order.
    known = any(total(part, sums) for part, _ in kpi.coverage[:1])
    if value or over or known:
        return Part(True, None, value, over)
    return Part(False, _why_not(kpi, fact, order), value, over)


def population(kpi: Kpi) -> str:
    """The measure that says which facts a KPI is about: the first of its denominator."""
    if kpi.over is not None and kpi.over not in BEYOND:
        return terms(kpi.over)[0][1]
    return terms(kpi.value)[0][1]


def _why_not(kpi: Kpi, fact: Fact, order: Order | None) -> str:
    if fact.voided:
        return "voided"
    measure = population(kpi)
    match fact:
        case Leg():
            return _why_not_leg(measure, fact)
        case Segment():
            return "no_talk" if fact.marks & Mark.CUSTOMER_TALK else "no_customer_talk"
        case Conversation():
            return _why_not_standalone(measure, fact)
        case Quote():
            return "draft" if fact.status == "draft" else "waits_for_rate"
        case Order():
            return _why_not_order(fact)
        case Return():
            return _why_not_return(fact, order)


Step = Callable[[Leg], str | None]


def _why_not_leg(measure: str, leg: Leg) -> str:
    if leg.test:
        return "test"
    if leg.direction == "internal":
        return "internal"
    for step in _STEPS.get(measure, ()):
        reason = step(leg)
        if reason is not None:
            return reason
    return "adds_nothing"


def _no_call(leg: Leg) -> str | None:
    if leg.marks & Mark.CALL:
        return None
    return f"classified_{leg.classified}" if leg.classified else "not_answered"


def _unanswered(leg: Leg) -> str | None:
    if leg.marks & Mark.ANSWERED:
        return None
    return "machine" if leg.answered_by == "machine" else "not_answered"


def _inbound(leg: Leg) -> str | None:
    return None if leg.marks & Mark.OUTBOUND else "inbound"


def _outbound(leg: Leg) -> str | None:
    return "outbound" if leg.marks & Mark.OUTBOUND else None


def _reached(leg: Leg) -> str | None:
    if leg.classified:
        return f"classified_{leg.classified}"
    return "answered" if leg.marks & Mark.ANSWERED else "answered_by_another"


def _assist(leg: Leg) -> str | None:
    return "assist" if leg.marks & Mark.ASSIST else None


def _no_conversation(leg: Leg) -> str | None:
    if leg.marks & Mark.CONVERSATION:
        return None
    if leg.marks & Mark.ASSIST:
        return "assist"
    if leg.classified:
        return f"classified_{leg.classified}"
    return _unanswered(leg) or _talk_unknown(leg) or "below_floor"


def _talk_unknown(leg: Leg) -> str | None:
    return "talk_unknown" if leg.talk is None else None


def _no_talk(leg: Leg) -> str | None:
    if leg.marks & Mark.OTHER_TALK and leg.talk:
        return f"classified_{leg.classified}"
    if not leg.classified and not leg.marks & Mark.ANSWERED:
        return _unanswered(leg)
    return _talk_unknown(leg) or "no_talk"


def _hold_unknown(leg: Leg) -> str | None:
    return "hold_unknown" if leg.hold is None else None


def _no_customer(leg: Leg) -> str | None:
    return "unknown_customer" if leg.party is None else None


def _not_repeat(leg: Leg) -> str | None:
    return None if leg.marks & Mark.REPEAT else "no_earlier_conversation"


def _right_party_unknown(leg: Leg) -> str | None:
    return "right_party_unknown" if leg.right_party is None else None


def _always(reason: str) -> Step:
    return lambda _: reason


_ANSWERED: tuple[Step, ...] = (_no_call, _unanswered)
_REPEAT: tuple[Step, ...] = (_no_conversation, _no_customer, _not_repeat)
_TO_CUSTOMER: tuple[Step, ...] = (_inbound, _no_call, _no_customer)
_STEPS: dict[str, tuple[Step, ...]] = {
    "calls": (_no_call, _assist),
    "outbound_calls": (_inbound, _no_call),
    "inbound_calls": (_outbound, _no_call),
    "answered_calls": _ANSWERED,
    "conversations": (_no_conversation,),
    "missed_inbound": (_outbound, _reached),
    "talk_time": (_no_talk,),
    "timed_conversations": (_no_conversation, _talk_unknown),
    "hold_talk": (*_ANSWERED, _hold_unknown),
    "hold_heavy_calls": (*_ANSWERED, _hold_unknown, _always("hold_light")),
    "repeat_conversations": _REPEAT,
    "repeat_quote_conversations": (*_REPEAT, _always("no_quote")),
    "unproductive_repeats": (*_TO_CUSTOMER, _always("few_calls_or_conversation")),
    "outbound_to_customer": _TO_CUSTOMER,
    "customers": (*_TO_CUSTOMER, _always("customer_counted_already")),
    "right_party_known": (_no_conversation, _right_party_unknown),
}


def _why_not_standalone(measure: str, talk: Conversation) -> str:
    if measure == "talk_time":
        if not talk.marks & (Mark.CUSTOMER_TALK | Mark.OTHER_TALK):
            return "not_spoken"
        return "no_talk" if talk.marks & Mark.CUSTOMER_TALK else f"classified_{talk.kind}"
    if not talk.marks & Mark.CONVERSATION:
        return f"classified_{talk.kind}"
    if measure == "timed_conversations":
        return "not_spoken"
    if measure == "right_party_known":
        return "right_party_unknown"
    if talk.party is None:
        return "unknown_customer"
    return "no_quote" if talk.marks & Mark.REPEAT else "no_earlier_conversation"


def _why_not_order(order: Order) -> str:
    if order.status != "confirmed":
        return order.status
    if order.rate is None:
        return "waits_for_rate"
    items = [line for line in order.lines if line.kind in ITEMS]
    if not items:
        return "no_goods_or_services"
    costs: list[Decimal | None] = [line.unit_cost for line in items]
    return "cost_unknown" if None in costs else "adds_nothing"


def _why_not_return(returned: Return, order: Order | None) -> str:
    if order is None or order.status != "confirmed":
        return f"order_{order.status}" if order else "adds_nothing"
    items = {line.line_id: line for line in order.lines if line.kind in ITEMS}
    bought = [items[line.line_id] for line in returned.lines if line.line_id in items]
    if not bought:
        return "no_goods_or_services"
    if order.rate is None:
        return "waits_for_rate"
    return "cost_unknown" if any(line.unit_cost is None for line in bought) else "adds_nothing"
