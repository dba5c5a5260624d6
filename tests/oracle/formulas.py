"""The formulas of `kpis.md`, one for each id, over the facts of a scope and period.

`parts` gives every figure exactly; nothing here rounds.
"""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from tests.oracle.form import Part, over, share
from tests.oracle.ladder import Contact, Leg, Talk
from tests.oracle.parties import Party
from tests.oracle.quality import Quality
from tests.oracle.results import Line, Order, Quote, Results, Returned

ZERO = Fraction(0)
Parts = dict[str, Part]


@dataclass
class Chosen:
    """The facts of one scope and period. `year_*`: those of its own twelve months (ttm)."""

    legs: list[Leg]
    contacts: list[Contact]
    talk: list[Talk]
    quotes: list[Quote]
    orders: list[Order]
    returned: list[Returned]
    year_orders: list[Order]
    year_returned: list[Returned]
    working_days: Fraction


def activity(facts: Chosen) -> Parts:
    calls = [leg for leg in facts.legs if leg.call]
    outbound = [leg for leg in calls if leg.direction == "outbound"]
    inbound = [leg for leg in calls if leg.direction == "inbound"]
    answered_out = [leg for leg in outbound if leg.answered]
    missed: set[tuple[str, date]] = {(leg.call_id, leg.day) for leg in facts.legs if leg.missed}
    of_calls = [contact for contact in facts.contacts if contact.of_call]
    assists = [leg for leg in calls if leg.assist]
    talk = sum(stretch.seconds for stretch in facts.talk if stretch.customer)
    sums = {
        "calls": len(calls),
        "outbound_calls": len(outbound),
        "inbound_calls": len(inbound),
        "answered_calls": len([leg for leg in calls if leg.answered]),
        "conversations": len(facts.contacts),
        "missed_inbound": len(missed),
        "talk_time": talk,
    }
    return {kpi: Part(Fraction(total)) for kpi, total in sums.items()} | {
        "calls_per_day": over(len(calls), facts.working_days),
        "conversations_per_day": over(len(facts.contacts), facts.working_days),
        "talk_time_per_day": over(talk, facts.working_days),
        "answer_rate": over(len(answered_out), len(outbound)),
        "inbound_answer_rate": over(len(inbound), len(inbound) + len(missed)),
        "conversation_rate": over(len(of_calls), len(calls) - len(assists)),
    }


def talking(facts: Chosen) -> Parts:
    spoken = [contact for contact in facts.contacts if contact.spoken]
    timed = [contact.seconds for contact in spoken if contact.seconds is not None]
    answered = [leg for leg in facts.legs if leg.call and leg.answered]
    held = [(leg.hold, leg.talk or 0) for leg in answered if leg.hold is not None]
    hold = sum(seconds for seconds, _ in held)
    heavy = [pair for pair in held if pair[0] >= 300 and pair[0] > pair[1]]
    known = [contact for contact in facts.contacts if contact.right_party is not None]
    right = [contact for contact in known if contact.right_party]
    talk = sum(stretch.seconds for stretch in facts.talk if stretch.customer)
    other = sum(stretch.seconds for stretch in facts.talk if not stretch.customer)
    return {
        "average_conversation": Part(
            Fraction(sum(timed)), Fraction(len(timed)), share(len(timed), len(spoken))
        ),
        "hold_share": Part(
            Fraction(hold),
            Fraction(hold + sum(talked for _, talked in held)),
            share(len(held), len(answered)),
        ),
        "hold_heavy_calls": Part(Fraction(len(heavy))),
        "non_customer_talk_share": over(other, talk + other),
        "right_party_rate": Part(
            Fraction(len(right)), Fraction(len(known)), share(len(known), len(facts.contacts))
        ),
    }


def repeats(facts: Chosen, quality: Quality) -> Parts:
    again = [contact for contact in facts.contacts if quality.repeat(contact)]
    quoted = [contact for contact in again if quality.repeat_quote(contact)]
    calls = [leg for leg in facts.legs if leg.call]
    outbound = [leg for leg in calls if leg.direction == "outbound"]
    to_customers = [leg for leg in outbound if leg.party is not None]
    called: set[Party] = {leg.party for leg in to_customers if leg.party is not None}
    return {
        "repeat_conversations": Part(Fraction(len(again))),
        "repeat_quote_conversations": Part(Fraction(len(quoted))),
        "repeat_quote_share": over(len(quoted), len(again)),
        "unproductive_repeats": Part(
            Fraction(len([x for x in outbound if quality.unproductive(x)]))
        ),
        "customers_called": Part(Fraction(len(called))),
        "calls_per_customer": over(len(to_customers), len(called)),
        "new_customer_share": over(
            len([leg for leg in to_customers if quality.new_customer(leg)]), len(to_customers)
        ),
        "unknown_party_share": over(len([leg for leg in calls if leg.party is None]), len(calls)),
    }


def _net(orders: list[Order]) -> Fraction:
    """What converted orders' goods and service lines come to, in the reporting currency."""
    return sum((line.net * rate for line, rate in _converted_lines(orders)), ZERO)


def _converted_lines(orders: list[Order]) -> list[tuple[Line, Fraction]]:
    return [
        (line, order.rate)
        for order in orders
        if order.rate is not None
        for line in order.lines.values()
    ]


def _amount(returned: list[Returned]) -> Fraction:
    return sum((x.amount * x.rate for x in returned if x.rate is not None), ZERO)


def _conversion(orders: list[Order]) -> Fraction:
    """Converted orders placed ÷ orders placed."""
    return share(len([order for order in orders if order.rate is not None]), len(orders))


def sales(facts: Chosen) -> Parts:
    orders, converted = facts.orders, _conversion(facts.orders)
    lines = [line for order in orders for line in order.lines.values()]
    placed, back = _net(orders), _amount(facts.returned)
    units = sum((line.quantity for line in lines), ZERO)
    units_back = sum((x.quantity for x in facts.returned), ZERO)
    in_money = [order for order in orders if order.rate is not None]
    year = _net(facts.year_orders) - _amount(facts.year_returned)
    return {
        "orders": Part(Fraction(len(orders))),
        "revenue": Part(placed - back, None, converted),
        "average_order_size": Part(placed, Fraction(len(in_money)), converted),
        "lines_per_order": over(len(lines), len(orders)),
        "units_sold": Part(units - units_back),
        "cost_per_order": _cost_per_order(orders),
        "gross_margin_pct": _margin(orders, facts.returned),
        "ttm_revenue": Part(year, None, _conversion(facts.year_orders)),
        "return_rate": Part(back, placed, converted),
    }


def _cost(order: Order) -> Fraction:
    """Of an order that is converted and whose every line's cost is known."""
    return sum(
        (x.quantity * (x.unit_cost or ZERO) * (order.rate or ZERO) for x in order.lines.values()),
        ZERO,
    )


def _cost_per_order(orders: list[Order]) -> Part:
    with_lines = [order for order in orders if order.lines]
    known = [order for order in with_lines if order.costed and order.rate is not None]
    cost = sum((_cost(order) for order in known), ZERO)
    return Part(cost, Fraction(len(known)), share(len(known), len(with_lines)))


def _margin(orders: list[Order], returned: list[Returned]) -> Part:
    """Over lines with known unit cost and what was returned of them."""
    net = cost = ZERO
    for line, rate in _converted_lines(orders):
        if line.unit_cost is not None:
            net += line.net * rate
            cost += line.quantity * line.unit_cost * rate
    coverage = share(net, _net(orders)) * _conversion(orders)
    for back in returned:
        if back.rate is not None and back.cost is not None:
            net -= back.amount * back.rate
            cost -= back.cost * back.rate
    return Part(net - cost, net, coverage)


def quoting(facts: Chosen, results: Results) -> Parts:
    quotes = facts.quotes
    amounts = [quote.amount * quote.rate for quote in quotes if quote.rate is not None]
    turned = [quote for quote in quotes if results.turned(quote)]
    return {
        "quotes": Part(Fraction(len(quotes))),
        "quoted_amount": Part(sum(amounts, ZERO), None, share(len(amounts), len(quotes))),
        "quote_to_order": over(len(turned), len(quotes)),
    }


def parts(facts: Chosen, quality: Quality, results: Results) -> Parts:
    """Every figure of the catalogue, exact."""
    return (
        activity(facts)
        | talking(facts)
        | repeats(facts, quality)
        | sales(facts)
        | quoting(facts, results)
    )
