"""Whom a rule watches, over which periods, and when each is due, over and final."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from app.alerts.decide import Standing, State, Window
from app.alerts.rule import Check, Subjects
from app.alerts.windows import Watched, in_scope, moments, periods, reps, teams, window_of
from app.directory import Directory, RepState, Timeline
from app.periods import Kind, Period, period_of
from app.spans import Roster
from tests.alerts.given import ENDS, FINAL, LIVE, NOON, STARTS, a_rule

FINAL_AFTER = timedelta(hours=36)
TODAY = date(2026, 11, 20)
THE_DAY = period_of(Kind.DAY, TODAY)


def state(
    team: str | None = "West", zone: str = "America/Denver", *, active: bool = True,
    since: date = date(2000, 1, 1),
) -> RepState:  # fmt: skip
    return RepState(since, "A name", team, None, zone, active)


def roster(now: datetime = NOON, **timelines: list[RepState]) -> Roster:
    directory = Directory({rep: Timeline(s, "UTC") for rep, s in timelines.items()}, "UTC")
    return Roster(directory, now)


def one(timeline: list[RepState], now: datetime = NOON) -> Watched:
    return reps(roster(now, r1=timeline), [])[0]


def test_everybody_is_watched_by_the_own_day() -> None:
    present = roster(r1=[state()], r2=[state("East", "Asia/Tokyo")])
    assert [(w.rep_id, w.team, w.today) for w in reps(present, ["nobody-knows"])] == [
        ("r1", "West", TODAY), ("r2", "East", TODAY + timedelta(days=1)),
        ("nobody-knows", None, TODAY),
    ]  # fmt: skip


def test_a_team_goes_by_the_zone_most_of_it_lives_in_and_ends_with_its_last() -> None:
    present = roster(
        r1=[state()], r2=[state(zone="America/New_York")], r3=[state(zone="America/New_York")],
        r4=[state(zone="Asia/Tokyo", active=False)], r5=[state("East", active=False)],
        r6=[state(None)],
    )  # fmt: skip
    (west,) = teams(present)
    assert (west.rep_id, west.team, west.today) == (None, "West", TODAY)
    assert west.zone_on(TODAY) == "America/New_York"
    window = window_of(a_rule(check=Check.AFTER, at=time(17)), west, THE_DAY, FINAL_AFTER)
    # 17:00 in New York; over when the day is over in Denver.
    assert window == Window(datetime(2026, 11, 20, 22, tzinfo=UTC), ENDS, FINAL)


@pytest.mark.parametrize(
    ("over", "timeline", "inside"),
    [
        ({}, [state()], True),
        ({}, [state(active=False)], False),
        ({}, [state(since=date(2026, 11, 21))], False),
        ({}, [], True),  # nobody announced
        ({"team": "West"}, [], False),
        ({"team": "West"}, [state()], True),
        ({"team": "West"}, [state("East")], False),
        ({"team": "West"}, [state("East"), state(since=TODAY)], True),
        ({"rep_id": "r1"}, [state()], True),
        ({"rep_id": "r2"}, [state()], False),
        ({"subjects": Subjects.TEAMS}, [state()], False),
    ],
)
def test_which_reps_are_in_scope(
    over: dict[str, Any], timeline: list[RepState], inside: bool
) -> None:
    assert in_scope(a_rule(**over), one(timeline), THE_DAY) is inside


def test_a_past_period_goes_by_its_last_day() -> None:
    moved = one([state("East"), state(since=TODAY)])
    yesterday = period_of(Kind.DAY, date(2026, 11, 19))
    assert not in_scope(a_rule(team="West"), moved, yesterday)
    assert in_scope(a_rule(team="East"), moved, yesterday)


def test_which_teams_are_in_scope() -> None:
    (west,) = teams(roster(r1=[state()]))
    for over, inside in [({}, True), ({"team": "West"}, True), ({"team": "East"}, False)]:
        rule = a_rule(subjects=Subjects.TEAMS, **over)
        assert in_scope(rule, west, THE_DAY) is inside
    assert not in_scope(a_rule(), west, THE_DAY)


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("over", "period", "due"),
    [
        ({}, Kind.DAY, STARTS),
        ({"check": Check.CLOSE}, Kind.DAY, ENDS),
        ({"check": Check.AFTER, "at": time(17, 30)}, Kind.DAY, utc(2026, 11, 21, 0, 30)),
        # Of a longer period on its last day: Sunday, and the 30th.
        ({"check": Check.AFTER, "at": time(17)}, Kind.WEEK, utc(2026, 11, 23)),
        ({"check": Check.AFTER, "at": time(17)}, Kind.MONTH, utc(2026, 12, 1)),
        ({"check": Check.AFTER, "at": time(17)}, Kind.TTM, utc(2026, 11, 21)),
    ],
)
def test_when_a_period_is_due(over: dict[str, Any], period: Kind, due: datetime) -> None:
    rule = a_rule(period=period, **over)
    window = window_of(rule, one([state()]), period_of(period, TODAY), FINAL_AFTER)
    assert window.due == due


@pytest.mark.parametrize(
    ("day", "at", "due"),
    [
        # The clocks go back at 2:00: 1:30 comes twice, the first time counts.
        (date(2026, 11, 1), time(1, 30), utc(2026, 11, 1, 7, 30)),
        # They go forward at 2:00: 2:30 is skipped.
        (date(2026, 3, 8), time(2, 30), utc(2026, 3, 8, 9, 30)),
        (date(2026, 3, 8), time(0, 0), utc(2026, 3, 8, 7, 0)),
    ],
)
def test_times_of_day_that_come_twice_or_never(day: date, at: time, due: datetime) -> None:
    rule = a_rule(check=Check.AFTER, at=at)
    window = window_of(rule, one([state()]), period_of(Kind.DAY, day), FINAL_AFTER)
    assert window.due == due


def test_a_figure_that_looks_ahead_is_final_later() -> None:
    window = window_of(a_rule(kpi="quote_to_order"), one([state()]), THE_DAY, FINAL_AFTER)
    assert window == Window(STARTS, ENDS, FINAL + timedelta(days=30))


def days(*numbers: int) -> list[Period]:
    return [period_of(Kind.DAY, date(2026, 11, n)) for n in numbers]


@pytest.mark.parametrize(
    ("over", "watched"),
    [
        ({}, days(20)),
        # 36 hours before noon of the 20th is the first second of the 19th: the 18th had ended.
        ({"check": Check.CLOSE, "since": datetime(2026, 1, 1, tzinfo=UTC)}, days(20, 19)),
        # What was over when the rule came is none of its business.
        ({"check": Check.CLOSE, "since": STARTS}, days(20)),
        ({"check": Check.CLOSE, "since": STARTS - timedelta(seconds=1)}, days(20, 19)),
    ],
)
def test_which_periods_are_watched(over: dict[str, Any], watched: list[Period]) -> None:
    assert list(periods(a_rule(**over), one([state()]), NOON, FINAL_AFTER, 0)) == watched


def test_after_a_long_night_every_closed_period_that_is_not_final_is_still_watched() -> None:
    rule = a_rule(check=Check.CLOSE, since=datetime(2026, 1, 1, tzinfo=UTC))
    watched = list(periods(rule, one([state()]), NOON, timedelta(hours=61), 0))
    assert watched == days(20, 19, 18, 17)


def test_when_the_clock_alone_changes_something() -> None:
    assert list(moments(a_rule(), LIVE, NOON, None)) == [ENDS]
    pending = Standing(State.PENDING, NOON - timedelta(seconds=10))
    rule = a_rule(for_seconds=60)
    assert list(moments(rule, LIVE, NOON, pending)) == [
        ENDS, NOON + timedelta(seconds=50), FINAL,
    ]  # fmt: skip
    close = Window(ENDS, ENDS, FINAL)
    assert list(moments(a_rule(check=Check.CLOSE), close, STARTS, None)) == [ENDS, ENDS]
    assert list(moments(rule, close, ENDS, Standing(State.RESOLVED, ENDS))) == []
