"""`ringside verify` as its user runs it: what is looked at, what is said, and how it ends."""

import json
from datetime import UTC, datetime

import pytest

from app.db import Database
from app.ingest import Door
from tests.commands.served import on_a_terminal, run
from tests.test_ingest import NOW, SETTINGS, call, rows

SPOILT = "UPDATE rep_days SET talk_time = 7 WHERE day = '2026-11-20'"
FOUND = "  rep_days r1/2026-11-20 talk_time: stored 7, right 190"


@pytest.fixture
async def given(dsn: str, database: Database) -> dict[str, str]:
    """The settings for a database with a call of October and one of the 20th."""
    october = datetime(2026, 10, 20, 18, tzinfo=UTC)
    late = call("b", call_id="c2", started_at=october, answered_at=None, outcome="busy")
    await Door(database, SETTINGS).take([call("a"), late], now=NOW)
    return {"DATABASE_URL": dsn, "RINGSIDE_SECRET": "s"}


async def spoil(database: Database) -> None:
    async with database.writing() as session:
        await session.run(SPOILT)


async def test_what_is_sound_ends_with_0(given: dict[str, str]) -> None:
    done = run("verify", **given)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == (
        "2 facts and 4 rollup rows worked out anew: drift 0"
    )  # fmt: skip
    assert "pbx" in done.stdout


async def test_drift_ends_with_1_until_it_is_mended(
    given: dict[str, str], database: Database
) -> None:
    await spoil(database)
    done = run("verify", **given)
    assert (done.returncode, done.stdout.splitlines()[1]) == (1, FOUND)
    found = json.loads(run("verify", "--json", **given).stdout)
    assert (found["sound"], found["repaired"]) == (False, 0)
    assert found["drift"] == [
        {"table": "rep_days", "key": "r1/2026-11-20", "column": "talk_time", "stored": "7",
         "right": "190"},
    ]  # fmt: skip
    mended = run("verify", "--repair", "--json", **given)
    told = json.loads(mended.stdout)
    assert (mended.returncode, told["repaired"], told["sound"], told["drift"]) == (0, 1, True, [])
    assert "repairing rep_days r1/2026-11-20 talk_time" in mended.stderr
    assert await rows(database, "SELECT DISTINCT talk_time FROM rep_days ORDER BY 1") == [
        (0,), (190,),
    ]  # fmt: skip
    again = run("verify", "--repair", **given)
    assert (again.returncode, "repaired" in again.stdout) == (0, False)


@pytest.mark.parametrize(
    ("options", "code", "facts"),
    [
        (("--from", "2026-11-01"), 1, 1),
        (("--to", "2026-11-01"), 0, 1),
        (("--from", "2026-10-20", "--to", "2026-11-15"), 0, 1),
        (("--from", "2026-10-01", "--to", "2026-12-01"), 1, 2),
        (("--sample", "100"), 1, 2),
    ],
)
async def test_a_range_or_a_sample(
    given: dict[str, str], database: Database, options: tuple[str, ...], code: int, facts: int
) -> None:
    await spoil(database)
    done = run("verify", "--json", *options, **given)
    told = json.loads(done.stdout)
    assert (done.returncode, told["facts"], bool(told["drift"])) == (code, facts, code == 1)
    assert len(told["ledgers"]) == ("--sample" not in options)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (("--from", "yesterday"), "'yesterday' does not match the format '%Y-%m-%d'"),
        (("--from", "2026-11-02", "--to", "2026-11-02"), "--from must be before --to"),
        (("--sample", "0"), "0.0 is not in the range 0<x<=100"),
        (("--sample", "5", "--to", "2026-11-02"), "not with --from or --to"),
    ],
)
def test_what_cannot_be_meant_ends_with_2(options: tuple[str, ...], line: str) -> None:
    done = run("verify", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert line in done.stderr


async def test_a_terminal_shows_how_far_it_is(given: dict[str, str]) -> None:
    code, out, shown = on_a_terminal("verify", **given)
    assert code == 0
    assert out.startswith("2 facts")
    assert "working every fact out anew" in shown
    assert "100%" in shown


def test_a_database_that_is_not_there_ends_with_69() -> None:
    away = "postgresql://nobody@127.0.0.1:1/none"
    done = run("verify", DATABASE_URL=away, RINGSIDE_SECRET="s")
    assert (done.returncode, done.stdout) == (69, "")
