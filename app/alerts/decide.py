"""What becomes of an alert, and why. Pure: the figure and the time come in, a reason comes out.

An alert goes `pending` when its figure is first seen on the wrong side, `firing` once the breach
has lasted the rule's hold-down (at once without one), `resolved` when the figure is back or there
is no more to say. Every decision has a reason out of a closed list, also where nothing changes.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from app.alerts.rule import Check, Rule


class State(StrEnum):
    """Where an alert is. Before the first breach there is none."""

    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


class Reason(StrEnum):
    """Why an alert changes, or why it does not. The list is closed."""

    # It changes.
    BREACHED = "breached"
    CONFIRMED = "confirmed"
    RECOVERED = "recovered"
    CORRECTED = "corrected"
    NO_DATA = "no_data"
    NOT_WORKING = "not_working"
    OUT_OF_SCOPE = "out_of_scope"
    PERIOD_ENDED = "period_ended"
    PERIOD_FINAL = "period_final"
    RULE_CHANGED = "rule_changed"
    RULE_DISABLED = "rule_disabled"
    RULE_DELETED = "rule_deleted"
    # It does not; nor does it with no_data to period_final where no alert is open.
    NOT_DUE = "not_due"
    NOT_BREACHED = "not_breached"
    SMALL_SAMPLE = "small_sample"
    WAITING = "waiting"
    STILL_BREACHED = "still_breached"
    NOT_RECOVERED = "not_recovered"
    ACKNOWLEDGED = "acknowledged"


MEANINGS: dict[Reason, str] = {
    Reason.BREACHED: "the figure is on the wrong side of the threshold",
    Reason.CONFIRMED: "the breach lasted as long as the rule asks",
    Reason.RECOVERED: "the figure is back, at recover_at where the rule has one",
    Reason.CORRECTED: "the figure came back after its period had ended: what lay behind it changed",
    Reason.NO_DATA: "there is nothing behind the figure: it is no breach",
    Reason.NOT_WORKING: "nobody had a working day in the period, and the rule is about those only",
    Reason.OUT_OF_SCOPE: "the rep is inactive or has left the rule's scope; the team has nobody",
    Reason.PERIOD_ENDED: "the period is over; the next one has its own alert",
    Reason.PERIOD_FINAL: "the figure of a closed period is final and does not change any more",
    Reason.RULE_CHANGED: "the rule means something else now",
    Reason.RULE_DISABLED: "the rule was switched off",
    Reason.RULE_DELETED: "the rule was deleted",
    Reason.NOT_DUE: "the rule's `after` or `close` has not come yet",
    Reason.NOT_BREACHED: "the figure is on the good side",
    Reason.SMALL_SAMPLE: "less lies behind the figure than min_sample: nothing changes",
    Reason.WAITING: "breached, not yet for as long as the rule asks",
    Reason.STILL_BREACHED: "it fires already",
    Reason.NOT_RECOVERED: "on the good side of the threshold, but not yet at recover_at",
    Reason.ACKNOWLEDGED: "somebody has seen it",
}


@dataclass(frozen=True, slots=True)
class Measured:
    """A subject's figure: its value (None for a quotient of nothing) and, of one, what is under
    it; and whether there was work to be done in the period so far.
    """

    value: Decimal | None
    sample: Decimal | None = None
    at_work: bool = True


@dataclass(frozen=True, slots=True)
class Window:
    """When (UTC) a period of a subject is judged: from `due`; it is over at `ends`; what closed
    it can change until `final`.
    """

    due: datetime
    ends: datetime
    final: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an alert stands, and since when."""

    state: State
    since: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """The state to be in, None for no alert at all, and the reason."""

    state: State | None
    reason: Reason


def decide(
    rule: Rule, measured: Measured | None, now: datetime, window: Window, was: Standing | None
) -> Decision:
    """The next step of the alert of one subject and period.

    `measured` is None for a subject that is no longer in the rule's scope; `was` is None where
    there was no alert yet.
    """
    open_ = was is not None and was.state is not State.RESOLVED
    state = was.state if was is not None else None
    closed = State.RESOLVED if open_ else state
    if measured is None:
        return Decision(closed, Reason.OUT_OF_SCOPE)
    if rule.check is Check.CLOSE and now >= window.final:
        return Decision(closed, Reason.PERIOD_FINAL)
    if rule.check is not Check.CLOSE and now >= window.ends:
        return Decision(closed, Reason.PERIOD_ENDED)
    if now < window.due:
        return Decision(state, Reason.NOT_DUE)
    # A feed that the KPI needs and that is behind would be weighed here, before its figure is.
    if rule.working_days_only and not measured.at_work:
        return Decision(closed, Reason.NOT_WORKING)
    if measured.value is None:
        return Decision(closed, Reason.NO_DATA)
    if _small(rule, measured):
        return Decision(state, Reason.SMALL_SAMPLE)
    if was is None or not open_:
        return _opened(rule, measured.value, state)
    back = Reason.CORRECTED if now >= window.ends else Reason.RECOVERED
    if was.state is State.PENDING:
        return _pending(rule, measured.value, now, was, back)
    return _firing(rule, measured.value, back)


def _small(rule: Rule, measured: Measured) -> bool:
    """Whether a quotient has less under it than the rule asks; a count has no sample."""
    return (
        rule.min_sample is not None
        and measured.sample is not None
        and measured.sample < rule.min_sample
    )


def _opened(rule: Rule, value: Decimal, state: State | None) -> Decision:
    if rule.breached(value):
        return Decision(State.PENDING, Reason.BREACHED)
    return Decision(state, Reason.NOT_BREACHED)


def _pending(rule: Rule, value: Decimal, now: datetime, was: Standing, back: Reason) -> Decision:
    if not rule.breached(value):
        return Decision(State.RESOLVED, back)
    if now < was.since + timedelta(seconds=rule.for_seconds):
        return Decision(State.PENDING, Reason.WAITING)
    return Decision(State.FIRING, Reason.CONFIRMED)


def _firing(rule: Rule, value: Decimal, back: Reason) -> Decision:
    if rule.recovered(value):
        return Decision(State.RESOLVED, back)
    if rule.breached(value):
        return Decision(State.FIRING, Reason.STILL_BREACHED)
    return Decision(State.FIRING, Reason.NOT_RECOVERED)


def settle(
    rule: Rule, measured: Measured | None, now: datetime, window: Window, was: Standing | None
) -> list[Decision]:
    """Decide until nothing changes: the steps of one evaluation, the last one at rest.

    Without a hold-down a breach goes through `pending` to `firing` in one evaluation, and both
    are in the history.
    """
    steps: list[Decision] = []
    while True:
        decision = decide(rule, measured, now, window, was)
        steps.append(decision)
        if decision.state is None or (was is not None and decision.state is was.state):
            return steps
        was = Standing(decision.state, now)
