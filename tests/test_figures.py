"""Whole answers: a rep, a team, the company, from rollups put in by hand."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.db import Database
from app.errors import NotFound
from app.exact import encode
from app.figures import figures, figures_by_team
from app.kpi import Kpi
from app.kpis import CATALOGUE, chosen
from app.meaning.marks import Mark
from app.spans import Asked, Subject, asked
from app.view import Views
from tests.sums_put_in import (
    NOW,
    announce,
    november,
    put_days,
    put_leg,
    put_time_off,
    settings,
)

WEST = Subject(teams=frozenset({"West"}))
D = Decimal


async def answer(
    database: Database, subject: Subject, period: Asked, *kpis: str, now: datetime = NOW
) -> dict[str, Any]:
    views = Views(database, settings())
    chosen_kpis: tuple[Kpi, ...] = chosen(kpis or None)
    async with views.open(now) as view:
        shown = await figures(view, subject, period, chosen_kpis)
    decoded: dict[str, Any] = json.loads(encode(shown))
    return decoded


async def test_a_reps_day(database: Database) -> None:
    await announce(database, "r1", "Ada", "West")
    await put_days(
        database,
        {
            ("r1", november(20)): {
                "calls": 65, "talk_time": 9000, "hold_seconds": 1227, "hold_talk": 9000,
                "hold_known_calls": 49, "answered_calls": 50,
                "net": D("1300"), "returned": D("65.5"), "orders": 4, "converted_orders": 3,
            },
            ("r1", november(19)): {"calls": 1000},
            ("r2", november(20)): {"calls": 1000},
        },
    )  # fmt: skip
    kpis = ("calls", "talk_time", "revenue", "hold_share", "cost_per_order")
    assert await answer(database, Subject("r1"), asked(), *kpis) == {
        "rep_id": "r1", "name": "Ada", "team": "West",
        "period": {
            "kind": "day", "start": "2026-11-20", "end": "2026-11-21",
            "time_zone": "America/Denver",
        },
        "as_of": "2026-11-20T19:04:11Z", "status": "provisional",
        "kpis": {
            "calls": {"value": 65},
            "talk_time": {"value": 9000},
            # 1227 / 10227
            "hold_share": {
                "value": 0.119977, "numerator": 1227, "denominator": 10227, "coverage": 0.98,
            },
            "revenue": {"value": "1234.50", "coverage": 0.75, "currency": "USD"},
            "cost_per_order": {
                "value": None, "numerator": "0.00", "denominator": 0, "coverage": 1,
                "currency": "USD",
            },
        },
    }  # fmt: skip


async def test_every_kpi_of_somebody_without_a_fact_is_there(database: Database) -> None:
    await announce(database, "r1", "Ada", "West")
    kpis = (await answer(database, Subject("r1"), asked("ttm")))["kpis"]
    assert list(kpis) == [kpi.id for kpi in CATALOGUE]
    assert {kpi_id for kpi_id, f in kpis.items() if f["value"] not in (0, "0.00")} == {
        kpi.id for kpi in CATALOGUE if kpi.over and "working_days" not in kpi.needs
    }


async def test_nobody_ever_heard_of_is_not_found(database: Database) -> None:
    await announce(database, "r1", "Ada", "West")
    with pytest.raises(NotFound, match="no rep 'r7'"):
        await answer(database, Subject("r7"), asked(), "calls")
    with pytest.raises(NotFound, match="no team 'East'"):
        await answer(database, Subject(teams=frozenset({"East"})), asked(), "calls")
    # Facts under an id that nobody announced are enough.
    await put_leg(database, "c1", "r7", november(20), int(Mark.STANDS))
    shown = await answer(database, Subject("r7"), asked(), "calls")
    assert (shown["name"], shown["team"], shown["kpis"]) == (None, None, {"calls": {"value": 0}})


async def test_a_long_range_is_its_months_and_the_days_around_them(database: Database) -> None:
    await announce(database, "r1", "Ada", "West")
    days = [date(2025, 9, 29) + timedelta(days=i) for i in range(100)]
    await put_days(database, {("r1", day): {"calls": 1} for day in days})
    for start, end, calls in [
        (days[0], days[99] + timedelta(days=1), 100),
        (days[3], days[50], 47),
        (date(2025, 10, 1), date(2025, 11, 1), 31),
        (date(2025, 10, 1), date(2025, 12, 2), 62),
        (date(2025, 9, 30), date(2025, 12, 1), 62),
        (days[5], days[6], 1),
    ]:
        shown = await answer(database, Subject("r1"), asked(start=start, end=end), "calls")
        assert shown["kpis"] == {"calls": {"value": calls}}, (start, end)


async def test_whoever_moved_counts_in_each_team_for_the_days_served(database: Database) -> None:
    await announce(database, "r1", "Ada", "West")
    await announce(database, "r2", "Bo", "East")
    await announce(database, "r2", "Bo", "West", november(11))
    await announce(database, "r2", "Bo", "North", november(18))
    sums = [(10, 1), (11, 20), (17, 300), (18, 4000)]
    await put_days(database, {("r2", november(d)): {"calls": n} for d, n in sums})
    await put_days(database, {("r1", november(30)): {"calls": 50000}})
    month = asked("month")
    west = await answer(database, WEST, month, "calls")
    assert west == {
        "team": "West",
        "period": {
            "kind": "month", "start": "2026-11-01", "end": "2026-12-01",
            "time_zone": "America/Denver",
        },
        "as_of": "2026-11-20T19:04:11Z", "status": "provisional",
        "kpis": {"calls": {"value": 50320}},
    }  # fmt: skip
    teams = {
        team: await answer(database, Subject(teams=frozenset({team})), month, "calls")
        for team in ("East", "North")
    }
    assert {team: shown["kpis"]["calls"]["value"] for team, shown in teams.items()} == {
        "East": 1, "North": 4000,
    }  # fmt: skip


async def test_the_company_has_those_nobody_announced_too(database: Database) -> None:
    await announce(database, "r1", "Ada", "West")
    await announce(database, "r2", "Bo", None)
    await put_days(
        database,
        {
            ("r1", november(20)): {"calls": 3, "answered_outbound": 1, "outbound_calls": 2},
            ("r2", november(20)): {"calls": 4, "answered_outbound": 2, "outbound_calls": 3},
            ("r9", november(20)): {"calls": 5, "outbound_calls": 5},
            ("r9", november(21)): {"calls": 500},
        },
    )
    shown = await answer(database, Subject(), asked("day", november(20)), "calls", "answer_rate")
    assert shown == {
        "period": {
            "kind": "day", "start": "2026-11-20", "end": "2026-11-21",
            "time_zone": "America/Denver",
        },
        "as_of": "2026-11-20T19:04:11Z", "status": "provisional",
        "kpis": {
            "calls": {"value": 12},
            "answer_rate": {"value": 0.3, "numerator": 3, "denominator": 10},
        },
    }  # fmt: skip


async def test_today_is_each_members_own(database: Database) -> None:
    # At noon of the 20th in Denver it is the 21st in Tokyo.
    await announce(database, "r1", "Ada", "West")
    await announce(database, "r2", "Rin", "West", zone="Asia/Tokyo")
    await put_days(
        database,
        {
            ("r1", november(20)): {"calls": 1}, ("r1", november(21)): {"calls": 20},
            ("r2", november(20)): {"calls": 300}, ("r2", november(21)): {"calls": 4000},
        },
    )  # fmt: skip
    assert (await answer(database, WEST, asked(), "calls"))["kpis"] == {"calls": {"value": 4001}}
    fixed = await answer(database, WEST, asked("day", november(20)), "calls")
    assert fixed["kpis"] == {"calls": {"value": 301}}


async def test_customers_are_distinct_over_team_and_period(database: Database) -> None:
    await announce(database, "r1", "Ada", "West")
    await announce(database, "r2", "Bo", "West")
    called = int(Mark.STANDS | Mark.CALL | Mark.OUTBOUND)
    await put_leg(database, "c1", "r1", november(19), called, "c:k1")
    await put_leg(database, "c2", "r1", november(20), called, "c:k1")
    await put_leg(database, "c3", "r1", november(20), called, "p:n1")
    await put_leg(database, "c4", "r2", november(20), called, "c:k1")
    await put_leg(database, "c5", "r2", november(20), called, "c:k2")
    # No customer, an inbound call, and an outbound leg that is no call.
    await put_leg(database, "c6", "r2", november(20), called, None)
    await put_leg(database, "c7", "r2", november(20), int(Mark.STANDS | Mark.CALL), "c:k3")
    await put_leg(database, "c8", "r2", november(20), int(Mark.STANDS | Mark.OUTBOUND), "c:k4")
    await put_days(
        database,
        {
            ("r1", november(19)): {"outbound_to_customer": 1},
            ("r1", november(20)): {"outbound_to_customer": 2},
            ("r2", november(20)): {"outbound_to_customer": 2},
        },
    )
    kpis = ("customers_called", "calls_per_customer")
    assert (await answer(database, Subject("r1"), asked("week"), *kpis))["kpis"] == {
        "customers_called": {"value": 2},
        "calls_per_customer": {"value": 1.5, "numerator": 3, "denominator": 2},
    }
    assert (await answer(database, WEST, asked("week"), *kpis))["kpis"] == {
        "customers_called": {"value": 3},
        "calls_per_customer": {"value": 1.666667, "numerator": 5, "denominator": 3},
    }


async def test_a_team_counts_a_missed_call_once_a_day(database: Database) -> None:
    await announce(database, "r1", "Ada", "West")
    await announce(database, "r2", "Bo", "West")
    missed = int(Mark.STANDS | Mark.MISSED)
    await put_leg(database, "c1", "r1", november(20), missed)
    await put_leg(database, "c1", "r2", november(20), missed)
    await put_leg(database, "c2", "r1", november(19), missed)
    await put_leg(database, "c2", "r2", november(20), missed)
    await put_leg(database, "c3", "r2", november(20), int(Mark.STANDS))
    await put_days(
        database,
        {
            ("r1", november(19)): {"missed_inbound": 1},
            ("r1", november(20)): {"missed_inbound": 1, "inbound_calls": 3},
            ("r2", november(20)): {"missed_inbound": 2, "inbound_calls": 3},
        },
    )
    kpis = ("missed_inbound", "inbound_answer_rate")
    assert (await answer(database, Subject("r2"), asked("week"), *kpis))["kpis"] == {
        "missed_inbound": {"value": 2},
        "inbound_answer_rate": {"value": 0.6, "numerator": 3, "denominator": 5},
    }
    for subject in (WEST, Subject()):
        assert (await answer(database, subject, asked("week"), *kpis))["kpis"] == {
            "missed_inbound": {"value": 3},
            "inbound_answer_rate": {"value": 0.666667, "numerator": 6, "denominator": 9},
        }


async def test_ttm_revenue_has_its_own_twelve_months_and_coverage(database: Database) -> None:
    await announce(database, "r1", "Ada", "West")
    await put_days(
        database,
        {
            ("r1", date(2025, 11, 20)): {"net": D(1000), "orders": 9},  # a day too early
            ("r1", date(2025, 11, 21)): {"net": D(1), "orders": 1, "converted_orders": 1},
            ("r1", date(2026, 6, 6)): {"net": D(20), "returned": D("0.5"), "orders": 1},
            ("r1", november(20)): {"net": D(300), "orders": 2, "converted_orders": 2},
            ("r1", november(21)): {"net": D(4000), "orders": 9},  # past today
        },
    )
    expected = {"ttm_revenue": {"value": "320.50", "coverage": 0.75, "currency": "USD"}}
    # The month ends after today, so its twelve months end with today.
    for period in (asked(), asked("month"), asked("year"), asked("ttm")):
        assert (await answer(database, Subject("r1"), period, "ttm_revenue"))["kpis"] == expected
    june = await answer(database, WEST, asked("month", date(2026, 6, 1)), "ttm_revenue", "revenue")
    assert june["kpis"] == {
        "revenue": {"value": "19.50", "coverage": 0, "currency": "USD"},
        # 1000 + 1 + 20 - 0.5; 1 of 11 orders
        "ttm_revenue": {"value": "1020.50", "coverage": 0.090909, "currency": "USD"},
    }


async def test_per_day_figures_divide_by_working_days_up_to_today(database: Database) -> None:
    await announce(database, "r1", "Ada", "West")
    await announce(database, "r2", "Bo", "West", zone="Asia/Tokyo")
    await put_time_off(database, "r1", november(18), "0.5")
    await put_days(database, {("r1", november(17)): {"calls": 60, "talk_time": 901}})
    kpis = ("calls_per_day", "talk_time_per_day")
    # Monday to Friday the 20th, half of Wednesday off.
    assert (await answer(database, Subject("r1"), asked("week"), *kpis))["kpis"] == {
        "calls_per_day": {"value": 13.333333, "numerator": 60, "denominator": 4.5},
        "talk_time_per_day": {"value": 200.222222, "numerator": 901, "denominator": 4.5},
    }
    # In Tokyo it is Saturday: five whole days more.
    assert (await answer(database, WEST, asked("week"), "calls_per_day"))["kpis"] == {
        "calls_per_day": {"value": 6.315789, "numerator": 60, "denominator": 9.5},
    }
    ahead = await answer(database, Subject("r1"), asked("week", november(23)), "calls_per_day")
    assert ahead["kpis"] == {"calls_per_day": {"value": None, "numerator": 0, "denominator": 0}}


async def test_every_team_at_once_is_each_team_by_itself(database: Database) -> None:
    await announce(database, "r1", "Ada", "West")
    await announce(database, "r2", "Bo", "East")
    await announce(database, "r2", "Bo", "West", november(18))
    await announce(database, "r3", "Cy", "South", november(25))
    await put_days(
        database,
        {
            ("r1", november(17)): {"calls": 1, "net": D(3)},
            ("r2", november(17)): {"calls": 20, "net": D(4)},
            ("r2", november(19)): {"calls": 300, "net": D(5)},
        },
    )
    async with Views(database, settings()).open(NOW) as view:
        teams = await figures_by_team(view, asked("week"), CATALOGUE)
        assert list(teams) == ["East", "West"]  # South has nobody yet
        for team, by_id in teams.items():
            alone = await figures(view, Subject(teams=frozenset({team})), asked("week"), CATALOGUE)
            # Nobody is left in East, but the week is not over.
            assert (by_id, alone.status) == (alone.kpis, "provisional")
    assert [by_id["calls"].value for by_id in teams.values()] == [20, 301]


async def test_a_period_closes_36_hours_after_its_end_and_later_if_it_looks_ahead(
    database: Database,
) -> None:
    await announce(database, "r1", "Ada", "West")
    await announce(database, "r2", "Bo", "West", zone="America/New_York")
    # The 10th ends at midnight in Denver, 07:00 UTC; 36 hours later it is closed.
    closing = datetime(2026, 11, 12, 19, tzinfo=UTC)
    day = asked("day", november(10))
    kpis = ("calls", "repeat_quote_share", "quote_to_order")

    async def statuses(now: datetime, *wanted: str) -> tuple[str, list[str | None]]:
        shown = await answer(database, WEST, day, *wanted, now=now)
        return shown["status"], [f.get("status") for f in shown["kpis"].values()]

    instant = timedelta(microseconds=1)
    assert await statuses(closing - instant, "calls") == ("provisional", [None])
    assert await statuses(closing, "calls") == ("final", [None])
    assert await statuses(closing - instant, *kpis) == ("provisional", [None, None, None])
    assert await statuses(closing, *kpis) == ("provisional", ["final", None, None])
    week, month = closing + timedelta(days=7), closing + timedelta(days=30)
    assert await statuses(week - instant, *kpis) == ("provisional", ["final", None, None])
    assert await statuses(week, *kpis) == ("provisional", ["final", "final", None])
    assert await statuses(month - instant, *kpis) == ("provisional", ["final", "final", None])
    assert await statuses(month, *kpis) == ("final", [None, None, None])
