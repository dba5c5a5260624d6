"""What has to be read again is kept until a reading that began after the last change is durable."""

from datetime import UTC, datetime, timedelta

from app.db import Database
from app.feeds.feed import ReadAgain
from app.rereads import notes
from app.rereads.notes import LEASE, Backlog, Pending

NOW = datetime(2025, 11, 18, 10, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def change(key: str, kind: str = "deals", at: datetime = NOW) -> ReadAgain:
    return ReadAgain("hubspot", kind, key, at)


async def take(database: Database, now: datetime = NOW, most: int = 50) -> list[Pending]:
    async with database.writing() as writing:
        return await notes.take(writing, "hubspot", now, most)


async def backlogs(database: Database) -> list[Backlog]:
    async with database.reading() as reading:
        return await notes.backlogs(reading)


async def test_many_changes_of_an_object_are_one_reading(database: Database) -> None:
    changes = [change("7"), change("7", at=NOW + SECOND), change("7", at=NOW - SECOND)]
    await notes.keep_notes(database, changes, NOW)
    await notes.keep_notes(database, [change("7", at=NOW - SECOND)], NOW)
    await notes.keep_notes(database, [], NOW)
    assert await take(database) == [Pending("hubspot", "deals", "7", NOW + SECOND, 2, 1)]
    assert await backlogs(database) == [Backlog("hubspot", 1, NOW, None)]


async def test_one_kind_at_a_time_and_nobody_twice(database: Database) -> None:
    await notes.keep_notes(database, [change("9"), change("8")], NOW)
    await notes.keep_notes(database, [change("8", "calls"), change("1")], NOW + SECOND)
    later = NOW + SECOND
    assert [one.key for one in await take(database, later, most=2)] == ["8", "9"]
    assert [(one.kind, one.key) for one in await take(database, later)] == [("calls", "8")]
    assert [(one.kind, one.key) for one in await take(database, later)] == [("deals", "1")]
    assert await take(database, later) == []
    later += LEASE  # whoever took them died
    again = [*await take(database, later), *await take(database, later)]
    assert [one.key for one in again] == ["8", "1", "8", "9"]


async def test_a_change_that_comes_while_it_is_read_is_read_too(database: Database) -> None:
    await notes.keep_notes(database, [change("7"), change("8")], NOW)
    taken = await take(database)
    await notes.keep_notes(database, [change("7", at=NOW + SECOND)], NOW)
    async with database.writing() as writing:
        await notes.done(writing, taken, NOW)
    assert await take(database) == [Pending("hubspot", "deals", "7", NOW + SECOND, 2, 1)]


async def test_trouble_is_waited_out_however_often_it_changes(database: Database) -> None:
    await notes.keep_notes(database, [change("7")], NOW)
    taken, again_at = await take(database), NOW + 60 * SECOND
    async with database.writing() as writing:
        await notes.failed(writing, taken, "HTTP\0 503" + "x" * 400, again_at)
    await notes.keep_notes(database, [change("7")], NOW + SECOND)
    assert await take(database, again_at - SECOND) == []
    (backlog,) = await backlogs(database)
    assert backlog.error is not None
    assert backlog.error.startswith("HTTP 503")
    (again,) = await take(database, again_at)
    assert again.attempt == 2
    async with database.writing() as writing:
        await notes.done(writing, [again], again_at)
    assert await backlogs(database) == []
