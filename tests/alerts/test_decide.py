"""Decisions: each way one can go, and what holds whatever figures and moments come."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition
from hypothesis.stateful import rule as step

from app.alerts.decide import (
    MEANINGS,
    Decision,
    Measured,
    Reason,
    Standing,
    State,
    Window,
    decide,
    settle,
)
from app.alerts.rule import Check, Rule
from tests.alerts.given import ENDS, FINAL, LIVE, NOON, STARTS, a_rule

PENDING, FIRING, RESOLVED = State
MINUTE = timedelta(minutes=1)
CLOSE = Window(ENDS, ENDS, FINAL)
AFTER = Window(NOON, ENDS, FINAL)

FEW: dict[str, Any] = {"kpi": "calls", "operator": "<", "threshold": Decimal(40)}
RATE: dict[str, Any] = {"kpi": "answer_rate", "operator": "<", "threshold": Decimal("0.2")}


def figure(value: str | None, sample: int | None = None, *, at_work: bool = True) -> Measured:
    return Measured(
        None if value is None else Decimal(value),
        None if sample is None else Decimal(sample),
        at_work,
    )


def test_every_reason_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Reason)


@pytest.mark.parametrize(
    ("over", "measured", "now", "window", "was", "state", "reason"),
    [
        # Nothing yet.
        ({}, figure("3"), NOON, LIVE, None, None, "not_breached"),
        ({}, figure("4"), NOON, LIVE, None, PENDING, "breached"),
        ({}, None, NOON, LIVE, None, None, "out_of_scope"),
        ({}, figure("4"), ENDS, LIVE, None, None, "period_ended"),
        # For counts nothing is 0 and is a breach, for a quotient of nothing it is none.
        (FEW, figure("0"), NOON, LIVE, None, PENDING, "breached"),
        (RATE, figure(None, 0), NOON, LIVE, None, None, "no_data"),
        ({**RATE, "min_sample": Decimal(10)}, figure("0.1", 9), NOON, LIVE, None, None,
         "small_sample"),
        ({**RATE, "min_sample": Decimal(10)}, figure("0.1", 10), NOON, LIVE, None, PENDING,
         "breached"),
        ({**FEW, "min_sample": Decimal(10)}, figure("0"), NOON, LIVE, None, PENDING, "breached"),
        # Due from a moment on.
        ({**FEW, "check": Check.AFTER}, figure("0"), NOON - MINUTE, AFTER, None, None, "not_due"),
        ({**FEW, "check": Check.AFTER}, figure("0"), NOON, AFTER, None, PENDING, "breached"),
        ({**FEW, "check": Check.AFTER}, figure("0"), ENDS, AFTER, None, None, "period_ended"),
        ({**FEW, "check": Check.CLOSE}, figure("0"), ENDS - MINUTE, CLOSE, None, None, "not_due"),
        ({**FEW, "check": Check.CLOSE}, figure("0"), ENDS, CLOSE, None, PENDING, "breached"),
        ({**FEW, "check": Check.CLOSE}, figure("0"), FINAL, CLOSE, None, None, "period_final"),
        # Without a working day; on others a rule that asks for them is like any.
        ({**FEW, "working_days_only": True}, figure("0", at_work=False), NOON, LIVE, None, None,
         "not_working"),
        ({**FEW, "working_days_only": True}, figure("0", at_work=False), NOON, LIVE, FIRING,
         RESOLVED, "not_working"),
        ({**FEW, "working_days_only": True}, figure("0"), NOON, LIVE, None, PENDING, "breached"),
        (FEW, figure("0", at_work=False), NOON, LIVE, None, PENDING, "breached"),
        # Pending.
        ({}, figure("4"), NOON, LIVE, PENDING, FIRING, "confirmed"),
        ({"for_seconds": 300}, figure("4"), NOON, LIVE, PENDING, FIRING, "confirmed"),
        ({"for_seconds": 301}, figure("4"), NOON, LIVE, PENDING, PENDING, "waiting"),
        ({"recover_at": Decimal(1)}, figure("3"), NOON, LIVE, PENDING, RESOLVED, "recovered"),
        # Firing.
        ({}, figure("9"), NOON, LIVE, FIRING, FIRING, "still_breached"),
        ({}, figure("3"), NOON, LIVE, FIRING, RESOLVED, "recovered"),
        ({"recover_at": Decimal(1)}, figure("2"), NOON, LIVE, FIRING, FIRING, "not_recovered"),
        ({"recover_at": Decimal(1)}, figure("1"), NOON, LIVE, FIRING, RESOLVED, "recovered"),
        ({}, None, NOON, LIVE, FIRING, RESOLVED, "out_of_scope"),
        ({}, figure("9"), ENDS, LIVE, FIRING, RESOLVED, "period_ended"),
        (RATE, figure(None, 0), NOON, LIVE, FIRING, RESOLVED, "no_data"),
        ({**RATE, "min_sample": Decimal(10)}, figure("0.9", 9), NOON, LIVE, FIRING, FIRING,
         "small_sample"),
        ({**FEW, "check": Check.CLOSE}, figure("39"), ENDS + MINUTE, CLOSE, FIRING, FIRING,
         "still_breached"),
        ({**FEW, "check": Check.CLOSE}, figure("40"), ENDS + MINUTE, CLOSE, FIRING, RESOLVED,
         "corrected"),
        ({**FEW, "check": Check.CLOSE}, figure("39"), FINAL, CLOSE, FIRING, RESOLVED,
         "period_final"),
        # A clock that was set back.
        ({**FEW, "check": Check.AFTER}, figure("0"), NOON - MINUTE, AFTER, FIRING, FIRING,
         "not_due"),
        # Resolved, and again.
        ({}, figure("3"), NOON, LIVE, RESOLVED, RESOLVED, "not_breached"),
        ({}, figure("4"), NOON, LIVE, RESOLVED, PENDING, "breached"),
        ({}, figure("4"), ENDS, LIVE, RESOLVED, RESOLVED, "period_ended"),
    ],
)  # fmt: skip
def test_one_step(
    over: dict[str, Any], measured: Measured | None, now: datetime, window: Window,
    was: State | None, state: State | None, reason: str,
) -> None:  # fmt: skip
    standing = None if was is None else Standing(was, NOON - 5 * MINUTE)
    decision = decide(a_rule(**over), measured, now, window, standing)
    assert decision == Decision(state, Reason(reason))


def test_without_a_hold_down_it_goes_through_pending_to_firing_at_once() -> None:
    assert settle(a_rule(), figure("4"), NOON, LIVE, None) == [
        Decision(PENDING, Reason.BREACHED),
        Decision(FIRING, Reason.CONFIRMED),
        Decision(FIRING, Reason.STILL_BREACHED),
    ]


def test_with_a_hold_down_it_waits() -> None:
    assert settle(a_rule(for_seconds=60), figure("4"), NOON, LIVE, None) == [
        Decision(PENDING, Reason.BREACHED),
        Decision(PENDING, Reason.WAITING),
    ]


EDGES = {
    (None, PENDING), (PENDING, FIRING), (PENDING, RESOLVED), (FIRING, RESOLVED),
    (RESOLVED, PENDING),
}  # fmt: skip

levels = st.integers(0, 12).map(lambda n: Decimal(n) / 2)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    operator = draw(st.sampled_from(["<", "<=", ">", ">="]))
    threshold = draw(levels)
    check = draw(st.sampled_from([Check.LIVE, Check.CLOSE]))
    rule = a_rule(
        operator=operator, threshold=threshold, check=check,
        for_seconds=draw(st.sampled_from([0, 60, 3600])),
        min_sample=draw(st.none() | st.just(Decimal(5))),
    )  # fmt: skip
    good = draw(st.none() | levels.filter(lambda level: not rule.breached(level)))
    return a_rule(
        operator=operator, threshold=threshold, check=check, for_seconds=rule.for_seconds,
        min_sample=rule.min_sample, recover_at=good,
    )  # fmt: skip


class AnAlertsLife(RuleBasedStateMachine):
    """Figures and time move as they like; the whole history is kept and looked at each time."""

    def __init__(self) -> None:
        super().__init__()
        self.history: list[tuple[datetime, State | None, Decision, Measured | None]] = []
        self.standing: Standing | None = None
        self.measured: Measured | None = Measured(Decimal(0), Decimal(10))

    @initialize(rule=rules())
    def start(self, rule: Rule) -> None:
        self.rule = rule
        self.window = CLOSE if rule.check is Check.CLOSE else LIVE
        self.now = STARTS
        self.evaluate()

    @step(value=levels, sample=st.integers(0, 9))
    def measure(self, value: Decimal, sample: int) -> None:
        self.measured = Measured(value, Decimal(sample))
        self.evaluate()

    @step()
    def lose_everything_behind_it(self) -> None:
        self.measured = Measured(None, Decimal(0))
        self.evaluate()

    @step()
    def leave_the_scope(self) -> None:
        self.measured = None
        self.evaluate()

    @step(minutes=st.sampled_from([1, 30, 60, 12 * 60]))
    def pass_time(self, minutes: int) -> None:
        self.now += minutes * MINUTE
        self.evaluate()

    @precondition(lambda self: self.now < self.window.due)
    @step()
    def come_due(self) -> None:
        self.now = self.window.due
        self.evaluate()

    def evaluate(self) -> None:
        self.last = settle(self.rule, self.measured, self.now, self.window, self.standing)
        for decision in self.last:
            was = self.standing.state if self.standing else None
            if decision.state is None or decision.state is was:
                continue
            self.history.append((self.now, was, decision, self.measured))
            self.standing = Standing(decision.state, self.now)

    @invariant()
    def every_decision_has_a_reason_from_the_list(self) -> None:
        assert all(decision.reason in MEANINGS for decision in self.last)

    @invariant()
    def it_rests(self) -> None:
        again = settle(self.rule, self.measured, self.now, self.window, self.standing)
        assert again == [self.last[-1]]

    @invariant()
    def it_moves_along_known_ways(self) -> None:
        assert {(was, decision.state) for _, was, decision, _ in self.history} <= EDGES

    @invariant()
    def it_fires_once_until_it_resolves(self) -> None:
        states = [decision.state for _, _, decision, _ in self.history]
        fired = False
        for state in states:
            assert not (state is FIRING and fired)
            fired = state is FIRING or (fired and state is not RESOLVED)

    @invariant()
    def it_fires_only_on_a_due_breach_that_lasted(self) -> None:
        for place, (at, _, decision, measured) in enumerate(self.history):
            if decision.state is FIRING:
                assert measured is not None
                assert measured.value is not None
                assert self.rule.breached(measured.value)
                assert self.rule.min_sample is None or (measured.sample or 0) >= 5
                assert self.window.due <= at
                pending_at = self.history[place - 1][0]
                assert at - pending_at >= timedelta(seconds=self.rule.for_seconds)

    @invariant()
    def it_does_not_flap_between_threshold_and_recovery(self) -> None:
        for _, was, decision, measured in self.history:
            if was is FIRING and decision.reason in (Reason.RECOVERED, Reason.CORRECTED):
                assert measured is not None
                assert measured.value is not None
                assert self.rule.recovered(measured.value)

    @invariant()
    def nothing_is_open_that_nobody_can_change_any_more(self) -> None:
        over = self.window.final if self.rule.check is Check.CLOSE else self.window.ends
        if self.now >= over or self.measured is None or self.measured.value is None:
            standing = self.standing.state if self.standing else None
            assert standing in (None, RESOLVED) or self.now < self.window.due


TestAnAlertsLife = AnAlertsLife.TestCase
TestAnAlertsLife.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
