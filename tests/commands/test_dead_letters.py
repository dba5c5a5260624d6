"""`ringside dead-letters` as an operator types it."""

import asyncio
import json
import subprocess

from app.db import Database
from tests.commands.served import run
from tests.dead_letters.given import balance, states
from tests.dead_letters.test_replay import refused_rates


async def dead_letters(dsn: str, *words: str) -> "subprocess.CompletedProcess[str]":
    return await asyncio.to_thread(
        run, "dead-letters", *words, DATABASE_URL=dsn, RINGSIDE_SECRET="s"
    )


async def test_a_day_of_an_operator(database: Database, dsn: str) -> None:
    await refused_rates(database, 4)
    listed = json.loads((await dead_letters(dsn, "list", "--json")).stdout)
    ids = [str(letter["id"]) for letter in listed]
    assert {(one["code"], one["state"]) for one in listed} == {("not_allowed", "waiting")}
    assert "payload" not in listed[0]
    page = await dead_letters(dsn, "list", "--code", "not_allowed", "--after", ids[1], "--limit",
                              "1", "--from", "2026-11-24", "--to", "2026-11-24T12:01")  # fmt: skip
    assert page.stdout.startswith(f"{ids[2]}  2026-11-24 12:00:00  not_allowed  'floor'  http[0]@0")
    assert len(page.stdout.splitlines()) == 1
    shown = await dead_letters(dsn, "show", ids[0])
    assert '"id": "rate0"' in shown.stdout.splitlines()[-1]
    assert (await dead_letters(dsn, "discard")).returncode == 2
    assert (await dead_letters(dsn, "discard", ids[0], "--json")).stdout == '{"discarded":1}\n'
    sent = await dead_letters(dsn, "replay", ids[1])
    assert sent.stdout.startswith("1 sent, ")
    done = json.loads((await dead_letters(dsn, "replay", "--source", "floor", "--json")).stdout)
    assert done == {"sent": 2, "ignored": 0, "refused": 0, "already": 2, "last": None}
    discarded = json.loads(
        (await dead_letters(dsn, "list", "--state", "discarded", "--json")).stdout
    )
    assert [str(letter["id"]) for letter in discarded] == ids[:1]
    assert await states(database) == ["discarded", "replayed", "replayed", "replayed"]
    assert await balance(database) == {"floor": (7, 3, 0, 0, 4, 0)}
