"""Alerts over HTTP: the list and its filters, the history, and who has seen it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.db import Database
from tests.api.alerting import TOO_MANY, Service, got, sent, serving

ALERTS = "/v1/alerts"
MOMENT = "2026-11-20T19:00:00Z"


@pytest.fixture
async def service(database: Database) -> AsyncIterator[Service]:
    """Ada, Bo and Cy have missed too many, Bo only for a while."""
    async with serving(database) as running:
        await sent(running.admin, "POST", "/v1/alert-rules", TOO_MANY, 201)
        await running.missed(r1=4)
        await running.missed(r1=4, r2=5)
        await running.missed(r1=4, r3=6)
        yield running


async def listed(service: Service, query: str = "", client: Any = None) -> list[tuple[Any, ...]]:
    page = await got(client or service.reader, f"{ALERTS}?{query}")
    return [(item["rep_id"], item["state"]) for item in page["items"]]


async def test_an_alert_as_it_is_shown(service: Service) -> None:
    (rule,) = (await got(service.reader, "/v1/alert-rules"))["items"]
    page = await got(service.reader, f"{ALERTS}?rep_id=r2")
    (bo,) = page["items"]
    assert page == {"as_of": MOMENT, "items": [bo], "next_cursor": None}
    assert bo == {
        "id": bo["id"], "rule_id": rule["id"], "rule": "Too many missed", "severity": "warning",
        "state": "resolved", "reason": "recovered", "rep_id": "r2", "name": "Bo", "team": "West",
        "kpi": "missed_inbound",
        "period": {"kind": "day", "start": "2026-11-20", "end": "2026-11-21",
                   "time_zone": "America/Denver"},
        "operator": ">", "threshold": 3, "recover_at": None, "value": 0, "denominator": None,
        "pending_at": MOMENT, "firing_at": MOMENT, "resolved_at": MOMENT,
        "acknowledged_at": None, "acknowledged_by": None,
    }  # fmt: skip
    line = {"at": MOMENT, "denominator": None, "threshold": 3, "by": None}
    assert await got(service.reader, f"{ALERTS}/{bo['id']}") == {
        "as_of": MOMENT, **bo,
        "history": [
            {**line, "from": None, "to": "pending", "reason": "breached", "value": 5},
            {**line, "from": "pending", "to": "firing", "reason": "confirmed", "value": 5},
            {**line, "from": "firing", "to": "resolved", "reason": "recovered", "value": 0},
        ],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["r3", "r2", "r1"]),
        ("state=firing", ["r3", "r1"]),
        ("state=resolved,pending", ["r2"]),
        ("state=firing&team=West", ["r1"]),
        ("rep_id=r3", ["r3"]),
        ("rep_id=nobody", []),
        ("kpi=missed_inbound&severity=warning", ["r3", "r2", "r1"]),
        ("kpi=calls", []),
        ("severity=critical,info", []),
        ("rule_id=rule_0", []),
        ("acknowledged=true", []),
        ("acknowledged=false&team=East", ["r3"]),
        ("from=2026-11-20&to=2026-11-21", ["r3", "r2", "r1"]),
        ("from=2026-11-21", []),
        ("to=2026-11-20", []),
        ("limit=1", ["r3"]),
    ],
)
async def test_the_filters(service: Service, query: str, found: list[str]) -> None:
    assert [rep_id for rep_id, _ in await listed(service, query)] == found


async def test_the_list_pages_from_the_newest(service: Service) -> None:
    seen, query = [], "limit=1"
    while True:
        page = await got(service.reader, f"{ALERTS}?{query}")
        seen += [item["rep_id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        query = f"limit=1&cursor={page['next_cursor']}"
    assert seen == ["r3", "r2", "r1"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("state=open", "state"), ("severity=awful", "severity"), ("cursor=x", "cursor"),
        ("from=yesterday", "from"), ("stat=firing", "stat"), ("acknowledged=maybe", "acknowledged"),
        ("limit=0", "limit"),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_a_question_is_named(
    service: Service, query: str, field: str
) -> None:
    problem = await got(service.reader, f"{ALERTS}?{query}", 422)
    assert [error["field"] for error in problem["errors"]] == [field]


async def test_an_unchanged_list_is_not_sent_again(service: Service) -> None:
    tag = (await service.reader.get(ALERTS)).headers["etag"]
    again = await service.reader.get(ALERTS, headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")
    await service.missed(r1=4)
    assert (await service.reader.get(ALERTS)).headers["etag"] != tag


async def test_a_bound_key_sees_its_team_only(service: Service) -> None:
    assert await listed(service, client=service.west) == [("r2", "resolved"), ("r1", "firing")]
    assert await listed(service, "team=East", client=service.west) == []
    ((cy),) = (await got(service.reader, f"{ALERTS}?rep_id=r3"))["items"]
    await got(service.west, f"{ALERTS}/{cy['id']}", 404)
    await sent(service.west, "POST", f"{ALERTS}/{cy['id']}/acknowledge", status=404)
    await got(service.nobody, ALERTS, 401)


async def test_acknowledging_names_the_first_and_starts_over_when_it_opens_again(
    service: Service,
) -> None:
    ((ada),) = (await got(service.west, f"{ALERTS}?rep_id=r1"))["items"]
    path = f"{ALERTS}/{ada['id']}"
    seen = {**ada, "acknowledged_at": MOMENT, "acknowledged_by": "west"}
    assert await sent(service.west, "POST", f"{path}/acknowledge") == seen
    assert await sent(service.admin, "POST", f"{path}/acknowledge") == seen
    assert await listed(service, "acknowledged=true") == [("r1", "firing")]
    lines = (await got(service.reader, path))["history"]
    assert [(line["from"], line["to"], line["reason"], line["by"]) for line in lines] == [
        (None, "pending", "breached", None),
        ("pending", "firing", "confirmed", None),
        ("firing", "firing", "acknowledged", "west"),
    ]
    await service.missed()
    await service.missed(r1=9)
    again = await got(service.reader, path)
    assert (again["state"], again["acknowledged_at"], again["value"]) == ("firing", None, 9)


@pytest.mark.parametrize("alert_id", ["0", "999999999", "1e3", "x", "9" * 30, "-1", "٣"])
async def test_no_such_alert(service: Service, alert_id: str) -> None:
    await got(service.reader, f"{ALERTS}/{alert_id}", 404)
    await sent(service.reader, "POST", f"{ALERTS}/{alert_id}/acknowledge", status=404)


@pytest.mark.parametrize("path", [f"{ALERTS}?rep_id=%00", "/v1/alert-rules/%00"])
async def test_what_nothing_can_be_called(service: Service, path: str) -> None:
    problem = await got(service.reader, path, 422)
    assert problem["detail"] == "U+0000 is in no text that we know"


async def test_open_alerts_are_a_metric(service: Service) -> None:
    response = await service.nobody.get("/metrics")
    assert 'ringside_alerts{severity="warning",state="firing"} 2.0' in response.text
    await service.missed()
    assert "ringside_alerts{" not in (await service.nobody.get("/metrics")).text
