"""Files of events: all of them taken, again and again, and what cannot be is told and kept."""

import csv
import gzip
import json
import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.db import Database
from app.errors import BadConfiguration, BrokenFile, Flood, Unavailable
from app.event_file import EventFile
from app.events.decode import MOST_BYTES
from app.history import Imported, take_file
from app.ingest import Door
from app.settings import Settings, read
from tests.digest import digests
from tests.oracle.floor import floor, with_repeats
from tests.test_oracle_agrees import empty, settings_of

NOW = datetime(2026, 11, 24, tzinfo=UTC)
SETTINGS = read({}, secret="s", batch_events=7)


def customer(number: int, **over: Any) -> dict[str, Any]:
    data = {"customer_id": f"k{number}", "name": f"Customer {number}"}
    return {
        "specversion": "1.0", "id": f"e{number}", "source": "crm",
        "type": "ringside.customer.recorded.v1", "data": {**data, **over},
    }  # fmt: skip


def ndjson(path: Path, events: Sequence[dict[str, Any] | bytes]) -> Path:
    lines = [e if isinstance(e, bytes) else json.dumps(e).encode() for e in events]
    content = b"\n".join(lines)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


async def taken(
    database: Database,
    path: Path,
    settings: Settings = SETTINGS,
    now: datetime = NOW,
    given: dict[str, str] | None = None,
) -> Imported:
    heard: list[int] = []
    with EventFile(path, given or {}) as file:
        done = await take_file(
            file, Door(database, settings), settings, clock=lambda: now,
            progress=lambda so_far, at: heard.append(at),
        )  # fmt: skip
        assert heard == sorted(heard)
        assert not heard or heard[-1] == file.size
    return done


@pytest.mark.parametrize("name", ["floor.ndjson", "floor.jsonl.gz"])
async def test_a_file_leaves_what_the_door_leaves(
    database: Database, tmp_path: Path, name: str
) -> None:
    drawn, rng = floor(77, 120), random.Random(77)
    events = with_repeats(drawn.events, rng)
    settings = settings_of(drawn).model_copy(update={"batch_events": 11})
    path = ndjson(tmp_path / name, events)
    done = await taken(database, path, settings, drawn.now)
    assert (done.read, done.refused) == (len(events), Counter())
    assert done.duplicates == len(events) - done.accepted > 0
    first = await digests(database)
    again = await taken(database, path, settings, drawn.now)
    assert (again.accepted, again.duplicates) == (0, len(events))
    assert {k: v for k, v in (await digests(database)).items() if k != "feeds"} == {
        k: v for k, v in first.items() if k != "feeds"
    }
    await empty(database)
    await taken(database, ndjson(tmp_path / "x.json", [*drawn.events]), settings, drawn.now)
    by_door = await digests(database)
    assert {k: v for k, v in by_door.items() if k != "feeds"} == {
        k: v for k, v in first.items() if k != "feeds"
    }


async def test_an_import_that_broke_off_goes_on_where_it_was(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ndjson(tmp_path / "a.ndjson", [customer(n) for n in range(30)])
    take, calls = Door.take_offer, 0

    async def breaks(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise Unavailable("gone")
        return await take(*args, **kwargs)

    monkeypatch.setattr(Door, "take_offer", breaks)
    with pytest.raises(Unavailable):
        await taken(database, path)
    done = await taken(database, path)
    assert (done.read, done.accepted, done.duplicates) == (30, 16, 14)


async def test_refusals_are_told_by_code_and_kept_with_their_line(
    database: Database, tmp_path: Path
) -> None:
    huge = b'{"a": "' + b"x" * (3 * MOST_BYTES) + b'"}'
    lines: list[dict[str, Any] | bytes]
    lines = [customer(1), b"{", b"", customer(2, name=""), huge, customer(3)]
    done = await taken(database, ndjson(tmp_path / "a.ndjson", lines))
    assert (done.read, done.accepted) == (5, 2)
    assert done.refused == Counter(not_json=1, empty_string=1, too_large=1)
    async with database.reading() as reading:
        letters = await reading.fetch(
            'SELECT "offset", code, payload FROM dead_letters ORDER BY "offset"'
        )
    assert [(row[0], row[1]) for row in letters] == [
        (2, "not_json"), (4, "empty_string"), (5, "too_large"),
    ]  # fmt: skip
    assert letters[0]["payload"] == b"{"
    assert json.loads(letters[1]["payload"])["id"] == "e2"


async def test_a_wrong_file_is_not_emptied_into_the_dead_letters(
    database: Database, tmp_path: Path
) -> None:
    settings = read({}, secret="s", brake_minimum=5)
    path = ndjson(tmp_path / "a.ndjson", [b"[]"] * 6)
    with pytest.raises(Flood, match=r"6 of 6 events .* line 1: not_an_object"):
        await taken(database, path, settings)
    async with database.reading() as reading:
        assert await reading.value("SELECT count(*) FROM dead_letters") == 0


async def test_a_csv_file(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    with path.open("w", newline="", encoding="utf-8-sig") as out:
        rows = csv.writer(out)
        rows.writerow(["customer_id", "name", "phones", "revision"])
        rows.writerow(["k1", 'Müller, "Sons"\nand more', '["+13035550101"]', "3"])
        rows.writerow(["k2", "B", "", ""])
        rows.writerow(["k3", "C", "", "three"])
        rows.writerow(["k4"])
    given = {"source": "crm", "type": "ringside.customer.recorded.v1"}
    done = await taken(database, path, given=given)
    assert (done.read, done.accepted) == (4, 2)
    assert done.refused == Counter(wrong_type=1, not_an_object=1)
    async with database.reading() as reading:
        found = await reading.fetch(
            "SELECT customer_id, name, cardinality(phones) AS n, revision FROM customers ORDER BY 1"
        )
    assert [tuple(row) for row in found] == [
        ("k1", 'Müller, "Sons"\nand more', 1, 3), ("k2", "B", 0, 0),
    ]  # fmt: skip
    assert (await taken(database, path, given=given)).duplicates == 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.ndjson.gz", gzip.compress(bytes(range(256)) * 9)[:-20]),
        ("a.ndjson.gz", b"no gzip at all"),
        ("a.csv", b'id\n"' + b"x" * (MOST_BYTES + 1) + b'"'),
    ],
)
async def test_a_broken_file_is_one_clear_line(
    database: Database, tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BrokenFile, match=f"{name}: cannot be read on: "):
        await taken(database, tmp_path / name)


@pytest.mark.parametrize("name", ["a.xlsx", "a", "a.txt.gz", "a.parquet.gz"])
def test_another_kind_of_file_is_one_clear_line(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(
        BadConfiguration, match=r"\.ndjson, \.jsonl, \.json, \.csv, \.parquet is needed"
    ):
        EventFile(tmp_path / name, {})
