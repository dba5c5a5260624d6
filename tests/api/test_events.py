"""POST /v1/events: what is taken, what is refused, what a producer hears back."""

import asyncio
import json
from typing import Any

from app.db import Database
from app.facts.rows import Leg
from tests.api.desk import BATCH, Desk, call, rep, serving


async def ledger(database: Database) -> dict[str, tuple[int, ...]]:
    async with database.reading() as reading:
        rows = await reading.fetch(
            "SELECT source, read, standing, superseded, duplicates, refused FROM feeds"
        )
    return {row[0]: tuple(row)[1:] for row in rows}


async def test_good_events_land_though_others_are_refused(database: Database) -> None:
    async with serving(database) as desk:
        naive = call(2, "r1", started_at="2026-11-20T18:00:00")
        answer = await desk.post([call(1, "r1"), naive, call(1, "r1"), {"id": "x"}])
        assert answer == {
            "accepted": 1,
            "duplicates": 1,
            "rejected": [
                {"index": 1, "id": naive["id"], "code": "naive_timestamp",
                 "field": "data.started_at",
                 "detail": "data.started_at is '2026-11-20T18:00:00', an offset is needed, "
                 "e.g. 2026-11-20T18:00:00Z"},
                {"index": 3, "id": "x", "code": "missing", "field": "specversion",
                 "detail": 'specversion is None, "1.0" is needed'},
            ],
        }  # fmt: skip
        # a refused one does not use up its pair
        assert (await desk.post([{**naive, "data": call(2, "r1")["data"]}]))["accepted"] == 1
    assert await ledger(database) == {"pbx": (4, 2, 0, 1, 1), "unknown": (1, 0, 0, 0, 1)}
    async with database.reading() as reading:
        letters = await reading.fetch("SELECT payload, topic, code FROM dead_letters ORDER BY id")
    assert [tuple(letter) for letter in letters] == [
        (json.dumps(naive).encode(), "http", "naive_timestamp"),
        (b'{"id": "x"}', "http", "missing"),
    ]


async def test_all_refused_is_422_and_nothing_at_all_is_200(database: Database) -> None:
    async with serving(database) as desk:
        answer = await desk.post([{"specversion": "1.0"}], status=422)
        assert (answer["accepted"], [r["code"] for r in answer["rejected"]]) == (0, ["missing"])
        assert await desk.post([]) == {"accepted": 0, "duplicates": 0, "rejected": []}


async def test_the_three_modes(database: Database) -> None:
    async with serving(database) as desk:
        structured, binary = call(1, "r1"), call(2, "r1")
        kind = {"content-type": "application/cloudevents+json; charset=utf-8"}
        one = await desk.writer.post("/v1/events", content=json.dumps(structured), headers=kind)
        attributes = {f"ce-{k}": str(v) for k, v in binary.items() if k != "data"}
        attributes["ce-id"] = "h%C3%A9"  # percent-encoded, as the binding has it
        two = await desk.writer.post(
            "/v1/events", content=json.dumps(binary["data"]),
            headers={**attributes, "content-type": "application/json"},
        )  # fmt: skip
        three = await desk.writer.post("/v1/events", json=[call(3, "r1")])
        assert [a.json()["accepted"] for a in (one, two, three)] == [1, 1, 1]
    async with database.reading() as reading:
        ids = [row["event_id"] for row in await reading.fetch("SELECT event_id FROM legs")]
    assert sorted(ids) == sorted([structured["id"], "hé", call(3, "r1")["id"]])
    assert Leg.table == "legs"


async def test_too_much_is_413(database: Database) -> None:
    async with serving(database) as desk:
        many = [call(n, "r1") for n in range(1_001)]
        assert (await desk.post(many, status=413))["title"] == "The request is too large"

        async def endless() -> Any:
            for _ in range(2_000):
                yield b"[" * 1_000

        answer = await desk.writer.post("/v1/events", content=endless())
        assert answer.status_code == 413
        deep = await desk.writer.post(
            "/v1/events", content=b"[" * 1_000_000, headers={"content-type": BATCH}
        )
        assert (deep.status_code, deep.json()["rejected"][0]["code"]) == (422, "too_deep")
    assert await ledger(database) == {"unknown": (1, 0, 0, 0, 1)}


async def test_the_limit_of_a_key(database: Database) -> None:
    async with serving(database, events_per_minute=3) as desk:
        await desk.post([call(n, "r1") for n in range(3)])
        answer = await desk.writer.post(
            "/v1/events", content=json.dumps([call(9, "r1")]), headers={"content-type": BATCH}
        )
        assert answer.status_code == 429
        assert 0 < int(answer.headers["retry-after"]) <= 61


async def test_many_at_once_each_hear_of_their_own(database: Database) -> None:
    """Requests that share a transaction are told apart."""

    async def post(desk: Desk, number: int) -> Any:
        return await desk.post([call(number, "r1"), call(0, "r1"), rep("r1", "West")])

    async with serving(database) as desk:
        answers = await asyncio.gather(*(post(desk, n) for n in range(1, 31)))
    assert {a["accepted"] + a["duplicates"] for a in answers} == {3}
    # thirty calls of their own, and of the two that all sent one each
    assert sum(a["accepted"] for a in answers) == 32
    assert sum(a["duplicates"] for a in answers) == 58
    assert await ledger(database) == {"pbx": (90, 32, 0, 58, 0)}


async def test_who_may(database: Database) -> None:
    async with serving(database) as desk:
        body: dict[str, Any] = {
            "content": json.dumps([call(1, "r1")]),
            "headers": {"content-type": BATCH},
        }
        for client, status in ((desk.nobody, 401), (desk.reader, 403), (desk.admin, 200)):
            assert (await client.post("/v1/events", **body)).status_code == status
        nobody = await desk.nobody.post("/v1/events", **body)
        assert nobody.headers["www-authenticate"] == 'Bearer realm="ringside"'
        assert nobody.headers["content-type"] == "application/problem+json"
