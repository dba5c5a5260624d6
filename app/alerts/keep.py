"""Alerts and their history. A change, its line of history and the notices about it are one
transaction; and a change is made only where the alert still stands as it did when it was decided,
so nothing fires twice whoever decides at the same time.
"""

from collections.abc import Sequence
from datetime import date, datetime

from msgspec import Struct, convert
from msgspec.structs import asdict, replace
from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from app import metrics
from app.alerts.alert import Alert, Entry, Step, moved, read_alert, shown
from app.alerts.decide import Decision, Reason, State
from app.alerts.outbox import Notice, post
from app.db import Reading, Writing, metadata
from app.errors import NotFound
from app.exact import encode
from app.facts.tables import moment, words

# Whoever changes rules or moves alerts on holds this for the transaction.
LOCK = 0x414C5254

alerts = Table(
    "alerts",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("rule_id", Text(collation="C"), ForeignKey("alert_rules.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    words("rule_name", needed=True),
    words("severity", needed=True),
    words("kpi", needed=True),
    words("operator", needed=True),
    Column("threshold", Numeric, nullable=False),
    Column("recover_at", Numeric),
    words("subject_kind", needed=True),
    words("subject", needed=True),
    words("name"),
    words("team"),
    words("period", needed=True),
    Column("period_start", Date, nullable=False),
    Column("period_end", Date, nullable=False),
    words("time_zone", needed=True),
    words("state", needed=True),
    words("reason", needed=True),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("value", Numeric),
    Column("denominator", Numeric),
    moment("pending_at"),
    moment("firing_at"),
    moment("resolved_at"),
    moment("acknowledged_at"),
    words("acknowledged_by"),
    # One alert for a rule (as it means now), a subject and a period, whoever opens it.
    UniqueConstraint(
        "rule_id", "revision", "subject_kind", "subject", "period_start", name="alerts_one_key"
    ),
    Index(None, "rule_id", "revision", postgresql_where=text("state <> 'resolved'")),
    Index(None, "period_end"),
    Index(None, "team"),
)

alert_history = Table(
    "alert_history",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("alert_id", BigInteger, ForeignKey("alerts.id"), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    words("was"),
    words("state", needed=True),
    words("reason", needed=True),
    Column("value", Numeric),
    Column("denominator", Numeric),
    Column("threshold", Numeric, nullable=False),
    words("by"),
    Index(None, "alert_id"),
)

_FIELDS = [name for name in Alert.__struct_fields__ if name != "id"]
_COLUMNS = ", ".join(_FIELDS)
_HISTORY = ", ".join(Entry.__struct_fields__)


async def lock(writing: Writing) -> None:
    """Be alone in changing rules and moving alerts, until the transaction ends."""
    await writing.run("SELECT pg_advisory_xact_lock($1)", LOCK)


async def try_lock(writing: Writing) -> bool:
    """The same, unless somebody else is at it."""
    return bool(await writing.value("SELECT pg_try_advisory_xact_lock($1)", LOCK))


async def keep(writing: Writing, changes: Sequence[Sequence[Step]]) -> int:
    """Write down the steps of each alert; how many alerts changed.

    An alert that no longer stands as its first step found it is left alone.
    """
    opened = [steps for steps in changes if steps[0].alert.id == 0]
    others = [steps for steps in changes if steps[0].alert.id != 0]
    done = [*await _open(writing, opened), *await _move(writing, others)]
    await _tell(writing, done)
    return len(done)


async def _open(writing: Writing, opened: Sequence[Sequence[Step]]) -> list[Sequence[Step]]:
    if not opened:
        return []
    rows = await writing.fetch(
        f"INSERT INTO alerts ({_COLUMNS}) SELECT {_COLUMNS} "
        "FROM jsonb_populate_recordset(NULL::alerts, $1::jsonb) ON CONFLICT DO NOTHING "
        "RETURNING id, rule_id, revision, subject_kind, subject, period_start",
        _json([steps[-1].alert for steps in opened]),
    )
    ids = {tuple(row)[1:]: row["id"] for row in rows}
    return [
        [_with_id(step, ids[key]) for step in steps]
        for steps in opened
        if (key := _key(steps[0].alert)) in ids
    ]


def _key(alert: Alert) -> tuple[str, int, str, str, date]:
    return (
        alert.rule_id, alert.revision, alert.subject_kind, alert.subject, alert.period_start,
    )  # fmt: skip


def _with_id(step: Step, alert_id: int) -> Step:
    entry = replace(step.entry, alert_id=alert_id)
    return Step(replace(step.alert, id=alert_id), entry, step.told)


async def _move(writing: Writing, others: Sequence[Sequence[Step]]) -> list[Sequence[Step]]:
    if not others:
        return []
    rows = await writing.fetch(
        f"UPDATE alerts a SET ({_COLUMNS}) = ROW({', '.join(f't.{name}' for name in _FIELDS)}) "
        "FROM jsonb_populate_recordset(NULL::alerts, $1::jsonb) t "
        "JOIN unnest($2::bigint[], $3::text[]) AS w(id, state) ON w.id = t.id "
        "WHERE a.id = t.id AND a.state = w.state RETURNING a.id",
        _json([steps[-1].alert for steps in others]),
        [steps[0].alert.id for steps in others],
        [steps[0].entry.was for steps in others],
    )
    moved_ids = {row["id"] for row in rows}
    return [steps for steps in others if steps[0].alert.id in moved_ids]


async def _tell(writing: Writing, done: Sequence[Sequence[Step]]) -> None:
    """The lines of history, and a notice for each that is told."""
    steps = [step for of_alert in done for step in of_alert]
    if not steps:
        return
    rows = await writing.fetch(
        f"INSERT INTO alert_history ({_HISTORY}) SELECT {_HISTORY} "
        "FROM jsonb_populate_recordset(NULL::alert_history, $1::jsonb) "
        "RETURNING id, alert_id, state",
        _json([step.entry for step in steps]),
    )
    ids = {(row["alert_id"], row["state"]): row["id"] for row in rows}
    await post(
        writing,
        [_notice(step, ids[step.alert.id, str(step.alert.state)]) for step in steps if step.told],
        steps[0].entry.at,
    )


def _notice(step: Step, history_id: int) -> Notice:
    """A notice's id comes from the change it tells of: sent again, it is the same."""
    body = {
        "type": f"alert.{step.alert.state}",
        "timestamp": step.entry.at,
        "data": shown(step.alert),
    }
    return Notice(f"msg_{step.alert.id}_{history_id}", step.alert.id, encode(body).decode())


def _json(rows: Sequence[Struct]) -> str:
    return encode([asdict(row) for row in rows]).decode()


async def alerts_at_stake(reading: Reading, ended_after: date) -> list[Alert]:
    """Every open alert of a rule as it means now, and the resolved ones that may open again:

    those of periods that end after `ended_after`.
    """
    rows = await reading.fetch(
        "SELECT a.* FROM alerts a JOIN alert_rules r ON r.id = a.rule_id "
        "AND r.revision = a.revision WHERE a.state <> 'resolved' OR a.period_end > $1 "
        "ORDER BY a.id",
        ended_after,
    )
    return [read_alert(row) for row in rows]


async def resolve_all(writing: Writing, rule_id: str, reason: Reason, now: datetime) -> None:
    """Resolve what is open of a rule, because of what became of the rule."""
    rows = await writing.fetch(
        "SELECT * FROM alerts WHERE rule_id = $1 AND state <> 'resolved' ORDER BY id", rule_id
    )
    decision = Decision(State.RESOLVED, reason)
    await keep(writing, [list(moved(read_alert(row), [decision], None, now)) for row in rows])


async def acknowledge(writing: Writing, alert: Alert, by: str, now: datetime) -> Alert:
    """Write down that `by` has seen the alert; the first to see it stays."""
    await writing.fetch("SELECT FROM alerts WHERE id = $1 FOR UPDATE", alert.id)
    alert = await find(writing, alert.id)
    if alert.acknowledged_at is not None:
        return alert
    await writing.run(
        "UPDATE alerts SET acknowledged_at = $2, acknowledged_by = $3 WHERE id = $1",
        alert.id, now, by,
    )  # fmt: skip
    entry = Entry(
        alert_id=alert.id, at=now, was=alert.state, state=alert.state,
        reason=Reason.ACKNOWLEDGED, value=alert.value, denominator=alert.denominator,
        threshold=alert.threshold, by=by,
    )  # fmt: skip
    await writing.run(
        f"INSERT INTO alert_history ({_HISTORY}) SELECT {_HISTORY} "
        "FROM jsonb_populate_recordset(NULL::alert_history, $1::jsonb)",
        _json([entry]),
    )
    return replace(alert, acknowledged_at=now, acknowledged_by=by)


async def find(reading: Reading, alert_id: int) -> Alert:
    """The alert with this id. Raises `NotFound`."""
    rows = await reading.fetch("SELECT * FROM alerts WHERE id = $1", alert_id)
    if not rows:
        raise NotFound(f"there is no alert {alert_id}")
    return read_alert(rows[0])


async def history(reading: Reading, alert_id: int) -> list[Entry]:
    """An alert's history, the oldest line first."""
    rows = await reading.fetch(
        f"SELECT {_HISTORY} FROM alert_history WHERE alert_id = $1 ORDER BY id", alert_id
    )
    return [convert(dict(row), Entry) for row in rows]


class Wanted(Struct, frozen=True, kw_only=True):
    """Which alerts to list; what is None does not matter. `teams` bounds what is seen."""

    states: tuple[str, ...] | None = None
    severities: tuple[str, ...] | None = None
    rule_id: str | None = None
    kpi: str | None = None
    rep_id: str | None = None
    team: str | None = None
    teams: tuple[str, ...] | None = None
    acknowledged: bool | None = None
    start: date | None = None
    end: date | None = None


async def listed(reading: Reading, wanted: Wanted, limit: int, before: int | None) -> list[Alert]:
    """Alerts of periods that touch `start`..`end` (exclusive), the newest first, ids < `before`."""
    rows = await reading.fetch(
        "SELECT * FROM alerts WHERE ($1::text[] IS NULL OR state = ANY($1)) "
        "AND ($2::text[] IS NULL OR severity = ANY($2)) AND ($3::text IS NULL OR rule_id = $3) "
        "AND ($4::text IS NULL OR kpi = $4) "
        "AND ($5::text IS NULL OR (subject_kind = 'rep' AND subject = $5)) "
        "AND ($6::text IS NULL OR team = $6) AND ($7::text[] IS NULL OR team = ANY($7)) "
        "AND ($8::boolean IS NULL OR (acknowledged_at IS NOT NULL) = $8) "
        "AND ($9::date IS NULL OR period_end > $9) AND ($10::date IS NULL OR period_start < $10) "
        "AND ($11::bigint IS NULL OR id < $11) ORDER BY id DESC LIMIT $12",
        wanted.states, wanted.severities, wanted.rule_id, wanted.kpi, wanted.rep_id, wanted.team,
        wanted.teams, wanted.acknowledged, wanted.start, wanted.end, before, limit,
    )  # fmt: skip
    return [read_alert(row) for row in rows]


async def observe(reading: Reading) -> None:
    """Set the metric of open alerts from what is kept."""
    metrics.ALERTS.clear()
    for state, severity, count in await reading.fetch(
        "SELECT state, severity, count(*) FROM alerts WHERE state <> 'resolved' GROUP BY 1, 2"
    ):
        metrics.ALERTS.labels(state, severity).set(count)
