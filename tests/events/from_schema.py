"""Values that a JSON Schema of ours lets through, for the keywords that ours use."""

import re
from typing import Any

from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from app.events.shapes import DAY, INSTANT, NO_NUL, ZONE, Shape

TEXT = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
# Mostly moments that are some, so that what lies behind them is reached as well.
MOMENTS = st.sampled_from(
    ["2026-11-20T18:00:00Z", "2026-11-20T18:00:00.123456789+00:00", "2026-11-20t10:59:60-07:00",
     "2000-01-01 00:00:00z", "2026-11-21T19:59:59Z"]
)  # fmt: skip


def _matching(pattern: str) -> st.SearchStrategy[str]:
    return st.from_regex(re.compile(pattern.replace("$", r"\Z"), re.ASCII))


def values(schema: Shape) -> st.SearchStrategy[Any]:
    """What the schema lets through; every optional property may be missing or more may be there."""
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        return st.one_of([values(one) for one in schema["anyOf"]])
    match schema.get("type"):
        case "null":
            return st.none()
        case "boolean":
            return st.booleans()
        case "integer":
            bounds = schema["minimum"], schema["maximum"]
            return st.integers(*bounds) | st.sampled_from(bounds)
        case "number":
            return _numbers(schema)
        case "string":
            return _texts(schema)
        case "array":
            least, most = schema.get("minItems", 0), schema.get("maxItems", 3)
            return st.lists(values(schema["items"]), min_size=least, max_size=min(most, 3))
        case "object":
            return _objects(schema)
    return st.none() | st.integers() | st.text(TEXT)


def _numbers(schema: Shape) -> st.SearchStrategy[Any]:
    least = schema.get("minimum", schema.get("exclusiveMinimum"))
    most = schema.get("maximum", schema.get("exclusiveMaximum"))
    found = st.integers(0, 10**6) | st.decimals(0, 1, places=4).map(float) | st.floats(least, most)
    valid = VALIDATOR(schema)
    return found.filter(valid.is_valid)


def _texts(schema: Shape) -> st.SearchStrategy[str]:
    if schema.get("pattern") == INSTANT["pattern"]:
        return MOMENTS | _matching(schema["pattern"])
    if schema.get("description") == ZONE["description"]:
        return st.sampled_from(["America/Denver", "UTC", "Mars/Base"])
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    if schema.get("pattern") in (None, NO_NUL):
        return st.text(TEXT, min_size=least, max_size=most)
    return _matching(schema["pattern"]).filter(lambda text: len(text) <= (most or len(text)))


def _objects(schema: Shape) -> st.SearchStrategy[dict[str, Any]]:
    known = {name: values(one) for name, one in schema["properties"].items()}
    needed = {name: known.pop(name) for name in schema["required"]}
    whole = st.fixed_dictionaries(needed, optional=known)
    if "if" in schema:
        # One of every pair of kinds goes with what it asks for: tried rather than reasoned out.
        days = st.none() | st.sampled_from(["2026-01-01", "2000-02-29"]) | _matching(DAY["pattern"])
        whole = st.tuples(whole, days).map(lambda pair: _keyed(*pair))
        return whole.filter(VALIDATOR(schema).is_valid)
    more: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
        st.just("newer than we are"), st.integers() | st.just([{}])
    )
    return st.tuples(more, whole).map(lambda pair: {**pair[0], **pair[1]})


def _keyed(void: dict[str, Any], day: str | None) -> dict[str, Any]:
    """A withdrawal as its kind wants it."""
    if void["kind"] not in ("call", "rep"):
        return {name: value for name, value in void.items() if name != "rep_id"}
    key = day if void["kind"] == "rep" and day else void["key"]
    return {**void, "key": key, "rep_id": void.get("rep_id") or "r1"}


def _pattern(_: Any, pattern: str, instance: object, __: Any) -> Any:
    """As ECMA has it: `$` is the end, and no line break before it."""
    if isinstance(instance, str) and not re.search(pattern.replace("$", r"\Z"), instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


VALIDATOR = extend(Draft202012Validator, {"pattern": _pattern})
