"""Where notices go, over HTTP: for admins, with secrets shown once."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.alerts.notify import Courier, Sender
from app.alerts.signature import key_of
from app.db import Database
from tests.alerts.given import NOON
from tests.alerts.receiver import receiving
from tests.api.alerting import Service, got, refused, sent, serving

SINKS = "/v1/alert-sinks"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
DESK = {"name": "desk", "url": "https://desk.example/hook?a=b"}


@pytest.fixture
async def service(database: Database) -> AsyncIterator[Service]:
    async with serving(database) as running:
        yield running


def answer(sink_id: str, **over: Any) -> dict[str, Any]:
    return {
        "id": sink_id, **DESK, "enabled": True, "created_at": "2026-11-20T19:00:00Z",
        "waiting": 0, "dead": 0, "last_error": None, "last_sent_at": None, **over,
    }  # fmt: skip


async def test_a_sink_from_adding_to_removing(service: Service) -> None:
    made = await sent(service.admin, "POST", SINKS, DESK, 201)
    secret = made.pop("secret")
    assert len(key_of(secret)) == 32
    assert made == answer(made["id"])
    listed = await got(service.admin, SINKS)
    assert listed == {"as_of": "2026-11-20T19:00:00Z", "items": [made], "next_cursor": None}
    path = f"{SINKS}/{made['id']}"
    changes = {"enabled": False, "name": "night desk", "secret": SECRET}
    changed = await sent(service.admin, "PATCH", path, changes)
    assert changed == answer(made["id"], enabled=False, name="night desk")
    assert await sent(service.admin, "DELETE", path, status=204) is None
    for method, more in (("PATCH", ""), ("DELETE", ""), ("POST", "/test"), ("POST", "/retry")):
        problem = await sent(service.admin, method, path + more, {}, 404)
        assert problem["detail"] == f"there is no alert sink '{made['id']}'"


async def test_a_secret_of_ones_own(service: Service) -> None:
    made = await sent(service.admin, "POST", SINKS, {**DESK, "secret": SECRET}, 201)
    assert made["secret"] == SECRET


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"url": "ftp://desk.example/"}, "url"),
        ({"url": "https:///hook"}, "url"),
        ({"url": "desk.example/hook"}, "url"),
        ({"url": "file:///etc/passwd"}, "url"),
        ({"url": "https://user:secret@desk.example/"}, "url"),
        ({"url": "https://desk.example/#here"}, "url"),
        ({"url": "https://desk.example:99999/"}, "url"),
        ({"url": "https://[::1/"}, "url"),
        ({"url": "https://[nonsense]/"}, "url"),
        ({"url": "https://désk.example/"}, "url"),
        ({"url": "https://desk.example/a b"}, "url"),
        ({"url": "https://desk.example/a\r\nX: y"}, "url"),
        ({"url": "https://desk.example/" + "a" * 2000}, "url"),
        ({"secret": "secret"}, "secret"),
        ({"secret": "whsec_c2hvcnQ="}, "secret"),
        ({"name": ""}, "name"),
        ({"enabled": 1}, "enabled"),
        ({"uri": "x"}, "uri"),
    ],
)
async def test_what_is_wrong_is_named(service: Service, over: dict[str, Any], field: str) -> None:
    assert [name for name, _ in await refused(service.admin, "POST", SINKS, {**DESK, **over})] == [
        field
    ]
    assert (await got(service.admin, SINKS))["items"] == []


async def test_a_test_notice_and_another_round_for_what_was_given_up(
    service: Service,
) -> None:
    sender = Sender(public_only=False, deadline=0.5)
    courier = Courier(service.database, sender, lambda: NOON)
    async with receiving("410", "200") as receiver:
        made = await sent(service.admin, "POST", SINKS, {"name": "desk", "url": receiver.url}, 201)
        path = f"{SINKS}/{made['id']}"
        test = await sent(service.admin, "POST", f"{path}/test", status=202)
        await courier.step()
        await courier.idle()
        (shown,) = (await got(service.admin, SINKS))["items"]
        assert (shown["waiting"], shown["dead"], shown["last_error"]) == (0, 1, "answered 410")
        assert await sent(service.admin, "POST", f"{path}/retry") == {"retried": 1}
        await courier.step()
        await courier.idle()
    await sender.close()
    (shown,) = (await got(service.admin, SINKS))["items"]
    assert (shown["dead"], shown["last_error"], shown["last_sent_at"]) == (
        0, None, "2026-11-20T19:00:00Z",
    )  # fmt: skip
    assert [received.headers["webhook-id"] for received in receiver.received] == [test["id"]] * 2
    assert json.loads(receiver.received[0].body) == {
        "type": "ringside.test", "timestamp": "2026-11-20T19:00:00Z", "data": {"sink": "desk"},
    }  # fmt: skip


async def test_for_admins_only(service: Service) -> None:
    made = await sent(service.admin, "POST", SINKS, DESK, 201)
    path = f"{SINKS}/{made['id']}"
    for client, status in ((service.nobody, 401), (service.reader, 403), (service.west, 403)):
        await got(client, SINKS, status)
        await sent(client, "POST", SINKS, DESK, status)
        await sent(client, "PATCH", path, {}, status)
        await sent(client, "DELETE", path, None, status)
        await sent(client, "POST", f"{path}/test", None, status)
        await sent(client, "POST", f"{path}/retry", None, status)
