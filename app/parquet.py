"""A Parquet file's rows become events, batch by batch: memory holds a few hundred rows, however
long the file is. Needs pyarrow, so it is imported by name, and only where there is such a file.

Where nothing says of what type the rows are, a text column `event` or `value` holds whole
CloudEvents; else columns are those of `app.events.table`, typed: null is a field left out, a
timestamp has a zone or is refused, decimals keep their digits.
"""

import json
import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from app.errors import BrokenFile
from app.events.decode import MOST_BYTES
from app.events.refusals import Refusal
from app.events.table import Table

WHOLE = ("event", "value")
BATCH_ROWS = 256  # rows of the largest size that is taken, 256 KiB, are then 64 MiB
_BUFFER = 1 << 20  # of each column, read at a time; else whole row groups are
_UNREADABLE = (ValueError, OverflowError, pa.ArrowException)


class ParquetRows:
    """One Parquet file, open. Raises `BrokenFile` if it is none, OSError if it cannot be opened."""

    def __init__(self, path: Path, missing: Mapping[str, str]) -> None:
        self._path = path
        self._done = 0
        self._source = pa.OSFile(str(path), "rb")
        try:
            # Old Spark's INT96 would overflow in nanoseconds.
            self._file = pq.ParquetFile(
                self._source, buffer_size=_BUFFER, pre_buffer=False,
                coerce_int96_timestamp_unit="us",
            )  # fmt: skip
            for field in self._file.schema_arrow:  # names of columns and zones may be no UTF-8
                _readable(field.type, as_bytes=False)
        except (*_UNREADABLE, OSError) as error:
            self._source.close()
            raise self._broken(error) from error
        self._missing = missing

    def __enter__(self) -> "ParquetRows":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._source.close()

    @property
    def share(self) -> float:
        """Which part of the rows has been read, 0 to 1."""
        return min(1.0, self._done / (self._file.metadata.num_rows or 1))

    def lines(self) -> Iterator[tuple[int, bytes | Refusal, bytes]]:
        """Of each row its number, its event or why it is none, and what is kept of a refused one.

        Of a row that is too large both are as much as shows that it is.
        """
        schema = self._file.schema_arrow
        whole = self._whole(schema)
        table = Table(schema.names, missing=self._missing)
        for batch in self._batches(None if whole is None else [whole]):
            for cells in zip(*map(_values, batch.columns), strict=True):
                self._done += 1
                event = table.event(cells) if whole is None else _bytes(cells[0] or "")
                kept = _kept(schema.names, cells) if isinstance(event, Refusal) else event
                cut = kept[: MOST_BYTES + 1]
                yield self._done, event if isinstance(event, Refusal) else cut, cut

    def _whole(self, schema: Any) -> str | None:
        """The column that holds whole events: one where nothing says what type the rows are of."""
        if "type" in (*schema.names, *self._missing):
            return None
        texts = {field.name for field in schema if _text_of(field.type) is not None}
        return next((name for name in WHOLE if name in texts), None)

    def _batches(self, columns: list[str] | None) -> Iterator[Any]:
        try:
            yield from self._file.iter_batches(BATCH_ROWS, columns=columns, use_threads=False)
        except (pa.ArrowException, OSError) as error:
            raise self._broken(error) from error

    def _broken(self, error: Exception) -> BrokenFile:
        reason = " ".join(str(error).split())
        return BrokenFile(f"{self._path}: no whole Parquet file, after row {self._done}: {reason}")


def _text_of(kind: Any) -> Any:
    """The Arrow type of text that `kind` is read as, None if it is no text."""
    types = pa.types
    if types.is_dictionary(kind):
        return _text_of(kind.value_type)
    if types.is_large_string(kind) or types.is_large_binary(kind):
        return pa.large_string()
    texts = (
        types.is_string, types.is_binary, types.is_string_view, types.is_binary_view,
        types.is_fixed_size_binary,
    )  # fmt: skip
    return pa.string() if any(is_text(kind) for is_text in texts) else None


def _values(column: Any) -> list[Any]:
    """A column as Python has it, and JSON can say it; cell by cell where one of them resists."""
    kind = _readable(column.type, as_bytes=False)
    if pa.types.is_timestamp(kind):
        return _instants(column.cast(kind, safe=False), "UTC" if kind.tz else "naive")
    try:
        values = column.cast(kind, safe=False).to_pylist()
    except _UNREADABLE:
        return [_said(_value(cell)) for cell in _as_bytes(column)]
    return [_said(value) for value in values] if _needs_words(kind) else values


def _instants(column: Any, zone: Literal["UTC", "naive"]) -> list[str | None]:
    """As texts of the wire, with a Z unless `naive`: ten times as fast as by datetimes, and of
    any year."""
    texts = np.datetime_as_string(column.to_numpy(zero_copy_only=False), timezone=zone)
    return [None if text == "NaT" else text for text in texts.tolist()]


def _as_bytes(column: Any) -> Any:
    try:
        return column.cast(_readable(column.type, as_bytes=True), safe=False)
    except _UNREADABLE:
        return column


def _value(cell: Any) -> Any:
    try:
        return cell.as_py()
    except _UNREADABLE:
        # Beyond the year 9999, say. No field takes a list of this; fields nobody reads may be so.
        return ["unreadable"]


def _readable(kind: Any, *, as_bytes: bool) -> Any:
    """The nearest type that Python can have: microseconds, UTC, text (`as_bytes`: whatever it
    may hold)."""
    types = pa.types
    if (text := _text_of(kind)) is not None:
        large = text == pa.large_string()
        return (pa.large_binary() if large else pa.binary()) if as_bytes else text
    if types.is_timestamp(kind):
        unit = "us" if kind.unit == "ns" else kind.unit
        return pa.timestamp(unit, tz="UTC" if kind.tz else None)
    if types.is_time64(kind):
        return pa.time64("us")
    if types.is_duration(kind):
        return pa.duration("us" if kind.unit == "ns" else kind.unit)
    if types.is_struct(kind):
        return pa.struct([(f.name, _readable(f.type, as_bytes=as_bytes)) for f in kind])
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        inner = _readable(kind.value_type, as_bytes=as_bytes)
        return pa.large_list(inner) if types.is_large_list(kind) else pa.list_(inner)
    return kind


def _needs_words(kind: Any) -> bool:
    types = pa.types
    return bool(types.is_decimal(kind) or types.is_floating(kind) or types.is_nested(kind))


def _said(value: Any) -> Any:
    """The value as it is said on the wire."""
    match value:
        case Decimal():
            return _number(value)
        case float():
            # What no number is, no field that is read takes.
            return value if math.isfinite(value) else [str(value)]
        case bytes():
            return value.decode("utf-8", "surrogateescape")
        case dict():
            return {name: _said(part) for name, part in value.items()}
        case list() | tuple():
            return [_said(part) for part in value]
        case _:
            return value


def _number(value: Decimal) -> msgspec.Raw:
    """A number of JSON with all its digits, but for zeros at the end: those are the column's."""
    digits = format(value, "f")
    return msgspec.Raw((digits.rstrip("0").rstrip(".") if "." in digits else digits).encode())


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _kept(names: list[str], cells: tuple[Any, ...]) -> bytes:
    row = dict(zip(names, cells, strict=True))
    return _bytes(json.dumps(row, ensure_ascii=False, default=_shown))


def _shown(value: Any) -> str:
    return bytes(value).decode() if isinstance(value, msgspec.Raw) else str(value)
