"""Figures in few characters, and the drawings beside them."""

import pytest

from app.kpi import Figure
from app.kpis import kpi_of
from app.web.shown import rounded, share, shown, spark, spoken


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
