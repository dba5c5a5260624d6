"""The first question: asked in the background, in nobody's way."""

import asyncio
import logging

import pytest

from app.db import Database
from app.spans import Asked
from app.view import Views
from app.warm_up import warming_up
from tests.sums_put_in import NOW, announce, november, put_days, settings


async def settled(database: Database) -> Views:
    views = Views(database, settings())
    async with warming_up(views, lambda: NOW):
        _, late = await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()}, timeout=10)
        assert not late
    return views


async def test_what_all_questions_share_is_there_before_anybody_asks(database: Database) -> None:
    await announce(database, "r1", "Ada", "West")
    await put_days(database, {("r1", november(20)): {"calls": 3}})
    views = await settled(database)
    async with views.open(NOW) as view:
        lined_up = [key for key in view.roster.memory.answers if isinstance(key, tuple)]
        assert {part for key in lined_up for part in key if isinstance(part, Asked)}
        assert view.sheets.reps == ["r1"]


async def test_it_is_called_off_with_the_block(database: Database) -> None:
    views = Views(database, settings())
    async with warming_up(views, lambda: NOW):
        pass
    assert len(asyncio.all_tasks()) == 1


async def test_trouble_is_a_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    nowhere = Database("postgresql://nobody@127.0.0.1:1/none")
    caplog.set_level(logging.INFO)
    await settled(nowhere)
    await nowhere.close()
    assert [record.levelname for record in caplog.records] == ["INFO"]
