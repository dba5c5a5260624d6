"""What a deployment says of its own tables: which are calls, orders and so on, column by column.

Read from the setting once and checked against the wire contract's own types, so that a mapping
that could never make an event ends the start, naming the key. Pure.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Literal, get_args
from zoneinfo import available_timezones

from msgspec import Struct, structs
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from app.errors import BadConfiguration
from app.events import types
from app.settings import Settings

SETTING = "RINGSIDE_DEBEZIUM_MAPPING"

TYPES: dict[str, type[Struct]] = {
    data.wire: data for data in get_args(types.Data) if data is not types.RecordVoided
}
CUSTOMER = ("customer.customer_id", "customer.phone")
LINES: dict[str, type[Struct]] = {
    "order.recorded": types.OrderLine, "order.returned": types.ReturnLine,
}  # fmt: skip

Scalar = str | int | bool
Form = Literal["text", "moment", "date", "number", "integer", "flag", "list"]


class Source(BaseModel):
    """Where one field comes from: a column, or a constant."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    column: str | None = None
    constant: Scalar | None = None
    prefix: str = ""
    values: dict[str, Scalar] | None = None
    otherwise: Scalar | None = None
    time: Literal["iso", "s", "ms", "us", "ns"] | None = None
    zone: str | None = None
    decimal: Annotated[int, Field(ge=0, le=18)] | None = None
    divide: Annotated[int, Field(ge=1, le=10**12)] = 1

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str | None) -> str | None:
        if zone is not None and zone not in available_timezones():
            raise ValueError(f"{zone!r} is no IANA time zone, e.g. America/Denver")
        return zone

    @model_validator(mode="after")
    def _one(self) -> "Source":
        if (self.column is None) == (self.constant is None):
            raise ValueError("either column or constant is needed")
        return self


Fields = dict[str, Source]


class Table(BaseModel):
    """One table: the type of event that its rows are, and what each field comes from.

    A row in which one of `needs` is null is not finished yet; one in which one of `gone` is set
    is withdrawn.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    table: str = Field(min_length=1)
    type: str
    needs: tuple[str, ...] = Field((), strict=False)
    gone: tuple[str, ...] = Field((), strict=False)
    fields: Fields
    lines: tuple[Fields, ...] = Field((), strict=False)

    @field_validator("fields", mode="before")
    @classmethod
    def _short(cls, fields: object) -> object:
        return _named(fields)

    @field_validator("lines", mode="before")
    @classmethod
    def _short_lines(cls, lines: object) -> object:
        return [_named(line) for line in lines] if isinstance(lines, list) else lines


class _Mapping(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    tables: tuple[Table, ...] = Field(min_length=1, strict=False)


def _named(fields: object) -> object:
    """`amount = "total"` is short for `amount = {column = "total"}`."""
    if not isinstance(fields, dict):
        return fields
    return {name: {"column": one} if isinstance(one, str) else one for name, one in fields.items()}


def tables(settings: Settings) -> Mapping[str, Table]:
    """The mapped tables by name. Raises `BadConfiguration` naming the key that is wrong."""
    if settings.debezium_mapping is None:
        raise BadConfiguration(f"{SETTING}: the feed debezium needs it, to know your tables")
    return _compiled(settings.debezium_mapping)


@lru_cache(maxsize=8)
def _compiled(text: str) -> Mapping[str, Table]:
    try:
        mapping = _Mapping.model_validate(json.loads(text))
    except ValidationError as error:
        first = error.errors()[0]
        what = first["msg"].removeprefix("Value error, ")
        raise BadConfiguration(f"{SETTING}: {_key(first['loc'])}: {what}") from None
    except ValueError as error:
        raise BadConfiguration(f"{SETTING}: no JSON: {error}") from None
    found: dict[str, Table] = {}
    for place, table in enumerate(mapping.tables):
        key = f"tables[{place}]"
        _check(table, key)
        if table.table in found:
            raise BadConfiguration(f"{SETTING}: {key}.table: {table.table!r} is mapped twice")
        found[table.table] = table
    return found


def _key(loc: tuple[int | str, ...]) -> str:
    written = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    return written.lstrip(".") or "the mapping"


def _check(table: Table, key: str) -> None:
    if table.type not in TYPES:
        known = ", ".join(TYPES)
        raise BadConfiguration(f"{SETTING}: {key}.type: {table.type!r} is none of {known}")
    _check_fields(table.fields, forms_of(table.type), _needed(TYPES[table.type]), f"{key}.fields")
    line = LINES.get(table.type)
    if line is None and table.lines:
        raise BadConfiguration(f"{SETTING}: {key}.lines: a {table.type} has no lines")
    if line is not None and not table.lines:
        raise BadConfiguration(f"{SETTING}: {key}.lines: a {table.type} needs one line or more")
    for place, fields in enumerate(table.lines):
        if line is not None:
            _check_fields(fields, _forms(line), _needed(line), f"{key}.lines[{place}]")


def _check_fields(fields: Fields, forms: Mapping[str, Form], needed: set[str], key: str) -> None:
    for name, source in fields.items():
        form = forms.get(name)
        if form is None:
            known = ", ".join(forms)
            raise BadConfiguration(f"{SETTING}: {key}.{name}: there is no such field; {known}")
        if form == "moment" and source.column is not None and source.time is None:
            raise BadConfiguration(
                f"{SETTING}: {key}.{name}.time: how the column tells time is needed: "
                "iso, s, ms, us or ns"
            )
    for name in sorted(needed - set(fields)):
        raise BadConfiguration(f"{SETTING}: {key}.{name}: the field is required")


def forms_of(kind: str) -> dict[str, Form]:
    """The fields that can be mapped for a type, each with what it holds."""
    return _forms(TYPES[kind])


def line_forms_of(kind: str) -> dict[str, Form]:
    """The fields that can be mapped for a line of a type."""
    return _forms(LINES[kind])


@lru_cache
def _forms(data: type[Struct]) -> dict[str, Form]:
    forms: dict[str, Form] = {}
    for field in structs.fields(data):
        if field.name == "customer":
            forms |= dict.fromkeys(CUSTOMER, "text")
        elif field.name not in ("lines", "aliases"):
            forms[field.name] = _form(field.type)
    return forms


def _needed(data: type[Struct]) -> set[str]:
    # A quote's customer may be null, which is what it is where nothing is mapped.
    return {f.name for f in structs.fields(data) if f.required} - {"customer", "lines"}


def _form(annotation: Any) -> Form:
    leaves = _leaves(annotation)
    if tuple in leaves:
        return "list"
    named: dict[type, Form] = {datetime: "moment", date: "date", Decimal: "number", bool: "flag",
                               int: "integer"}  # fmt: skip
    return next((form for kind, form in named.items() if kind in leaves), "text")


def _leaves(annotation: Any) -> set[Any]:
    origin = getattr(annotation, "__origin__", None)
    found = {annotation, origin}
    for inner in get_args(annotation):
        found |= _leaves(inner) if not isinstance(inner, str | int) else set()
    return {one for one in found if isinstance(one, type)}
