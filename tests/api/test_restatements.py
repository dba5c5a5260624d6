"""What changed after it was final, over HTTP: the records, who sees them, what was said then."""

from typing import Any

import pytest

from app.db import Database
from tests.api.desk import Desk, call, rep, serving

BEFORE, NOW = "2026-11-20T19:59:59Z", "2026-11-20T20:00:00Z"
OLD: dict[str, Any] = {
    "started_at": "2026-11-10T18:00:00Z", "answered_at": "2026-11-10T18:00:10Z",
    "ended_at": "2026-11-10T18:03:20Z",
}  # fmt: skip


async def fill(desk: Desk) -> None:
    """On the 20th: Bo was in East and is in West from the 10th on; three calls come late."""
    await desk.post([rep("r1", "West"), rep("r2", "East")])
    await desk.post([rep("r2", "West", effective_from="2026-11-10")])
    await desk.post([
        call(1, "r1", **OLD), call(2, "r2", **OLD),
        call(3, "r2", **{name: at.replace("-10T", "-09T") for name, at in OLD.items()}),
    ])  # fmt: skip


async def seen(client: Any, **params: str) -> list[tuple[Any, ...]]:
    answer = await client.get("/v1/restatements", params=params)
    assert answer.status_code == 200, answer.text
    return [
        (r["rep_id"], r["day"], r.get("last_day"), r["measure"], r["before"], r["after"])
        for r in answer.json()["items"]
    ]


async def test_records_by_day_rep_and_kpi(database: Database) -> None:
    async with serving(database) as desk:
        await fill(desk)
        calls = {"kpi": "calls", "from": "2026-11-10", "to": "2026-11-11"}
        assert await seen(desk.reader, **calls) == [
            ("r1", "2000-01-01", "2026-11-18", "team", None, "West"),
            ("r2", "2000-01-01", "2026-11-18", "team", None, "East"),
            ("r2", "2026-11-10", "2026-11-18", "team", "East", "West"),
            ("r1", "2026-11-10", None, "calls", 0, 1),
            ("r2", "2026-11-10", None, "calls", 0, 1),
        ]
        customers = {"kpi": "customers_called", "rep_id": "r2"}
        assert (await seen(desk.reader, **customers))[2:] == [
            ("r2", "2026-11-09", None, "customers", 0, 1),
            ("r2", "2026-11-10", None, "customers", 0, 1),
        ]
        page = await desk.get("/v1/restatements", limit="1")
        rest = await desk.get("/v1/restatements", cursor=page["next_cursor"])
        everything = await desk.get("/v1/restatements", limit="1000")
        assert page["items"] + rest["items"] == everything["items"]


async def test_a_bound_key_sees_days_served_in_its_teams(database: Database) -> None:
    async with serving(database) as desk:
        await fill(desk)
        found = await seen(desk.west, kpi="calls")
        assert [row for row in found if row[3] == "calls"] == [
            ("r1", "2026-11-10", None, "calls", 0, 1),
            ("r2", "2026-11-10", None, "calls", 0, 1),  # and not the 9th, which was East's
        ]
        assert ("r2", "2026-11-10", "2026-11-18", "team", "East", "West") in found


async def test_since_when_and_by_which_record(database: Database) -> None:
    async with serving(database) as desk:
        await fill(desk)
        (record,) = [
            r
            for r in (await desk.get("/v1/restatements", rep_id="r1", since=NOW))["items"]
            if r["measure"] == "calls"
        ]
        assert (record["kind"], record["key"], record["how"]) == ("call", "c1", "came")
        await desk.get("/v1/restatements", 422, since="2026-11-20")
        problem = await desk.get("/v1/restatements", 422, since="2026-11-20T20:00:01Z")
        assert problem["errors"][0]["field"] == "since"
        async with database.writing() as session:
            await session.run("UPDATE restated_days SET at = at - interval '1 second'")
        assert (await desk.get("/v1/restatements", since=NOW))["items"] == []


async def test_what_was_said_then(database: Database) -> None:
    async with serving(database) as desk:
        await fill(desk)
        day: dict[str, Any] = {"date": "2026-11-10", "kpi": "calls,customers_called"}
        for path in ("/v1/reps/r1/kpis", "/v1/teams/West/kpis", "/v1/company/kpis"):
            now = await desk.get(path, **day)
            assert (await desk.get(path, as_of=NOW, **day)) == now, path
        assert now["kpis"]["customers_called"] == {"value": 2}
        then = await desk.get("/v1/company/kpis", as_of=BEFORE, **day)
        assert (then["as_of"], then["status"]) == (BEFORE, "final")
        assert then["kpis"] == {"calls": {"value": 0}, "customers_called": {"value": 0}}
        # Nobody had heard of the team yet.
        await desk.get("/v1/teams/West/kpis", 404, as_of=BEFORE, **day)
        whole = await desk.get("/v1/company/kpis", as_of=NOW, date="2026-11-10")
        assert "calls" in whole["kpis"]
        assert "quote_to_order" not in whole["kpis"]  # looks 30 days ahead
        board: dict[str, Any] = {"date": "2026-11-10", "as_of": NOW}
        assert len((await desk.get("/v1/leaderboards/calls", **board))["entries"]) == 2
        board["as_of"] = BEFORE
        assert (await desk.get("/v1/leaderboards/calls", **board))["entries"] == []
        span: dict[str, Any] = {
            "kpi": "calls",
            "from": "2026-11-09",
            "to": "2026-11-11",
            "as_of": BEFORE,
        }
        points = (await desk.get("/v1/company/series", **span))["points"]
        assert [point["value"] for point in points] == [0, 0]


@pytest.mark.parametrize("path", ["company/kpis", "leaderboards/calls"])
async def test_what_was_not_final_then_is_refused(database: Database, path: str) -> None:
    async with serving(database) as desk:
        await fill(desk)
        problem = await desk.get(f"/v1/{path}", 422, date="2026-11-19", as_of=NOW)
        assert "2026-11-19 to 2026-11-20 was not final at 2026-11-20T20:00" in problem["detail"]
