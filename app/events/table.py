"""A row of a table (CSV, Parquet) becomes the bytes of a structured event, which is then decoded
like any other. Pure.

Columns bear the names of the wire contract: `id` `source` `type` `time` of the envelope, all
others of `data`, a dot before a member (`customer.phone`); `data` may also be one column. A cell
that is None is a field left out. Numbers keep the digits they are written with.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from app.events.refusals import Refusal

ENVELOPE = frozenset({"id", "source", "type", "time"})
# What is no string on the wire: its cell holds JSON.
NOT_TEXT = frozenset({
    "revision", "ring_seconds", "talk_seconds", "hold_seconds", "wrap_up_seconds", "seconds",
    "duration_seconds", "test", "right_party", "active", "lines", "phones", "aliases",
})  # fmt: skip
_encode = msgspec.json.Encoder().encode


class Table:
    """The columns of a table, and what stands in for those of the envelope that it lacks."""

    def __init__(self, columns: Sequence[str], *, missing: Mapping[str, str]) -> None:
        self._columns = [column.strip() for column in columns]
        self._missing = {
            name: value for name, value in missing.items() if name not in self._columns
        }
        self._fields = [_field(column) for column in self._columns]
        own = any("customer" in (parent, name) for parent, name, _ in self._fields)
        self._customer = ["customer"] if own else []

    def event(self, cells: Sequence[Any]) -> bytes | Refusal:
        """The event of one row: text, or what msgspec writes as the JSON of its kind.

        Where the table has no `id`, it is the digest of the row: the same row again is the same
        delivery. Where it has columns of a customer, a row without any says that it is null:
        that is more than nothing in a quote.
        """
        if len(cells) != len(self._columns):
            return Refusal(
                "not_an_object",
                None,
                f"the row has {len(cells)} cells, the header has {len(self._columns)}",
            )
        data: dict[str, Any] = dict.fromkeys(self._customer)
        envelope: dict[str, Any] = {"specversion": "1.0", **self._missing, "data": data}
        for (parent, name, is_json), cell in zip(self._fields, cells, strict=True):
            if cell is None:
                continue
            value = _parsed(cell) if is_json and isinstance(cell, str) else cell
            if parent is None:
                data[name] = value
            elif not parent:
                _put(envelope, data, name, value)
            elif isinstance(inner := data.get(parent), dict):
                inner[name] = value
            else:  # where two columns contradict each other, the later stands
                data[parent] = {name: value}
        try:
            if "id" not in self._columns:
                envelope["id"] = _digest(envelope)
            return _encode(envelope)
        except UnicodeEncodeError:
            return Refusal("not_json", None, "the row is no UTF-8")
        except RecursionError:
            return Refusal("too_deep", None, "the row is nested too deeply to read")


def _field(column: str) -> tuple[str | None, str, bool]:
    """Where a column's cells go: into a member of `data` (None: `data` itself, "": the envelope),
    by which name, and whether their text is JSON."""
    if column in ENVELOPE or column == "data":
        return "", column, False
    parent, dot, member = column.partition(".")
    if not (dot and parent):
        return None, column, column in NOT_TEXT
    return parent, member, False


def _put(envelope: dict[str, Any], data: dict[str, Any], name: str, value: Any) -> None:
    if name in ENVELOPE:
        envelope[name] = value
    elif isinstance(value, dict):
        data.update(value)


def _parsed(cell: str) -> Any:
    """What the cell says on the wire; what is no JSON stays text, for the decoder to refuse."""
    try:
        json.loads(cell)
        return msgspec.Raw(cell.encode())
    except (ValueError, RecursionError):
        return cell


def _digest(envelope: Mapping[str, Any]) -> str:
    return "row-" + hashlib.blake2b(_encode(envelope), digest_size=16).hexdigest()
