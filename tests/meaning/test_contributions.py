"""What facts add to their day, whole and exact, each worked by hand from the KPI contract."""

from collections import Counter
from decimal import Decimal
from typing import Any

from app.events.types import ReturnLine
from app.meaning.contributions import Amounts, of_leg, of_order, of_quote, of_return
from app.meaning.ladder import read_call
from app.meaning.marks import Mark
from tests.meaning.rows import known, leg, line, order, quote, returned, word

D = Decimal


def total(amounts: Amounts) -> dict[str, Any]:
    sums: Counter[str] = Counter()
    for measure, amount in amounts:
        sums[measure] += amount  # type: ignore[assignment]
    return {measure: amount for measure, amount in sums.items() if amount}


def of_call(*words: Any, add: int = 0, **over: Any) -> dict[str, Any]:
    one = leg(**over)
    read_call([one], [], words, known())
    one.marks |= add
    return total(of_leg(one))


def test_a_conversation_with_a_customer() -> None:
    assert of_call(customer_id="k1", hold_seconds=20, add=Mark.REPEAT | Mark.NEW_CUSTOMER) == {
        "calls": 1, "outbound_calls": 1, "answered_calls": 1, "answered_outbound": 1,
        "hold_known_calls": 1, "hold_seconds": 20, "hold_talk": 170,
        "outbound_to_customer": 1, "new_customer_calls": 1,
        "conversations": 1, "call_conversations": 1, "spoken_conversations": 1,
        "timed_conversations": 1, "timed_talk": 170, "repeat_conversations": 1, "talk_time": 170,
    }  # fmt: skip


def test_a_call_nobody_answered() -> None:
    assert of_call(outcome="busy", answered_at=None, add=Mark.UNPRODUCTIVE, customer_id="k1") == {
        "calls": 1, "outbound_calls": 1, "outbound_to_customer": 1, "unproductive_repeats": 1,
    }  # fmt: skip


def test_hold_is_heavy_from_300_s_and_above_talk() -> None:
    def heavy(talk: int, hold: int) -> int:
        measures = of_call(talk_seconds=talk, hold_seconds=hold, direction="inbound")
        return int(measures.get("hold_heavy_calls", 0))

    assert [heavy(299, 300), heavy(300, 300), heavy(0, 299), heavy(10, 4000)] == [1, 0, 0, 1]


def test_a_conversation_whose_talk_is_not_known_is_not_timed() -> None:
    measures = of_call(word("customer", right_party=False), outcome="no_answer", answered_at=None)
    assert measures == {
        "calls": 1, "outbound_calls": 1, "unknown_party_calls": 1,
        "conversations": 1, "call_conversations": 1, "spoken_conversations": 1,
        "right_party_known": 1,
    }  # fmt: skip


def test_a_personal_call_is_talk_and_nothing_else() -> None:
    assert of_call(word("personal")) == {"non_customer_talk": 190}


def test_an_order_counts_its_goods_and_services() -> None:
    lines = (
        line("1", quantity=D("1.5"), unit_price=D("10.01"), discount=D("0.015"), unit_cost=D(4)),
        line("2", kind="service", quantity=D(1), unit_price=D(100), unit_cost=None),
        line("3", kind="freight", quantity=D(9), unit_price=D(9)),
    )
    # nets: 1.5 x 10.01 - 0.015 = 15; 100. At 2 for one: 30 and 200.
    assert total(of_order(order(lines=lines, rate=D(2)))) == {
        "orders": 1, "converted_orders": 1, "order_lines": 2, "item_orders": 1,
        "units": D("2.5"), "net": D(230), "known_net": D(30), "known_cost": D(12),
    }  # fmt: skip
    assert total(of_order(order(lines=lines, rate=None))) == {
        "orders": 1, "order_lines": 2, "item_orders": 1, "units": D("2.5"),
    }  # fmt: skip
    assert total(of_order(order(lines=lines[:1]))) == {
        "orders": 1, "converted_orders": 1, "order_lines": 1, "item_orders": 1,
        "costed_orders": 1, "units": D("1.5"), "net": D(15), "costed_cost": D(6),
        "known_net": D(15), "known_cost": D(6),
    }  # fmt: skip
    assert total(of_order(order(lines=lines[2:]))) == {"orders": 1, "converted_orders": 1}
    assert of_order(order(status="canceled")) == []


def test_products_of_the_largest_amounts_are_exact() -> None:
    many, price = D("999999999999999.9999"), D("999999999999999.9999")
    rate = D("999999999999999.999999999999")
    measures = dict(of_order(order(lines=(line(quantity=many, unit_price=price),), rate=rate)))
    # by whole numbers: units of 1e-4, 1e-4 and 1e-12
    exact = 9999999999999999999 * 9999999999999999999 * 999999999999999999999999999
    assert measures["net"] == D(f"{exact}e-20")


def test_what_comes_back_lowers_by_amount_units_and_cost() -> None:
    bought = order(lines=(
        line("1", unit_cost=D(6)), line("2", unit_cost=None), line("3", kind="fee"),
    ), rate=D(2))  # fmt: skip
    back = returned(
        ReturnLine(line_id="1", quantity=D(1), amount=D(9)),
        ReturnLine(line_id="1b", quantity=D(5), amount=D(50)),  # waits: no such line
        ReturnLine(line_id="2", quantity=D(2), amount=D(20), cost=D(1)),
        ReturnLine(line_id="3", quantity=D(1), amount=D(7)),  # a fee counts in nothing
    )
    assert total(of_return(back, bought)) == {
        "returned_units": D(3), "returned": D(58), "known_returned": D(18),
        "known_returned_cost": D(12),
    }  # fmt: skip
    own_cost = returned(ReturnLine(line_id="1", quantity=D(1), amount=D(9), cost=D("2.5")))
    assert total(of_return(own_cost, bought))["known_returned_cost"] == D(5)
    bought.rate = None
    assert total(of_return(back, bought)) == {"returned_units": D(3)}
    bought.status = "canceled"
    assert of_return(back, bought) == of_return(back, None) == []


def test_a_quote_counts_once_issued() -> None:
    assert total(of_quote(quote(rate=D("1.5"), turned=True))) == {
        "quotes": 1, "turned_quotes": 1, "converted_quotes": 1, "quoted_amount": D(150),
    }  # fmt: skip
    assert total(of_quote(quote(rate=None))) == {"quotes": 1}
    assert of_quote(quote(status="draft")) == []
