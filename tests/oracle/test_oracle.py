"""The oracle held to hand-worked examples: days, periods, owners, records, status, boards."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.oracle.board import Entry, boards, leaderboard
from tests.oracle.days import day_start
from tests.oracle.form import CATALOGUE, money, places
from tests.oracle.periods import before, period
from tests.oracle.say import (
    DAY,
    NOW,
    figures,
    leg,
    line,
    oracle,
    order,
    quote,
    rep,
    said,
    segment,
    unanswered,
    values,
    void,
)
from tests.oracle.series import buckets, series
from tests.oracle.wire import exact, instant, number

FRIDAY = date(2026, 11, 20)
SATURDAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("zone", "day", "start"),
    [
        ("America/Denver", "2026-11-20", "2026-11-20T07:00:00Z"),
        ("Asia/Kathmandu", "2026-11-20", "2026-11-19T18:15:00Z"),
        # Cairo's clocks go from 00:00 to 01:00 on 24 April 2026: the day starts with the gap
        ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00Z"),
        # Havana puts clocks back from 01:00 to 00:00 on 1 November 2026: the first 00:00
        ("America/Havana", "2026-11-01", "2026-11-01T04:00:00Z"),
        # St. John's went back from 00:01 to 23:01 on 6 November 2011: a minute was enough
        ("America/St_Johns", "2011-11-06", "2011-11-06T02:30:00Z"),
        # Apia had no 30 December 2011: both days start where the 31st does
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"),
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z"),
    ],
)
def test_a_day_starts_where_its_date_is_first_seen(zone: str, day: str, start: str) -> None:
    assert day_start(zone, date.fromisoformat(day)) == instant(start)


def test_days_have_23_and_25_hours_and_more_where_the_zone_changes() -> None:
    days = oracle(rep(zone="America/Denver")).days
    spring, autumn = date(2026, 3, 8), date(2026, 11, 1)
    assert days.end("r1", spring) - days.start("r1", spring) == timedelta(hours=23)
    assert days.end("r1", autumn) - days.start("r1", autumn) == timedelta(hours=25)
    west = rep(zone="Pacific/Pago_Pago", effective_from="2026-11-20")
    moved = oracle(rep(zone="Pacific/Kiritimati"), west).days
    # the 19th starts at 18th 10:00Z, the 20th (11 h behind) at 20th 11:00Z
    assert moved.end("r1", date(2026, 11, 19)) - moved.start("r1", date(2026, 11, 19)) == (
        timedelta(hours=49)
    )
    east = rep(zone="Pacific/Kiritimati", effective_from="2026-11-20")
    hurried = oracle(rep(zone="Etc/GMT+12"), east).days
    # the 19th would start at 12:00Z, the 20th starts at 19th 10:00Z: the 19th has no instant
    assert hurried.of("r1", instant("2026-11-19T09:59:59Z")) == date(2026, 11, 18)
    assert hurried.of("r1", instant("2026-11-19T10:00:00Z")) == FRIDAY
    assert hurried.of("r1", instant("2026-11-19T13:00:00Z")) == FRIDAY


def test_periods() -> None:
    assert period("week", FRIDAY) == (date(2026, 11, 16), date(2026, 11, 23))
    assert period("week", FRIDAY, 6) == (date(2026, 11, 15), date(2026, 11, 22))
    assert period("quarter", FRIDAY) == (date(2026, 10, 1), date(2027, 1, 1))
    assert period("month", date(2024, 2, 29)) == (date(2024, 2, 1), date(2024, 3, 1))
    assert period("ttm", date(2024, 2, 29)) == (date(2023, 3, 1), date(2024, 3, 1))
    assert period("ttm", date(2025, 2, 28)) == (date(2024, 2, 29), date(2025, 3, 1))


def test_ttm_revenue_is_as_of_the_last_day_or_today() -> None:
    events = [
        order("now", line("l", 1, 1), at="2026-11-24T12:00:00Z"),
        order("ahead", line("l", 1, 10), at="2026-11-25T12:00:00Z"),
        order("first", line("l", 1, 100), at="2025-11-25T00:00:00Z"),
        order("before", line("l", 1, 1000), at="2025-11-24T23:59:59Z"),
    ]
    # today is 24 November 2026: (24 November 2025, today]
    assert figures(*events, on="2026-11-01", days=30)["ttm_revenue"]["value"] == "101.00"
    assert figures(*events, on="2026-11-01", days=30)["revenue"]["value"] == "11.00"
    # of 23 November: (23 November 2025, 23 November 2026]
    assert figures(*events, on="2026-11-23")["ttm_revenue"]["value"] == "1100.00"


def test_a_rep_who_moved_counts_in_each_team_for_the_days_served() -> None:
    known = oracle(
        rep(team="West"),
        rep(team="East", effective_from=DAY),
        leg("a", "2026-11-19T12:00:00Z"),
        leg("b"),
        leg("c", rep_id="nobody"),
    )
    span = date(2026, 11, 19), SATURDAY
    west, east = (known.figures(("team", team), *span) for team in ("West", "East"))
    assert [x["calls"] for x in (west, east)] == [{"value": 1}, {"value": 1}]
    # each has one of the member's two working days
    assert [x["calls_per_day"]["denominator"] for x in (west, east)] == [1.0, 1.0]
    assert known.figures(("company",), *span)["calls"] == {"value": 3}
    assert known.counts() == {
        "test": {"read": 5, "duplicates": 0, "standing": 5, "superseded": 0, "waiting": 0}
    }


def test_today_is_each_reps_own() -> None:
    known = oracle(
        rep("r1", "Pacific/Kiritimati", "T"),  # at NOW, 12:00Z, it is 25 November there
        rep("r2", "America/Denver", "T"),
        leg("a", "2026-11-24T11:00:00Z"),
        leg("b", "2026-11-24T11:00:00Z", rep_id="r2"),
        leg("c", "2026-11-24T09:00:00Z"),  # still the 24th there
    )
    assert known.figures_today(("team", "T"))["calls"] == {"value": 2}


def test_the_greatest_revision_stands_then_time_id_source() -> None:
    timed = {"time": "2026-11-20T10:00:00Z"}
    ways = [
        [leg("a", seconds=10, revision=2), leg("a", seconds=20, revision=1)],
        [leg("a", seconds=10) | timed, leg("a", seconds=20)],  # without a time: lower
        [leg("a", seconds=10) | {"time": "2026-11-20T12:00:00.000001+02:00"}, leg("a") | timed],
        [leg("a", seconds=10) | {"id": "é"}, leg("a", seconds=20) | {"id": "z"}],
        [leg("a", seconds=10) | {"id": "x"}, leg("a") | {"id": "x", "source": "a"}],
    ]
    for events in ways:
        for order_of in (events, events[::-1]):
            assert figures(*order_of)["talk_time"] == {"value": 10}


def test_repeats_voids_and_revivals() -> None:
    first, gone = leg("a"), void("call", "a", revision=3, rep_id="r1")
    again = leg("a", seconds=30, revision=4)
    assert figures(gone, first, first)["calls"] == {"value": 0}
    assert figures(gone, again, first)["talk_time"] == {"value": 30}
    known = oracle(gone, first, first, segment("s", "b", "talk", 3), said("b"), quote("q"))
    assert known.counts() == {
        "test": {"read": 6, "duplicates": 1, "standing": 4, "superseded": 1, "waiting": 2}
    }
    assert values(figures(leg("a"), void("rep", "2000-01-01", rep_id="r1")), "calls") == [1]


def test_status_waits_36_hours_and_longer_for_what_looks_ahead() -> None:
    def status(hours: float) -> dict[str, str]:
        after = datetime(2026, 11, 21, tzinfo=UTC) + timedelta(hours=hours)
        return oracle(leg("a"), now=after).status(("rep", "r1"), FRIDAY, SATURDAY)

    late = {"repeat_quote_conversations", "repeat_quote_share", "quote_to_order"}
    assert set(status(35.9).values()) == {"provisional"}
    assert {kpi for kpi, word in status(36).items() if word == "provisional"} == late
    week = status(36 + 7 * 24)
    assert [kpi for kpi, word in week.items() if word == "provisional"] == ["quote_to_order"]
    assert set(status(36 + 30 * 24).values()) == {"final"}


def test_a_board_ranks_the_best_first_and_says_who_is_not_ranked() -> None:
    known = oracle(
        *(rep(name) for name in ("r1", "r2", "r3", "r4")),
        *(unanswered(f"a{n}") for n in range(2)),
        *(leg(f"b{n}", rep_id="r2") for n in range(2)),
        *(leg(f"c{n}", rep_id="r3") for n in range(3)),
    )
    span = FRIDAY, SATURDAY
    assert leaderboard(known, "calls", *span).entries == [
        Entry(1, "r3", {"value": 3}),
        Entry(2, "r1", {"value": 2}),
        Entry(2, "r2", {"value": 2}),
        Entry(4, "r4", {"value": 0}),
    ]
    rates = leaderboard(known, "answer_rate", *span, min_sample=3)
    assert rates.entries == [Entry(1, "r3", {"value": 1.0, "numerator": 3, "denominator": 3})]
    assert rates.unranked == [("r1", "small_sample"), ("r2", "small_sample"), ("r4", "no_data")]
    fewest = leaderboard(known, "unproductive_repeats", *span)
    assert [entry.rank for entry in fewest.entries] == [1, 1, 1, 1]


def test_a_board_knows_the_ranks_of_the_period_before() -> None:
    known = oracle(
        *(rep(name, team="West") for name in ("r1", "r2", "r3")),
        unanswered("a", "2026-11-19T15:00:00Z"),
        *(unanswered(f"b{n}", rep_id="r2") for n in range(2)),
        void("rep", "2000-01-01", 2, rep_id="r3"),
    )
    board = boards(known, "day", FRIDAY, SATURDAY)["calls"]
    assert [(x.rank, x.rep_id, x.previous_rank) for x in board.entries] == [
        (1, "r2", 2), (2, "r1", 1),
    ]  # fmt: skip
    of_team = boards(known, "range", FRIDAY, SATURDAY, "West")["calls"]
    assert [(x.rank, x.rep_id, x.previous_rank) for x in of_team.entries] == [
        (1, "r2", 2), (2, "r1", 1),
    ]  # fmt: skip
    assert before("ttm", date(2023, 3, 1), date(2024, 3, 1)) == (date(2022, 3, 1), date(2023, 3, 1))
    assert before("month", date(2026, 3, 1), date(2026, 4, 1)) == (
        date(2026, 2, 1),
        date(2026, 3, 1),
    )


def test_a_series_is_the_figures_of_its_dates_cut_at_both_ends() -> None:
    assert buckets(date(2026, 11, 19), date(2026, 11, 24), "week") == [
        (date(2026, 11, 19), date(2026, 11, 23)), (date(2026, 11, 23), date(2026, 11, 24)),
    ]  # fmt: skip
    known = oracle(rep(), leg("c1"), unanswered("c2", "2026-11-23T09:00:00Z"))
    asked = date(2026, 11, 19), date(2026, 11, 24)
    assert series(known, ("rep", "r1"), "answer_rate", *asked, "week") == [
        {"start": "2026-11-19", "value": 1.0, "numerator": 1, "denominator": 1,
         "status": "final"},
        {"start": "2026-11-23", "value": 0.0, "numerator": 0, "denominator": 1,
         "status": "provisional"},
    ]  # fmt: skip


def test_a_team_works_its_own_week() -> None:
    def week(team: str | None, day: date) -> set[int]:
        return {6, 0} if team == "Gulf" and day >= date(2026, 11, 22) else {0, 1, 2, 3, 4}

    known = oracle(rep(team="Gulf"), rep("r2"), weekdays=week)
    span = known.fixed(date(2026, 11, 20), date(2026, 12, 1))  # a Friday; today is Tuesday
    assert known.working_days(("rep", "r1"), span) == 3
    assert known.working_days(("rep", "r2"), span) == 3
    span = known.fixed(date(2026, 11, 22), date(2026, 12, 1))
    assert known.working_days(("company",), span) == 4


def test_rounding_is_half_even_without_negative_zeros() -> None:
    assert [money(exact(x)) for x in ("0.005", "0.015", "-0.005", "-1.005", "2.5")] == [
        "0.00",
        "0.02",
        "0.00",
        "-1.00",
        "2.50",
    ]
    assert [places(exact(x), 6) for x in ("0.0000005", "0.0000015", "-0.0000001")] == [
        0.0,
        0.000002,
        0.0,
    ]
    assert str(places(exact("-0.0000001"), 6)) == "0.0"
    # longer than a float is
    assert str(places(exact("-19999999999999998.9999999"), 6)) == "-19999999999999999.000000"


def test_values_are_read_exactly() -> None:
    assert instant("2026-11-20T10:00:60.9999999-07:00") == datetime(
        2026, 11, 20, 17, 0, 59, 999999, tzinfo=UTC
    )
    assert exact(0.1) * 3 == exact("0.3")
    assert [number(text, "US") for text in ("303-555-0101 x5", "201", "555-0101", "", "abc")] == [
        "+13035550101",
        None,
        None,
        None,
        None,
    ]


def test_every_figure_of_the_catalogue_is_answered_for_nobody() -> None:
    empty = oracle(now=NOW).figures(("company",), FRIDAY, SATURDAY)
    assert list(empty) == list(CATALOGUE)
    assert {str(figure["value"]) for figure in empty.values()} == {"0", "0.0", "0.00", "None"}
