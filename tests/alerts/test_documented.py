"""docs/alerts.md says what the code does: every reason, every field of a rule."""

import re
from pathlib import Path

from app.alerts.decide import MEANINGS
from app.api.alert_rules import RuleAsked

PAGE = (Path(__file__).parents[2] / "docs/alerts.md").read_text(encoding="utf-8")


def test_every_reason_is_there_with_its_meaning() -> None:
    table = PAGE.partition("Every decision has")[2]
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", table, re.MULTILINE)
    assert {reason: meaning.replace("`", "") for reason, meaning in rows} == {
        reason.value: meaning.replace("`", "") for reason, meaning in MEANINGS.items()
    }


def test_every_field_of_a_rule_is_there() -> None:
    table = PAGE.partition("## When it is judged")[0]
    first_cells = re.findall(r"^\| (`.+?`) \|", table, re.MULTILINE)
    fields = {name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)}
    assert fields == set(RuleAsked.model_fields) - {"name"}
