"""Threshold rules over HTTP: made, read, changed, deleted, and refused field by field."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from app.db import Database
from tests.api.alerting import TOO_MANY, Service, got, refused, sent, serving

RULES = "/v1/alert-rules"


@pytest.fixture
async def service(database: Database) -> AsyncIterator[Service]:
    async with serving(database) as running:
        yield running


def answer(rule_id: str, **over: Any) -> dict[str, Any]:
    return {
        "id": rule_id, "revision": 1, "name": "Too many missed", "kpi": "missed_inbound",
        "scope": "all", "subjects": "reps", "period": "day", "operator": ">", "threshold": 3,
        "recover_at": None, "check": "live", "for_seconds": 0, "min_sample": None,
        "working_days_only": False, "severity": "warning", "enabled": True,
        "since": "2026-11-20T19:00:00Z",
        "created_at": "2026-11-20T19:00:00Z", **over,
    }  # fmt: skip


async def test_a_rule_from_making_to_deleting(service: Service) -> None:
    response = await service.admin.post(RULES, json=TOO_MANY)
    made = response.json()
    assert (response.status_code, made) == (201, answer(made["id"]))
    path = response.headers["location"]
    assert path == f"{RULES}/{made['id']}"
    as_of = {"as_of": "2026-11-20T19:00:00Z"}
    assert await got(service.reader, path) == {**as_of, **made}
    assert await got(service.reader, RULES) == {**as_of, "items": [made], "next_cursor": None}
    changed = await sent(service.admin, "PATCH", path, {"threshold": 5, "severity": "critical"})
    assert changed == answer(made["id"], revision=2, threshold=5, severity="critical")
    replaced = await sent(service.admin, "PUT", path, {**TOO_MANY, "threshold": 5})
    assert replaced == answer(made["id"], revision=2, threshold=5)
    assert await sent(service.admin, "DELETE", path, status=204) is None
    for method in ("GET", "DELETE", "PUT", "PATCH"):
        body = TOO_MANY if method == "PUT" else {} if method == "PATCH" else None
        problem = await sent(service.admin, method, path, body, 404)
        assert problem["detail"] == f"there is no alert rule '{made['id']}'"


async def test_everything_a_rule_can_say(service: Service) -> None:
    said = {
        "name": "Low revenue", "kpi": "revenue", "scope": {"team": "West"}, "subjects": "teams",
        "period": "month", "operator": "<=", "threshold": "1000.10", "recover_at": "1200",
        "check": {"after": "17:00"}, "for_seconds": 60, "min_sample": 2.5,
        "working_days_only": True, "severity": "info", "enabled": False,
    }  # fmt: skip
    made = await sent(service.admin, "POST", RULES, said, 201)
    assert made == answer(made["id"], **{**said, "recover_at": "1200.00"})
    one = {**said, "scope": {"rep_id": "r1"}, "subjects": "reps", "check": "close"}
    made = await sent(service.admin, "POST", RULES, one, 201)
    assert (made["scope"], made["check"]) == ({"rep_id": "r1"}, "close")
    # What was not sent stays, to the digit.
    path = f"{RULES}/{made['id']}"
    assert await sent(service.admin, "PATCH", path, {}) == made


@pytest.mark.parametrize(
    ("sent_as", "shown"),
    [(0.1, 0.1), ("0.100", 0.1), (3, 3), ("-2.5", -2.5), ("1234567890.123456", 1234567890.123456)],
)  # fmt: skip
async def test_levels_are_exact(service: Service, sent_as: object, shown: object) -> None:
    made = await sent(service.admin, "POST", RULES, {**TOO_MANY, "threshold": sent_as}, 201)
    assert made["threshold"] == shown
    async with service.database.reading() as reading:
        kept = await reading.value("SELECT threshold FROM alert_rules WHERE id = $1", made["id"])
    assert kept == Decimal(str(sent_as))


@pytest.mark.parametrize(
    ("over", "errors"),
    [
        ({"name": ""}, [("name", "String should have at least 1 character")]),
        ({"name": "a\u0000b"}, [("name", "String should match pattern '^[^\\x00-\\x1f\\x7f]+$'")]),
        ({"name": "x" * 201}, [("name", "String should have at most 200 characters")]),
        ({"kpi": "charm"}, [("kpi", "there is no KPI 'charm'; /v1/kpis lists them all")]),
        ({"scope": "West"},
         [("scope", 'must be "all", {"team": "West"} or {"rep_id": "r1"}')]),
        ({"scope": {"team": "West", "rep_id": "r1"}},
         [("scope", 'must be "all", {"team": "West"} or {"rep_id": "r1"}')]),
        ({"check": {"after": "25:00"}},
         [("check", 'must be "live", "close" or {"after": "17:00"}')]),
        ({"check": {"after": "17:00:30"}},
         [("check", 'must be "live", "close" or {"after": "17:00"}')]),
        ({"operator": "=="}, [("operator", "Input should be '<', '<=', '>' or '>='")]),
        ({"period": "decade"},
         [("period", "Input should be 'day', 'week', 'month', 'quarter', 'year' or 'ttm'")]),
        ({"threshold": "many"}, [("threshold", "Input should be a valid decimal")]),
        ({"threshold": "NaN"}, [("threshold", "Input should be a finite number")]),
        ({"threshold": True}, [("threshold", "must be a number, or a decimal string")]),
        ({"threshold": None}, [("threshold", "must be a number, or a decimal string")]),
        ({"threshold": "0.1234567"},
         [("threshold", "Decimal input should have no more than 6 decimal places")]),
        ({"threshold": "1e400"}, [("threshold", "Input should be a finite number")]),
        ({"threshold": "1e30"},
         [("threshold", "Decimal input should have no more than 20 digits in total")]),
        ({"kpi": "revenue", "threshold": 0.005},
         [("threshold", "at most 2 decimal places, as revenue")]),
        ({"recover_at": 4},
         [("recover_at", "4 is itself > 3; it must lie on the good side of the threshold")]),
        ({"min_sample": -1}, [("min_sample", "Input should be greater than or equal to 0")]),
        ({"for_seconds": 1.5}, [("for_seconds", "Input should be a valid integer")]),
        ({"for_seconds": 86401}, [("for_seconds", "Input should be less than or equal to 86400")]),
        ({"severity": "awful"}, [("severity", "Input should be 'info', 'warning' or 'critical'")]),
        ({"enabled": "yes"}, [("enabled", "Input should be a valid boolean")]),
        ({"treshold": 4}, [("treshold", "Extra inputs are not permitted")]),
        ({"scope": {"rep_id": "r1"}, "subjects": "teams"},
         [("subjects", "the scope is one rep; teams are not in it")]),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named(
    service: Service, over: dict[str, Any], errors: list[tuple[str, str]]
) -> None:
    assert await refused(service.admin, "POST", RULES, {**TOO_MANY, **over}) == errors
    made = await sent(service.admin, "POST", RULES, TOO_MANY, 201)
    assert await refused(service.admin, "PATCH", f"{RULES}/{made['id']}", over) == errors
    assert (await got(service.admin, RULES))["items"] == [made]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"name": "\\ud800", "kpi": "calls", "operator": "<", "threshold": 1}', "name"),
        (b'{"name": "a", "kpi": "calls", "operator": "<", "threshold": NaN}', "threshold"),
        (b'{"name": "a", "kpi": "calls", "operator": "<", "threshold": -Infinity}', "threshold"),
        (b'{"name": "a", "kpi": "\\u0000", "operator": "<", "threshold": 1}', "kpi"),
        ((b'{"name": "a", "kpi": "calls", "operator": "<", "threshold": 1, "scope": '
         b'{"team": "\\u0000"}}'), "scope"),
        (b"[]", "body"),
        (b"{", "1"),
    ],
)  # fmt: skip
async def test_what_no_client_sends_by_accident(service: Service, body: bytes, field: str) -> None:
    response = await service.admin.post(
        RULES, content=body, headers={"content-type": "application/json"}
    )
    assert response.status_code == 422, response.text
    assert [error["field"] for error in response.json()["errors"]] == [field]


async def test_a_rule_has_to_say_what_it_is_about(service: Service) -> None:
    assert await refused(service.admin, "POST", RULES, {}) == [
        (field, "Field required") for field in ("name", "kpi", "operator", "threshold")
    ]


async def test_lists_page(service: Service) -> None:
    made = [await sent(service.admin, "POST", RULES, TOO_MANY, 201) for _ in range(3)]
    ids = sorted(rule["id"] for rule in made)
    first = await got(service.reader, f"{RULES}?limit=2")
    assert ([rule["id"] for rule in first["items"]], first["next_cursor"]) == (ids[:2], ids[1])
    rest = await got(service.reader, f"{RULES}?limit=2&cursor={first['next_cursor']}")
    assert ([rule["id"] for rule in rest["items"]], rest["next_cursor"]) == (ids[2:], None)
    assert (await got(service.reader, f"{RULES}?limt=2", 422))["errors"][0]["field"] == "limt"


async def test_who_may(service: Service) -> None:
    made = {}
    for scope in ("all", {"team": "West"}, {"team": "East"}, {"rep_id": "r1"}):
        rule = await sent(service.admin, "POST", RULES, {**TOO_MANY, "scope": scope}, 201)
        made[rule["id"]] = scope
    path = f"{RULES}/{rule['id']}"
    for client, status in ((service.nobody, 401), (service.reader, 403), (service.west, 403)):
        await sent(client, "POST", RULES, TOO_MANY, status)
        await sent(client, "PUT", path, TOO_MANY, status)
        await sent(client, "PATCH", path, {"enabled": False}, status)
        await sent(client, "DELETE", path, None, status)
    await got(service.nobody, RULES, 401)
    assert len((await got(service.reader, RULES))["items"]) == 4
    seen = [item["scope"] for item in (await got(service.west, RULES))["items"]]
    assert sorted(seen, key=str) == ["all", {"team": "West"}]
    for rule_id, scope in made.items():
        status = 200 if scope in ("all", {"team": "West"}) else 404
        await got(service.west, f"{RULES}/{rule_id}", status)
