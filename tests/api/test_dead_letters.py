"""/v1/dead-letters: for admins; look, choose, replay, discard; and /v1/feeds counts by code."""

import base64
from typing import Any

import httpx2
import pytest

from app.db import Database
from app.dead_letters.letter import pack
from app.events.refusals import Refusal
from app.ingest import Door
from app.offer import Origin, Refused
from app.settings import read
from tests.api.desk import NOW, Desk, call, event, serving

PATH = "/v1/dead-letters"


async def ask(desk: Desk, path: str = PATH, /, status: int = 200, **params: Any) -> Any:
    answer = await desk.admin.get(path, params=params)
    assert answer.status_code == status, answer.text
    return answer.json()


async def tell(desk: Desk, what: str, status: int = 200, **body: Any) -> Any:
    answer = await desk.admin.post(f"{PATH}/{what}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def late(number: int) -> dict[str, Any]:
    """Refused today: it is of the day after tomorrow."""
    return call(number, "r1", started_at="2026-11-22T18:00:00Z", answered_at=None,
                ended_at="2026-11-22T18:03:20Z")  # fmt: skip


async def refuse(desk: Desk) -> None:
    """Two of the day after tomorrow, and one of a type that nobody knows."""
    await desk.post([late(1), late(2), event("faxes.sent", "f1")], status=422)


async def test_they_are_listed_chosen_and_paged(database: Database) -> None:
    async with serving(database) as desk:
        await refuse(desk)
        answer = await ask(desk)
        assert answer["next_cursor"] is None
        first = answer["items"][0]
        assert first == {
            "id": first["id"], "state": "waiting", "source": "pbx", "event_id": late(1)["id"],
            "type": "ringside.call.ended.v1", "code": "timestamp_out_of_range",
            "field": "data.started_at", "detail": first["detail"], "topic": "http",
            "partition": 0, "offset": 0, "size": first["size"],
            "received_at": "2026-11-20T20:00:00Z", "replayed_at": None, "discarded_at": None,
            "emptied_at": None,
        }  # fmt: skip
        ids = [item["id"] for item in answer["items"]]
        page = await ask(desk, limit="2")
        assert [item["id"] for item in page["items"]] == ids[:2]
        page = await ask(desk, limit="2", cursor=page["next_cursor"])
        assert ([item["id"] for item in page["items"]], page["next_cursor"]) == (ids[2:], None)
        choices: tuple[tuple[dict[str, Any], list[int]], ...] = (
            ({"code": "unknown_type"}, ids[2:]), ({"source": "crm"}, []),
            ({"type": "ringside.call.ended.v1"}, ids[:2]), ({"state": "replayed"}, []),
            ({"from": "2026-11-20"}, ids), ({"from": "2026-11-21"}, []),
            ({"from": "2026-11-20T21:00:00+01:00"}, ids), ({"to": "2026-11-20T20:00:00Z"}, []),
        )  # fmt: skip
        for chosen, wanted in choices:
            found = await ask(desk, **chosen)
            assert [item["id"] for item in found["items"]] == wanted, chosen


@pytest.mark.parametrize(
    "params",
    [
        {"code": "nonsense"}, {"state": "lost"}, {"from": "yesterday"}, {"to": "2026-13-01"},
        {"from": "2026-11-20T20:00:00"}, {"cursor": "x"}, {"limit": "0"}, {"colour": "red"},
    ],
)  # fmt: skip
async def test_a_question_that_makes_no_sense_says_so(
    database: Database, params: dict[str, str]
) -> None:
    async with serving(database) as desk:
        answer = await ask(desk, status=422, **params)
    assert answer["errors"][0]["field"] in params


async def test_one_is_shown_whole(database: Database) -> None:
    kept = pack(b"k\xff", [("trace", b"\x00\xff"), ("who", "é".encode())])
    refusal = Refusal("not_json", None, "no UTF-8 at byte 0")
    letter = Refused(refusal, b"\xff{", Origin("ringside.calls", 3, 77, kept))
    async with serving(database) as desk:
        await refuse(desk)
        await Door(database, read({}, secret="s")).take([letter], now=NOW)
        ids = [item["id"] for item in (await ask(desk))["items"]]
        text = await ask(desk, f"{PATH}/{ids[0]}")
        assert base64.b64decode(text["payload_base64"]).decode() == text["payload_text"]
        assert '"ringside.call.ended.v1"' in text["payload_text"]
        assert text["headers"] == {"content-type": "application/cloudevents-batch+json"}
        kafka = await ask(desk, f"{PATH}/{ids[3]}")
        assert kafka["headers"] == [
            {"name": "trace", "base64": "AP8=", "text": None},
            {"name": "who", "base64": "w6k=", "text": "é"},
        ]
        assert kafka["key"] == {"base64": "a/8=", "text": None}
        assert (kafka["payload_base64"], kafka["payload_text"], kafka["tombstone"]) == (
            "/3s=", None, False,
        )  # fmt: skip
        for nobody in ("999999", "x", "9" * 30):
            await ask(desk, f"{PATH}/{nobody}", status=404)


async def test_they_are_replayed_once_and_discarded_once(database: Database) -> None:
    async with serving(database) as desk:
        await refuse(desk)
        ids = [item["id"] for item in (await ask(desk))["items"]]
        nothing = {"sent": 0, "ignored": 0, "refused": 0, "already": 0, "next_cursor": None}
        assert await tell(desk, "replay") == {**nothing, "refused": 3}
        state = desk.app.state.ringside
        state.clock = lambda: NOW.replace(day=22)  # two days later they are right
        assert await tell(desk, "replay", ids=ids[1:]) == {**nothing, "sent": 1, "refused": 1}
        assert await tell(desk, "replay") == {**nothing, "sent": 1, "refused": 1, "already": 1}
        assert await tell(desk, "replay") == {**nothing, "refused": 1, "already": 2}
        assert await tell(desk, "discard", code="unknown_type") == {"discarded": 1, "already": 0}
        assert await tell(desk, "discard", ids=ids) == {"discarded": 0, "already": 3}
        assert [item["state"] for item in (await ask(desk))["items"]] == [
            "replayed", "replayed", "discarded",
        ]  # fmt: skip
        feed = (await desk.get("/v1/feeds"))["items"][0]
    assert (feed["read"], feed["standing"], feed["refused"], feed["unresolved"]) == (5, 2, 3, 0)
    assert feed["refused_by_code"] == {"timestamp_out_of_range": 2, "unknown_type": 1}


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("discard", {}), ("discard", {"ids": []}), ("replay", {"ids": []}),
        ("replay", {"ids": ["1"]}), ("replay", {"ids": [2**70]}), ("replay", {"id": 1}),
        ("discard", {"code": "nonsense"}), ("discard", {"from": "x"}),
        ("replay", {"cursor": "x"}), ("discard", {"cursor": "1"}),
    ],
)  # fmt: skip
async def test_a_choice_that_makes_no_sense_does_nothing(
    database: Database, what: str, body: dict[str, Any]
) -> None:
    async with serving(database) as desk:
        await refuse(desk)
        assert (await tell(desk, what, status=422, **body))["errors"]
        assert {item["state"] for item in (await ask(desk))["items"]} == {"waiting"}


async def test_they_are_for_admins(database: Database) -> None:
    async with serving(database) as desk:
        await refuse(desk)
        for client, status in ((desk.nobody, 401), (desk.reader, 403), (desk.writer, 403)):
            answers: list[httpx2.Response] = [
                await client.get(PATH),
                await client.get(f"{PATH}/1"),
                await client.post(f"{PATH}/replay", json={}),
                await client.post(f"{PATH}/discard", json={"code": "unknown_type"}),
            ]
            assert {answer.status_code for answer in answers} == {status}
