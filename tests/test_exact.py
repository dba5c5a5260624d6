"""Numbers rule by rule: rounding half to even, once, and what is shown for it."""

from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.exact import amount, encode, money, number, plus, times

decimals = st.decimals(min_value=Decimal("-1e30"), max_value=Decimal("1e30"), places=12)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("0.005", "0.00"),  # a tie goes to the even cent
        ("0.015", "0.02"),
        ("0.025", "0.02"),
        ("0.0250000000000000000000000000000000001", "0.03"),
        ("-0.015", "-0.02"),
        ("-0.004", "0.00"),  # never a negative zero
        ("1234.5", "1234.50"),
        ("-1234.5", "-1234.50"),
        ("99999999999999999999999999999999999.995", "100000000000000000000000000000000000.00"),
    ],
)
def test_money_has_two_places_half_even(value: str, shown: str) -> None:
    assert money(Decimal(value)) == shown


@pytest.mark.parametrize(
    ("value", "over", "places", "shown"),
    [
        (1, 3, 6, Decimal("0.333333")),
        (2, 3, 6, Decimal("0.666667")),
        (2, -3, 6, Decimal("-0.666667")),
        (5, 10**7, 6, 0),  # 0.0000005 is a tie
        (15, 10**7, 6, Decimal("0.000002")),
        (-5, 10**7, 6, 0),  # never a negative zero
        (-15, 10**7, 6, Decimal("-0.000002")),
        (1, 2, 6, Decimal("0.5")),
        (Decimal("4.50"), Decimal("2.25"), 6, 2),
        (7, 1, 0, 7),
        (100, 1, 4, 100),
        (0, 5, 6, 0),
    ],
)
def test_numbers_drop_what_says_nothing(
    value: int | Decimal, over: int | Decimal, places: int, shown: int | Decimal
) -> None:
    result = number(value, places, over)
    assert (result, str(result)) == (shown, str(shown))


def test_adding_and_multiplying_lose_nothing() -> None:
    long, short = Decimal("1e40"), Decimal("1e-40")
    assert plus(plus(long, short), long, -1) == short
    assert plus(2, 3, -1) == -1
    assert times(plus(long, 1), plus(long, -1)) == 10**80 - 1


@given(decimals)
def test_money_is_what_decimal_would_quantize_with_room_enough(value: Decimal) -> None:
    exact = value.quantize(Decimal("0.01"), ROUND_HALF_EVEN, Context(prec=60))
    assert money(value) == format(exact or Decimal("0.00"), "f")
    assert amount(money(value)) == exact


@given(decimals, st.integers(min_value=0, max_value=6))
def test_numbers_are_never_further_off_than_half_a_unit(value: Decimal, places: int) -> None:
    shown = number(value, places)
    assert abs(Fraction(shown) - Fraction(value)) * 2 <= Fraction(1, 10**places)
    assert not str(shown).startswith("-0") or shown < 0


def test_json_shows_long_numbers_digit_by_digit() -> None:
    shown = [number(Decimal("123456789012345678.123449"), 4), 10**20, Decimal("0.000001")]
    assert encode(shown) == b"[123456789012345678.1234,100000000000000000000,0.000001]"
