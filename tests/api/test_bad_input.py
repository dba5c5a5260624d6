"""Bad input to the running service: its code, the record byte for byte, neighbours that land."""

import json
from typing import Any

import pytest

from app.db import Database
from tests.api.desk import BATCH, NOW, serving
from tests.bad_input import BAD, BODIES, GOOD, as_sent
from tests.events.given import NOW as GIVEN
from tests.events.given import event

STRUCTURED = "application/cloudevents+json"


async def kept(database: Database) -> list[tuple[str, bytes]]:
    async with database.reading() as reading:
        rows = await reading.fetch("SELECT code, payload FROM dead_letters ORDER BY id")
    return [(row["code"], row["payload"]) for row in rows]


async def standing(database: Database) -> int:
    async with database.reading() as reading:
        return int(await reading.value("SELECT sum(standing) + sum(superseded) FROM feeds"))


async def test_one_by_one(database: Database) -> None:
    assert NOW == GIVEN
    wanted = []
    taken = 0
    async with serving(database) as desk:
        for name, (body, code) in (BAD | BODIES).items():
            sent = as_sent(name, body)
            answer = await desk.writer.post(
                "/v1/events", content=sent, headers={"content-type": STRUCTURED}
            )
            assert answer.status_code == (422 if code else 200), (name, answer.text)
            assert [one["code"] for one in answer.json()["rejected"]] == ([code] if code else [])
            wanted += [(code, sent)] if code else []
            taken += code is None
    assert await kept(database) == wanted
    assert await standing(database) == taken


async def test_all_in_batches_beside_good_ones(database: Database) -> None:
    wanted: list[tuple[str, bytes]] = []
    async with serving(database) as desk:
        for number, (name, (body, code)) in enumerate(BAD.items()):
            good = [
                json.dumps({**event("call.ended", call_id=f"{number}-{side}"),
                            "id": f"{number}-{side}"})
                for side in "ab"
            ]  # fmt: skip
            sent = as_sent(name, body)
            whole = b"[" + good[0].encode() + b"," + sent + b"," + good[1].encode() + b"]"
            answer = await desk.writer.post(
                "/v1/events", content=whole, headers={"content-type": BATCH}
            )
            said: dict[str, Any] = answer.json()
            assert (answer.status_code, said["accepted"]) == (200, 2 if code else 3), name
            assert [(one["index"], one["code"]) for one in said["rejected"]] == (
                [(1, code)] if code else []
            )
            wanted += [(code, sent)] if code else []
    assert await kept(database) == wanted
    async with database.reading() as reading:
        legs = await reading.fetch("SELECT call_id FROM legs WHERE call_id ~ '^[0-9]+-[ab]$'")
    assert len(legs) == 2 * len(BAD)


async def test_the_same_id_twice_with_other_content_is_a_duplicate(database: Database) -> None:
    async with serving(database) as desk:
        answer = await desk.post([event("call.ended"), event("call.ended", call_id="c2")])
        assert (answer["accepted"], answer["duplicates"]) == (1, 1)


async def test_ids_are_compared_as_they_are(database: Database) -> None:
    """By case, by a space behind, by Unicode form: different ids are different records."""
    ids = ["É1", "E\u03011", "É1 ", "é1", "É1\u200b"]
    async with serving(database) as desk:
        answer = await desk.post([{**event("call.ended", call_id=one), "id": one} for one in ids])
        assert answer == {"accepted": 5, "duplicates": 0, "rejected": []}
    async with database.reading() as reading:
        assert await reading.value("SELECT count(*) FROM legs") == 5


async def test_bounds_of_a_request(database: Database) -> None:
    async with serving(database) as desk:
        calls = [{**event("call.ended", call_id=f"n{n}"), "id": f"n{n}"} for n in range(1_000)]
        assert (await desk.post(calls))["accepted"] == 1_000
        await desk.post([*calls, event("call.ended")], status=413)
        room = (1 << 20) - len(GOOD) - 2
        for spare, status in ((room, 200), (room + 1, 413)):
            answer = await desk.writer.post(
                "/v1/events", content=b"[" + GOOD + b" " * spare + b"]",
                headers={"content-type": BATCH},
            )  # fmt: skip
            assert answer.status_code == status, spare


async def test_chunks_and_lengths_that_lie(database: Database) -> None:
    async def chunks() -> Any:
        for at in range(0, len(GOOD), 7):
            yield GOOD[at : at + 7]

    async with serving(database) as desk:
        answer = await desk.writer.post("/v1/events", content=chunks())
        assert answer.json()["accepted"] == 1
        answer = await desk.writer.post(
            "/v1/events", content=GOOD, headers={"content-length": str(1 << 30)}
        )
        assert answer.json()["duplicates"] == 1


async def test_the_limit_takes_nothing_and_says_when(database: Database) -> None:
    async with serving(database, events_per_minute=2) as desk:
        await desk.post([event("call.ended")])
        more = [{**event("call.ended", call_id=f"n{n}"), "id": f"n{n}"} for n in range(2)]
        answer = await desk.writer.post("/v1/events", json=more)
        assert answer.status_code == 429
        assert 0 < int(answer.headers["retry-after"]) <= 61
        assert answer.headers["content-type"] == "application/problem+json"
    assert await standing(database) == 1


async def test_while_nothing_can_be_promised_it_is_503(database: Database) -> None:
    async with serving(database) as desk:
        assert (await desk.post([event("call.ended")]))["accepted"] == 1  # its key is known now
        away = Database("postgresql://127.0.0.1:1/nobody")
        desk.app.state.ringside.door._database = away
        answer = await desk.writer.post("/v1/events", json=[event("call.ended")])
        assert (answer.status_code, int(answer.headers["retry-after"]) > 0) == (503, True)
        await away.close()


@pytest.mark.parametrize("name", ["SQL", "HTML", "a log line"])
async def test_names_are_only_names(database: Database, name: str, caplog: Any) -> None:
    body = BAD[name][0]
    async with serving(database) as desk:
        answer = await desk.writer.post("/v1/events", content=body)
        assert answer.json()["accepted"] == 1
        reps = (await desk.get("/v1/reps"))["items"]
    assert [rep["name"] for rep in reps] == [json.loads(body)["data"]["name"]]
    assert "all is lost" not in caplog.text
