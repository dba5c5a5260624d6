"""The oracle held to hand-worked examples: quotes, orders, returns and money."""

from typing import Any

import pytest

from tests.oracle.say import ADA, back, came, figures, line, oracle, order, quote, rate, rep, void
from tests.oracle.wire import Json


def test_results_of_a_day() -> None:
    found = figures(
        order(
            "o1",
            line("l1", 2, "50", unit_cost="30"),  # net 100, cost 60
            line("l2", "0.5", "40.01", discount="0.005", kind="service", unit_cost=5),  # 20, 2.5
            line("l3", 1, "9.99", kind="freight"),
        ),
        order("o2", line("l1", 3, "10")),  # net 30, cost unknown
        order("o3", line("l1", 1, "7", kind="tax")),  # net 0, no goods or service line
        order("o4", line("l1", 1, "1000"), currency="EUR"),  # no rate: waits
        order("o5", line("l1", 1, "1"), status="canceled"),
        back("b1", "o1", came("l1", 1, "45"), came("l2", 0, "5", cost="1"), came("l3", 1, "9.99")),
        back("b2", "o4", came("l1", "0.25", "250")),
        back("b3", "o2", came("no such line", 1, "10")),
        back("b4", "o5", came("l1", 1, "1")),
    )
    three_quarters = {"coverage": 0.75}  # converted o1 o2 o3 of four
    assert found["orders"] == {"value": 4}
    # 120 + 30 − 45 − 5
    assert found["revenue"] == {"value": "100.00"} | three_quarters
    assert found["ttm_revenue"] == found["revenue"]
    # 150 ÷ 3, returns left out
    size = {"value": "50.00", "numerator": "150.00", "denominator": 3}
    assert found["average_order_size"] == size | three_quarters
    # l1 l2 · l1 · none · l1 (o4 is an order like others here) ÷ 4
    assert found["lines_per_order"] == {"value": 1.0, "numerator": 4, "denominator": 4}
    # 2 + 0.5 + 3 + 1 − 1 − 0 − 0.25
    assert found["units_sold"] == {"value": 5.25}
    # o1: 60 + 2.5; orders with such a line: o1 o2 o4
    assert found["cost_per_order"] == {
        "value": "62.50",
        "numerator": "62.50",
        "denominator": 1,
        "coverage": 0.333333,
    }
    # net 120 − 50 = 70; cost 62.5 − 30 (1 × unit cost) − 1 = 31.5; 38.5 ÷ 70 = 0.55
    # coverage (120 ÷ 150) × (3 ÷ 4)
    assert found["gross_margin_pct"] == {
        "value": 0.55,
        "numerator": "38.50",
        "denominator": "70.00",
        "coverage": 0.6,
    }
    # 50 ÷ 150
    rated = {"value": 0.333333, "numerator": "50.00", "denominator": "150.00"}
    assert found["return_rate"] == rated | three_quarters


def test_returns_lower_the_day_they_came_back() -> None:
    events = [order("o1"), back("b1", "o1", came("l1", 1, "100.005"), at="2026-11-21T10:00:00Z")]
    assert figures(*events)["revenue"] == {"value": "100.00", "coverage": 1.0}
    # −100.005 to the even cent; no order placed: its base is 0
    later = figures(*events, on="2026-11-21")
    assert later["revenue"] == {"value": "-100.00", "coverage": 1.0}
    assert later["units_sold"] == {"value": -1.0}
    assert later["return_rate"]["value"] is None
    assert later["gross_margin_pct"]["value"] is None


@pytest.mark.parametrize(
    ("price", "shown"), [("0.125", "0.12"), ("0.135", "0.14"), ("0.1251", "0.13"), ("0", "0.00")]
)
def test_money_is_rounded_once_half_to_even(price: str, shown: str) -> None:
    assert figures(order("o", line("l", 1, price)))["revenue"]["value"] == shown
    gone = back("b", "o", came("l", 1, "0.0049"))
    tiny = figures(order("o", line("l", 1, "0")), gone)
    assert tiny["revenue"]["value"] == "0.00"  # never −0.00


def test_extreme_amounts_stay_exact() -> None:
    big = "999999999999999.9999"
    found = figures(order("o", line("l", big, big), line("m", "0.0001", "0.005")))
    # (10^15 − 10^−4)² + 0.0000005 = 10^30 − 2·10^11 + 10^−8 + 5·10^−7
    assert found["revenue"]["value"] == "999999999999999999800000000000.00"


def test_the_rate_is_of_the_local_day_or_the_last_before() -> None:
    rates = [rate("EUR", "2026-11-18", "1.1"), rate("EUR", "2026-11-20", "1.2")]
    late = order("o", at="2026-11-20T03:00:00Z", currency="EUR")  # still the 19th in Denver
    denver = rep(zone="America/Denver")
    found = figures(*rates, late, denver, on="2026-11-19")
    assert found["revenue"] == {"value": "110.00", "coverage": 1.0}
    gone = back("b", "o", came("l1", 1, "10"), at="2026-11-22T12:00:00Z")
    # a return at the order's rate: 10 × 1.1
    assert figures(*rates, late, denver, gone, on="2026-11-22")["revenue"]["value"] == "-11.00"
    early = order("o", at="2026-11-17T12:00:00Z", currency="EUR")
    waits = figures(*rates, early, on="2026-11-17")
    assert waits["revenue"] == {"value": "0.00", "coverage": 0.0}


def test_quotes() -> None:
    found = figures(
        quote("q1", status="declined"),
        quote("q2", amount="0.125"),
        quote("q3", status="draft"),
        quote("q4", currency="EUR"),
    )
    assert found["quotes"] == {"value": 3}
    assert found["quoted_amount"] == {"value": "100.12", "coverage": 0.666667}
    assert found["quote_to_order"] == {"value": 0.0, "numerator": 0, "denominator": 3}


def turned(*events: Json) -> Any:
    found = figures(*events)["quote_to_order"]
    return found["numerator"], found["denominator"]


def test_an_order_that_names_the_quote_turns_it_within_180_days() -> None:
    named = {"quote_id": "q", "rep_id": "r9", "customer": None}  # whoever's
    issued = quote("q", "2026-11-20T12:00:00Z")
    assert turned(issued, order("o", at="2026-11-20T12:00:00Z", **named)) == (1, 1)
    assert turned(issued, order("o", at="2026-11-20T11:59:59Z", **named)) == (0, 1)
    assert turned(issued, order("o", at="2027-05-19T12:00:00Z", **named)) == (1, 1)
    assert turned(issued, order("o", at="2027-05-19T12:00:01Z", **named)) == (0, 1)
    canceled = order("o", at="2026-11-20T12:00:00Z", **named, status="canceled")
    assert turned(issued, canceled) == (0, 1)


def test_an_order_that_names_none_turns_the_latest_of_30_days() -> None:
    quotes = [
        quote("a", "2026-11-20T10:00:00Z"),
        quote("b", "2026-11-20T10:00:00Z"),
        quote("c", "2026-11-20T09:00:00Z"),
    ]
    known = oracle(*quotes, order("o", at="2026-12-20T10:00:00Z"))  # exactly 30 d
    assert [q.quote_id for q in known.results.quotes if known.results.turned(q)] == ["b"]
    assert turned(*quotes, order("o", at="2026-12-20T10:00:01Z")) == (0, 3)
    assert turned(*quotes, order("o", rep_id="r2")) == (0, 3)
    assert turned(*quotes, order("o", customer={"customer_id": "bob"})) == (0, 3)
    unknown = [quote("u", customer=None), order("o", customer=None)]
    assert turned(*unknown) == (0, 1)  # unknown parties are no customer


def test_a_draft_named_turns_nothing_and_a_withdrawn_quote_is_none() -> None:
    issued = quote("a", "2026-11-20T10:00:00Z")
    named = order("o", quote_id="d", customer=ADA)
    assert turned(issued, quote("d", status="draft"), named) == (0, 1)
    assert turned(issued, quote("d", status="draft"), void("quote", "d"), named) == (1, 1)
    assert turned(issued, named) == (1, 1)
