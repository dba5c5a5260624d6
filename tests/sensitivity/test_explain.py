"""Explained figures over HTTP, hand-worked: whole answers, credit, days, owners, refusals."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from app.api.described import FIGURES
from app.db import Database
from app.settings import read
from app.start import settle_definition
from tests.api.desk import NOW, Desk, event, rep, serving

DAY = "2026-11-20"


def closed(schema: Any) -> Any:
    """The schema, where what it does not describe fails."""
    if isinstance(schema, dict):
        known = {"additionalProperties": False} if "properties" in schema else {}
        return {**known, **{name: closed(part) for name, part in schema.items()}}
    return schema


CLOSED = Draft202012Validator(closed(FIGURES))
CONVERSATIONS = "conversations,conversation_rate,average_conversation,right_party_rate"


def leg(call_id: str, rep_id: str, talk: int | None, at: str = "18:00", **over: Any) -> Any:
    """An outbound call of so much talk, answered by a human, of ten minutes on the 20th."""
    day = at if "T" in at else f"{DAY}T{at}:00Z"
    started = datetime.fromisoformat(day)
    data = {
        "call_id": call_id, "rep_id": rep_id, "direction": "outbound", "outcome": "connected",
        "started_at": day, "answered_at": day, "talk_seconds": talk,
        "ended_at": (started + timedelta(seconds=600)).isoformat(), **over,
    }  # fmt: skip
    return event("call.ended", f"{call_id} {rep_id}", **data)


def said(call_id: str | None, rep_id: str, kind: str, **over: Any) -> Any:
    data = {
        "conversation_id": f"v {call_id} {rep_id} {kind}", "call_id": call_id, "rep_id": rep_id,
        "channel": "phone", "started_at": f"{DAY}T18:00:00Z", "duration_seconds": 45,
        "kind": kind, **over,
    }  # fmt: skip
    return event("conversation.recorded", f"{call_id} {rep_id} {kind} {over}", **data)


async def ask(desk: Desk, whose: str, kpi: str, **params: str) -> dict[str, Any]:
    path = f"/v1/{whose}/kpis"
    answer = await desk.get(path, 200, date=DAY, kpi=kpi, explain="1", **params)
    CLOSED.validate(answer)
    kpis: dict[str, Any] = answer["kpis"]
    return kpis


async def values(desk: Desk, whose: str, kpi: str, **params: str) -> dict[int, Any]:
    """What the KPI is at each neighbour of its only threshold."""
    (part,) = (await ask(desk, whose, kpi, **params))[kpi]["explain"]
    return {one["threshold"]: one["value"] for one in part["at"]}


async def test_whole_figures_at_the_neighbours_of_the_floor(database: Database) -> None:
    async with serving(database) as desk:
        await desk.post([
            rep("r1", "West"),
            leg("a", "r1", 59), leg("b", "r1", 60), leg("c", "r1", 89), leg("d", "r1", 90),
            leg("e", "r1", 119), leg("f", "r1", 120),
            leg("g", "r1", 500, answered_by="machine"),
            leg("h", "r1", None, outcome="no_answer", answered_at=None),
            # a classification needs no talk, and takes it away from what has enough
            leg("i", "r1", 10), said("i", "r1", "customer", right_party=True),
            leg("j", "r1", 300), said("j", "r1", "wrong_party"),
            leg("k", "r1", 300), said("k", "r1", "personal"),
            # in nothing
            leg("l", "r1", 300, direction="internal"), leg("m", "r1", 300, test=True),
            # conversations that are no calls
            said(None, "r1", "customer"), said(None, "r1", "customer", channel="chat",
                                               conversation_id="chat"),
        ])  # fmt: skip
        kpis = await ask(desk, "reps/r1", f"{CONVERSATIONS},calls,hold_heavy_calls")
    assert kpis["calls"] == {"value": 10}
    assert kpis["conversations"] == {
        "value": 6,  # d e f, i, and the two without a call
        "explain": [{
            "threshold": "conversation_floor", "unit": "seconds", "in_force": [90],
            "at": [
                {"threshold": 60, "value": 8},
                {"threshold": 90, "value": 6},
                {"threshold": 120, "value": 4},
            ],
        }],
    }  # fmt: skip
    assert kpis["conversation_rate"]["explain"][0]["at"] == [
        {"threshold": 60, "value": 0.6, "numerator": 6, "denominator": 10},
        {"threshold": 90, "value": 0.4, "numerator": 4, "denominator": 10},
        {"threshold": 120, "value": 0.2, "numerator": 2, "denominator": 10},
    ]
    assert kpis["average_conversation"]["explain"][0]["at"] == [
        # b c d e f, i and the one by phone: 60 + 89 + 90 + 119 + 120 + 10 + 45
        {"threshold": 60, "value": 76.142857, "numerator": 533, "denominator": 7, "coverage": 1},
        {"threshold": 90, "value": 76.8, "numerator": 384, "denominator": 5, "coverage": 1},
        {"threshold": 120, "value": 58.333333, "numerator": 175, "denominator": 3, "coverage": 1},
    ]
    assert [one["coverage"] for one in kpis["right_party_rate"]["explain"][0]["at"]] == [
        0.125, 0.166667, 0.25,
    ]  # fmt: skip


async def test_the_credit_of_a_call_is_worked_out_anew(database: Database) -> None:
    floors = ({"from": "2000-01-01", "team": "West", "seconds": 120},)
    async with serving(database, conversation_floors=floors) as desk:
        await desk.post([
            rep("r1", "West"), rep("r2", "East"), rep("r3", "East"),
            # West's has talked longest, but not enough by its own floor: East's has it
            leg("a", "r1", 110), leg("a", "r2", 100),
            # a day later, and longer: it has the conversation wherever it is long enough
            leg("b", "r2", 95), leg("b", "r3", 200, "2026-11-21T18:00:00Z"),
            # the same as the first, but West's is of the next day
            leg("d", "r2", 100), leg("d", "r1", 110, "2026-11-21T18:00:00Z"),
            # a classified leg has it at every floor
            leg("c", "r1", 400), leg("c", "r2", 5), said("c", "r2", "customer"),
        ])  # fmt: skip
        west = await ask(desk, "teams/West", CONVERSATIONS)
        east = await ask(desk, "teams/East", CONVERSATIONS)
        all_of_it = await ask(desk, "company", "conversations", period="week")
    assert west["conversations"]["value"] == 0
    assert west["conversations"]["explain"] == [{
        "threshold": "conversation_floor", "unit": "seconds", "in_force": [120],
        "at": [{"threshold": 90, "value": 1}, {"threshold": 120, "value": 0},
               {"threshold": 150, "value": 0}],
    }]  # fmt: skip
    # an assist is no call that could have become a conversation: a and c, c alone
    assert west["conversation_rate"]["explain"][0]["at"] == [
        {"threshold": 90, "value": 1, "numerator": 1, "denominator": 1},
        {"threshold": 120, "value": 0, "numerator": 0, "denominator": 1},
        {"threshold": 150, "value": 0, "numerator": 0, "denominator": 1},
    ]
    # East has a, c and d in force; with 90 for all a and d are West's, d on another day
    assert east["conversations"]["value"] == 3
    assert [one["value"] for one in east["conversations"]["explain"][0]["at"]] == [1, 1, 1]
    # with 60 or 90 for all r2 only assisted in a, b and d; with 120 nobody did in any
    assert [
        (one["numerator"], one["denominator"])
        for one in east["conversation_rate"]["explain"][0]["at"]
    ] == [(1, 1), (1, 1), (1, 4)]
    (part,) = all_of_it["conversations"]["explain"]
    assert (all_of_it["conversations"]["value"], part["in_force"]) == (4, [90, 120])
    assert [(one["threshold"], one["value"]) for one in part["at"]] == [
        (60, 4), (90, 4), (120, 2), (150, 2),
    ]  # fmt: skip


async def test_talk_comes_from_segments_and_from_the_clock(database: Database) -> None:
    async with serving(database) as desk:
        segment = {"rep_id": "r1", "kind": "talk", "started_at": f"{DAY}T18:00:00Z"}
        await desk.post([
            leg("a", "r1", 10),
            event("talktime.recorded", "s1", segment_id="s1", call_id="a", seconds=50, **segment),
            event("talktime.recorded", "s2", segment_id="s2", call_id="a", seconds=20, **segment),
            # unknown, but answered: what is left of ten minutes beside the hold
            leg("b", "r1", None, hold_seconds=495),
            # of a call that has not come
            event("talktime.recorded", "s3", segment_id="s3", call_id="z", seconds=300, **segment),
            leg("c", "r1", 119, outcome="connected"),
            event("record.voided", "v", kind="call", key="c", rep_id="r1", revision=1),
        ])  # fmt: skip
        assert await values(desk, "reps/r1", "conversations") == {60: 2, 90: 1, 120: 0}


async def test_several_floors_in_force_and_days_of_the_reps_own(database: Database) -> None:
    floors = (
        {"from": "2026-11-19", "seconds": 60},
        {"from": "2026-11-20", "team": "West", "seconds": 10},
        {"from": "2026-12-01", "seconds": 700},
    )
    async with serving(database, conversation_floors=floors) as desk:
        await desk.post([
            rep("r1", "East"), rep("r1", "West", effective_from=DAY),
            leg("a", "r1", 80, "2026-11-19T06:59:59Z"),  # still the 18th in Denver
            leg("b", "r1", 80, "2026-11-19T07:00:00Z"),
            leg("c", "r1", 20, "2026-11-20T07:00:00Z"),
        ])  # fmt: skip
        month = await ask(desk, "reps/r1", "conversations", period="month")
        (part,) = month["conversations"]["explain"]
        assert (month["conversations"]["value"], part["in_force"]) == (2, [10, 60, 90])
        assert {one["threshold"]: one["value"] for one in part["at"]} == {
            0: 3, 10: 3, 30: 2, 40: 2, 60: 2, 90: 0, 120: 0,
        }  # fmt: skip
        # of the two days of November that r1 was in West, only West's floor
        west = await ask(desk, "teams/West", "conversations", period="month")
        assert west["conversations"]["explain"][0]["in_force"] == [10]
        assert await values(desk, "teams/West", "conversations", period="month") == {
            0: 1, 10: 1, 40: 0,
        }  # fmt: skip
        # a key bound to West sees the days served in it
        bound = await desk.west.get(
            "/v1/reps/r1/kpis",
            params={"period": "month", "date": DAY, "kpi": "conversations", "explain": "1"},
        )
        assert bound.json()["kpis"] == west


async def test_hold_at_neighbouring_limits(database: Database) -> None:
    async with serving(database) as desk:
        await desk.post([
            leg("a", "r1", 10, hold_seconds=239), leg("b", "r1", 10, hold_seconds=240),
            leg("c", "r1", 299, hold_seconds=300), leg("d", "r1", 0, hold_seconds=360),
            leg("e", "r1", 300, hold_seconds=300),  # no more hold than talk
            leg("f", "r1", 10, hold_seconds=500, answered_by="machine"),
            leg("g", "r1", 10, hold_seconds=500), said("g", "r1", "internal"),
        ])  # fmt: skip
        assert await ask(desk, "company", "hold_heavy_calls") == {
            "hold_heavy_calls": {
                "value": 2,
                "explain": [{
                    "threshold": "heavy_hold", "unit": "seconds", "in_force": [300],
                    "at": [{"threshold": 240, "value": 3}, {"threshold": 300, "value": 2},
                           {"threshold": 360, "value": 1}],
                }],
            }
        }  # fmt: skip


def to(customer: str) -> dict[str, Any]:
    return {"customer": {"customer_id": customer}}


async def at_each(desk: Desk, whose: str, kpi: str) -> dict[str, list[Any]]:
    explained = (await ask(desk, whose, kpi))[kpi]["explain"]
    return {part["threshold"]: [one["value"] for one in part["at"]] for part in explained}


async def test_repeats_at_other_floors_and_after_other_times(database: Database) -> None:
    quote = {
        "status": "issued", "amount": "1", "currency": "USD", "rep_id": "r2",
        "issued_at": "2026-10-21T18:00:00Z",
    }  # fmt: skip
    async with serving(database) as desk:
        await desk.post([
            rep("r1", "East", effective_from="2000-01-01"),
            rep("r1", "West", effective_from=DAY), rep("r2", "West"),
            # to each an hour and more before, 60 days and exactly 90 of them, too near, too far
            leg("a", "r1", 100, **to("k1")), leg("b", "r1", 70, "16:59", **to("k1")),
            leg("c", "r1", 100, **to("k2")), leg("d", "r1", 95, "2026-09-21T18:00:00Z", **to("k2")),
            leg("e", "r1", 200, **to("k3")),
            leg("f", "r1", 200, "2026-08-22T18:00:00Z", **to("k3")),
            leg("g", "r1", 200, **to("k4")), leg("h", "r1", 200, "17:01", **to("k4")),
            leg("i", "r1", 200, **to("k5")),
            leg("j", "r1", 200, "2026-08-22T17:59:59Z", **to("k5")),
            # with another rep: no repeat of either; nor where the other has the call
            leg("k", "r2", 200, **to("k3")),
            leg("l", "r2", 100, **to("k6")), leg("m", "r2", 100, "16:00", **to("k6")),
            leg("m", "r1", 110, "16:00"),
            # a conversation without a call needs no talk
            leg("n", "r2", 65, **to("k7")), said(None, "r2", "customer", **to("k7"),
                                                 started_at="2026-11-20T16:00:00Z"),
            event("quote.recorded", "q", quote_id="q", **to("k3"), **quote),
        ])  # fmt: skip
        # at 60 a c e, at 90 c e, at 120 e; after 60 days c, after 120 also i
        assert await at_each(desk, "reps/r1", "repeat_conversations") == {
            "conversation_floor": [3, 2, 1], "repeat_within": [1, 2, 3],
        }  # fmt: skip
        assert await at_each(desk, "reps/r1", "repeat_quote_conversations") == {
            "conversation_floor": [1, 1, 1], "repeat_within": [0, 1, 1],
        }  # fmt: skip
        assert await at_each(desk, "reps/r2", "repeat_conversations") == {
            "conversation_floor": [1, 0, 0], "repeat_within": [0, 0, 0],
        }  # fmt: skip
        share = (await ask(desk, "teams/West", "repeat_quote_share"))["repeat_quote_share"]
        assert [one["denominator"] for one in share["explain"][0]["at"]] == [4, 2, 1]


async def test_calls_in_vain_at_other_floors_and_numbers(database: Database) -> None:
    async with serving(database) as desk:
        await desk.post([
            rep("r1", "West"),
            # three calls in seven days, of which the first had some talk
            leg("a", "r1", 70, "2026-11-13T18:00:01Z", **to("k1")),
            leg("b", "r1", 0, "2026-11-16T18:00:00Z", **to("k1")),
            leg("c", "r1", 0, **to("k1")),
            # the first of four too early by a second, and with the most talk
            leg("d", "r1", 500, "2026-11-13T18:00:00Z", **to("k2")),
            leg("e", "r1", 0, "2026-11-16T18:00:00Z", **to("k2")),
            leg("f", "r1", 0, "17:00", **to("k2")), leg("g", "r1", 0, **to("k2")),
            # enough of them, but another's call the rep was in counts as met
            leg("h", "r1", 0, "16:00", **to("k3")), leg("i", "r1", 100, "17:00", **to("k3")),
            leg("i", "r2", 400, "17:00"), leg("j", "r1", 0, **to("k3")),
            # one who was met otherwise
            leg("k", "r1", 0, "16:00", **to("k4")), leg("l", "r1", 0, "17:00", **to("k4")),
            leg("m", "r1", 0, **to("k4")), said(None, "r1", "customer", **to("k4"),
                                                started_at="2026-11-20T15:00:00Z"),
        ])  # fmt: skip
        # at 60 g, at 90 c and g, at 120 j too; one of two calls is c and g, of four is none
        assert await at_each(desk, "reps/r1", "unproductive_repeats") == {
            "conversation_floor": [1, 2, 3], "unproductive_calls": [2, 2, 0],
        }  # fmt: skip


async def test_what_hangs_on_no_threshold_is_answered_as_ever(database: Database) -> None:
    async with serving(database) as desk:
        await desk.post([rep("r1", "West"), leg("a", "r1", 100)])
        plain = await desk.get("/v1/reps/r1/kpis", date=DAY)
        assert await desk.get("/v1/reps/r1/kpis", date=DAY, explain="0") == plain
        explained = await ask(desk, "reps/r1", ",".join(plain["kpis"]))
        assert {kpi for kpi, one in explained.items() if "explain" in one} == {
            "conversations", "conversations_per_day", "conversation_rate", "average_conversation",
            "right_party_rate", "hold_heavy_calls", "repeat_conversations",
            "repeat_quote_conversations", "repeat_quote_share", "unproductive_repeats",
        }  # fmt: skip
        for one in explained.values():
            one.pop("explain", None)
        assert explained == plain["kpis"]
        # a team that had nobody on the day: there is no floor for nobody
        await desk.post([rep("r2", "East", effective_from="2027-01-01")])
        assert "explain" not in (await ask(desk, "teams/East", "conversations"))["conversations"]


async def test_the_past_is_not_explained(database: Database) -> None:
    async with serving(database) as desk:
        await desk.post([rep("r1", "West")])
        refused = await desk.get(
            "/v1/reps/r1/kpis", 422, date="2026-11-02", as_of="2026-11-18T00:00:00Z", explain="1"
        )
        assert refused["errors"][0]["field"] == "explain"
        wrong = await desk.get("/v1/company/kpis", 422, explain="maybe")
        assert wrong["errors"][0]["field"] == "explain"
        not_there = await desk.get("/v1/company/series", 422, kpi="calls", explain="1")
        assert not_there["errors"][0]["field"] == "explain"


async def test_no_floor_is_in_force_before_a_rebuild(database: Database) -> None:
    await settle_definition(database, read({}, secret="s", default_zone="UTC"), NOW)
    async with serving(database, conversation_floor=60) as desk:
        await desk.post([rep("r1", "West")])
        await desk.get("/v1/reps/r1/kpis", date=DAY)
        refused = await desk.get("/v1/reps/r1/kpis", 409, date=DAY, explain="1")
        assert "RINGSIDE_CONVERSATION_FLOOR was 90, is 60" in refused["detail"]


async def test_too_much_is_refused(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.sensitivity.explain.MOST_CALLS", 2)
    async with serving(database) as desk:
        await desk.post([rep("r1", "West"), leg("a", "r1", 100), leg("b", "r1", 100)])
        assert (await ask(desk, "company", "conversations"))["conversations"]["value"] == 2
        await desk.post([leg("c", "r1", 100)])
        refused = await desk.get("/v1/company/kpis", 422, date=DAY, explain="1")
        assert "3 calls are in this period, and at most 2" in refused["detail"]
        await desk.get("/v1/company/kpis", date=DAY)


async def test_the_answer_is_in_the_description_of_the_api(database: Database) -> None:
    async with serving(database) as desk:
        described = (await desk.get("/v1/openapi.json"))["paths"]
    for whose in ("reps/{rep_id}", "teams/{team}", "company"):
        call = described[f"/v1/{whose}/kpis"]["get"]
        assert "explain" in [parameter["name"] for parameter in call["parameters"]]
        body = call["responses"]["200"]["content"]["application/json"]
        assert body["schema"] == FIGURES
    wrong = {"kpis": {"calls": {"value": 1, "explain": []}}}
    assert {error.json_path for error in CLOSED.iter_errors(wrong)} == {
        "$", "$.kpis.calls.explain",
    }  # fmt: skip
