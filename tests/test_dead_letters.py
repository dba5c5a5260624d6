"""Dead letters: the same record again from what is kept, and a replay that counts once."""

import json
from datetime import UTC, datetime

import pytest

from app.db import Database
from app.dead_letters import Choice, Replayed, listed, pack, replay, shown, unpack
from app.errors import NotFound
from app.events.cloudevents import from_http
from app.events.refusals import Refusal
from app.ingest import Door, Origin, Refused
from app.producer import Producer, Record
from app.settings import Settings, read
from tests.consumers.floor import event, member, produce, settings, structured, taken, until_taken

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)

# Refused where EUR is the reporting currency, and right where it is USD.
RATE = event("fx_rate.recorded", "rate1", {"currency": "EUR", "day": "2026-11-02", "rate": "1.1"})


async def rates(database: Database) -> int:
    async with database.reading() as reading:
        return int(await reading.value("SELECT count(*) FROM fx_rates"))


async def test_a_replay_to_kafka_counts_once(
    database: Database, bootstrap: str, prefix: str
) -> None:
    wrong, right = (settings(bootstrap, prefix, currency=c) for c in ("EUR", "USD"))
    hopeless = Record(f"{prefix}.calls", b"k", b"nonsense", (("trace", b"\xff"),))
    await produce(wrong, [structured(f"{prefix}.directory", b"EUR", RATE), hopeless])
    async with member(wrong, database) as running:
        await until_taken(database, 2, running)
    assert await rates(database) == 0

    producer, door = Producer(right), Door(database, right)

    async def again() -> Replayed:
        now = datetime.now(UTC)
        return await replay(database, right, Choice(), door=door, producer=producer, now=now)

    async with member(right, database) as running:
        assert await again() == Replayed(sent=1, refused=1)
        await until_taken(database, 3, running)
        assert await again() == Replayed(refused=1, already=1)
        async with database.writing() as writing:  # as if we had died before the mark
            await writing.run("UPDATE dead_letters SET replayed_at = NULL")
        assert await again() == Replayed(sent=1, refused=1)
        await until_taken(database, 4, running)
    await producer.close()
    assert await rates(database) == 1
    async with database.reading() as reading:
        ledger = await reading.fetch("SELECT read, standing, duplicates, refused FROM feeds")
        assert sorted(tuple(row) for row in ledger) == [(1, 0, 0, 1), (3, 1, 1, 1)]


@pytest.mark.parametrize("mode", ["structured", "binary"])
async def test_a_replay_of_what_came_over_http_goes_through_the_door(
    database: Database, mode: str
) -> None:
    wrong, right = (read({}, secret="s", currency=c) for c in ("EUR", "USD"))
    headers = {"content-type": "application/cloudevents-batch+json"}
    body = json.dumps([RATE]).encode()
    if mode == "binary":
        headers = {f"ce-{k}": str(v) for k, v in RATE.items() if k != "data"}
        headers["content-type"] = "application/json"
        body = json.dumps(RATE["data"]).encode()
    kind = headers["content-type"]
    ((refusal, raw),) = from_http(kind, headers, body, now=NOW, currency=wrong.currency)
    assert isinstance(refusal, Refusal)
    refused = Refused(refusal, raw, Origin(headers=json.dumps(headers)))
    await Door(database, wrong).take([refused], now=NOW)

    async def again(chosen: Settings) -> Replayed:
        door = Door(database, chosen)
        return await replay(database, chosen, Choice(), door=door, producer=None, now=NOW)

    assert await again(wrong) == Replayed(refused=1)
    assert await again(right) == Replayed(sent=1)
    assert await again(right) == Replayed(already=1)
    assert (await rates(database), await taken(database)) == (1, 2)


async def test_what_is_kept_makes_the_same_record_again(database: Database) -> None:
    door = Door(database, read({}, secret="s"))
    headers = [("trace", b"\x00\xff"), ("trace", b"again"), ("", b"")]
    made = [
        Record("t.calls", b"\xff\x00", b"\x00body", tuple(headers)),
        Record("t.calls", None, None, ()),
        Record("t.calls", b"", b"", ()),
    ]
    refusal = Refusal(code="not_json", field=None, detail="…", source="crm")
    await door.take(
        [
            Refused(refusal, r.value or b"", Origin(r.topic, 3, n, pack(
                r.key, r.headers, tombstone=r.value is None
            )))
            for n, r in enumerate(made)
        ],
        now=NOW,
    )  # fmt: skip
    async with database.reading() as reading:
        found = await listed(reading, Choice(source="crm"))
        assert [unpack(letter) for letter in found] == made
        assert await shown(reading, found[1].id) == found[1]
        assert await listed(reading, Choice(code="other")) == []
        assert await listed(reading, Choice(ids=(found[0].id,), code="not_json")) == found[:1]
        assert await listed(reading, Choice(), after=found[0].id, limit=1) == found[1:2]
        with pytest.raises(NotFound, match="no dead letter 999999"):
            await shown(reading, 999999)


async def test_a_header_name_with_a_nul_can_be_kept(database: Database) -> None:
    kept = pack(None, [("a\0b", b"")])
    refusal = Refusal(code="empty", field=None, detail="…")
    door = Door(database, read({}, secret="s"))
    await door.take([Refused(refusal, b"", Origin("t.calls", 0, 0, kept))], now=NOW)
    async with database.reading() as reading:
        (letter,) = await listed(reading, Choice())
    assert letter.headers["headers"] == [["a\\0b", ""]]
