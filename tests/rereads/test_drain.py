"""From the webhook to the figure: noted before the answer, read, delivered, then forgotten."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from app import keys, settings
from app.db import Database
from app.errors import Unavailable
from app.events.refusals import Refusal
from app.events.types import Event
from app.feeds.feed import Feed, Hook, ReadAgain
from app.main import create_app
from app.rereads import notes
from app.rereads.drain import Drain
from app.rereads.hubspot import HubSpot
from tests.feeds.hubspot_payloads import CHANGED, SECRET, call, deal, item, signed, thing, told
from tests.rereads.hubspot_server import TOKEN, HubSpotServer, hubspot

NOW = datetime(2025, 11, 18, 10, 1, tzinfo=UTC)
URL = "http://ringside.test/v1/webhooks/hubspot"


@pytest.fixture
async def vendor() -> AsyncIterator[HubSpotServer]:
    async with hubspot() as served:
        yield served


def chosen(vendor: HubSpotServer) -> settings.Settings:
    return settings.read({
        "RINGSIDE_SECRET": "a secret of the tests", "RINGSIDE_HUBSPOT_SECRET": SECRET,
        "RINGSIDE_HUBSPOT_TOKEN": TOKEN, "RINGSIDE_HUBSPOT_URL": vendor.url,
    })  # fmt: skip


@asynccontextmanager
async def serving(
    database: Database, vendor: HubSpotServer, *, background: bool = True
) -> AsyncIterator[httpx2.AsyncClient]:
    """The service, with its background work or without."""
    app = create_app(chosen(vendor), database, clock=lambda: NOW)
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://ringside.test") as client:
        if background:
            async with app.router.lifespan_context(app):
                yield client
        else:
            yield client


async def post(client: httpx2.AsyncClient, *events: dict[str, Any]) -> Any:
    body = json.dumps(events).encode()
    headers = signed(body, round(NOW.timestamp() * 1000), URL)
    answer = await client.post("/v1/webhooks/hubspot", content=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def rows(database: Database, sql: str) -> list[tuple[Any, ...]]:
    async with database.reading() as reading:
        return [tuple(row) for row in await reading.fetch(sql)]


async def until_read(database: Database) -> None:
    async with asyncio.timeout(15):
        while await rows(database, "SELECT pg_sleep(0.05) FROM object_reads"):
            pass


async def test_what_hubspot_says_has_changed_is_in_the_figures_soon(
    database: Database, vendor: HubSpotServer
) -> None:
    vendor.objects = {
        "deals": {"5": deal(5)}, "calls": {"7": call(7)}, "contacts": {"31": thing(31, phone="1")},
        "line_items": {"71": item(71, "2", "600")},
    }  # fmt: skip
    vendor.associations = {"deals/line_items": {"5": [71]}, "line_items/deals": {"71": [5]}}
    async with serving(database, vendor) as client:
        said = await post(
            client,
            told("line_item.propertyChange", objectId=71),
            told("object.creation", objectTypeId="0-48", objectId=7),
            told("contact.creation", objectId=31),
        )
        assert said == {"accepted": 0, "duplicates": 0, "ignored": {}, "rejected": [], "to_read": 3}
        await until_read(database)
    assert await rows(database, "SELECT call_id, rep_id, talk FROM legs") == [
        ("hubspot:7", "hubspot:51", 130)
    ]
    assert await rows(database, "SELECT quote_id, status FROM quotes") == [
        ("hubspot:5", "accepted")
    ]
    assert await rows(
        database, "SELECT rep_id, orders, net::int FROM rep_days WHERE orders > 0"
    ) == [("hubspot:51", 1, 1200)]
    assert await rows(database, "SELECT customer_id FROM customers") == [("hubspot:31",)]
    ledger = "SELECT source, read, standing, superseded, duplicates, refused FROM feeds"
    assert await rows(database, ledger) == [("hubspot", 4, 4, 0, 0, 0)]


async def test_the_note_is_durable_before_the_answer_and_outlives_the_process(
    database: Database, vendor: HubSpotServer
) -> None:
    vendor.objects = {"calls": {"7": call(7)}}
    async with serving(database, vendor, background=False) as client:
        await post(client, told("object.creation", objectTypeId="0-48", objectId=7))
        assert await rows(database, "SELECT kind, key FROM object_reads") == [("calls", "7")]
    async with serving(database, vendor) as client:  # another process
        await until_read(database)
    assert await rows(database, "SELECT call_id FROM legs") == [("hubspot:7",)]


async def test_what_cannot_be_noted_is_not_answered_for(vendor: HubSpotServer) -> None:
    away = Database("postgresql://127.0.0.1:1/nobody")
    async with serving(away, vendor, background=False) as client:
        body = json.dumps([told("deal.creation")]).encode()
        headers = signed(body, round(NOW.timestamp() * 1000), URL)
        answer = await client.post("/v1/webhooks/hubspot", content=body, headers=headers)
    assert answer.status_code == 503
    await away.close()


async def test_what_waits_is_told(database: Database, vendor: HubSpotServer) -> None:
    await notes.keep_notes(database, [ReadAgain("hubspot", "deals", "5", NOW)], NOW)
    async with database.writing() as writing:
        token, _ = await keys.create(writing, "reader", ["read"], now=NOW)
    async with serving(database, vendor, background=False) as client:
        answer = await client.get("/v1/feeds", headers={"Authorization": f"Bearer {token}"})
    assert answer.json()["to_read"] == [
        {"source": "hubspot", "waiting": 1, "since": "2025-11-18T10:01:00Z", "error": None}
    ]


class Desk:
    """A drain with a clock of its own, and what it delivered."""

    def __init__(self, database: Database, vendor: HubSpotServer, client: HubSpot) -> None:
        self.now = NOW
        self.delivered: list[Event | Refusal] = []
        self.away = False
        self.drain = Drain(database, chosen(vendor), client, self._deliver, lambda: self.now)

    async def _deliver(
        self, feed: Feed, hook: Hook, found: list[tuple[Event | Refusal, bytes]]
    ) -> None:
        if self.away:
            raise Unavailable("PostgreSQL: away")
        self.delivered += [one for one, _ in found]


@pytest.fixture
async def desk(database: Database, vendor: HubSpotServer) -> AsyncIterator[Desk]:
    async with HubSpot(chosen(vendor)) as client:
        yield Desk(database, vendor, client)


async def noted(database: Database, *keys: int, kind: str = "calls") -> None:
    changes = [ReadAgain("hubspot", kind, str(key), NOW) for key in keys]
    await notes.keep_notes(database, changes, NOW)


async def test_what_was_not_delivered_is_read_again(
    database: Database, vendor: HubSpotServer, desk: Desk
) -> None:
    vendor.objects = {"calls": {"7": call(7)}}
    await noted(database, 7)
    desk.away = True
    await desk.drain.turn()
    ((error, attempts),) = await rows(database, "SELECT error, attempts FROM object_reads")
    assert (error, attempts) == ("PostgreSQL: away", 1)
    desk.away, desk.now = False, NOW + timedelta(hours=1)
    await desk.drain.turn()
    assert len(desk.delivered) == 1
    assert await rows(database, "SELECT 1 FROM object_reads") == []


async def test_all_wait_as_long_as_hubspot_asks(
    database: Database, vendor: HubSpotServer, desk: Desk
) -> None:
    vendor.trouble = ["429 600"]
    await noted(database, 7, 8)
    assert await desk.drain.turn() == 600
    ((due,),) = await rows(database, "SELECT DISTINCT next_at FROM object_reads")
    assert due == NOW + timedelta(seconds=600)
    desk.now = NOW + timedelta(seconds=599)
    asked = len(vendor.asked)
    await desk.drain.turn()
    assert len(vendor.asked) == asked


async def test_one_object_that_hubspot_refuses_holds_up_no_other(
    database: Database, vendor: HubSpotServer, desk: Desk
) -> None:
    vendor.objects, vendor.bad_ids = {"calls": {"7": call(7), "9": call(9)}}, {"8"}
    await noted(database, 7, 8, 9)
    await desk.drain.turn()
    assert len(desk.delivered) == 2
    left = await rows(database, "SELECT key, error LIKE 'HubSpot refuses%' FROM object_reads")
    assert left == [("8", True)]


async def test_what_is_read_and_cannot_be_taken_is_a_dead_letter_that_reads_again(
    database: Database, vendor: HubSpotServer
) -> None:
    vendor.objects = {"calls": {"7": call(7, hs_call_direction=None)}}
    async with serving(database, vendor) as client:
        await post(client, told("object.creation", objectTypeId="0-48", objectId=7))
        await until_read(database)
    ((source, code, payload),) = await rows(
        database, "SELECT source, code, payload FROM dead_letters"
    )
    assert (source, code) == ("hubspot", "missing")
    kept = json.loads(payload)
    assert (kept["objectTypeId"], kept["object"]["id"], kept["changedAt"]) == ("0-48", "7", CHANGED)
