"""`ringside import` as its user runs it."""

import json
from pathlib import Path

from tests.commands.served import run
from tests.test_history import customer, ndjson


async def test_a_file_is_taken_and_taken_again(dsn: str, tmp_path: Path) -> None:
    path = ndjson(tmp_path / "customers.ndjson", [customer(1), customer(2)])
    given = {"DATABASE_URL": dsn, "RINGSIDE_SECRET": "s"}
    done = run("import", path, **given)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "2 events read: 2 taken, 0 duplicates, 0 refused\n"
    ndjson(path, [customer(2), customer(3), b"{"])
    done = run("import", path, "--json", **given)
    assert done.returncode == 1
    assert json.loads(done.stdout) == {
        "read": 3, "accepted": 1, "duplicates": 1, "refused": {"not_json": 1},
    }  # fmt: skip


async def test_a_broken_parquet_is_one_clear_line(dsn: str, tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    done = run("import", tmp_path / "a.parquet", DATABASE_URL=dsn, RINGSIDE_SECRET="s")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"ringside: {tmp_path}/a.parquet: no whole Parquet file")
    assert done.stderr.count("\n") == 1


async def test_what_is_no_file_of_events_is_one_clear_line(dsn: str, tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"x")
    done = run("import", tmp_path / "a.xlsx", DATABASE_URL=dsn, RINGSIDE_SECRET="s")
    assert done.returncode == 78
    assert done.stderr.startswith(f"ringside: {tmp_path}/a.xlsx: a name ending in .ndjson")
