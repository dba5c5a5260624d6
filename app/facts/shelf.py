"""The rows of one fact table that a batch looks at: as they are stored, and as they will be.

Everything a batch changes goes through a shelf, so what has to be written, and by how much the
rollups move, is the difference between `stored` and `now`.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from app.db import Reading, Writing
from app.events.types import OrderLine, ReturnLine
from app.facts.rows import AnyRow, Row

R = TypeVar("R", bound=AnyRow)
Key = tuple[Any, ...]

_LINES: dict[str, Any] = {
    "orders": msgspec.json.Decoder(tuple[OrderLine, ...]),
    "returns": msgspec.json.Decoder(tuple[ReturnLine, ...]),
}


class Shelf(Generic[R]):
    """Rows by primary key. A row taken from `stored` is never changed: put a copy."""

    def __init__(self, row_type: type[R]) -> None:
        self.row_type = row_type
        self.stored: dict[Key, R] = {}
        self.now: dict[Key, R] = {}
        self._columns = row_type.__struct_fields__
        self._keys = [self._columns.index(column) for column in row_type.key_columns]
        self._lines = self._columns.index("lines") if "lines" in self._columns else None
        names = ", ".join(
            f't."{column}"' + ("::text" if column == "lines" else "") for column in self._columns
        )
        self._select = f"SELECT {names} FROM {row_type.table} t "

    async def load(self, session: Reading, where: str, *values: object) -> None:
        """Bring in the stored rows `t` for which `where` holds; rows already here stay as put."""
        decode = _LINES[self.row_type.table].decode if self._lines is not None else None
        for record in await session.fetch(self._select + where, *values):
            key = tuple([record[i] for i in self._keys])
            if key in self.stored:
                continue
            fields = list(record)
            if decode is not None and fields[self._lines or 0] is not None:
                fields[self._lines or 0] = decode(fields[self._lines or 0])
            row = self.row_type(*fields)
            self.stored[key] = row
            self.now.setdefault(key, row)

    async def load_named(self, session: Reading, keys: Collection[Key]) -> None:
        """Bring in the stored rows with these primary keys."""
        if not keys:
            return
        names = ", ".join(f't."{column}"' for column in self.row_type.key_columns)
        where = f"WHERE ({names}) IN (SELECT * FROM {_unnest(self.row_type)})"
        await self.load(session, where, *map(list, zip(*keys, strict=True)))

    def changed(self) -> Iterator[tuple[R | None, R]]:
        """Every row that is new or will differ: `(stored or None, now)`."""
        for key, row in self.now.items():
            before = self.stored.get(key)
            if before is not row and before != row:
                yield before, row

    async def write(self, session: Writing, new: Sequence[R] = ()) -> None:
        """Make the table as `now` says, with `new` rows that are on no shelf."""
        changed = list(self.changed())
        await self._delete(session, [before for before, _ in changed if before is not None])
        rows = [*new, *(row for _, row in changed)]
        await session.copy(self.row_type.table, self._columns, [self._values(row) for row in rows])

    async def _delete(self, session: Writing, rows: Sequence[R]) -> None:
        if not rows:
            return
        columns = self.row_type.key_columns
        arrays = [[getattr(row, column) for row in rows] for column in columns]
        match = " AND ".join(f't."{column}" = k."{column}"' for column in columns)
        names = ", ".join(f'"{column}"' for column in columns)
        await session.run(
            f"DELETE FROM {self.row_type.table} t USING {_unnest(self.row_type)} AS k({names}) "
            f"WHERE {match}",
            *arrays,
        )

    def _values(self, row: R) -> tuple[object, ...]:
        values = msgspec.structs.astuple(row)
        if self._lines is None or values[self._lines] is None:
            return values
        text = msgspec.json.encode(values[self._lines]).decode()
        return (*values[: self._lines], text, *values[self._lines + 1 :])


def key_types(row_type: type[Row]) -> list[str]:
    """What PostgreSQL calls the types of the columns of a primary key."""
    dates = ("day", "date", "effective_from")
    return ["date" if column in dates else "text" for column in row_type.key_columns]


def _unnest(row_type: type[Row]) -> str:
    """Keys that come in as one list a column, from `$1` on."""
    arrays = ", ".join(f"${i + 1}::{t}[]" for i, t in enumerate(key_types(row_type)))
    return f"unnest({arrays})"


def content(row: AnyRow) -> str:
    """What was sent, as JSON for the audit: without the stamp's order and what was derived."""
    fields = row.__struct_fields__
    sent = fields[: fields.index("revision")]
    return msgspec.json.encode({field: getattr(row, field) for field in sent}).decode()


def unique(values: Iterable[Any]) -> list[Any]:
    """The values that are not None, each once, sorted: index probes then run in order."""
    return sorted({value for value in values if value is not None})
