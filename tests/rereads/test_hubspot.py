"""HubSpot is asked as it wants to be asked, waited for, and given up with nothing forgotten."""

import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from app import settings
from app.errors import Unavailable
from app.feeds.feed import ReadAgain
from app.rereads.hubspot import HubSpot, Readings, Refused
from app.rereads.notes import Pending
from tests.feeds.hubspot_payloads import CHANGED, call, deal, item, thing
from tests.rereads.hubspot_server import TOKEN, HubSpotServer, hubspot

AT = datetime(2025, 11, 18, 10, tzinfo=UTC)


@pytest.fixture
async def vendor() -> AsyncIterator[HubSpotServer]:
    async with hubspot() as served:
        yield served


def wanted(kind: str, *keys: int) -> list[Pending]:
    return [Pending("hubspot", kind, str(key), AT, 1, 1) for key in keys]


async def read(vendor: HubSpotServer, kind: str, *keys: int, token: str = TOKEN) -> Readings:
    chosen = settings.read(
        {"RINGSIDE_HUBSPOT_TOKEN": token, "RINGSIDE_HUBSPOT_URL": vendor.url,
         "RINGSIDE_HUBSPOT_STAGES": "contractsent=issued,771=issued,closedwon=won"}
    )  # fmt: skip
    async with HubSpot(chosen) as client:
        return await client.read(wanted(kind, *keys), AT)


async def payloads(vendor: HubSpotServer, kind: str, *keys: int) -> list[dict[str, Any]]:
    return [json.loads(one) for one in (await read(vendor, kind, *keys)).payloads]


async def test_deals_come_with_their_lines_and_customers(vendor: HubSpotServer) -> None:
    vendor.objects = {
        "deals": {"1": deal(1), "2": deal(2)},
        "line_items": {"71": item(71, "1", "5"), "72": item(72, "2", "6")},
    }
    vendor.associations = {
        "deals/line_items": {"1": [71, 72, 79]},
        "deals/contacts": {"1": [31, 32], "2": [33]},
        "deals/companies": {"2": [8]},
    }
    one, two = await payloads(vendor, "deals", 1, 2)
    assert one == {
        "objectTypeId": "0-3", "objectId": "1", "readAt": "2025-11-18T10:00:00+00:00",
        "changedAt": CHANGED, "object": deal(1), "contacts": ["31", "32"], "companies": [],
        "lines": [item(71, "1", "5"), item(72, "2", "6")],
    }  # fmt: skip
    assert (two["lines"], two["contacts"], two["companies"]) == ([], ["33"], ["8"])
    asked = dict(vendor.asked)
    assert asked["/crm/v3/objects/deals/batch/read"]["propertiesWithHistory"] == [
        "hubspot_owner_id"
    ]
    assert {"amount", "hs_v2_date_entered_contractsent", "hs_v2_date_entered_771"} <= set(
        asked["/crm/v3/objects/deals/batch/read"]["properties"]
    )
    assert len(vendor.asked) == 5


async def test_associations_are_read_to_the_last_page(vendor: HubSpotServer) -> None:
    vendor.objects = {"calls": {"7": call(7)}}
    vendor.associations, vendor.page = {"calls/contacts": {"7": [1, 2, 3, 4, 5]}}, 2
    (found,) = await payloads(vendor, "calls", 7)
    assert found["contacts"] == ["1", "2", "3", "4", "5"]
    assert [one for path, one in vendor.asked if "contacts" in path][-1] == {
        "inputs": [{"id": "7", "after": "4"}]
    }


async def test_what_was_deleted_is_looked_for_in_the_bin(vendor: HubSpotServer) -> None:
    gone = {**call(8), "archived": True}
    vendor.objects, vendor.archived = {"calls": {"7": call(7)}}, {"calls": {"8": gone}}
    found = await payloads(vendor, "calls", 7, 8, 9)
    assert [one["object"] for one in found] == [call(7), gone, None]


async def test_a_line_item_leads_to_its_deal(vendor: HubSpotServer) -> None:
    vendor.associations = {"line_items/deals": {"71": [2], "72": [2, 1]}}
    found = await read(vendor, "line_items", 71, 72, 73)
    assert found == Readings(
        further=[ReadAgain("hubspot", "deals", "1", AT), ReadAgain("hubspot", "deals", "2", AT)]
    )


async def test_contacts_are_asked_for_what_names_them(vendor: HubSpotServer) -> None:
    vendor.objects = {"contacts": {"31": thing(31, firstname="Ada")}}
    (found,) = await payloads(vendor, "contacts", 31)
    assert found["object"]["properties"] == {"firstname": "Ada"}
    ((_, asked),) = vendor.asked
    assert asked["properties"] == ["email", "firstname", "lastname", "mobilephone", "phone"]
    assert "propertiesWithHistory" not in asked


@pytest.mark.parametrize("trouble", ["503", "die", "429"])
async def test_trouble_that_passes_is_waited_out(vendor: HubSpotServer, trouble: str) -> None:
    vendor.objects, vendor.trouble = {"contacts": {"31": thing(31)}}, [trouble]
    assert len(await payloads(vendor, "contacts", 31)) == 1
    assert len(vendor.asked) == 2


async def test_the_pause_that_is_asked_for_is_kept(vendor: HubSpotServer) -> None:
    vendor.objects, vendor.trouble = {"contacts": {"31": thing(31)}}, ["429 2"]
    began = time.monotonic()
    await payloads(vendor, "contacts", 31)
    assert 2 <= time.monotonic() - began < 8  # our own first pause is shorter


async def test_a_long_pause_is_left_to_the_notes(vendor: HubSpotServer) -> None:
    vendor.trouble = ["429 600"]
    began = time.monotonic()
    with pytest.raises(Unavailable, match="HubSpot: HTTP 429") as told:
        await read(vendor, "contacts", 31)
    assert told.value.retry_after == 600
    assert time.monotonic() - began < 2


async def test_what_will_not_be_answered_is_told_apart(vendor: HubSpotServer) -> None:
    with pytest.raises(Unavailable, match="RINGSIDE_HUBSPOT_TOKEN") as told:
        await read(vendor, "contacts", 31, token="another")
    assert told.value.retry_after == 300
    vendor.bad_ids = {"31"}
    with pytest.raises(Refused, match="HTTP 400"):
        await read(vendor, "contacts", 31)
    vendor.trouble = ["rubbish"]
    with pytest.raises(Unavailable, match="not understood"):
        await read(vendor, "contacts", 30)
    assert len(vendor.asked) == 3


async def test_a_hubspot_that_is_not_there(vendor: HubSpotServer) -> None:
    vendor.trouble = ["die"] * 9
    began = time.monotonic()
    with pytest.raises(Unavailable, match="HubSpot: "):
        await read(vendor, "contacts", 31)
    assert len(vendor.asked) == 5
    assert time.monotonic() - began < 30
