"""Answers made once for all who ask: never without what was in the figures when they asked."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.api import shared as module
from app.api.shared import Shared
from app.db import Database

NOW = datetime(2026, 11, 20, 19, 4, 11, tzinfo=UTC)


class Maker:
    """Answers with a number that counts; holds each back until it is let go."""

    def __init__(self) -> None:
        self.made = 0
        self.held: asyncio.Event | None = None
        self.begun = asyncio.Event()

    async def __call__(self) -> tuple[str, bytes]:
        self.made += 1
        number = str(self.made)
        if self.held is not None:
            self.begun.set()
            await self.held.wait()
        return number, number.encode()


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


async def facts_move(database: Database) -> None:
    async with database.writing() as session:
        await session.run(
            "INSERT INTO versions AS v (id, ingest) VALUES (1, 1)"
            " ON CONFLICT (id) DO UPDATE SET ingest = v.ingest + 1"
        )


async def test_an_answer_is_made_once_until_the_facts_move_or_a_second_passes(
    database: Database,
) -> None:
    clock, make = Clock(), Maker()
    shared = Shared(database, clock)

    async def asked(question: str = "q", seconds: int = 1) -> bytes:
        return (await shared.answer(question, make, seconds=seconds)).body

    assert [await asked(), await asked()] == [b"1", b"1"]
    assert await asked("another") == b"2"
    await facts_move(database)
    assert [await asked(), await asked()] == [b"3", b"3"]
    clock.now += timedelta(seconds=1)
    assert await asked(seconds=60) == b"3"
    assert await asked() == b"4"
    clock.now = NOW.replace(minute=5, second=0)
    assert await asked(seconds=60) == b"5"


async def test_to_make_an_answer_one_look_at_the_version_is_enough(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []
    glance = Database.glance

    async def counted(self: Database, sql: str, *values: object) -> Any:
        looks.append(sql)
        return await glance(self, sql, *values)

    monkeypatch.setattr(Database, "glance", counted)
    await Shared(database, lambda: NOW).answer("q", Maker())
    assert len(looks) == 1


async def test_all_who_ask_at_once_share_one_answer(database: Database) -> None:
    make = Maker()
    shared = Shared(database, lambda: NOW)
    answers = await asyncio.gather(*(shared.answer("q", make) for _ in range(50)))
    assert {answer.body for answer in answers} == {b"1"}


async def test_who_asks_after_a_move_has_it_in_the_answer_though_one_was_being_made(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_BEHIND_SECONDS", 0)
    make = Maker()
    make.held = asyncio.Event()
    shared = Shared(database, lambda: NOW)
    early = asyncio.create_task(shared.answer("q", make))
    await make.begun.wait()
    await facts_move(database)
    late = asyncio.create_task(shared.answer("q", make))
    await asyncio.sleep(0.05)
    make.held.set()
    assert ((await early).body, (await late).body) == (b"1", b"2")


async def test_while_one_is_made_the_one_before_serves_if_it_is_young(database: Database) -> None:
    clock, make = Clock(), Maker()
    shared = Shared(database, clock)
    await shared.answer("q", make)
    make.held = asyncio.Event()
    await facts_move(database)
    first = asyncio.create_task(shared.answer("q", make))
    await make.begun.wait()
    clock.now += timedelta(seconds=0.2)
    assert (await shared.answer("q", make)).body == b"1"
    clock.now += timedelta(seconds=0.2)
    waits = asyncio.create_task(shared.answer("q", make))
    await asyncio.sleep(0.05)
    assert not waits.done()
    make.held.set()
    assert ((await first).body, (await waits).body) == (b"2", b"2")


async def test_a_failure_is_everybodys_own_and_not_kept(database: Database) -> None:
    shared = Shared(database, lambda: NOW)

    async def fails() -> tuple[str, bytes]:
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        await shared.answer("q", fails)
    assert (await shared.answer("q", Maker())).body == b"1"


async def test_no_more_is_kept_than_there_is_room_for(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_KEPT_BYTES", 4)  # of two questions and answers
    make = Maker()
    shared = Shared(database, lambda: NOW)
    for question in "abc":
        await shared.answer(question, make)
    assert [(await shared.answer(q, make)).body for q in "cba"] == [b"3", b"2", b"4"]
