"""`ringside rebuild` as its user runs it: killed and run again, twice at once, beside ingest."""

import asyncio
import json
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from app.db import Database
from app.ingest import Door
from app.settings import read
from app.start import settle_definition
from tests.commands.served import ROOT, on_a_terminal, ringside, run
from tests.test_ingest import NOW, SETTINGS, call, rows

CALLS = 12_000
LOW = read({}, secret="s", conversation_floor=60)


def calls(first: int, count: int) -> list[object]:
    """Calls of 70 s, conversations by the lower floor only."""
    start = datetime(2026, 11, 20, 8, tzinfo=UTC)
    return [
        call(str(n), call_id=f"c{n}", rep_id=f"r{n % 7}", started_at=start, answered_at=start,
             ended_at=start + timedelta(seconds=70))
        for n in range(first, first + count)
    ]  # fmt: skip


@pytest.fixture
async def given(dsn: str, database: Database) -> dict[str, str]:
    """The settings of another definition than that of a database with calls."""
    await settle_definition(database, SETTINGS, NOW)
    door = Door(database, SETTINGS)
    for at in range(0, CALLS, 3_000):
        await door.take(calls(at, 3_000), now=NOW)  # type: ignore[arg-type]
    return {
        "DATABASE_URL": dsn, "RINGSIDE_SECRET": "s", "RINGSIDE_CONVERSATION_FLOOR": "60",
    }  # fmt: skip


def begun(given: dict[str, str], *options: str) -> "subprocess.Popen[str]":
    command = ringside("rebuild", *options, **given)
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True)


async def under_way(database: Database, process: "subprocess.Popen[str]") -> None:
    """Wait until some of the records are taken in."""
    async with asyncio.timeout(30):
        while await rows(database, "SELECT 1 FROM rebuilds WHERE done > 0") == []:
            assert process.poll() is None, process.communicate()
            await asyncio.sleep(0.01)


async def conversations(database: Database) -> int:
    return int((await rows(database, "SELECT sum(conversations) FROM rep_days"))[0][0])


async def test_killed_in_the_middle_and_run_again_beside_ingest(
    given: dict[str, str], database: Database
) -> None:
    door, more = Door(database, LOW), CALLS
    for _ in range(2):
        with begun(given) as process:
            await under_way(database, process)
            await door.take(calls(more, 100), now=NOW)  # type: ignore[arg-type]
            process.kill()
            more += 100
    assert len(await rows(database, "SELECT 1 FROM rebuilds")) == 1
    assert await conversations(database) == more - CALLS  # what came since counts by the new floor
    done = run("rebuild", "--json", **given)
    assert (done.returncode, json.loads(done.stdout)) == (0, {"rebuilt": True, "definition": 2})
    assert await conversations(database) == more
    assert await rows(database, "SELECT 1 FROM rebuilds") == []
    assert run("verify", **given).returncode == 0


async def test_two_at_once_share_the_work(given: dict[str, str], database: Database) -> None:
    with begun(given, "--json") as one:
        await under_way(database, one)
        with begun(given, "--json") as other:
            told = [(p.communicate()[0], p.returncode) for p in (one, other)]
    assert [code for _, code in told] == [0, 0]
    assert json.loads(told[0][0]) == {"rebuilt": True, "definition": 2}
    assert await conversations(database) == CALLS
    assert await rows(database, "SELECT number FROM definitions ORDER BY 1") == [(1,), (2,)]


async def test_nothing_to_do_unless_forced(given: dict[str, str], database: Database) -> None:
    same = {**given, "RINGSIDE_CONVERSATION_FLOOR": "90"}
    done = run("rebuild", **same)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "nothing to rebuild: the figures are by this version's rules and settings\n"
    )
    done = run("rebuild", "--json", **same)
    assert json.loads(done.stdout) == {"rebuilt": False, "definition": None}
    async with database.writing() as session:
        await session.run("UPDATE rep_days SET calls = 1")
    assert run("rebuild", "--force", **same).returncode == 0
    assert await rows(database, "SELECT sum(calls) FROM rep_days") == [(CALLS,)]


async def test_a_terminal_shows_how_far_it_is(given: dict[str, str], database: Database) -> None:
    code, out, shown = on_a_terminal("rebuild", **given)
    assert code == 0
    assert out == "rebuilt: all figures are by this version's rules and settings\n"
    assert "taking every record in anew" in shown
    assert await conversations(database) == CALLS
