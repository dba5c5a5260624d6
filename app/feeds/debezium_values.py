"""A column of a change event as the field that it is mapped to. Pure.

Numbers are read as they were written, never through binary floats. Debezium sends times as counts
since 1970 (of local time, where the column has no zone), decimals as text, numbers or base64, and
a mark in place of large values that did not change.
"""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

from app.events.fields import Huge, Literal
from app.events.refusals import Invalid, shown
from app.feeds.debezium_mapping import Fields, Form, Source

Row = Mapping[str, Any]

UNAVAILABLE = "__debezium_unavailable_value"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST = date(1970, 1, 1)
MICROS = {"s": 1_000_000, "ms": 1_000, "us": 1}
_EXACT = Context(prec=60)
# What the contract keeps after the point; more is the column's, not a refusal's business.
PLACES = {"rate": 12}


def read_fields(fields: Fields, forms: Mapping[str, Form], row: Row) -> dict[str, Any]:
    """The fields of a row, those that are null left out; raises `Invalid` naming the column."""
    found = {}
    for name, source in fields.items():
        value = read_field(source, forms[name], row, name)
        if value is not None:
            found[name] = value
    return found


def read_field(source: Source, form: Form, row: Row, name: str) -> Any:
    """One field, None where its column is null."""
    if source.column is None:
        return [source.constant] if form == "list" else source.constant
    value = cell(row, source.column)
    if value is not None and source.values is not None:
        value = source.values.get(_plain(value), source.otherwise)
        if value is None:
            given = shown(_plain(cell(row, source.column)))
            raise Invalid("unknown_value", source.column, f"{given} is not in its values")
    if value is None:
        return None
    return _converted(value, source, form, name)


def cell(row: Row, column: str) -> Any:
    """A column's value; raises `Invalid` where it did not come with the row."""
    if column not in row:
        raise Invalid("missing", column, f"the row has no column {shown(column)}")
    value = row[column]
    if value == UNAVAILABLE:
        raise Invalid("missing", column, "a large value that did not change was not sent: "
                      "the table needs REPLICA IDENTITY FULL")  # fmt: skip
    return value


def _converted(value: Any, source: Source, form: Form, name: str) -> Any:
    column = source.column or name
    if form == "text":
        return source.prefix + _text(value, column)
    if form == "moment":
        return _moment(value, source, column)
    if form == "date":
        return _date(value, column)
    if form == "flag":
        return _flag(value, column)
    if form == "list":
        values = value if isinstance(value, list) else [value]
        return [_text(one, column) for one in values if one is not None]
    number = _number(value, source, column)
    if form == "integer":
        return floor(number)
    places = Decimal(1).scaleb(-PLACES.get(name, 4))
    return format(number.quantize(places, ROUND_HALF_EVEN, _EXACT).normalize(_EXACT), "f")


def _plain(value: Any) -> str:
    """A value as the keys of `values` write it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _text(value: Any, column: str) -> str:
    if isinstance(value, str | int) and not isinstance(value, bool):
        return str(value)
    raise Invalid("wrong_type", column, f"{shown(value)} is neither text nor a whole number")


def _moment(value: Any, source: Source, column: str) -> str:
    try:
        if source.time == "iso":
            if type(value) is not str:
                raise Invalid("wrong_type", column, f"{shown(value)} is no text")
            read = datetime.fromisoformat(value)
        else:
            read = _since(_whole(value, column), source.time or "ms")
            read = read if source.zone is None else read.replace(tzinfo=None)
    except (ValueError, OverflowError) as error:
        raise Invalid("bad_timestamp", column, f"{shown(value)} is no moment") from error
    if read.tzinfo is None:
        if source.zone is None:
            why = f"{shown(value)} has no offset: the mapping has to name its zone"
            raise Invalid("naive_timestamp", column, why)
        # Of an hour that comes twice, the first.
        read = read.replace(tzinfo=ZoneInfo(source.zone))
    return read.astimezone(UTC).isoformat()


def _since(count: int, unit: str) -> datetime:
    micros = count // 1_000 if unit == "ns" else count * MICROS[unit]
    return EPOCH + timedelta(microseconds=micros)


def _date(value: Any, column: str) -> str:
    if type(value) is str:
        return value[:10]
    try:
        return (FIRST + timedelta(days=_whole(value, column))).isoformat()
    except OverflowError as error:
        raise Invalid("bad_date", column, f"{shown(value)} is no day") from error


def _whole(value: Any, column: str) -> int:
    if type(value) is int:
        return value
    raise Invalid("wrong_type", column, f"{shown(value)} is no whole number")


def _flag(value: Any, column: str) -> bool:
    if isinstance(value, bool | int) and value in (0, 1):
        return bool(value)
    raise Invalid("wrong_type", column, f"{shown(value)} is neither true nor false, 1 nor 0")


def _number(value: Any, source: Source, column: str) -> Decimal:
    try:
        number = _decimal(value, source, column)
        if not number.is_finite() or abs(number.adjusted()) > 40:
            raise InvalidOperation
        return _EXACT.divide(number, Decimal(source.divide))
    except (InvalidOperation, ValueError, binascii.Error) as error:
        raise Invalid("bad_number", column, f"{shown(value)} is no number") from error


def _decimal(value: Any, source: Source, column: str) -> Decimal:
    if isinstance(value, Mapping):  # of a column that has no scale of its own
        return _unscaled(value.get("value"), _whole(value.get("scale"), column))
    if source.decimal is not None and type(value) is str:
        return _unscaled(value, source.decimal)
    if isinstance(value, bool) or not isinstance(value, int | str | Literal):
        raise Invalid("wrong_type", column, f"{shown(value)} is no number")
    return Decimal(value)


def _unscaled(value: Any, scale: int) -> Decimal:
    """Kafka Connect's decimal: base64 of the unscaled number in two's complement."""
    if type(value) is not str or len(value) > 60:
        raise ValueError
    unscaled = int.from_bytes(base64.b64decode(value, validate=True), "big", signed=True)
    return Decimal(unscaled).scaleb(-scale, _EXACT)


def is_set(value: Any) -> bool:
    """Whether a column that marks a row says so: anything but null, false and 0."""
    return value not in (None, False, 0) and not isinstance(value, Huge)
