"""The schemas say what the decoder does: both ways, but for the rules that no schema can say."""

import re
from copy import deepcopy
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.events.refusals import CODES, Refusal
from app.events.schema import TYPES, event_schema, served_schema
from app.events.shapes import RULES
from app.events.types import Event
from tests.events.from_schema import VALIDATOR, values
from tests.events.given import DATA, decoded, event
from tests.events.test_decode import BAD, TIMES, VALUES

SCHEMAS = {name: event_schema(name) for name in TYPES}
VALIDATORS = {name: VALIDATOR(schema) for name, schema in SCHEMAS.items()}
LET_IN = {name: values(schema) for name, schema in SCHEMAS.items()}

EDGES: st.SearchStrategy[Any] = st.sampled_from(
    [0, -1, 1, 1.0, 0.5, -0.0, 1e-7, 0.00001, 86_400, 86_401, 2**53 - 1, 2**53, 10**15, 10**15 - 1,
     1e15, 10**30, True, "", "x" * 200, "x" * 201, "a\0b", "é\U0001f600" * 100, "a\ud800", "12",
     "-0", "-0.0000", "0.00001", "-1", "1.", ".5", "1e3", " 1", "1\n", "0" * 99 + "1", "0" * 101,
     "999999999999999.9999", "1000000000000000", "1.0000", "1.0001", "USD", "usd", "ZZZ", "UTC",
     "Mars/Base", "2026-11-20", "2026-02-30", "1999-12-31", "2100-12-31", "2101-01-01",
     "2026-1-1", "2026-11-20\n", *TIMES, "2026-11-20T18:00:00Z\n", None, [], {}, [{}], [7], ["x"]]
)  # fmt: skip


def at(whole: dict[str, Any], field: str | None) -> Any:
    """What stands at `data.lines[0].quantity`."""
    found: Any = whole
    for step in re.findall(r"\w+", field or ""):
        found = found[int(step)] if isinstance(found, list) else found.get(step)
    return found


def beyond_a_schema(whole: dict[str, Any], refusal: Refusal) -> bool:
    """Whether the refusal is by one of the rules that no schema can say, and not by shape."""
    value = at(whole, refusal.field)
    match refusal.code:
        case "wrong_type":
            return isinstance(value, float) and value.is_integer()
        case "too_precise" | "out_of_range":
            return isinstance(value, float) and not value < 0
        case "bad_lines":
            return 1 < len(value) <= 1000
        case "not_allowed":
            return refusal.type == "ringside.fx_rate.recorded.v1"
        case "bad_characters":
            return re.search("[\ud800-\udfff]", value) is not None
        case "bad_timestamp" | "bad_date":
            return not is_a_date(value[:10])
    return refusal.code in RULES


def is_a_date(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def agree(whole: dict[str, Any], validator: Any) -> Event | Refusal:
    """The decoder's answer, which the schema must share."""
    answer = decoded(whole)
    lets_in = validator.is_valid(whole)
    if isinstance(answer, Event):
        assert lets_in, whole
    elif not beyond_a_schema(whole, answer):
        assert not lets_in, answer
    return answer


@pytest.mark.parametrize("name", TYPES)
def test_a_schema_is_one(name: str) -> None:
    served = served_schema(name)
    VALIDATOR.check_schema(served)
    assert all(code in served["description"] for code in RULES)
    assert list(TYPES) == [f"ringside.{kind}.v1" for kind in DATA]
    assert isinstance(agree(event(name[9:-3]), VALIDATORS[name]), Event)


def test_the_rules_are_codes() -> None:
    assert set(RULES) <= set(CODES)


@settings(max_examples=1_000, deadline=None)
@given(st.sampled_from(list(TYPES)), st.data())
def test_what_a_schema_lets_in_is_taken_but_for_the_rules(name: str, data: st.DataObject) -> None:
    whole = data.draw(LET_IN[name])
    answer = decoded(whole)
    assert isinstance(answer, Event) or beyond_a_schema(whole, answer), answer


@pytest.mark.parametrize("name", TYPES)
def test_much_of_what_a_schema_lets_in_is_taken(name: str) -> None:
    """Else the test above would prove nothing."""
    taken = []

    @settings(max_examples=60, deadline=None, database=None)
    @given(LET_IN[name])
    def look(whole: dict[str, Any]) -> None:
        taken.append(isinstance(decoded(whole), Event))

    look()
    assert sum(taken) >= 5, f"{sum(taken)} of {len(taken)}"


@pytest.mark.parametrize(("kind", "over", "code", "field"), BAD)
def test_what_is_refused_for_its_shape_is_refused_by_the_schema(
    kind: str, over: dict[str, Any], code: str, field: str
) -> None:
    validator = VALIDATORS[f"ringside.{kind}.v1"]
    assert isinstance(agree(event(kind, **over), validator), Refusal)


@settings(max_examples=2_000, deadline=None)
@given(st.sampled_from(list(DATA)), st.data())
def test_whatever_is_spoiled_both_say_the_same(kind: str, data: st.DataObject) -> None:
    whole = event(kind)
    validator = VALIDATORS[whole["type"]]
    for _ in range(data.draw(st.integers(1, 2))):
        place = data.draw(st.sampled_from(places(whole)))
        name = data.draw(st.sampled_from([*place, "newer"]))
        if data.draw(st.integers(0, 5)) == 0:
            place.pop(name, None)
        else:
            place[name] = deepcopy(data.draw(EDGES | VALUES))
        if not isinstance(whole.get("data"), dict):
            break
    agree(whole, validator)


def places(whole: dict[str, Any]) -> list[dict[str, Any]]:
    """Every object of an event."""
    found = [whole, whole["data"]]
    for value in whole["data"].values():
        inner = value if isinstance(value, list) else [value]
        found += [one for one in inner if isinstance(one, dict)]
    return found
