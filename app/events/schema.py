"""JSON Schema (2020-12) of every event, made from the types themselves. Pure.

What the decoder refuses for its shape the schema refuses; what the schema accepts the decoder
accepts, but for `RULES`. Both are tested. `data_base64` in place of `data` is read as well, and
no schema looks into it.
"""

from typing import Any, get_args

from msgspec import inspect

from app.events.read import WITH_REP
from app.events.shapes import DAY, INSTANT, NO_NUL, RULES, Shape
from app.events.types import Data, Id, RecordVoided

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TYPES: dict[str, Any] = {f"ringside.{data.wire}.v1": data for data in get_args(Data)}


def event_schema(type_name: str, *, data: Shape | None = None) -> Shape:
    """The schema of one type's events in structured mode; `data` stands in for that of its data.

    Raises KeyError for a type that is not the contract's.
    """
    name = _of(inspect.type_info(Id))
    return {
        "title": type_name,
        "description": (TYPES[type_name].__doc__ or "").strip(),
        "type": "object",
        "required": ["specversion", "id", "source", "type", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {**name, "description": "with source it names one delivery"},
            "source": {**name, "description": "the system that sends"},
            "type": {"const": type_name},
            "time": _or_null(INSTANT),
            "subject": {"description": "not read"},
            "partitionkey": {"description": "not read: for the Kafka key"},
            "data": data_schema(type_name) if data is None else data,
        },
    }


def served_schema(type_name: str) -> Shape:
    """The same, to stand alone: with its name, its dialect, and the rules beyond it."""
    short = type_name.removeprefix("ringside.").removesuffix(".v1")
    rules = "; ".join(f"{rule} ({code})" for code, rule in RULES.items())
    schema = event_schema(type_name)
    return {
        "$schema": DIALECT,
        "$id": f"urn:ringside:event:{short}:v1",
        **schema,
        "description": f"{schema['description']} Unknown fields are ignored; null in an optional "
        f"field means absent. Beyond this schema: {rules}.",
    }


def data_schema(type_name: str) -> Shape:
    """The schema of the data of one type's events."""
    data = TYPES[type_name]
    schema = _of(inspect.type_info(data))
    return {**schema, **_VOIDED} if data is RecordVoided else schema


# `rep_id` where the kind has one, nowhere else; the key of a rep's state is its date.
_VOIDED: Shape = {
    "if": {"properties": {"kind": {"enum": list(WITH_REP)}}},
    "then": {"properties": {"rep_id": {"type": "string"}}, "required": ["rep_id"]},
    "else": {"properties": {"rep_id": {"type": "null"}}},
    "allOf": [
        {
            "if": {"properties": {"kind": {"const": "rep"}}},
            "then": {"properties": {"key": DAY}},
        }
    ],
}


def _of(kind: inspect.Type) -> Shape:
    match kind:
        case inspect.Metadata(type=of, extra_json_schema=said):
            return dict(said) if said else _of(of)
        case inspect.StrType(min_length=least, max_length=most):
            bounds = {"minLength": least, "maxLength": most}
            known = {name: bound for name, bound in bounds.items() if bound is not None}
            return {"type": "string", **known, "pattern": NO_NUL}
        case inspect.IntType(ge=least, le=most):
            return {"type": "integer", "minimum": least, "maximum": most}
        case inspect.BoolType():
            return {"type": "boolean"}
        case inspect.LiteralType(values=values):
            return {"enum": list(values)}
        case inspect.VarTupleType(item_type=item, min_length=least, max_length=most):
            bounds = {"minItems": least, "maxItems": most}
            known = {name: bound for name, bound in bounds.items() if bound is not None}
            return {"type": "array", "items": _of(item), **known}
        case inspect.UnionType(types=types):
            (one,) = (of for of in types if not isinstance(of, inspect.NoneType))
            return _or_null(_of(one))
        case inspect.StructType(cls=cls, fields=fields):
            return _object(cls, fields)
    raise TypeError(f"no schema is known for {kind}")  # a new kind of field: say here how it looks


def _object(cls: type, fields: tuple[inspect.Field, ...]) -> Shape:
    return {
        "type": "object",
        "description": (cls.__doc__ or "").strip(),
        "required": [field.name for field in fields if field.required],
        "properties": {
            field.name: _of(field.type) if field.required else _or_null(_of(field.type))
            for field in fields
        },
    }


def _or_null(schema: Shape) -> Shape:
    if {"type": "null"} in schema.get("anyOf", ()):
        return schema
    return {"anyOf": [schema, {"type": "null"}]}
