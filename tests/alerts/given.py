"""What the tests of alerts start from: a rule, a day, a floor, and what is kept of alerts."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from app.alerts import rulebook
from app.alerts.decide import Window
from app.alerts.rule import Rule
from app.alerts.watch import Watch
from app.db import Database
from app.view import Views
from tests.sums_put_in import put_days, settings

# Friday 20 November 2026 in Denver starts at 07:00 UTC and ends at 07:00 the day after.
STARTS = datetime(2026, 11, 20, 7, tzinfo=UTC)
ENDS = STARTS + timedelta(days=1)
FINAL = ENDS + timedelta(hours=36)
NOON = STARTS + timedelta(hours=12)
LIVE = Window(STARTS, ENDS, FINAL)


def a_rule(**over: Any) -> Rule:
    fields: dict[str, Any] = {
        "id": "rule_1", "name": "Too many missed", "kpi": "missed_inbound", "operator": ">",
        "threshold": Decimal(3), "since": STARTS, "created_at": STARTS,
    }  # fmt: skip
    return Rule(**{**fields, **over})


async def put_rule(database: Database, **over: Any) -> Rule:
    async with database.writing() as writing:
        return await rulebook.create(writing, a_rule(**over))


async def put_sums(database: Database, days: Mapping[Any, Any]) -> None:
    """Replace every sum there is, as a batch of events would: the version moves on."""
    async with database.writing() as writing:
        await writing.run("DELETE FROM rep_days")
    await put_days(database, days)
    async with database.writing() as writing:
        await writing.run(
            "INSERT INTO versions AS v (id, ingest) VALUES (1, 1)"
            " ON CONFLICT (id) DO UPDATE SET ingest = v.ingest + 1"
        )


def a_watch(database: Database) -> Watch:
    return Watch(database, Views(database, settings()), settings())


async def rows(database: Database, sql: str, *values: object) -> list[tuple[Any, ...]]:
    async with database.reading() as reading:
        return [tuple(row) for row in await reading.fetch(sql, *values)]


async def histories(database: Database) -> list[tuple[Any, ...]]:
    """Every line of every history, in order, with whose it is."""
    return await rows(
        database,
        "SELECT a.subject, a.period_start, h.at, h.was, h.state, h.reason, h.value, h.denominator "
        "FROM alert_history h JOIN alerts a ON a.id = h.alert_id ORDER BY h.id",
    )


async def told(database: Database) -> list[tuple[str, str, str]]:
    """Every notice in the outbox: type, subject, reason."""
    found = await rows(database, "SELECT body FROM notices ORDER BY seq")
    bodies = [json.loads(body) for (body,) in found]
    return [
        (b["type"], b["data"].get("rep_id") or b["data"]["team"], b["data"]["reason"])
        for b in bodies
    ]
