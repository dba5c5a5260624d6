"""Days that start where the contract says, and the periods made of them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.periods import Kind, Period, day_start, months_before, period_before, period_of, zone

ZONES = (
    "UTC", "America/Denver", "America/St_Johns", "Pacific/Apia", "Pacific/Kiritimati",
    "Pacific/Pago_Pago", "Asia/Kathmandu", "America/Sao_Paulo", "Asia/Beirut",
    "Australia/Lord_Howe", "America/Havana", "Africa/Cairo",
)  # fmt: skip


@pytest.mark.parametrize(
    ("zone_name", "day", "start"),
    [
        ("UTC", date(2026, 11, 20), "2026-11-20T00:00:00"),
        ("America/Denver", date(2026, 11, 20), "2026-11-20T07:00:00"),
        # The clock went back at 00:01 to 23:01 of the day before: the first midnight counts.
        ("America/St_Johns", date(2010, 11, 7), "2010-11-07T02:30:00"),
        # Samoa skipped 30 December 2011: it starts, and ends, where the 31st starts.
        ("Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00:00"),
        ("Pacific/Apia", date(2011, 12, 31), "2011-12-30T10:00:00"),
        # Midnight does not exist where the clock jumps from 00:00 to 01:00.
        ("America/Sao_Paulo", date(2018, 11, 4), "2018-11-04T03:00:00"),
        # It jumped from 23:30 over midnight to 00:30.
        ("America/Toronto", date(1919, 3, 31), "1919-03-31T04:30:00"),
        # Midnight comes twice: the first counts.
        ("America/Havana", date(2026, 11, 1), "2026-11-01T04:00:00"),
    ],
)
def test_a_day_starts_at_the_first_instant_with_its_date(
    zone_name: str, day: date, start: str
) -> None:
    assert day_start(zone_name, day) == datetime.fromisoformat(start).replace(tzinfo=UTC)


@given(
    st.sampled_from(ZONES),
    st.dates(date(2000, 1, 1), date(2050, 12, 31)),
)
def test_no_instant_before_the_start_has_the_date(zone_name: str, day: date) -> None:
    start, tz = day_start(zone_name, day), zone(zone_name)
    assert start.astimezone(tz).date() >= day
    for seconds in (1, 59, 1800, 3599, 7200, 40_000):
        assert (start - timedelta(seconds=seconds)).astimezone(tz).date() < day


@pytest.mark.parametrize(
    ("kind", "start", "end"),
    [
        (Kind.DAY, date(2028, 2, 29), date(2028, 3, 1)),
        (Kind.WEEK, date(2028, 2, 28), date(2028, 3, 6)),
        (Kind.MONTH, date(2028, 2, 1), date(2028, 3, 1)),
        (Kind.QUARTER, date(2028, 1, 1), date(2028, 4, 1)),
        (Kind.YEAR, date(2028, 1, 1), date(2029, 1, 1)),
        # (29 Feb 2028 - 12 months = 28 Feb 2027, 29 Feb 2028]
        (Kind.TTM, date(2027, 3, 1), date(2028, 3, 1)),
    ],
)
def test_periods_that_hold_a_leap_day(kind: Kind, start: date, end: date) -> None:
    assert period_of(kind, date(2028, 2, 29)) == Period(kind, start, end)


def test_weeks_may_start_on_another_day() -> None:
    sunday = period_of(Kind.WEEK, date(2026, 11, 24), week_start=6)
    assert sunday == Period(Kind.WEEK, date(2026, 11, 22), date(2026, 11, 29))


def test_december_ends_with_its_year() -> None:
    assert period_of(Kind.MONTH, date(2026, 12, 31)).end == date(2027, 1, 1)
    assert period_of(Kind.QUARTER, date(2026, 12, 31)).end == date(2027, 1, 1)


def test_months_before_keep_to_the_month() -> None:
    assert months_before(date(2026, 3, 31), 1) == date(2026, 2, 28)
    assert months_before(date(2026, 1, 15), 12) == date(2025, 1, 15)
    assert months_before(date(2026, 12, 1), -1) == date(2027, 1, 1)


@given(st.sampled_from([k for k in Kind if k is not Kind.RANGE]), st.dates(date(2001, 1, 1)))
def test_the_period_before_ends_where_this_starts(kind: Kind, day: date) -> None:
    period = period_of(kind, min(day, date(2100, 1, 1)))
    assert period_before(period).end == period.start


def test_the_range_before_is_as_long() -> None:
    week = Period(Kind.RANGE, date(2026, 11, 10), date(2026, 11, 17))
    assert period_before(week) == Period(Kind.RANGE, date(2026, 11, 3), date(2026, 11, 10))
