"""The rules of every figure: nothing is null or nought, one rounding, coverage."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kpi import Figure, Sums, Unit, figure, terms
from app.kpis import CATALOGUE, kpi_of
from app.rollups import COUNTS

D = Decimal


@pytest.mark.parametrize("kpi", CATALOGUE, ids=lambda kpi: kpi.id)
def test_nothing_is_nought_for_a_sum_and_null_for_a_quotient(kpi: Any) -> None:
    result = figure(kpi, {}, "USD")
    nought = "0.00" if kpi.unit is Unit.MONEY else 0
    assert result.value == (nought if kpi.over is None else None)
    assert result.coverage == (1 if kpi.coverage else result.coverage)


def test_a_denominator_below_nought_gives_null() -> None:
    # More came back than was sold: 10 - 30 of net.
    sums: Sums = {"known_net": D(10), "known_returned": D(30), "net": D(10), "orders": 1}
    assert figure(kpi_of("gross_margin_pct"), sums, "EUR") == Figure(
        None, numerator="-20.00", denominator="-20.00", coverage=0
    )


def test_revenue_can_fall_below_nought_but_never_to_a_negative_nought() -> None:
    revenue = kpi_of("revenue")
    assert figure(revenue, {"returned": D("12.345")}, "EUR").value == "-12.34"
    assert figure(revenue, {"returned": D("0.004")}, "EUR").value == "0.00"
    margin = kpi_of("gross_margin_pct")
    tiny = {"known_net": D(10_000_000), "known_cost": D(10_000_001)}
    assert str(figure(margin, tiny, "EUR").value) == "0"


def test_sums_longer_than_a_default_decimal_stay_exact() -> None:
    revenue = kpi_of("revenue")
    net = D("1234567890123456789012345678901234.005")
    assert figure(revenue, {"net": net}, "EUR").value == "1234567890123456789012345678901234.00"
    # A hair past the tie, which only exact arithmetic sees.
    more = D("1234567890123456789012345678901234.0150000000000000000000000000000000000001")
    less = D("0.00999999999999999999999999999999999999")
    sums = {"net": more, "returned": less}
    assert figure(revenue, sums, "EUR").value == "1234567890123456789012345678901234.01"


def test_each_factor_of_margin_coverage_is_one_where_its_base_is_nought() -> None:
    margin = kpi_of("gross_margin_pct")
    assert figure(margin, {"orders": 4, "converted_orders": 1}, "EUR").coverage == D("0.25")
    assert figure(margin, {"net": D(8), "known_net": D(2)}, "EUR").coverage == D("0.25")


@given(st.dictionaries(st.sampled_from(COUNTS), st.integers(0, 10**6)))
def test_a_share_times_its_denominator_is_its_numerator(sums: dict[str, int]) -> None:
    for kpi in CATALOGUE:
        result = figure(kpi, sums, "USD")
        if isinstance(result.numerator, int) and isinstance(result.denominator, int):
            if result.denominator <= 0:
                assert result.value is None
            else:
                assert result.value is not None
                gap = D(result.value) * result.denominator - result.numerator
                assert abs(gap) <= D("0.0000005") * result.denominator


def test_terms_carry_their_signs() -> None:
    assert terms("net") == ((1, "net"),)
    assert terms("a - b + c") == ((1, "a"), (-1, "b"), (1, "c"))
