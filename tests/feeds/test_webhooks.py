"""A webhook is kept before it is answered, and nobody but the vendor gets in."""

import json
from typing import Any

import httpx2
import pytest

from app import settings
from app.db import Database
from app.errors import BadConfiguration
from app.feeds.registry import FEEDS
from app.main import create_app
from tests.feeds import payloads
from tests.feeds.payloads import SECRET, TOKEN, order, refund, shopify_headers

AIRCALL, SHOPIFY = "/v1/webhooks/aircall", "/v1/webhooks/shopify"


async def counts(database: Database) -> dict[str, int]:
    async with database.reading() as reading:
        return {
            table: await reading.value(f"SELECT count(*) FROM {table}")
            for table in ("legs", "orders", "returns", "dead_letters")
        }


def answer(
    accepted: int = 0,
    duplicates: int = 0,
    ignored: dict[str, int] | None = None,
    rejected: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    return {"accepted": accepted, "duplicates": duplicates, "ignored": ignored or {},
            "rejected": rejected or []}  # fmt: skip


async def post(client: httpx2.AsyncClient, path: str, body: bytes, **headers: str) -> Any:
    response = await client.post(path, content=body, headers=headers)
    assert response.status_code == 200, response.text
    return response.json()


async def test_a_call_is_kept_once_however_often_it_is_sent(
    service: httpx2.AsyncClient, database: Database
) -> None:
    body = payloads.aircall()
    assert await post(service, AIRCALL, body) == answer(accepted=1)
    assert await post(service, AIRCALL, body) == answer(duplicates=1)
    assert await counts(database) == {"legs": 1, "orders": 0, "returns": 0, "dead_letters": 0}
    async with database.reading() as reading:
        row = (await reading.fetch(
            "SELECT call_id, rep_id, talk, hold, outcome, phone_last2, source FROM legs"
        ))[0]  # fmt: skip
    assert tuple(row) == (
        "aircall:910000001", "aircall:11", 188, None, "connected", "42", "aircall",
    )  # fmt: skip


async def test_an_order_and_its_refund_come_in_by_either_way_once(
    service: httpx2.AsyncClient, database: Database
) -> None:
    back = refund(31, (1, 1, "40.00"))
    whole = order(refunds=[back])
    whole["line_items"][0]["current_quantity"] = 2
    for topic, payload, accepted in (("orders/create", order(), 1), ("refunds/create", back, 1),
                                     ("orders/updated", whole, 2)):  # fmt: skip
        body = json.dumps(payload).encode()
        headers = shopify_headers(topic, body)
        assert await post(service, SHOPIFY, body, **headers) == answer(accepted=accepted)
        again = await post(service, SHOPIFY, body, **headers)
        assert again == answer(duplicates=accepted)
    assert await counts(database) == {"legs": 0, "orders": 1, "returns": 1, "dead_letters": 0}
    async with database.reading() as reading:
        figures = await reading.fetch(
            "SELECT rep_id, day::text, orders, net, returned FROM rep_days ORDER BY day"
        )
    assert [(r["rep_id"], r["day"], r["orders"], int(r["net"]), int(r["returned"]))
            for r in figures] == [
        ("shopify:77", "2025-11-18", 1, 420, 0),
        ("shopify:77", "2025-11-25", 0, 0, 40),
    ]  # fmt: skip


async def test_what_is_ignored_is_answered_with_its_reason(
    service: httpx2.AsyncClient, database: Database
) -> None:
    assert await post(service, AIRCALL, payloads.aircall("call.hungup")) == answer(
        ignored={"not_final": 1}
    )
    body = b'{"id": 1}'
    headers = shopify_headers("returns/approve", body)
    assert await post(service, SHOPIFY, body, **headers) == answer(ignored={"kind": 1})
    assert set((await counts(database)).values()) == {0}


async def test_what_is_refused_is_a_dead_letter_without_the_secret(
    service: httpx2.AsyncClient, database: Database
) -> None:
    said = await post(service, AIRCALL, payloads.aircall(direction=None))
    assert (said["accepted"], [r["code"] for r in said["rejected"]]) == (0, ["wrong_type"])
    said = await post(service, AIRCALL, payloads.aircall(direction="sideways"))
    assert [(r["code"], r["field"]) for r in said["rejected"]] == [
        ("unknown_value", "data.direction")
    ]
    body = json.dumps(order(line_items="trimmed")).encode()
    await post(service, SHOPIFY, body, **shopify_headers("orders/updated", body))
    async with database.reading() as reading:
        rows = await reading.fetch(
            "SELECT source, type, code, topic, payload FROM dead_letters ORDER BY id"
        )
    assert [tuple(row)[:4] for row in rows] == [
        ("aircall", None, "wrong_type", "http"),
        ("aircall", "ringside.call.ended.v1", "unknown_value", "http"),
        ("shopify", "orders/updated", "wrong_type", "http"),
    ]
    assert rows[0]["payload"] == payloads.aircall(direction=None).replace(TOKEN.encode(), b"***")
    assert rows[2]["payload"] == body


@pytest.mark.parametrize(
    ("path", "body", "headers"),
    [
        (AIRCALL, payloads.aircall().replace(TOKEN.encode(), b"tok_other"), {}),
        (AIRCALL, b"{}", {}),
        (AIRCALL, b"", {}),
        (SHOPIFY, b'{"id": 1}', {}),
        (SHOPIFY, b'{"id": 2}', shopify_headers("orders/delete", b'{"id": 1}')),
        (SHOPIFY, b'{"id": 1}', {"Authorization": f"Bearer {SECRET}"}),
    ],
)
async def test_a_forged_webhook_is_not_let_in(
    service: httpx2.AsyncClient,
    database: Database,
    path: str,
    body: bytes,
    headers: dict[str, str],
) -> None:
    response = await service.post(path, content=body, headers=headers)
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"
    assert set((await counts(database)).values()) == {0}


async def test_unknown_feeds_and_ones_without_a_secret_say_so(
    service: httpx2.AsyncClient, database: Database
) -> None:
    unknown = await service.post("/v1/webhooks/faxes", content=b"{}")
    assert unknown.status_code == 404
    assert (
        unknown.json()["detail"]
        == f"there is no feed 'faxes'; there are {', '.join(sorted(FEEDS))}"
    )
    bare = create_app(settings.read({"RINGSIDE_SECRET": "a secret of the tests"}), database)
    transport = httpx2.ASGITransport(bare)
    async with httpx2.AsyncClient(transport=transport, base_url="http://x.test") as client:
        off = await client.post(AIRCALL, content=payloads.aircall())
    assert off.status_code == 403
    assert off.json()["detail"] == "the feed aircall is not enabled: set RINGSIDE_AIRCALL_TOKEN"


async def opened(database: Database, body: bytes, **environ: str) -> int:
    """The status that a deployment with these settings answers an Aircall payload with."""
    chosen = settings.read({"RINGSIDE_SECRET": "a secret of the tests", **environ})
    transport = httpx2.ASGITransport(create_app(chosen, database))
    async with httpx2.AsyncClient(transport=transport, base_url="http://x.test") as client:
        return (await client.post(AIRCALL, content=body)).status_code


async def test_two_secrets_hold_while_one_takes_the_others_place(database: Database) -> None:
    old, new = payloads.aircall(), payloads.aircall().replace(TOKEN.encode(), b"tok_new")
    for body, status in ((old, 200), (new, 200), (new.replace(b"tok_new", b"tok_none"), 401)):
        given = f"tok_new {TOKEN}\n"
        assert await opened(database, body, RINGSIDE_AIRCALL_TOKEN=given) == status


async def test_a_feed_goes_without_a_secret_only_where_it_is_told_so(database: Database) -> None:
    unsigned = payloads.aircall().replace(TOKEN.encode(), b"")
    assert await opened(database, unsigned) == 403
    assert await opened(database, unsigned, RINGSIDE_FEEDS="aircall:insecure") == 200
    # A secret that is there is asked for, whatever else is said.
    both = {"RINGSIDE_FEEDS": "aircall:insecure", "RINGSIDE_AIRCALL_TOKEN": TOKEN}
    assert await opened(database, unsigned, **both) == 401


@pytest.mark.parametrize(
    ("feeds", "why"),
    [
        (
            "shopify, aircall",
            (
                "RINGSIDE_FEEDS: shopify needs RINGSIDE_SHOPIFY_SECRET, or anybody could send in "
                "its name; where that is meant, say shopify:insecure"
            ),
        ),
        ("faxes", "RINGSIDE_FEEDS: there is no feed 'faxes'; there are "),
    ],
)
async def test_a_feed_that_nobody_could_sign_for_refuses_to_start(
    database: Database, feeds: str, why: str
) -> None:
    chosen = settings.read({"RINGSIDE_FEEDS": feeds, "RINGSIDE_SECRET": "a secret of the tests"})
    with pytest.raises(BadConfiguration) as refused:
        create_app(chosen, database)
    assert str(refused.value).startswith(why)


async def test_a_body_over_four_megabytes_is_not_read(service: httpx2.AsyncClient) -> None:
    response = await service.post(SHOPIFY, content=b"x" * (4 << 20) + b"x")
    assert response.status_code == 413


async def test_an_order_larger_than_an_event_may_be_is_refused_not_lost(
    service: httpx2.AsyncClient, database: Database
) -> None:
    lines = [payloads.line(n, 1, "1.00", sku="S" * 190) for n in range(1, 1001)]
    body = json.dumps(order(line_items=lines)).encode()
    said = await post(service, SHOPIFY, body, **shopify_headers("orders/create", body))
    assert [r["code"] for r in said["rejected"]] == ["too_large"]
    assert (await counts(database))["dead_letters"] == 1


async def test_without_the_database_nothing_is_promised(service: httpx2.AsyncClient) -> None:
    app = service._transport.app  # type: ignore[attr-defined]
    await app.state.ringside.database.close()
    away = Database("postgresql://127.0.0.1:1/nobody")
    app.state.ringside.door._database = away
    response = await service.post(AIRCALL, content=payloads.aircall())
    assert response.status_code == 503
    assert response.headers["retry-after"]
    await away.close()
