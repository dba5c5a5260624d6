"""Every KPI by hand: the same day's sums, and the figure each formula makes of them."""

from decimal import Decimal
from typing import Any

import pytest

from app.errors import BadRequest, NotFound
from app.kpi import BEYOND, MONEY, Figure, Sums, figure
from app.kpis import CATALOGUE, chosen, kpi_of
from app.rollups import AMOUNTS, MEASURES

D = Decimal

SUMS: Sums = {
    "calls": 65, "outbound_calls": 50, "inbound_calls": 15,
    "answered_calls": 40, "answered_outbound": 27,
    "conversations": 19, "call_conversations": 18, "assists": 2, "missed_inbound": 3,
    "talk_time": 9000, "non_customer_talk": 600,
    "spoken_conversations": 18, "timed_conversations": 17, "timed_talk": 7001,
    "hold_known_calls": 39, "hold_seconds": 1227, "hold_talk": 9000, "hold_heavy_calls": 1,
    "repeat_conversations": 7, "repeat_quote_conversations": 3, "unproductive_repeats": 4,
    "outbound_to_customer": 48, "new_customer_calls": 31, "unknown_party_calls": 2,
    "right_party_known": 12, "right_party_conversations": 11,
    "orders": 4, "converted_orders": 3, "order_lines": 9, "item_orders": 4, "costed_orders": 2,
    "quotes": 6, "converted_quotes": 5, "turned_quotes": 2,
    "units": D("20.5"), "returned_units": D("1.25005"),
    "net": D("1334.5"), "returned": D("100"), "costed_cost": D("700.01"),
    "known_net": D("1000.25"), "known_cost": D("650"),
    "known_returned": D("50.25"), "known_returned_cost": D("32.5"),
    "quoted_amount": D("5000.125"),
    "working_days": D("1.5"), "customers": 41,
}  # fmt: skip

EXPECTED: dict[str, dict[str, Any]] = {
    "calls": {"value": 65},
    "outbound_calls": {"value": 50},
    "inbound_calls": {"value": 15},
    "answered_calls": {"value": 40},
    "conversations": {"value": 19},
    "missed_inbound": {"value": 3},
    "talk_time": {"value": 9000},
    # 65 / 1.5 = 43.333…
    "calls_per_day": {"value": D("43.333333"), "numerator": 65, "denominator": D("1.5")},
    # 19 / 1.5 = 12.666…
    "conversations_per_day": {"value": D("12.666667"), "numerator": 19, "denominator": D("1.5")},
    "talk_time_per_day": {"value": 6000, "numerator": 9000, "denominator": D("1.5")},
    "answer_rate": {"value": D("0.54"), "numerator": 27, "denominator": 50},
    # 15 of 15 + 3
    "inbound_answer_rate": {"value": D("0.833333"), "numerator": 15, "denominator": 18},
    # 18 / (65 - 2) = 2 / 7
    "conversation_rate": {"value": D("0.285714"), "numerator": 18, "denominator": 63},
    # 7001 / 17 = 411.8235294…; 17 of 18 spoken ones are timed
    "average_conversation": {
        "value": D("411.823529"), "numerator": 7001, "denominator": 17, "coverage": D("0.944444"),
    },
    # 1227 / (9000 + 1227) = 0.11997653…; hold is known of 39 of 40
    "hold_share": {
        "value": D("0.119977"), "numerator": 1227, "denominator": 10227, "coverage": D("0.975"),
    },
    "hold_heavy_calls": {"value": 1},
    "repeat_conversations": {"value": 7},
    "repeat_quote_conversations": {"value": 3},
    "repeat_quote_share": {"value": D("0.428571"), "numerator": 3, "denominator": 7},
    "unproductive_repeats": {"value": 4},
    "customers_called": {"value": 41},
    # 48 / 41 = 1.17073170…
    "calls_per_customer": {"value": D("1.170732"), "numerator": 48, "denominator": 41},
    # 31 / 48 = 0.64583333…
    "new_customer_share": {"value": D("0.645833"), "numerator": 31, "denominator": 48},
    # 2 / 65 = 0.03076923…
    "unknown_party_share": {"value": D("0.030769"), "numerator": 2, "denominator": 65},
    # 600 of 9000 + 600
    "non_customer_talk_share": {"value": D("0.0625"), "numerator": 600, "denominator": 9600},
    # 11 / 12; known of 12 of 19 conversations = 0.63157894…
    "right_party_rate": {
        "value": D("0.916667"), "numerator": 11, "denominator": 12, "coverage": D("0.631579"),
    },
    "orders": {"value": 4},
    # 1334.50 - 100; 3 of 4 orders are converted
    "revenue": {"value": "1234.50", "currency": "USD", "coverage": D("0.75")},
    # 1334.50 / 3 = 444.8333…
    "average_order_size": {
        "value": "444.83", "numerator": "1334.50", "denominator": 3,
        "currency": "USD", "coverage": D("0.75"),
    },
    "lines_per_order": {"value": D("2.25"), "numerator": 9, "denominator": 4},
    # 20.5 - 1.25005 = 19.24995: a tie, to the even 19.2500 rather than 19.2499
    "units_sold": {"value": D("19.25")},
    # 700.01 / 2 = 350.005: a tie, to the even cent; 2 of 4 orders have all their costs
    "cost_per_order": {
        "value": "350.00", "numerator": "700.01", "denominator": 2,
        "currency": "USD", "coverage": D("0.5"),
    },
    # net 1000.25 - 50.25 = 950; cost 650 - 32.5 = 617.5; 332.5 / 950 = 0.35
    # coverage 1000.25 / 1334.5 * 3 / 4 = 0.56214874…
    "gross_margin_pct": {
        "value": D("0.35"), "numerator": "332.50", "denominator": "950.00",
        "coverage": D("0.562149"),
    },
    "ttm_revenue": {"value": "1234.50", "currency": "USD", "coverage": D("0.75")},
    "quotes": {"value": 6},
    # 5000.125: a tie; 5 of 6 quotes are converted
    "quoted_amount": {"value": "5000.12", "currency": "USD", "coverage": D("0.833333")},
    "quote_to_order": {"value": D("0.333333"), "numerator": 2, "denominator": 6},
    # 100 / 1334.5 = 0.07493443…
    "return_rate": {
        "value": D("0.074934"), "numerator": "100.00", "denominator": "1334.50",
        "coverage": D("0.75"),
    },
}  # fmt: skip


def test_every_kpi_is_worked_by_hand() -> None:
    assert set(SUMS) == {*MEASURES, *BEYOND}
    assert [kpi.id for kpi in CATALOGUE] == list(EXPECTED)


@pytest.mark.parametrize("kpi_id", EXPECTED)
def test_the_figure_is_the_one_worked_by_hand(kpi_id: str) -> None:
    assert figure(kpi_of(kpi_id), SUMS, "USD") == Figure(**EXPECTED[kpi_id])


def test_the_catalogue_uses_every_measure_and_no_other() -> None:
    assert frozenset().union(*(kpi.needs for kpi in CATALOGUE)) == {*MEASURES, *BEYOND}
    assert {*AMOUNTS} - {"units", "returned_units"} == MONEY


def test_ids_and_titles_are_unique_and_definitions_are_sentences() -> None:
    assert len({kpi.id for kpi in CATALOGUE}) == len({kpi.title for kpi in CATALOGUE}) == 38
    for kpi in CATALOGUE:
        assert kpi.definition[0].isupper(), kpi.id
        assert kpi.definition.endswith("."), kpi.id
    assert kpi_of("cost_per_order").title == "cost of goods per order"


def test_results_lag_and_the_rest_leads() -> None:
    assert {kpi.family.value: kpi.timing for kpi in CATALOGUE} == {
        "activity": "lead", "quality": "lead", "results": "lag",
    }  # fmt: skip


def test_only_what_looks_ahead_is_final_later() -> None:
    assert {kpi.id: kpi.look_ahead_days for kpi in CATALOGUE if kpi.look_ahead_days} == {
        "repeat_quote_conversations": 7, "repeat_quote_share": 7, "quote_to_order": 30,
    }  # fmt: skip


def test_kpis_are_chosen_in_catalogue_order_each_once() -> None:
    assert [kpi.id for kpi in chosen(["quotes", "calls", "quotes"])] == ["calls", "quotes"]
    assert chosen(None) == CATALOGUE


def test_unknown_kpis_are_named() -> None:
    with pytest.raises(BadRequest) as refused:
        chosen(["calls", "charm", "Calls"])
    assert [error.detail for error in refused.value.errors] == [
        "there is no KPI 'Calls'", "there is no KPI 'charm'",
    ]  # fmt: skip
    with pytest.raises(NotFound):
        kpi_of("charm")
