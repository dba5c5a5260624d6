"""What a threshold rule says: whom it watches, which figure, from when a breach counts. Pure."""

from dataclasses import dataclass, fields
from datetime import datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from app.errors import BadRequest, FieldError, NotFound
from app.exact import RATIO_PLACES
from app.kpi import Kpi, Unit
from app.kpis import kpi_of
from app.periods import Kind

Operator = Literal["<", "<=", ">", ">="]
Severity = Literal["info", "warning", "critical"]

LONGEST_NAME = 200
LONGEST_HOLD_DOWN = 86_400


class Subjects(StrEnum):
    """Whose figure is held to the threshold: each rep's, or each team's."""

    REPS = "reps"
    TEAMS = "teams"


class Check(StrEnum):
    """From when in its period a figure is judged.

    `live`: all along. `after`: from a local time of day of the period's last day. `close`: from
    the period's end. What is low in the morning is no breach yet, so "too few" wants one of the
    last two; "too many" can be live.
    """

    LIVE = "live"
    AFTER = "after"
    CLOSE = "close"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule as it stands. `revision` grows whenever its meaning changes.

    `team` or `rep_id` narrow its scope; with neither it is about all. `at` is the local time of
    `Check.AFTER`. A breach has to last `for_seconds` before it fires. With `working_days_only` a
    period in which the subject had no working day (weekend, holiday, time off) is not judged.
    Only periods that are not over at `since` are watched.
    """

    id: str
    revision: int = 1
    name: str
    kpi: str
    team: str | None = None
    rep_id: str | None = None
    subjects: Subjects = Subjects.REPS
    period: Kind = Kind.DAY
    operator: Operator
    threshold: Decimal
    recover_at: Decimal | None = None
    check: Check = Check.LIVE
    at: time | None = None
    for_seconds: int = 0
    min_sample: Decimal | None = None
    working_days_only: bool = False
    severity: Severity = "warning"
    enabled: bool = True
    since: datetime
    created_at: datetime

    def breached(self, value: Decimal) -> bool:
        """Whether `value` is on the wrong side; equality counts as the operator says."""
        match self.operator:
            case "<":
                return value < self.threshold
            case "<=":
                return value <= self.threshold
            case ">":
                return value > self.threshold
            case ">=":
                return value >= self.threshold

    def recovered(self, value: Decimal) -> bool:
        """Whether `value` ends an alert that fires: at `recover_at`, else where it is no breach."""
        if self.recover_at is None:
            return not self.breached(value)
        if self.operator in ("<", "<="):
            return value >= self.recover_at
        return value <= self.recover_at

    def means_the_same(self, other: "Rule") -> bool:
        """Whether both come to the same alerts: all but the words and labels are equal."""
        return all(
            getattr(self, field.name) == getattr(other, field.name)
            for field in fields(self)
            if field.name not in _NO_MEANING
        )


_NO_MEANING = {"revision", "name", "severity", "enabled", "since", "created_at"}


def check_rule(rule: Rule) -> None:
    """Raise `BadRequest` naming every field of the rule that is wrong."""
    errors = [*_faults_of_figure(rule), *_faults_of_scope(rule), *_faults_of_time(rule)]
    if errors:
        first = errors[0]
        raise BadRequest(f"{first.field}: {first.detail}", errors=tuple(errors))


def _faults_of_figure(rule: Rule) -> list[FieldError]:
    errors = []
    try:
        kpi = kpi_of(rule.kpi)
    except NotFound as error:
        return [FieldError("kpi", error.detail)]
    for name in ("threshold", "recover_at"):
        value = getattr(rule, name)
        if value is not None and _places(value) > places_of(kpi):
            errors.append(FieldError(name, f"at most {places_of(kpi)} decimal places, as {kpi.id}"))
    if rule.recover_at is not None and rule.breached(rule.recover_at):
        errors.append(FieldError(
            "recover_at", f"{rule.recover_at} is itself {rule.operator} {rule.threshold}; "
            "it must lie on the good side of the threshold",
        ))  # fmt: skip
    return errors


def places_of(kpi: Kpi) -> int:
    """How many decimal places a level of the KPI can have."""
    return 2 if kpi.unit is Unit.MONEY else RATIO_PLACES


def _places(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return max(0, -exponent)


def _faults_of_scope(rule: Rule) -> list[FieldError]:
    if rule.rep_id is not None and rule.subjects is Subjects.TEAMS:
        return [FieldError("subjects", "the scope is one rep; teams are not in it")]
    return []


def _faults_of_time(rule: Rule) -> list[FieldError]:
    errors = []
    if rule.period is Kind.RANGE:
        errors.append(FieldError("period", "must be day, week, month, quarter, year or ttm"))
    if (rule.at is None) == (rule.check is Check.AFTER):
        errors.append(FieldError("check", "a time of day goes with `after`, and only with it"))
    return errors
