"""One alert: a rule, a subject and a period, where it stands, and how a decision moves it. Pure."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct, convert
from msgspec.structs import replace

from app.alerts.decide import Decision, Measured, Reason, Standing, State
from app.alerts.rule import Rule
from app.alerts.windows import Watched, subject_of
from app.errors import NotFound
from app.exact import RATIO_PLACES, Shown, money, number
from app.kpi import Figure, Unit
from app.kpis import kpi_of
from app.periods import Kind, Period


class Alert(Struct, frozen=True, kw_only=True):
    """An alert, with its rule as it was when it opened. `value` is that of the last change.

    `subject` is a rep id or a team, by `subject_kind`; `team` is the rep's.
    """

    id: int = 0
    rule_id: str
    revision: int
    rule_name: str
    severity: str
    kpi: str
    operator: str
    threshold: Decimal
    recover_at: Decimal | None
    subject_kind: str
    subject: str
    name: str | None
    team: str | None
    period: Kind
    period_start: date
    period_end: date
    time_zone: str
    state: State | None = None
    reason: Reason | None = None
    since: datetime | None = None
    value: Decimal | None = None
    denominator: Decimal | None = None
    pending_at: datetime | None = None
    firing_at: datetime | None = None
    resolved_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None

    @property
    def standing(self) -> Standing | None:
        """Where it stands, None for one that has not opened yet."""
        if self.state is None or self.since is None:
            return None
        return Standing(self.state, self.since)

    @property
    def days(self) -> Period:
        """Its period."""
        return Period(self.period, self.period_start, self.period_end)


class Entry(Struct, frozen=True, kw_only=True):
    """A line of an alert's history."""

    alert_id: int
    at: datetime
    was: State | None
    state: State | None
    reason: Reason
    value: Decimal | None
    denominator: Decimal | None
    threshold: Decimal
    by: str | None = None


class Step(Struct, frozen=True):
    """An alert after a change, the line of history about it, and whether anybody is told."""

    alert: Alert
    entry: Entry
    told: bool


def read_alert(record: Any) -> Alert:
    """An alert from a row of its table."""
    return convert(dict(record), Alert)


def opening(rule: Rule, watched: Watched, period: Period, name: str | None) -> Alert:
    """The alert that a first breach would open."""
    kind, subject = subject_of(watched)
    return Alert(
        rule_id=rule.id, revision=rule.revision, rule_name=rule.name, severity=rule.severity,
        kpi=rule.kpi, operator=rule.operator, threshold=rule.threshold,
        recover_at=rule.recover_at, subject_kind=kind, subject=subject, name=name,
        team=watched.team, period=period.kind, period_start=period.start, period_end=period.end,
        time_zone=watched.zone_on(period.last_day),
    )  # fmt: skip


def moved(
    alert: Alert, decisions: Sequence[Decision], measured: Measured | None, now: datetime
) -> Iterator[Step]:
    """The alert after each decision that changes it, one line of history for each.

    Told are firing, and the end of what has fired; a breach that never fired bothers nobody.
    """
    for decision in decisions:
        if decision.state is None or decision.state is alert.state:
            continue
        was = alert.state
        alert = _in_state(alert, decision, measured, now)
        entry = Entry(
            alert_id=alert.id, at=now, was=was, state=alert.state, reason=decision.reason,
            value=alert.value, denominator=alert.denominator, threshold=alert.threshold,
        )  # fmt: skip
        told = alert.state is State.FIRING or was is State.FIRING
        yield Step(alert, entry, told)


def _in_state(alert: Alert, decision: Decision, measured: Measured | None, now: datetime) -> Alert:
    fields: dict[str, Any] = {"state": decision.state, "reason": decision.reason, "since": now}
    if measured is not None:
        fields |= {"value": measured.value, "denominator": measured.sample}
    match decision.state:
        case State.PENDING:
            # A figure that is back on the wrong side opens the alert anew: nobody has seen that.
            fields |= {"pending_at": now, "firing_at": None, "resolved_at": None,
                       "acknowledged_at": None, "acknowledged_by": None}  # fmt: skip
        case State.FIRING:
            fields["firing_at"] = now
        case State.RESOLVED:
            fields["resolved_at"] = now
    return replace(alert, **fields)


def measured_of(figure: Figure, *, at_work: bool = True) -> Measured:
    """What a rule holds to its threshold: the figure as everybody is shown it."""
    value, sample = figure.value, figure.denominator
    under = Decimal(sample) if isinstance(sample, int | str | Decimal) else None
    return Measured(None if value is None else Decimal(value), under, at_work)


def level(kpi_id: str, value: Decimal | None) -> Shown | None:
    """A threshold or value as figures show theirs: money as a string, else a number."""
    if value is None:
        return None
    try:
        unit = kpi_of(kpi_id).unit
    except NotFound:  # of a later version
        return value
    return money(value) if unit is Unit.MONEY else number(value, RATIO_PLACES)


def shown(alert: Alert) -> dict[str, Any]:
    """The alert as the API and notices show it."""
    who = {"rep_id": alert.subject, "name": alert.name} if alert.subject_kind == "rep" else {}
    return {
        "id": alert.id,
        "rule_id": alert.rule_id,
        "rule": alert.rule_name,
        "severity": alert.severity,
        "state": alert.state,
        "reason": alert.reason,
        **who,
        "team": alert.team,
        "kpi": alert.kpi,
        "period": {
            "kind": alert.period, "start": alert.period_start, "end": alert.period_end,
            "time_zone": alert.time_zone,
        },
        "operator": alert.operator,
        "threshold": level(alert.kpi, alert.threshold),
        "recover_at": level(alert.kpi, alert.recover_at),
        "value": level(alert.kpi, alert.value),
        "denominator": alert.denominator,
        "pending_at": alert.pending_at,
        "firing_at": alert.firing_at,
        "resolved_at": alert.resolved_at,
        "acknowledged_at": alert.acknowledged_at,
        "acknowledged_by": alert.acknowledged_by,
    }  # fmt: skip


def shown_entry(kpi_id: str, entry: Entry) -> dict[str, Any]:
    """A line of history as the API shows it."""
    return {
        "at": entry.at,
        "from": entry.was,
        "to": entry.state,
        "reason": entry.reason,
        "value": level(kpi_id, entry.value),
        "denominator": entry.denominator,
        "threshold": level(kpi_id, entry.threshold),
        "by": entry.by,
    }
