"""Rows in PostgreSQL's binary COPY format, encoded column by column: what comes again in a column
is encoded once. Pure.

The driver encodes value by value: decimals and lists, which come again and again in a batch, take
it two to three times as long (`bench/NOTES.md`). Values are those it takes for the same types.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from struct import Struct
from typing import Any

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
NULL = b"\xff\xff\xff\xff"
ROWS_AT_ONCE = 500
LOOKED_AT = 100

_length = Struct(">i").pack
_bool = Struct(">i?").pack
_int2 = Struct(">ih").pack
_int4 = Struct(">ii").pack
_int8 = Struct(">iq").pack
_number = Struct(">ihhHH").pack  # length, digits, weight, sign, places
_list = Struct(">iiIii").pack  # dimensions, nulls or none, type of the elements, size, begins at
_empty = Struct(">iiI").pack
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_FIRST = date(2000, 1, 1).toordinal()
_MICROSECOND = timedelta(microseconds=1)
_TEXT_OID, _NUMERIC_OID = 25, 1700

Encode = Callable[[Any], bytes]


def _text(value: str) -> bytes:
    encoded = value.encode()
    return _length(len(encoded)) + encoded


def _bytes(value: bytes) -> bytes:
    return _length(len(value)) + value


def _json(value: str) -> bytes:
    encoded = value.encode()
    return _length(len(encoded) + 1) + b"\1" + encoded


def _day(value: date) -> bytes:
    return _int4(4, value.toordinal() - _FIRST)


def _instant(value: datetime) -> bytes:
    return _int8(8, (value - _EPOCH) // _MICROSECOND)


def numeric(value: Decimal) -> bytes:
    """A number with the places it has; groups of four digits around the point."""
    sign, figures, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise ValueError(f"{value} is no number")
    places = max(0, -exponent)
    digits = ("".join(map(str, figures)) + "0" * exponent).zfill(places)
    whole, part = digits[: len(digits) - places], digits[len(digits) - places :]
    whole = whole.zfill(-(-len(whole) // 4) * 4)
    part = part.ljust(-(-len(part) // 4) * 4, "0")
    groups = [int((whole + part)[at : at + 4]) for at in range(0, len(whole) + len(part), 4)]
    weight = len(whole) // 4 - 1
    while groups and not groups[0]:
        del groups[0]
        weight -= 1
    while groups and not groups[-1]:
        del groups[-1]
    if not groups:
        weight, sign = 0, 0
    return _number(8 + 2 * len(groups), len(groups), weight, 0x4000 * sign, places) + b"".join(
        group.to_bytes(2) for group in groups
    )


class _Column(dict[Any, bytes]):
    """Encodes a column; remembers what it has met, and that None is null."""

    def __init__(self, encode: Encode) -> None:
        self[None] = NULL
        self.encode = encode

    def __missing__(self, value: Any) -> bytes:
        encoded = self[value] = self.encode(value)
        return encoded

    def of(self, values: Sequence[Any]) -> list[bytes]:
        """The values, encoded."""
        seen = values[:LOOKED_AT]
        if len(set(seen)) * 2 <= len(seen):
            return list(map(self.__getitem__, values))
        encode = self.encode
        return [NULL if value is None else encode(value) for value in values]


class _Numbers(_Column):
    """Encodes a column of numbers. Equal ones may differ in their places: 1.5 is not 1.50."""

    def __init__(self) -> None:
        super().__init__(lambda value: numeric(Decimal(value)))

    def of(self, values: Sequence[Any]) -> list[bytes]:
        """The values, encoded."""
        return [
            self[value] if value is None or type(value) is int else self[str(value)]
            for value in values
        ]


class _Lists(_Column):
    """Encodes a column of lists; remembers lists of texts whole, and all elements."""

    def __init__(self, oid: int, elements: _Column) -> None:
        super().__init__(self._list)
        self._oid, self._elements = oid, elements

    def of(self, values: Sequence[Any]) -> list[bytes]:
        """The lists, encoded."""
        if type(self._elements) is _Numbers:
            return [NULL if value is None else self._list(value) for value in values]
        return [NULL if value is None else self[tuple(value)] for value in values]

    def _list(self, value: Sequence[Any]) -> bytes:
        if not value:
            return _length(12) + _empty(0, 0, self._oid)
        body = b"".join(self._elements.of(value))
        shape = _list(1, int(None in value), self._oid, len(value), 1)
        return _length(len(shape) + len(body)) + shape + body


_ENCODERS: dict[str, Callable[[], _Column]] = {
    "text": lambda: _Column(_text),
    "bool": lambda: _Column(lambda value: _bool(1, value)),
    "int2": lambda: _Column(lambda value: _int2(2, value)),
    "int4": lambda: _Column(lambda value: _int4(4, value)),
    "int8": lambda: _Column(lambda value: _int8(8, value)),
    "numeric": _Numbers,
    "date": lambda: _Column(_day),
    "timestamptz": lambda: _Column(_instant),
    "bytea": lambda: _Column(_bytes),
    "jsonb": lambda: _Column(_json),
    "text[]": lambda: _Lists(_TEXT_OID, _Column(_text)),
    "numeric[]": lambda: _Lists(_NUMERIC_OID, _Numbers()),
}

_SLOW = {"numeric", "numeric[]", "text[]"}


def worthwhile(types: Sequence[str]) -> bool:
    """Whether columns of these types are encoded faster here than by the driver."""
    return not _SLOW.isdisjoint(types) and _ENCODERS.keys() >= set(types)


def encoded(types: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> Iterator[bytes]:
    """`rows` for COPY into columns of these `types`, as PostgreSQL names them; some hundred rows a
    piece.
    """
    columns = [_ENCODERS[name]() for name in types]
    row = len(types).to_bytes(2) + b"%b" * len(types)
    yield HEADER
    for start in range(0, len(rows), ROWS_AT_ONCE):
        cells = zip(*rows[start : start + ROWS_AT_ONCE], strict=True)
        by_column = [column.of(values) for column, values in zip(columns, cells, strict=True)]
        yield b"".join([row % cells for cells in zip(*by_column, strict=True)])
    yield TRAILER
