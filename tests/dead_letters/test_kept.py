"""The table of dead letters: chosen, counted, discarded, emptied; and never gone."""

import asyncio
from datetime import timedelta

import pytest

from app.db import Database
from app.dead_letters import kept
from app.dead_letters.kept import Choice, Count, discard, empty
from app.dead_letters.letter import DeadLetter
from app.dead_letters.retention import retaining
from app.errors import NotFound
from tests.dead_letters.given import NOW, balance, found, keep, states

MINUTE = timedelta(minutes=1)
FOUR = [("empty", "crm"), ("not_json", "crm"), ("not_json", "pbx"), ("empty", "pbx")]


@pytest.mark.parametrize(
    ("choice", "places"),
    [
        (Choice(), [0, 1, 2, 3]),
        (Choice(code="empty"), [0, 3]),
        (Choice(source="pbx"), [2, 3]),
        (Choice(type="type of crm"), [0, 1]),
        (Choice(code="not_json", source="pbx"), [2]),
        (Choice(since=NOW + MINUTE), [1, 2, 3]),
        (Choice(until=NOW + MINUTE), [0]),
        (Choice(state="waiting"), [1, 2, 3]),
        (Choice(state="discarded"), [0]),
        (Choice(state="replayed"), []),
        (Choice(source="nobody"), []),
    ],
)
async def test_they_are_chosen(database: Database, choice: Choice, places: list[int]) -> None:
    await keep(database, *FOUR)
    every = await found(database)
    async with database.writing() as writing:
        assert await discard(writing, Choice(ids=(every[0].id,)), NOW) == 1
    every = await found(database)
    assert await found(database, choice) == [every[place] for place in places]
    ids = Choice(ids=tuple(letter.id for letter in every[:2]), code="not_json")
    assert await found(database, ids) == [every[1]]


async def test_they_come_page_by_page_and_one_whole(database: Database) -> None:
    await keep(database, *FOUR)
    every = await found(database)
    async with database.reading() as reading:
        page = await kept.listed(reading, Choice(), after=every[0].id, limit=2)
        assert page == every[1:3]
        assert await kept.newest(reading, Choice(source="pbx"), 1) == [every[3]]
        letter = await kept.shown(reading, every[0].id)
        assert isinstance(letter, DeadLetter)
        assert (letter.payload, letter.size, letter.headers) == (
            b"bytes", 5, {"content-type": "text/plain"},
        )  # fmt: skip
        with pytest.raises(NotFound, match="no dead letter 999999"):
            await kept.shown(reading, 999999)


async def test_a_discarded_one_stays_counted_and_is_not_discarded_again(
    database: Database,
) -> None:
    await keep(database, *FOUR)
    async with database.writing() as writing:
        assert await discard(writing, Choice(code="empty"), NOW) == 2
        assert await discard(writing, Choice(code="empty"), NOW + MINUTE) == 0
    assert await states(database) == ["discarded", "waiting", "waiting", "discarded"]
    assert {letter.discarded_at for letter in await found(database)} == {None, NOW}
    assert await balance(database) == {"crm": (2, 0, 0, 0, 2, 1), "pbx": (2, 0, 0, 0, 2, 1)}
    async with database.reading() as reading:
        assert await kept.counts(reading) == [
            Count("empty", "crm", 0, 0, 1, NOW),
            Count("empty", "pbx", 0, 0, 1, NOW + 3 * MINUTE),
            Count("not_json", "crm", 1, 0, 0, NOW + MINUTE),
            Count("not_json", "pbx", 1, 0, 0, NOW + 2 * MINUTE),
        ]


async def test_old_ones_lose_their_bytes_and_stay_counted(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keep(database, *FOUR)
    monkeypatch.setattr(kept, "_MOST_EMPTIED", 1)  # several rounds
    async with database.writing() as writing:
        first = (await kept.listed(writing, Choice()))[0].id
        await kept.mark_replayed(writing, [first], NOW)
    later = NOW + timedelta(days=30)
    assert await empty(database, NOW + 2 * MINUTE, later) == 2
    assert await empty(database, NOW + 2 * MINUTE, later + MINUTE) == 0
    every = await found(database)
    assert [(one.state, one.size, one.emptied_at) for one in every] == [
        ("replayed", 0, later), ("discarded", 0, later), ("waiting", 5, None),
        ("waiting", 5, None),
    ]  # fmt: skip
    async with database.reading() as reading:
        assert (await kept.shown(reading, first)).headers == {}
    assert await balance(database) == {"crm": (2, 0, 0, 0, 2, 0), "pbx": (2, 0, 0, 0, 2, 2)}


async def sizes(database: Database) -> list[int]:
    return [letter.size for letter in await found(database)]


async def test_the_api_lets_go_of_old_ones_while_it_serves(database: Database) -> None:
    await keep(database, *FOUR)
    async with retaining(database, 0, lambda: NOW + timedelta(days=9_000)):
        await asyncio.sleep(0.2)
    assert await sizes(database) == [5, 5, 5, 5]
    async with retaining(database, 7, lambda: NOW + timedelta(days=7, minutes=2)):
        async with asyncio.timeout(10):
            while await sizes(database) != [0, 0, 5, 5]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
