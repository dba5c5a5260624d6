"""Working weeks of the company and of teams, from a date on, and holidays."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import BadConfiguration
from app.work_calendar import WorkCalendar, public_holidays

days = st.dates(date(2026, 1, 1), date(2026, 12, 31))
weeks = st.sets(st.integers(0, 6))
steps = st.lists(st.tuples(days, st.sampled_from([None, "Gulf", "West"]), weeks), max_size=4)


@given(days, st.integers(0, 60), weeks, st.lists(days, max_size=8), steps)
def test_counting_is_the_same_as_looking_at_each_day(
    start: date,
    length: int,
    weekdays: set[int],
    free: list[date],
    changes: list[tuple[date, str | None, set[int]]],
) -> None:
    calendar = WorkCalendar(weekdays, free, changes)
    each = [start + timedelta(days=i) for i in range(length)]
    for team in (None, "Gulf", "East"):
        worked = [day for day in each if calendar.works(team, day)]
        assert calendar.count(team, start, start + timedelta(days=length)) == len(worked)
        assert worked == [
            day for day in each if day not in free and day.weekday() in calendar.week_of(team, day)
        ]


def test_a_team_has_its_own_week_from_a_date_on() -> None:
    gulf = [6, 0, 1, 2, 3]
    calendar = WorkCalendar(
        range(5), [date(2026, 11, 11)],
        [(date(2026, 11, 9), "Gulf", gulf), (date(2026, 11, 23), None, [0, 1, 2, 3])],
    )  # fmt: skip
    # Monday 2 to Sunday 8: five days each
    assert calendar.count("Gulf", date(2026, 11, 2), date(2026, 11, 9)) == 5
    # 9 to 15: Mon Tue (Wed free) Thu Sun for Gulf, Mon Tue Thu Fri for others
    assert calendar.count("Gulf", date(2026, 11, 9), date(2026, 11, 16)) == 4
    assert calendar.works("Gulf", date(2026, 11, 15))
    assert not calendar.works("Gulf", date(2026, 11, 13))
    assert calendar.works("West", date(2026, 11, 13))
    # from the 23rd nobody else works on Fridays; the team keeps its own week
    assert calendar.count("West", date(2026, 11, 23), date(2026, 11, 30)) == 4
    assert calendar.count("Gulf", date(2026, 11, 23), date(2026, 11, 30)) == 5


def test_public_holidays_come_from_a_calendar() -> None:
    assert date(2026, 7, 4) in public_holidays("US")
    assert date(2026, 3, 31) in public_holidays("US-CA")
    assert date(2026, 3, 31) not in public_holidays("US")
    with pytest.raises(BadConfiguration, match="RINGSIDE_HOLIDAY_CALENDAR: Country ZZ"):
        public_holidays("ZZ")
