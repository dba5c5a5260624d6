"""A rule: what is a breach, what is recovered, and what cannot be said."""

from datetime import time
from decimal import Decimal
from typing import Any

import pytest

from app.alerts.rule import Check, Subjects, check_rule
from app.errors import BadRequest
from app.periods import Kind
from tests.alerts.given import NOON, a_rule


@pytest.mark.parametrize(
    ("operator", "below", "equal", "above"),
    [
        ("<", True, False, False),
        ("<=", True, True, False),
        (">", False, False, True),
        (">=", False, True, True),
    ],
)
def test_equality_counts_as_the_operator_says(
    operator: str, below: bool, equal: bool, above: bool
) -> None:
    rule = a_rule(operator=operator, threshold=Decimal("0.1"))
    values = (Decimal("0.099999"), Decimal("0.1"), Decimal("0.100001"))
    assert tuple(map(rule.breached, values)) == (below, equal, above)
    assert tuple(map(rule.recovered, values)) == (not below, not equal, not above)


@pytest.mark.parametrize(
    ("operator", "recover_at", "recovered"),
    [("<", 50, {50, 60}), ("<=", 50, {50, 60}), (">", 30, {20, 30}), (">=", 30, {20, 30})],
)
def test_with_a_level_of_its_own_it_recovers_there(
    operator: str, recover_at: int, recovered: set[int]
) -> None:
    rule = a_rule(operator=operator, threshold=Decimal(40), recover_at=Decimal(recover_at))
    assert {v for v in (20, 30, 40, 50, 60) if rule.recovered(Decimal(v))} == recovered


@pytest.mark.parametrize(
    ("over", "field", "detail"),
    [
        ({"kpi": "charm"}, "kpi", "there is no KPI 'charm'; /v1/kpis lists them all"),
        ({"kpi": "revenue", "threshold": Decimal("9.999")}, "threshold",
         "at most 2 decimal places, as revenue"),
        ({"recover_at": Decimal(4)}, "recover_at",
         "4 is itself > 3; it must lie on the good side of the threshold"),
        ({"operator": ">=", "recover_at": Decimal(3)}, "recover_at",
         "3 is itself >= 3; it must lie on the good side of the threshold"),
        ({"subjects": Subjects.TEAMS, "rep_id": "r1"}, "subjects",
         "the scope is one rep; teams are not in it"),
        ({"period": Kind.RANGE}, "period", "must be day, week, month, quarter, year or ttm"),
        ({"check": Check.AFTER}, "check", "a time of day goes with `after`, and only with it"),
        ({"at": time(17)}, "check", "a time of day goes with `after`, and only with it"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(over: dict[str, Any], field: str, detail: str) -> None:
    with pytest.raises(BadRequest) as caught:
        check_rule(a_rule(**over))
    assert [(e.field, e.detail) for e in caught.value.errors] == [(field, detail)]


def test_everything_that_is_wrong_is_named_at_once() -> None:
    rule = a_rule(recover_at=Decimal(9), subjects=Subjects.TEAMS, rep_id="r1", at=time(17))
    with pytest.raises(BadRequest) as caught:
        check_rule(rule)
    assert [e.field for e in caught.value.errors] == ["recover_at", "subjects", "check"]


def test_a_level_may_be_the_threshold_itself_where_that_is_no_breach() -> None:
    check_rule(a_rule(operator="<", recover_at=Decimal(3)))
    check_rule(a_rule(operator=">", recover_at=Decimal(3)))


@pytest.mark.parametrize(
    ("over", "same"),
    [
        ({"name": "Other", "severity": "critical", "enabled": False, "since": NOON,
          "created_at": NOON, "revision": 7}, True),
        ({"threshold": Decimal("3.0")}, True),
        ({"threshold": Decimal(4)}, False),
        ({"kpi": "calls"}, False),
        ({"team": "West"}, False),
        ({"recover_at": Decimal(3)}, False),
        ({"for_seconds": 1}, False),
        ({"min_sample": Decimal(1)}, False),
        ({"check": Check.CLOSE}, False),
        ({"working_days_only": True}, False),
    ],
)  # fmt: skip
def test_words_and_labels_are_no_meaning(over: dict[str, Any], same: bool) -> None:
    assert a_rule().means_the_same(a_rule(**over)) is same
