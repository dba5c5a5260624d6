"""Columns: the same as amounts one by one, whatever their size and decimals."""

from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app import exact
from app.column import Column, added, negative, of_amounts, scaled, total, zeros
from app.exact import Amount

Amounts = st.SearchStrategy[Amount]

small: Amounts = st.integers(0, 10_000)
large: Amounts = st.integers(0, 10**21)
money: Amounts = st.decimals(0, 10**15, places=4)
# Quantity times price times a rate of twelve decimals.
converted: Amounts = st.decimals(0, 10**15, places=20)
kinds = st.sampled_from([small, large, money, converted])
columns: st.SearchStrategy[list[Amount]] = kinds.flatmap(
    lambda kind: st.lists(kind, min_size=1, max_size=6)
)
signed = columns.flatmap(lambda c: st.sampled_from([c, [-amount for amount in c]]))


def amounts(column: Column) -> list[Amount]:
    return column.amounts(np.arange(len(column.units)))


@given(signed)
def test_a_column_holds_every_amount_exactly(given_amounts: list[Amount]) -> None:
    assert amounts(of_amounts(given_amounts)) == given_amounts


@given(signed)
def test_the_other_sign_is_exact(given_amounts: list[Amount]) -> None:
    assert amounts(negative(of_amounts(given_amounts))) == [
        exact.plus(0, amount, -1) for amount in given_amounts
    ]


@given(st.lists(signed, min_size=1, max_size=5))
def test_sums_are_exact_and_a_short_column_goes_on_with_zeros(many: list[list[Amount]]) -> None:
    width = max(map(len, many))
    expected: list[Amount] = [0] * width
    for column in many:
        for i, amount in enumerate(column):
            expected[i] = exact.plus(expected[i], amount)
    assert amounts(added([of_amounts(column) for column in many])) == expected


@given(signed, columns, st.sampled_from([0, 2, 4, 6]))
def test_quotients_are_rounded_as_each_alone(
    values: list[Amount], overs: list[Amount], places: int
) -> None:
    width = min(len(values), len(overs))
    value, over = of_amounts(values[:width]), of_amounts(overs[:width])
    keys = scaled(value, over, places)
    for key, top, under in zip(keys, values, overs, strict=False):
        if under > 0:
            assert key == exact.scaled(top, under, places)
    for key, top in zip(scaled(value, None, places), values, strict=False):
        assert key == exact.scaled(top, 1, places)


def test_ties_go_to_even() -> None:
    halves = of_amounts([1, 3, 5, -1, -3])
    assert list(scaled(halves, of_amounts([2] * 5), 0)) == [0, 2, 2, 0, -2]
    cents = of_amounts([Decimal("0.005"), Decimal("0.015"), Decimal("0.0150001")])
    assert list(scaled(cents, None, 2)) == [0, 2, 2]


def test_nothing_wraps_around() -> None:
    most = of_amounts([2**63 - 1])
    assert most.units.dtype == np.int64
    assert amounts(added([most, most])) == [2 * (2**63 - 1)]
    assert list(scaled(most, of_amounts([1]), 6)) == [(2**63 - 1) * 10**6]


def test_an_expression_of_measures() -> None:
    columns = {"net": of_amounts([Decimal("2.50"), 7]), "returned": of_amounts([1, Decimal("0.5")])}
    assert amounts(total("net - returned", columns, 2)) == [Decimal("1.50"), Decimal("6.5")]
    assert amounts(total("orders", columns, 2)) == [0, 0]


def test_picking_past_the_end_finds_nothing() -> None:
    picked = of_amounts([5, 6]).picked(np.array([1, 3, 0], np.intp))
    assert amounts(picked) == [6, 0, 5]
    assert amounts(zeros(2).picked(np.array([], np.intp))) == []
