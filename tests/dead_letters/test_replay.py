"""A replay counts once: however often, twice at a time, and wherever it dies."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from msgspec import structs

from app.db import Database
from app.dead_letters import replay as station
from app.dead_letters.kept import Choice, discard
from app.dead_letters.replay import Replayed, replay
from app.errors import Unavailable
from app.events.cloudevents import from_http
from app.events.refusals import Refusal
from app.feeds import aircall, shopify
from app.feeds.feed import Hook, ReadAgain
from app.feeds.registry import FEEDS
from app.ingest import Door
from app.main import create_app
from app.offer import Origin, Refused
from app.producer import Producer, Record
from app.rereads.notes import backlogs
from app.settings import Settings, read
from tests.consumers.floor import event, member, produce, settings, structured, taken, until_taken
from tests.dead_letters.given import balance, found, states
from tests.feeds import payloads
from tests.feeds.payloads import order, shopify_headers

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
    # Refused stays refused: the replay was read again, and stands; the second is a duplicate.
    assert await balance(database) == {"floor": (3, 1, 0, 1, 1, 0), "unknown": (1, 0, 0, 0, 1, 1)}


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


WRONG, RIGHT = (read({}, secret="s", currency=c) for c in ("EUR", "USD"))


async def refused_rates(database: Database, count: int) -> None:
    """Rates that are refused by WRONG and right by RIGHT, in the dead letters."""
    letters = []
    for number in range(count):
        one = event("fx_rate.recorded", f"rate{number}", {**RATE["data"], "rate": str(number + 1)})
        raw = json.dumps({**one, "data": {**one["data"], "day": f"2026-11-{number + 1:02d}"}})
        ((refusal, _),) = from_http(None, {}, raw.encode(), now=NOW, currency="EUR")
        assert isinstance(refusal, Refusal)
        letters.append(Refused(refusal, raw.encode(), Origin()))
    await Door(database, WRONG).take(letters, now=NOW)


async def again(database: Database, choice: Choice | None = None, **over: Any) -> Replayed:
    return await replay(
        database, RIGHT, choice or Choice(), door=Door(database, RIGHT), producer=None, now=NOW,
        **over,
    )  # fmt: skip


async def test_two_replays_at_a_time_count_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(station, "PAGE", 3)  # so that they meet often
    await refused_rates(database, 20)
    outcomes = await asyncio.gather(*(again(database) for _ in range(4)))
    assert sum(done.sent for done in outcomes) == 20
    assert await balance(database) == {"floor": (40, 20, 0, 0, 20, 0)}


async def test_a_replay_that_dies_before_its_mark_counts_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await refused_rates(database, 2)

    async def dies(*_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(station, "mark_replayed", dies)
        with pytest.raises(RuntimeError):
            await again(database)
    assert await states(database) == ["waiting", "waiting"]
    assert await again(database) == Replayed(sent=2)
    assert await again(database) == Replayed(already=2)
    assert await balance(database) == {"floor": (6, 2, 0, 2, 2, 0)}


async def test_one_that_cannot_be_sent_waits_on(database: Database) -> None:
    await refused_rates(database, 1)
    away = Database("postgresql://127.0.0.1:1/nobody")
    with pytest.raises(Unavailable):
        await replay(database, RIGHT, Choice(), door=Door(away, RIGHT), producer=None, now=NOW)
    await away.close()
    assert await states(database) == ["waiting"]


async def test_only_the_chosen_are_replayed_and_never_a_discarded_one(database: Database) -> None:
    await refused_rates(database, 4)
    ids = [letter.id for letter in await found(database)]
    async with database.writing() as writing:
        await discard(writing, Choice(ids=(ids[0],)), NOW)
    assert await again(database, Choice(ids=(ids[0], ids[1]))) == Replayed(sent=1, already=1)
    assert await again(database, Choice(code="empty")) == Replayed()
    assert await states(database) == ["discarded", "replayed", "waiting", "waiting"]
    assert await again(database, most=1) == Replayed(sent=1, already=2, last=ids[2])
    assert await again(database, most=1, after=ids[2]) == Replayed(sent=1, already=3)
    assert await balance(database) == {"floor": (7, 3, 0, 0, 4, 0)}


async def test_large_ones_are_held_few_at_a_time(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await refused_rates(database, 5)
    size = (await found(database))[0].size
    monkeypatch.setattr(station, "MOST_BYTES", 2 * size)
    lots: list[int] = []
    assert await again(database, progress=lots.append) == Replayed(sent=5)
    assert lots == [2, 2, 1]
    monkeypatch.setattr(station, "MOST_BYTES", 1)  # one that is over it goes by itself


@pytest.fixture
async def vendors(database: Database) -> AsyncIterator[httpx2.AsyncClient]:
    """The service with its feeds open."""
    chosen = read({}, secret="s", aircall_token=payloads.TOKEN, shopify_secret=payloads.SECRET)
    transport = httpx2.ASGITransport(create_app(chosen, database, clock=lambda: NOW))
    async with httpx2.AsyncClient(transport=transport, base_url="http://x.test") as client:
        yield client


async def test_a_webhook_goes_through_its_adapter_again(
    database: Database, vendors: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An adapter that could not read a payload is mended; then the payload counts, once."""
    body = json.dumps(order()).encode()
    with monkeypatch.context() as patch:
        patch.setattr(shopify, "ORDERS", ())  # an adapter that does not know the topic
        patch.setattr(shopify, "DRAFTS", ("orders/create",))  # and takes it for another
        answer = await vendors.post(
            "/v1/webhooks/shopify", content=body, headers=shopify_headers("orders/create", body)
        )
        assert [r["code"] for r in answer.json()["rejected"]] == ["missing"]
        assert await again(database) == Replayed(refused=1)
    assert await again(database) == Replayed(sent=1)
    assert await again(database) == Replayed(already=1)
    # The same by the vendor's own hand is the same delivery: the headers that name it were kept.
    answer = await vendors.post(
        "/v1/webhooks/shopify", content=body, headers=shopify_headers("orders/create", body)
    )
    assert answer.json()["duplicates"] == 1
    assert await balance(database) == {"shopify": (3, 1, 0, 1, 1, 0)}


async def test_a_webhook_of_which_a_part_is_refused_is_one_letter_and_its_rest_lands(
    database: Database, vendors: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The made event was at fault, not the payload: the payload is kept, and read anew."""
    whole = FEEDS["aircall"].translate

    def half(hook: Hook, chosen: Settings) -> Any:
        made = whole(hook, chosen)
        assert isinstance(made, list)
        return [*made, {**made[0], "data": {**made[0]["data"], "direction": "sideways"}}] * 2

    fixed = FEEDS["aircall"]
    monkeypatch.setitem(FEEDS, "aircall", structs.replace(fixed, translate=half))
    answer = (await vendors.post("/v1/webhooks/aircall", content=payloads.aircall())).json()
    assert (answer["accepted"], answer["duplicates"], len(answer["rejected"])) == (1, 1, 1)
    monkeypatch.setitem(FEEDS, "aircall", fixed)
    (letter,) = await found(database)
    assert letter.size == len(payloads.aircall().replace(payloads.TOKEN.encode(), b"***"))
    assert await again(database) == Replayed(sent=1)
    assert await balance(database) == {"aircall": (4, 1, 0, 2, 1, 0)}


async def test_a_webhook_that_means_nothing_by_todays_rules_is_done_with(
    database: Database, vendors: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await vendors.post("/v1/webhooks/aircall", content=payloads.aircall(direction="sideways"))
    monkeypatch.setattr(aircall, "FINAL", ())
    assert await again(database) == Replayed(ignored=1)
    assert await again(database) == Replayed(already=1)
    assert await balance(database) == {"aircall": (1, 0, 0, 0, 1, 0)}


async def test_a_feed_that_is_no_more_refuses(
    database: Database, vendors: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await vendors.post("/v1/webhooks/aircall", content=payloads.aircall(direction="sideways"))
    monkeypatch.delitem(FEEDS, "aircall")
    assert await again(database) == Replayed(refused=1)


async def test_a_webhook_that_says_read_me_again_is_noted(
    database: Database, vendors: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await vendors.post("/v1/webhooks/aircall", content=payloads.aircall(direction="sideways"))
    note = ReadAgain("aircall", "calls", "1", NOW)
    asks = structs.replace(FEEDS["aircall"], translate=lambda _hook, _settings: [note])
    monkeypatch.setitem(FEEDS, "aircall", asks)
    assert await again(database) == Replayed(sent=1)
    async with database.reading() as reading:
        assert [log.waiting for log in await backlogs(reading)] == [1]
    assert await balance(database) == {"aircall": (1, 0, 0, 0, 1, 0)}
