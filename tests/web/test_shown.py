"""Figures in few characters, and the drawings beside them."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec import UNSET

from app.kpi import Figure
from app.kpis import kpi_of
from app.records import Record
from app.web.shown import added, length_of, part, rounded, share, shown, spark, spoken, worth
from tests.web.scene import NOW


@pytest.mark.parametrize(
    ("kpi", "figure", "short", "long"),
    [
        ("calls", Figure(0), "0", "0"),
        ("calls", Figure(12_345), "12,345", "12,345"),
        ("talk_time", Figure(59), "0:00", "0 h 0 min"),
        ("talk_time", Figure(181_887), "50:31", "50 h 31 min"),
        ("revenue", Figure("76240.79", currency="USD"), "76,241", "76,240.79 USD"),
        ("revenue", Figure("-860.50", currency="EUR"), "-860", "-860.50 EUR"),
        ("answer_rate", Figure(None), "–", "nothing yet"),
    ],
)
def test_a_figure_short_and_in_full(kpi: str, figure: Figure, short: str, long: str) -> None:
    assert shown(kpi_of(kpi), figure) == short
    assert spoken(kpi_of(kpi), figure) == long


def test_a_bar_reaches_as_far_as_its_share_of_the_greatest() -> None:
    assert share(Figure(3), 12) == "25.0"
    assert share(Figure("12.00"), 12) == "100.0"
    assert [share(f, top) for f, top in ((Figure("-1.00"), 5), (Figure(0), 5), (Figure(None), 5),
                                         (Figure(0), 0))] == ["0"] * 4  # fmt: skip


def test_a_line_goes_from_left_to_right_with_nothing_at_the_bottom() -> None:
    line = spark([Figure(0), Figure(5), Figure(10), Figure("-3.00")])
    assert line is not None
    assert line.points == "0.0,26.0 33.3,14.0 66.7,2.0 100.0,26.0"
    assert (line.x, line.y) == ("100.0", "26.0")
    assert spark([Figure(0), Figure(0)]) is None
    assert spark([Figure(3)]) is None


def test_the_least_a_number_can_be_stands_still() -> None:
    assert [rounded(least) for least in (0, 7, 87, 100, 1_239, 1_999)] == [
        0, 7, 80, 100, 1_000, 1_000,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kpi", "figure", "full", "parts"),
    [
        ("calls", Figure(12_345), "12,345", ""),
        ("units_sold", Figure(Decimal("2.5")), "2.5", ""),
        ("talk_time", Figure(59), "59 s", ""),
        ("talk_time", Figure(245), "4 min 05 s", ""),
        ("talk_time", Figure(7_500), "2 h 05 min", ""),
        ("revenue", Figure("-1860.50", currency="EUR", coverage=Decimal("0.5")),
         "-1,860.50 EUR", "50 % known"),
        ("answer_rate", Figure(Decimal("0.4594"), numerator=475, denominator=1_034), "45.9 %",
         "475 of 1,034"),
        ("answer_rate", Figure(None, numerator=0, denominator=0), "–", "0 of 0"),
        ("hold_share", Figure(Decimal("0.25"), numerator=60, denominator=240, coverage=1),
         "25.0 %", "1 min 00 s of 4 min 00 s"),
        ("lines_per_order", Figure(Decimal("1.826"), numerator=42, denominator=23), "1.83",
         "42 over 23"),
        ("calls_per_day", Figure(Decimal("70.68"), numerator=1_237, denominator=Decimal("17.5")),
         "70.7", "1,237 over 17.5"),
        ("talk_time_per_day", Figure(Decimal("7200.5"), numerator=14_401, denominator=2),
         "2 h 00 min", "4 h 00 min over 2"),
        ("average_conversation", Figure(Decimal("61.5"), numerator=123, denominator=2),
         "1 min 01 s", "2 min 03 s over 2"),
    ],
)  # fmt: skip
def test_a_figure_on_a_scorecard(kpi: str, figure: Figure, full: str, parts: str) -> None:
    assert worth(kpi_of(kpi), figure) == full
    assert part(kpi_of(kpi), figure) == parts


def test_lengths_that_are_not_known_are_not_said() -> None:
    assert [length_of(s) for s in (None, UNSET, 0, 245)] == ["", "", "0:00", "4:05"]


def test_what_a_record_adds() -> None:
    def record(*, counted: bool = True, **adds: Any) -> Record:
        return Record(kind="call", id="c1", at=NOW, day=NOW.date(), counted=counted, reason=None,
                      **adds)  # fmt: skip

    assert added(kpi_of("calls"), record(value=1)) == "1"
    assert added(kpi_of("talk_time"), record(value=245)) == "4:05"
    assert added(kpi_of("revenue"), record(value="1240.50")) == "1,240.50"
    assert added(kpi_of("answer_rate"), record(numerator=1, denominator=1)) == "1 of 1"
    assert added(kpi_of("calls"), record(counted=False, value=0)) == ""
