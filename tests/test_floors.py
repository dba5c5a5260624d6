"""Conversation floors by team and date: what was before a change stays."""

from datetime import date

import pytest

from app.floors import Floors

MARCH, JUNE = date(2026, 3, 1), date(2026, 6, 1)
CHANGED = Floors(90, [(JUNE, "West", 30), (MARCH, None, 60), (MARCH, "West", 120)])


@pytest.mark.parametrize(
    ("team", "day", "seconds"),
    [
        (None, date(2026, 2, 28), 90),
        ("West", date(2026, 2, 28), 90),
        (None, MARCH, 60),
        ("East", JUNE, 60),
        ("West", MARCH, 120),
        ("West", date(2026, 5, 31), 120),
        ("West", JUNE, 30),
    ],
)
def test_the_latest_floor_of_the_team_else_of_all(
    team: str | None, day: date, seconds: int
) -> None:
    assert CHANGED.on(team, day) == seconds


def test_without_steps_there_is_one_floor() -> None:
    assert Floors(75).on("West", MARCH) == 75


@pytest.mark.parametrize(
    ("team", "start", "end", "floors"),
    [
        ("West", date(2026, 1, 1), MARCH, {90}),
        ("West", date(2026, 1, 1), date(2026, 3, 2), {90, 120}),
        ("West", date(2026, 5, 31), date(2026, 12, 1), {120, 30}),
        ("West", JUNE, date(2026, 6, 2), {30}),
        ("East", date(2026, 1, 1), date(2026, 12, 1), {90, 60}),
    ],
)
def test_every_floor_that_holds_on_a_day_of_a_stretch(
    team: str, start: date, end: date, floors: set[int]
) -> None:
    assert CHANGED.between(team, start, end) == floors
