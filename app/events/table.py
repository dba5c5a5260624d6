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
        own = {column.partition(".")[0] for column in self._columns}
        self._customer = ["customer"] if "customer" in own else []

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
        for column, cell in zip(self._columns, cells, strict=True):
            if cell is None:
                continue
            if column in ENVELOPE:
                envelope[column] = cell
            elif column == "data" and isinstance(cell, dict):
                data.update(cell)
            else:
                _put(data, column, _value(column, cell))
        try:
            if "id" not in self._columns:
                envelope["id"] = _digest(envelope)
            return _encode(envelope)
        except UnicodeEncodeError:
            return Refusal("not_json", None, "the row is no UTF-8")
        except RecursionError:
            return Refusal("too_deep", None, "the row is nested too deeply to read")


def _put(data: dict[str, Any], column: str, value: Any) -> None:
    """Where two columns contradict each other (`customer`, `customer.phone`), the later stands."""
    parent, dot, member = column.partition(".")
    if not dot:
        data[column] = value
    elif isinstance(inner := data.get(parent), dict):
        inner[member] = value
    else:
        data[parent] = {member: value}


def _value(column: str, cell: Any) -> Any:
    """What the cell says on the wire; what is no JSON stays text, for the decoder to refuse."""
    if column not in NOT_TEXT or not isinstance(cell, str):
        return cell
    try:
        json.loads(cell)
        return msgspec.Raw(cell.encode())
    except (ValueError, RecursionError):
        return cell


def _digest(envelope: Mapping[str, Any]) -> str:
    return "row-" + hashlib.blake2b(_encode(envelope), digest_size=16).hexdigest()
