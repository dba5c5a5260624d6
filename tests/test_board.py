"""Whole leaderboards from rollups put in by hand: who stands on them, ranks, the period before."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.board import board
from app.db import Database, Reading
from app.errors import NotFound
from app.exact import encode
from app.kpis import kpi_of
from app.spans import Asked, asked
from app.view import Views
from tests.sums_put_in import NOW, announce, november, put_days, settings


async def answer(database: Database, kpi: str, period: Asked, **more: Any) -> dict[str, Any]:
    async with Views(database, settings()).open(NOW) as view:
        shown = await board(view, kpi_of(kpi), period, **more)
    decoded: dict[str, Any] = json.loads(encode(shown))
    return decoded


def places(shown: dict[str, Any]) -> list[tuple[int, str, Any, int | None]]:
    return [(e["rank"], e["rep_id"], e["value"], e["previous_rank"]) for e in shown["entries"]]


async def test_a_board_of_a_day(database: Database) -> None:
    await announce(database, "r1", "Ada", "West")
    await announce(database, "r2", "Bo", "East")
    await announce(database, "r3", "Cy", None)
    await put_days(
        database,
        {
            ("r1", november(20)): {"conversations": 18},
            ("r2", november(20)): {"conversations": 18},
            ("r1", november(19)): {"conversations": 3},
            ("r2", november(19)): {"conversations": 4},
        },
    )
    assert await answer(database, "conversations", asked()) == {
        "kpi": "conversations",
        "period": {
            "kind": "day", "start": "2026-11-20", "end": "2026-11-21",
            "time_zone": "America/Denver",
        },
        "as_of": "2026-11-20T19:04:11Z", "status": "provisional",
        "entries": [
            {"rep_id": "r1", "name": "Ada", "team": "West", "value": 18, "rank": 1,
             "previous_rank": 2},
            {"rep_id": "r2", "name": "Bo", "team": "East", "value": 18, "rank": 1,
             "previous_rank": 1},
            {"rep_id": "r3", "name": "Cy", "team": None, "value": 0, "rank": 3,
             "previous_rank": 3},
        ],
        "unranked": [],
    }  # fmt: skip


async def test_a_ratio_shows_what_it_is_made_of_and_who_is_not_ranked(database: Database) -> None:
    for rep_id, name in (("r1", "Ada"), ("r2", "Bo"), ("r3", "Cy")):
        await announce(database, rep_id, name, "West")
    await put_days(
        database,
        {
            ("r1", november(20)): {"outbound_calls": 8, "answered_outbound": 2},
            ("r2", november(20)): {"outbound_calls": 2, "answered_outbound": 2},
            ("r3", november(20)): {"talk_time": 60},
            ("r2", november(19)): {"outbound_calls": 9, "answered_outbound": 2},
        },
    )
    shown = await answer(database, "answer_rate", asked(), min_sample=3)
    card = {"team": "West"}
    assert shown["entries"] == [
        {"rep_id": "r1", "name": "Ada", **card, "value": 0.25, "numerator": 2, "denominator": 8,
         "rank": 1, "previous_rank": None},
    ]  # fmt: skip
    assert shown["unranked"] == [
        {"rep_id": "r2", "name": "Bo", **card, "value": 1, "numerator": 2, "denominator": 2,
         "reason": "small_sample"},
        {"rep_id": "r3", "name": "Cy", **card, "value": None, "numerator": 0, "denominator": 0,
         "reason": "no_data"},
    ]  # fmt: skip
    # Without a sample asked for, one call is enough.
    assert places(await answer(database, "answer_rate", asked())) == [
        (1, "r2", 1, 1), (2, "r1", 0.25, None),
    ]  # fmt: skip


async def test_less_is_better_where_it_is(database: Database) -> None:
    for rep_id in ("r1", "r2", "r3"):
        await announce(database, rep_id, rep_id, "West")
    await put_days(
        database,
        {
            ("r1", november(20)): {"missed_inbound": 1},
            ("r3", november(20)): {"missed_inbound": 1},
        },
    )
    shown = await answer(database, "missed_inbound", asked())
    assert places(shown) == [(1, "r2", 0, 1), (2, "r1", 1, 1), (2, "r3", 1, 1)]


async def test_who_stands_on_a_board(database: Database) -> None:
    await announce(database, "active", "A", "West")
    await announce(database, "left", "B", "West")
    await announce(database, "left", "B", "West", november(10), active=False)
    await announce(database, "long-gone", "C", "West", active=False)
    await announce(database, "gone-with-facts", "D", "West", active=False)
    await announce(database, "to-come", "E", "West", november(25))
    await announce(database, "after", "F", "West", november(30) + timedelta(days=1))
    await put_days(
        database,
        {
            ("gone-with-facts", november(3)): {"conversations": 1},
            ("unannounced", november(4)): {"conversations": 2},
            # Of another period, though of a month that is read.
            ("unannounced-before", november(1) - timedelta(days=1)): {"conversations": 5},
            ("long-gone", november(1) - timedelta(days=1)): {"conversations": 6},
        },
    )
    shown = await answer(database, "conversations", asked("month"))
    assert places(shown) == [
        (1, "unannounced", 2, None),
        (2, "gone-with-facts", 1, None),
        (3, "active", 0, 3),
        (3, "left", 0, 3),
        (3, "to-come", 0, None),
    ]
    assert {e["rep_id"]: (e["name"], e["team"]) for e in shown["entries"]} == {
        "unannounced": (None, None), "gone-with-facts": ("D", "West"), "active": ("A", "West"),
        "left": ("B", "West"), "to-come": ("E", None),
    }  # fmt: skip


async def test_a_teams_board_has_its_members_with_what_they_did_in_it(database: Database) -> None:
    await announce(database, "r1", "Ada", "West")
    await announce(database, "r2", "Bo", "West")
    await announce(database, "r2", "Bo", "East", november(11))
    await announce(database, "r3", "Cy", "East")
    await put_days(
        database,
        {
            ("r1", november(5)): {"net": Decimal("10.5"), "orders": 1, "converted_orders": 1},
            ("r2", november(5)): {"net": Decimal(200), "orders": 1, "converted_orders": 1},
            ("r2", november(12)): {"net": Decimal(4000), "orders": 4, "converted_orders": 1},
            ("r3", november(12)): {"net": Decimal(9)},
            ("r2", november(1) - timedelta(days=9)): {"net": Decimal(1)},
        },
    )
    west = await answer(database, "revenue", asked("month"), teams=frozenset({"West"}))
    money = {"coverage": 1, "currency": "USD"}
    assert west["entries"] == [
        {"rep_id": "r2", "name": "Bo", "team": "West", "value": "200.00", **money,
         "rank": 1, "previous_rank": 1},
        {"rep_id": "r1", "name": "Ada", "team": "West", "value": "10.50", **money,
         "rank": 2, "previous_rank": 2},
    ]  # fmt: skip
    east = await answer(database, "revenue", asked("month"), teams=frozenset({"East"}))
    assert places(east) == [(1, "r2", "4000.00", None), (2, "r3", "9.00", 1)]
    with pytest.raises(NotFound):
        await answer(database, "revenue", asked("month"), teams=frozenset({"South"}))


async def test_the_limit_is_of_entries_and_changes_no_rank(database: Database) -> None:
    for rep_id in ("r1", "r2", "r3"):
        await announce(database, rep_id, rep_id, "West")
    await put_days(database, {("r3", november(20)): {"calls": 1}})
    shown = await answer(database, "calls", asked(), limit=2)
    assert places(shown) == [(1, "r3", 1, 1), (2, "r1", 0, 1)]


async def test_without_a_date_each_rep_is_ranked_by_the_own_day(database: Database) -> None:
    await announce(database, "r1", "Ada", "West")
    await announce(database, "r2", "Rin", "West", zone="Asia/Tokyo")
    await put_days(
        database,
        {
            ("r1", november(20)): {"calls": 1},
            ("r2", november(20)): {"calls": 3},  # her yesterday
            ("r2", november(21)): {"calls": 2},
        },
    )
    shown = await answer(database, "calls", asked())
    assert places(shown) == [(1, "r2", 2, 1), (2, "r1", 1, 2)]
    # Two periods as common: the later is shown.
    assert (shown["period"]["start"], shown["period"]["time_zone"]) == ("2026-11-21", "Asia/Tokyo")


async def test_a_name_that_hangs_on_facts_follows_them(database: Database) -> None:
    await announce(database, "r1", "Ada", "West")
    await announce(database, "r1", "Ada", "East", november(6))
    await announce(database, "r1", "Ada Byron", "West", november(11), active=False)
    views = Views(database, settings())

    async def names() -> list[str | None]:
        async with views.open(NOW) as view:
            west = frozenset({"West"})
            shown = await board(view, kpi_of("calls"), asked("month"), teams=west)
        return [entry.name for entry in shown.entries]

    # Of days served without being active nothing is known, until there are facts.
    assert await names() == ["Ada"]
    await put_days(database, {("r1", november(12)): {"calls": 1}})
    assert await names() == ["Ada Byron"]


async def test_a_board_looks_once_at_what_moved(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await announce(database, "r1", "Ada", "West")
    asked_for: list[str] = []
    fetch = Reading.fetch

    async def counted(reading: Reading, sql: str, *values: object) -> Any:
        asked_for.append(sql)
        return await fetch(reading, sql, *values)

    monkeypatch.setattr(Reading, "fetch", counted)
    for kpi in ("calls", "ttm_revenue"):
        asked_for.clear()
        await answer(database, kpi, asked("month"))
        assert sum("day_moves" in sql for sql in asked_for) == 1


async def test_an_empty_board_still_names_its_period(database: Database) -> None:
    assert await answer(database, "customers_called", asked("week")) == {
        "kpi": "customers_called",
        "period": {"kind": "week", "start": "2026-11-16", "end": "2026-11-23", "time_zone": "UTC"},
        "as_of": "2026-11-20T19:04:11Z", "status": "provisional", "entries": [], "unranked": [],
    }  # fmt: skip


async def test_somebody_nobody_announced_has_the_working_days_with_a_call(
    database: Database,
) -> None:
    await announce(database, "r1", "Ada", "West")
    await put_days(
        database,
        {
            ("stranger", november(4)): {"calls": 3},
            ("stranger", november(5)): {"calls": 5},
            ("stranger", november(7)): {"calls": 4},  # a Saturday
            ("r1", november(5)): {"calls": 30},
        },
    )
    shown = await answer(database, "calls_per_day", asked("month"))
    assert places(shown) == [(1, "stranger", 6, None), (2, "r1", 2, 1)]
    # Ada has the fifteen weekdays up to today, the 20th.
    assert [entry["denominator"] for entry in shown["entries"]] == [2, 15]
