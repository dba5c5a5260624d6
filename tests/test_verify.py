"""The proof finds what was tampered with, and says what would be right."""

from datetime import UTC, datetime

import pytest

from app.db import Database
from app.ingest import Door
from app.verify import Drift, Ledger, Report, verify
from tests.test_ingest import NOW, SETTINGS, call


async def proved(database: Database) -> Report:
    return await verify(database, SETTINGS, progress=lambda done, total: None)


async def filled(database: Database) -> None:
    late = datetime(2026, 10, 20, 18, tzinfo=UTC)
    door = Door(database, SETTINGS)
    await door.take([call("a"), call("b", revision=1), call("b")], now=NOW)
    await door.take(
        [call("c", call_id="c2", started_at=late, answered_at=None, outcome="busy")], now=NOW
    )


async def test_what_is_sound(database: Database) -> None:
    await filled(database)
    ledger = Ledger("pbx", 4, 2, 1, 1, 0, 0, 0)
    assert await proved(database) == Report(2, 4, [], [ledger])
    assert (await proved(database)).sound


@pytest.mark.parametrize(
    ("sql", "drift"),
    [
        ("UPDATE legs SET talk = 7 WHERE call_id = 'c1'",
         [("legs", "c1/r1", "talk", "7", "190")]),
        ("UPDATE rep_days SET talk_time = talk_time + 1 WHERE day = '2026-11-20'",
         [("rep_days", "r1/2026-11-20", "talk_time", "191", "190")]),
        ("UPDATE rep_months SET calls = 0 WHERE month = '2026-10-01'",
         [("rep_months", "r1/2026-10-01", "calls", "0", "1")]),
        ("INSERT INTO rep_days (rep_id, day, orders) VALUES ('r9', '2026-11-20', 1)",
         [("rep_days", "r9/2026-11-20", "orders", "1", "0")]),
        ("DELETE FROM rep_days WHERE day = '2026-10-20'",
         [("rep_days", "r1/2026-10-20", "calls", "0", "1"),
          ("rep_days", "r1/2026-10-20", "outbound_calls", "0", "1"),
          ("rep_days", "r1/2026-10-20", "unknown_party_calls", "0", "1")]),
    ],
)  # fmt: skip
async def test_drift_is_found(
    database: Database, sql: str, drift: list[tuple[str, str, str, str, str]]
) -> None:
    await filled(database)
    async with database.writing() as session:
        await session.run(sql)
    report = await proved(database)
    assert report.drift == [Drift(*one) for one in drift]
    assert not report.sound


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM superseded",
        "UPDATE feeds SET read = read + 1",
        "UPDATE feeds SET duplicates = 0",
        "DELETE FROM feeds",
    ],
)
async def test_what_was_lost_is_seen(database: Database, sql: str) -> None:
    await filled(database)
    async with database.writing() as session:
        await session.run(sql)
    report = await proved(database)
    assert ([ledger.balanced for ledger in report.ledgers], report.sound) == ([False], False)
