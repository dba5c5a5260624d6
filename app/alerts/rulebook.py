"""The rules as they are kept. A rule whose meaning changes, or that goes, takes its open alerts
with it, in the same transaction; a rule that was ever there stays on record.
"""

from dataclasses import replace
from datetime import datetime

from msgspec import convert
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Integer,
    Numeric,
    Table,
    Time,
    text,
)

from app.alerts.decide import Reason
from app.alerts.keep import lock, resolve_all
from app.alerts.rule import Rule, check_rule
from app.db import Reading, Writing, metadata
from app.errors import NotFound
from app.facts.tables import moment, words

alert_rules = Table(
    "alert_rules",
    metadata,
    words("id", key=True),
    Column("revision", Integer, nullable=False),
    words("name", needed=True),
    words("kpi", needed=True),
    words("team"),
    words("rep_id"),
    words("subjects", needed=True),
    words("period", needed=True),
    words("operator", needed=True),
    Column("threshold", Numeric, nullable=False),
    Column("recover_at", Numeric),
    words("check", needed=True),
    Column("at", Time),
    Column("for_seconds", Integer, nullable=False),
    Column("min_sample", Numeric),
    Column("working_days_only", Boolean, nullable=False, server_default=text("false")),
    words("severity", needed=True),
    Column("enabled", Boolean, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    moment("deleted_at"),
)

# What the last evaluation saw, and when the next one is due even if nothing happens.
alert_watch = Table(
    "alert_watch",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("ingest", BigInteger, nullable=False),
    moment("next_at"),
)

_COLUMNS = [column.name for column in alert_rules.columns if column.name != "deleted_at"]
_NAMES = ", ".join(f'"{name}"' for name in _COLUMNS)
_SELECT = f"SELECT {_NAMES} FROM alert_rules WHERE deleted_at IS NULL"


async def listed(reading: Reading) -> list[Rule]:
    """Every rule, by id."""
    return [_rule(row) for row in await reading.fetch(f"{_SELECT} ORDER BY id")]


async def find(reading: Reading, rule_id: str) -> Rule:
    """The rule with this id. Raises `NotFound`."""
    rows = await reading.fetch(f"{_SELECT} AND id = $1", rule_id)
    if not rows:
        raise NotFound(f"there is no alert rule {rule_id!a}")
    return _rule(rows[0])


def _rule(row: object) -> Rule:
    return convert(dict(row), Rule)  # type: ignore[call-overload]


async def create(writing: Writing, rule: Rule) -> Rule:
    """Keep a new rule. Raises `BadRequest` naming the fields that are wrong."""
    check_rule(rule)
    await lock(writing)
    await _put(writing, rule)
    return rule


async def change(writing: Writing, rule: Rule, now: datetime) -> Rule:
    """Put the rule in the place of the one with its id, whose revision it carries on.

    Raises `BadRequest` and `NotFound`.
    """
    check_rule(rule)
    await lock(writing)
    old = await find(writing, rule.id)
    same = rule.means_the_same(old)
    fresh = not same or (rule.enabled and not old.enabled)
    kept = replace(
        rule,
        revision=old.revision if same else old.revision + 1,
        since=now if fresh else old.since,
        created_at=old.created_at,
    )
    if not rule.enabled:
        await resolve_all(writing, rule.id, Reason.RULE_DISABLED, now)
    elif not same:
        await resolve_all(writing, rule.id, Reason.RULE_CHANGED, now)
    await _put(writing, kept)
    return kept


async def delete(writing: Writing, rule_id: str, now: datetime) -> None:
    """Take the rule out of use; its alerts stay on record. Raises `NotFound`."""
    await lock(writing)
    await find(writing, rule_id)
    await resolve_all(writing, rule_id, Reason.RULE_DELETED, now)
    await writing.run("UPDATE alert_rules SET deleted_at = $2 WHERE id = $1", rule_id, now)


async def _put(writing: Writing, rule: Rule) -> None:
    values: list[object] = [getattr(rule, name) for name in _COLUMNS]
    marks = ", ".join(f"${place}" for place in range(1, len(_COLUMNS) + 1))
    updates = ", ".join(f'"{name}" = EXCLUDED."{name}"' for name in _COLUMNS if name != "id")
    await writing.run(
        f"INSERT INTO alert_rules ({_NAMES}) VALUES ({marks}) "
        f"ON CONFLICT (id) DO UPDATE SET {updates}",
        *values,
    )
    # A new or changed rule is looked at straight away.
    await writing.run("UPDATE alert_watch SET next_at = NULL")
