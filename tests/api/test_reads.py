"""Figures, boards, directory, feeds over HTTP: whole answers, and who sees what."""

from typing import Any

import pytest

from app.api import reads
from app.db import Database
from app.figures import Figures, figures
from app.spans import Subject
from app.view import View
from tests.api.desk import Desk, call, event, rep, serving

DAY = {"kind": "day", "start": "2026-11-20", "end": "2026-11-21", "time_zone": "America/Denver"}
AS_OF = "2026-11-20T20:00:00Z"


async def fill(desk: Desk) -> None:
    """Ada (r1, West) has two calls, one of them short; Bo (r2, East) one; a quote, an order."""
    await desk.post([
        rep("r1", "West"), rep("r2", "East"),
        call(1, "r1"), call(2, "r1", talk_seconds=30, hold_seconds=20), call(3, "r2"),
        event("order.recorded", "o1", order_id="o1", rep_id="r1", status="confirmed",
              currency="USD", placed_at="2026-11-20T19:00:00Z",
              lines=[{"line_id": "1", "quantity": 2, "unit_price": "10.25", "unit_cost": 4}]),
    ])  # fmt: skip


async def test_a_reps_figures(database: Database) -> None:
    async with serving(database) as desk:
        await fill(desk)
        wanted = "calls,conversations,talk_time,hold_share,average_order_size,revenue,quotes"
        answer = await desk.get("/v1/reps/r1/kpis", date="2026-11-20", kpi=wanted)
    assert answer == {
        "rep_id": "r1", "name": "Name of r1", "team": "West", "period": DAY, "as_of": AS_OF,
        "status": "provisional",
        "kpis": {
            "calls": {"value": 2},
            "conversations": {"value": 1},
            "talk_time": {"value": 220},
            # 20 of 50 s, over the one of two answered calls whose hold is known
            "hold_share": {"value": 0.4, "numerator": 20, "denominator": 50, "coverage": 0.5},
            "revenue": {"value": "20.50", "coverage": 1, "currency": "USD"},
            "average_order_size": {"value": "20.50", "numerator": "20.50", "denominator": 1,
                                   "coverage": 1, "currency": "USD"},
            "quotes": {"value": 0},
        },
    }  # fmt: skip


async def test_teams_and_the_company(database: Database) -> None:
    async with serving(database) as desk:
        await fill(desk)
        west = await desk.get("/v1/teams/West/kpis", period="month", kpi="calls")
        company = await desk.get("/v1/company/kpis", period="ttm", kpi="calls")
        assert (west["team"], west["kpis"]) == ("West", {"calls": {"value": 2}})
        assert west["period"]["end"] == "2026-12-01"
        assert company["kpis"] == {"calls": {"value": 3}}
        assert (await desk.get("/v1/teams"))["items"] == [
            {"team": "East", "members": 1}, {"team": "West", "members": 1},
        ]  # fmt: skip
        page = await desk.get("/v1/reps", limit="1")
        assert [item["rep_id"] for item in page["items"]] == ["r1"]
        rest = await desk.get("/v1/reps", limit="1", cursor=page["next_cursor"])
        assert ([item["rep_id"] for item in rest["items"]], rest["next_cursor"]) == (["r2"], None)


async def test_a_leaderboard_as_json_and_csv(database: Database) -> None:
    async with serving(database) as desk:
        await fill(desk)
        answer = await desk.get("/v1/leaderboards/calls", date="2026-11-20")
        assert answer == {
            "kpi": "calls", "period": DAY, "as_of": AS_OF, "status": "provisional",
            "entries": [
                {"rank": 1, "rep_id": "r1", "name": "Name of r1", "team": "West", "value": 2,
                 "previous_rank": 1},
                {"rank": 2, "rep_id": "r2", "name": "Name of r2", "team": "East", "value": 1,
                 "previous_rank": 1},
            ],
            "unranked": [],
        }  # fmt: skip
        sheet = await desk.reader.get(
            "/v1/leaderboards/calls", params={"date": "2026-11-20"}, headers={"accept": "text/csv"}
        )
        assert sheet.text.splitlines()[1] == "1,r1,Name of r1,West,2,1,,,,,"
        assert sheet.headers["ringside-as-of"] == AS_OF
        known = {"accept": "text/csv", "if-none-match": sheet.headers["etag"]}
        again = await desk.reader.get(
            "/v1/leaderboards/calls", params={"date": "2026-11-20"}, headers=known
        )
        assert again.status_code == 304
        ratio = await desk.get("/v1/leaderboards/hold_share", min_sample="60", date="2026-11-20")
        assert [(u["rep_id"], u["reason"]) for u in ratio["unranked"]] == [
            ("r1", "small_sample"), ("r2", "no_data"),
        ]  # fmt: skip


async def test_records_as_csv_lead_to_the_next_page(database: Database) -> None:
    async with serving(database) as desk:
        await desk.post([rep("r1", "West"), call(1, "r1"), call(2, "r1")])
        path = "/v1/reps/r1/records?kpi=calls&date=2026-11-20&limit=1"
        seen = []
        while path:
            page = await desk.reader.get(path, headers={"accept": "text/csv"})
            seen += [line[:40] for line in page.text.splitlines()[1:]]
            path = page.links["next"]["url"] if "next" in page.links else ""
        assert seen == [f"call,c{n},2026-11-20T18:00:00Z,2026-11-20,true"[:40] for n in (1, 2)]


async def test_series_records_and_feeds(database: Database) -> None:
    async with serving(database) as desk:
        await fill(desk)
        span: Any = {"kpi": "calls", "from": "2026-11-19", "to": "2026-11-21"}
        series = await desk.get("/v1/reps/r1/series", **span)
        assert series["points"] == [
            {"start": "2026-11-19", "value": 0, "status": "provisional"},
            {"start": "2026-11-20", "value": 2, "status": "provisional"},
        ]
        records = await desk.get("/v1/reps/r1/records", kpi="conversations", date="2026-11-20")
        assert [(r["id"], r["counted"], r["reason"]) for r in records["items"]] == [
            ("c1", True, None), ("c2", False, "below_floor"),
        ]  # fmt: skip
        feeds = await desk.get("/v1/feeds")
        assert [(f["source"], f["read"], f["standing"], f["waiting"]) for f in feeds["items"]] == [
            ("pbx", 6, 6, 0)
        ]


async def test_the_same_answer_is_not_sent_twice(database: Database) -> None:
    async with serving(database) as desk:
        await fill(desk)
        first = await desk.reader.get("/v1/reps/r1/kpis")
        again = await desk.reader.get(
            "/v1/reps/r1/kpis", headers={"if-none-match": first.headers["etag"]}
        )
        assert (again.status_code, again.content) == (304, b"")
        await desk.post([call(9, "r1")])
        changed = await desk.reader.get(
            "/v1/reps/r1/kpis", headers={"if-none-match": first.headers["etag"]}
        )
        assert changed.status_code == 200


@pytest.mark.parametrize("rep_id", ["a/b", "kpis", "ü ß", "%2F", "a?b#c", "..", "x/kpis", "'; --"])
async def test_a_rep_may_have_any_id(database: Database, rep_id: str) -> None:
    async with serving(database) as desk:
        await desk.post([call(1, rep_id)])
        quoted = "".join(f"%{byte:02X}" for byte in rep_id.encode())
        answer = await desk.get(f"/v1/reps/{quoted}/kpis", kpi="calls", date="2026-11-20")
        assert (answer["rep_id"], answer["kpis"]) == (rep_id, {"calls": {"value": 1}})


@pytest.mark.parametrize(
    ("path", "status", "field"),
    [
        ("/v1/reps/nobody/kpis", 404, None),
        ("/v1/teams/Nowhere/kpis", 404, None),
        ("/v1/leaderboards/charm", 404, None),
        ("/v1/company/kpis?kpi=calls,charm", 422, "kpi"),
        ("/v1/company/kpis?perod=day", 422, "perod"),
        ("/v1/company/kpis?period=fortnight", 422, "period"),
        ("/v1/company/kpis?date=2026-13-01", 422, "date"),
        ("/v1/company/kpis?date=20261120", 422, "date"),
        ("/v1/company/kpis?from=2026-11-20&to=2026-11-20", 422, "to"),
        ("/v1/company/kpis?from=2026-11-20", 422, "to"),
        ("/v1/leaderboards/calls?limit=0", 422, "limit"),
        ("/v1/leaderboards/calls?min_sample=x", 422, "min_sample"),
        ("/v1/company/series?kpi=calls&bucket=hour", 422, "bucket"),
        ("/v1/company/kpis?as_of=2026-11-20T12:00:00", 422, "as_of"),
        ("/v1/company/kpis?as_of=2026-11-20T20:00:01Z", 422, "as_of"),
        ("/v1/company/kpis?as_of=2026-11-20T20:00:00Z&date=2026-11-20", 422, "as_of"),
        ("/v1/company/series?kpi=calls&as_of=2026-11-20T20:00:00Z", 422, "as_of"),
        ("/v1/leaderboards/calls?as_of=2026-11-20T20:00:00Z", 422, "as_of"),
        ("/v1/leaderboards/calls/stream?as_of=2026-11-20T20:00:00Z", 422, "as_of"),
        ("/v1/nowhere", 404, None),
    ],
)
async def test_a_wrong_question_is_a_clear_problem(
    database: Database, path: str, status: int, field: str | None
) -> None:
    async with serving(database) as desk:
        answer = await desk.reader.get(path)
    problem: dict[str, Any] = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, problem["status"]) == (status, status)
    assert set(problem) == {"type", "title", "status", "detail", "instance", "errors"}
    assert field in [error["field"] for error in problem["errors"]] or field is None


async def test_a_key_bound_to_a_team_sees_nothing_else(database: Database) -> None:
    async with serving(database) as desk:
        await fill(desk)
        # Bo comes to West on the 20th: the days before were East's
        await desk.post([rep("r2", "West", effective_from="2026-11-20"),
                         call(4, "r2", started_at="2026-11-19T18:00:00Z", answered_at=None,
                              ended_at="2026-11-19T18:01:00Z", outcome="busy")])  # fmt: skip

        async def see(path: str) -> Any:
            answer = await desk.west.get(path)
            return answer.json() if answer.status_code == 200 else answer.status_code

        for path in (
            "/v1/company/kpis",
            "/v1/teams/East/kpis",
            "/v1/feeds",
            "/v1/leaderboards/calls?team=East",
            "/v1/company/series?kpi=calls",
        ):
            assert await see(path) == 403, path
        bo = await see("/v1/reps/r2/kpis?kpi=calls&period=month&date=2026-11-20")
        assert bo["kpis"] == {"calls": {"value": 1}}
        board = await see("/v1/leaderboards/calls?period=month&date=2026-11-20")
        assert [(e["rep_id"], e["value"]) for e in board["entries"]] == [("r1", 2), ("r2", 1)]
        assert [item["team"] for item in (await see("/v1/teams"))["items"]] == ["West"]
        # before that day Bo's team is none of this key's business, and Cy is not at all
        bo = await see("/v1/reps/r2/kpis?kpi=calls&date=2026-11-19")
        assert (bo["name"], bo["team"], bo["kpis"]) == ("Name of r2", None, {"calls": {"value": 0}})
        await desk.post([rep("r3", "East", name="Cy"), call(5, "r3")])
        for path in (
            "kpis?kpi=calls",
            "series?kpi=calls&from=2026-11-01&to=2026-11-21",
            "records?kpi=calls&period=month",
        ):
            for rep_id in ("r3", "nobody"):
                assert await see(f"/v1/reps/{rep_id}/{path}") == 404, path


async def test_who_is_not_known_yet_and_what_is_claimed_twice(database: Database) -> None:
    claim = [{"source": "pbx", "id": "7"}]
    async with serving(database) as desk:
        await desk.post([
            rep("r1", "West", aliases=claim), rep("r2", "West", aliases=claim),
            call(1, "pbx:7"), call(2, "pbx:8"), call(3, "r1"),
        ])  # fmt: skip
        feeds = await desk.get("/v1/feeds")
        assert feeds["conflicts"] == [
            {"kind": "alias_claimed_twice", "alias": "pbx:7", "reps": ["r1", "r2"]}
        ]
        month = "2026-11-01"
        assert feeds["unmapped"] == [{"rep_id": "pbx:8", "first_month": month, "last_month": month}]
        ada = await desk.get("/v1/reps/r1/kpis", kpi="calls", date="2026-11-20")
        assert ada["kpis"] == {"calls": {"value": 2}}


async def test_what_needs_no_key(database: Database) -> None:
    async with serving(database) as desk:
        assert (await desk.nobody.get("/livez")).json() == {"status": "alive"}
        assert (await desk.nobody.get("/readyz")).json() == {"status": "ready"}
        assert "ringside_build_info" in (await desk.nobody.get("/metrics")).text
        for path in ("/v1/kpis", "/v1/reps", "/v1/company/kpis", "/v1/leaderboards/calls/stream"):
            assert (await desk.nobody.get(path)).status_code == 401, path
        page = await desk.nobody.get("/v1/docs")
        assert "https://" not in page.text
        described = (await desk.nobody.get("/v1/openapi.json")).json()["paths"]
        assert {"/v1/events", "/v1/kpis", "/v1/feeds", "/v1/alerts"} <= set(described)


async def test_figures_of_many_are_found_once_until_the_facts_move(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def counted(view: View, subject: Subject, *given: Any, **named: Any) -> Figures:
        asked.append(subject)
        return await figures(view, subject, *given, **named)

    monkeypatch.setattr(reads, "figures", counted)
    paths = ("/v1/company/kpis", "/v1/teams/West/kpis", "/v1/teams/East/kpis")
    async with serving(database) as desk:
        await fill(desk)
        first = [await desk.get(path, kpi="calls") for path in paths]
        assert [await desk.get(path, kpi="calls") for path in paths] == first
        assert len(asked) == len(paths)
        west = await desk.get("/v1/teams/West/kpis", kpi="calls", period="month")
        assert (west["kpis"], len(asked)) == ({"calls": {"value": 2}}, len(paths) + 1)
        await desk.post([call(4, "r1")])
        again = [(await desk.get(path, kpi="calls"))["kpis"]["calls"]["value"] for path in paths]
    assert [one["kpis"]["calls"]["value"] for one in first] == [3, 2, 1]
    assert again == [4, 3, 1]
