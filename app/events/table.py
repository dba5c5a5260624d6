"""A row of a table (CSV) becomes the bytes of a structured event, which is then decoded like any
other. Pure.

Columns bear the names of the wire contract: `id` `source` `type` `time` of the envelope, all
others of `data`, a dot before a member (`customer.phone`). An empty cell is a field left out.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from app.events.refusals import Refusal

ENVELOPE = frozenset({"id", "source", "type", "time"})
# What is no string on the wire: its cell holds JSON.
NOT_TEXT = frozenset({
    "revision", "ring_seconds", "talk_seconds", "hold_seconds", "wrap_up_seconds", "seconds",
    "duration_seconds", "test", "right_party", "active", "lines", "phones", "aliases",
})  # fmt: skip


class Table:
    """The columns of a table, and what stands in for those of the envelope that it lacks."""

    def __init__(self, columns: Sequence[str], *, missing: Mapping[str, str]) -> None:
        self._columns = [column.strip() for column in columns]
        self._missing = {
            name: value for name, value in missing.items() if name not in self._columns
        }

    def event(self, cells: Sequence[str]) -> bytes | Refusal:
        """The event of one row.

        Where the table has no `id`, it is the digest of the row: the same row again is the same
        delivery.
        """
        if len(cells) != len(self._columns):
            return Refusal(
                "not_an_object",
                None,
                f"the row has {len(cells)} cells, the header has {len(self._columns)}",
            )
        data: dict[str, Any] = {}
        envelope: dict[str, Any] = {"specversion": "1.0", **self._missing, "data": data}
        for column, cell in zip(self._columns, cells, strict=True):
            if not cell:
                continue
            if column in ENVELOPE:
                envelope[column] = cell
                continue
            parent, dot, member = column.partition(".")
            into = data.setdefault(parent, {}) if dot else data
            into[member if dot else column] = _value(column, cell)
        if "id" not in self._columns:
            envelope["id"] = _digest(envelope)
        return _bytes(envelope)


def _value(column: str, cell: str) -> Any:
    """What the cell says on the wire; what is no JSON stays text, for the decoder to refuse."""
    if column not in NOT_TEXT:
        return cell
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        return cell


def _digest(envelope: Mapping[str, Any]) -> str:
    return "row-" + hashlib.blake2b(_bytes(envelope), digest_size=16).hexdigest()


def _bytes(envelope: Mapping[str, Any]) -> bytes:
    # What was no UTF-8 in the file is none here: the decoder says so.
    return json.dumps(envelope, ensure_ascii=False).encode("utf-8", "surrogateescape")
