"""A file of events, read from front to end: NDJSON, CSV with a header, or Parquet.

A line or row that cannot be an event says so and its neighbours are read all the same; a file
that is broken raises `BrokenFile` where it is.
"""

import csv
import gzip
import importlib
import importlib.util
import io
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, cast

from app.errors import BadConfiguration, BrokenFile
from app.events.decode import MOST_BYTES
from app.events.refusals import Refusal
from app.events.table import Table

KINDS = {
    ".ndjson": "ndjson", ".jsonl": "ndjson", ".json": "ndjson", ".csv": "csv",
    ".parquet": "parquet",
}  # fmt: skip

Line = tuple[int, bytes | Refusal, bytes]  # its number, the event's bytes, what is kept if refused


class EventFile:
    """One file, open; `missing` stands in for a table's columns `source` and `type`."""

    lines: Iterator[Line]
    _tell: Callable[[], int]

    def __init__(self, path: Path, missing: Mapping[str, str]) -> None:
        kind, zipped = _kind(path)
        self.path = path
        with ExitStack() as opening:
            try:
                self.size = path.stat().st_size
                if kind == "parquet":
                    self._rows(opening, missing)
                else:
                    self._text(opening, kind, missing, zipped=zipped)
            except OSError as error:
                raise BadConfiguration(f"{path}: {error.strerror}") from error
            self._open = opening.pop_all()

    def _text(
        self, opening: ExitStack, kind: str, missing: Mapping[str, str], *, zipped: bool
    ) -> None:
        raw = opening.enter_context(self.path.open("rb"))
        plain: IO[bytes] = raw
        if zipped:
            plain = cast(IO[bytes], opening.enter_context(gzip.GzipFile(fileobj=raw)))
        lines = _ndjson(plain) if kind == "ndjson" else _csv(plain, missing)
        self.lines, self._tell = self._whole(lines), raw.tell

    def _rows(self, opening: ExitStack, missing: Mapping[str, str]) -> None:
        # pyarrow is large and an extra: whoever imports no Parquet neither waits for it nor has it.
        if importlib.util.find_spec("pyarrow") is None:
            raise BadConfiguration(
                f"{self.path}: Parquet needs the package pyarrow: install ringside[parquet], or "
                "requirements/parquet.txt"
            )
        reader = importlib.import_module("app.parquet")
        rows = opening.enter_context(reader.ParquetRows(self.path, missing))
        self.lines = rows.lines()
        self._tell = lambda: int(self.size * rows.share)

    def _whole(self, lines: Iterator[Line]) -> Iterator[Line]:
        try:
            yield from lines
        except (csv.Error, EOFError, OSError, zlib.error) as error:
            raise BrokenFile(f"{self.path}: cannot be read on: {error}") from error

    def __enter__(self) -> "EventFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def done(self) -> int:
        """How many bytes of the file have been read; of Parquet, in proportion to the rows."""
        return self._tell()


def _kind(path: Path) -> tuple[str, bool]:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    zipped = suffixes[-1:] == [".gz"]
    kind = KINDS.get("".join(suffixes[-2:-1] if zipped else suffixes[-1:]))
    if kind is None or (zipped and kind == "parquet"):
        raise BadConfiguration(
            f"{path}: a name ending in {', '.join(KINDS)} is needed, or one of these and .gz "
            "except of Parquet, which is compressed within"
        )
    return kind, zipped


def _ndjson(stream: IO[bytes]) -> Iterator[Line]:
    """Lines that are not blank; of one that is too large as much as shows that it is."""
    number = 0
    while line := stream.readline(MOST_BYTES + 2):
        number += 1
        whole = line
        while not whole.endswith(b"\n") and (whole := stream.readline(MOST_BYTES)):
            pass
        body = line.strip()
        if body:
            yield number, body, body


def _csv(stream: IO[bytes], missing: Mapping[str, str]) -> Iterator[Line]:
    csv.field_size_limit(MOST_BYTES)
    text = io.TextIOWrapper(stream, "utf-8-sig", errors="surrogateescape", newline="")
    rows = csv.reader(text)
    try:
        table = Table(next(rows, []), missing=missing)
        for cells in rows:
            if cells:
                event = table.event([cell or None for cell in cells])
                kept = event if isinstance(event, bytes) else _row(cells)
                yield rows.line_num, event, kept
    except csv.Error as error:
        raise csv.Error(f"line {rows.line_num}: no CSV: {error}") from error
    finally:
        text.detach()  # else it closes the file under whoever asks how far it was read


def _row(cells: list[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue().encode("utf-8", "surrogateescape")
