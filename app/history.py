"""Files of events go through the door, like what comes over HTTP: NDJSON, or CSV with a header.

Nothing is remembered of a file: where an import broke off, or is run again, what was taken before
counts as duplicate. The next batch is read and decoded while PostgreSQL works on the one in hand.
"""

import asyncio
import csv
import gzip
import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any, cast

from msgspec import Struct, field

from app.errors import BadConfiguration, Flood
from app.events.decode import MOST_BYTES, decode_structured
from app.events.refusals import Refusal
from app.events.table import Table
from app.events.types import Event
from app.ingest import Door, Origin, Refused
from app.settings import Settings

STRUCTURED = '{"content-type": "application/cloudevents+json"}'
KINDS = {".ndjson": "ndjson", ".jsonl": "ndjson", ".json": "ndjson", ".csv": "csv"}

Line = tuple[int, bytes | Refusal, bytes]  # its number, the event's bytes, what is kept if refused


class Imported(Struct):
    """What became of a file's events; `refused` by code."""

    read: int = 0
    accepted: int = 0
    duplicates: int = 0
    refused: Counter[str] = field(default_factory=Counter)


class EventFile:
    """One file, read from front to end."""

    def __init__(self, path: Path, missing: Mapping[str, str]) -> None:
        suffixes = [suffix.lower() for suffix in path.suffixes]
        zipped = suffixes[-1:] == [".gz"]
        kind = KINDS.get("".join(suffixes[-2:-1] if zipped else suffixes[-1:]))
        if kind is None:
            raise BadConfiguration(
                f"{path}: a name ending in {', '.join(KINDS)} is needed, or one of these and .gz"
            )
        self._open = ExitStack()
        try:
            self._raw = self._open.enter_context(path.open("rb"))
            self.size = path.stat().st_size
        except OSError as error:
            raise BadConfiguration(f"{path}: {error.strerror}") from error
        plain: IO[bytes] = self._raw
        if zipped:
            opened = self._open.enter_context(gzip.GzipFile(fileobj=self._raw))
            plain = cast(IO[bytes], opened)
        self.path = path
        self.lines = _ndjson(plain) if kind == "ndjson" else _csv(plain, missing)

    def __enter__(self) -> "EventFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def done(self) -> int:
        """How many bytes of the file have been read."""
        return self._raw.tell()


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
        raise BadConfiguration(f"line {rows.line_num}: no CSV: {error}") from error
    finally:
        text.detach()  # else it closes the file under whoever asks how far it was read


def _row(cells: list[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue().encode("utf-8", "surrogateescape")


async def take_file(
    file: EventFile,
    door: Door,
    settings: Settings,
    *,
    clock: Callable[[], datetime],
    progress: Callable[[Imported, int], None],
) -> Imported:
    """Take a file in, batch by batch; `progress` hears of each, with the bytes read.

    Raises `Flood` when the brake says that too much of a batch is refused: nothing of that batch
    was taken. What was, stays.
    """
    done = Imported()

    def read() -> tuple[list[Event | Refused], int]:
        lines = islice(file.lines, settings.batch_events)
        now = clock()
        return [_arrival(line, now, settings.currency) for line in lines], file.done

    reading = asyncio.create_task(asyncio.to_thread(read))
    while True:
        arrivals, at = await reading
        if not arrivals:
            return done
        _brake(file.path, arrivals, settings)
        reading = asyncio.create_task(asyncio.to_thread(read))
        try:
            outcome = await door.take(arrivals, now=clock())
        except BaseException:
            await asyncio.gather(reading, return_exceptions=True)
            raise
        done.read += len(arrivals)
        done.accepted += outcome.accepted
        done.duplicates += outcome.duplicates
        done.refused.update(a.refusal.code for a in arrivals if isinstance(a, Refused))
        progress(done, at)


def _arrival(line: Line, now: datetime, currency: str) -> Event | Refused:
    number, body, kept = line
    result: Any = body
    if isinstance(body, bytes):
        result = decode_structured(body, now=now, currency=currency)
    if isinstance(result, Refusal):
        return Refused(result, kept, Origin(offset=number, headers=STRUCTURED))
    return cast(Event, result)


def _brake(path: Path, arrivals: list[Event | Refused], settings: Settings) -> None:
    refused = [arrival for arrival in arrivals if isinstance(arrival, Refused)]
    if len(refused) < settings.brake_minimum or (
        len(refused) <= settings.brake_share * len(arrivals)
    ):
        return
    first = refused[0]
    raise Flood(
        f"{len(refused)} of {len(arrivals)} events of a batch cannot be taken, e.g. {path} line "
        f"{first.origin.offset}: {first.refusal.code}: {first.refusal.detail}. Nothing of this "
        "batch was taken. Mend the file, or raise RINGSIDE_BRAKE_SHARE to let them into the dead "
        "letters, and start again"
    )
