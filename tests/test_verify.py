"""The proof finds what was tampered with, and says what would be right."""

import asyncio
import random
from datetime import UTC, date, datetime, timedelta

import pytest

from app.db import Database
from app.events.types import Customer, CustomerRecorded, Event, RecordVoided
from app.ingest import Door
from app.proof.drift import Drift
from app.proof.ledgers import Ledger
from app.proof.portion import Portion
from app.proof.repair import repair
from app.verify import ALL, Report, mend, prove, verify
from tests.digest import digests
from tests.oracle.floor import floor
from tests.test_ingest import NOW, SETTINGS, call, rows
from tests.test_oracle_agrees import settings_of, through_the_door

LATER = NOW + timedelta(days=30)


async def proved(database: Database, portion: Portion = ALL) -> Report:
    return await verify(database, SETTINGS, progress=lambda done, total: None, portion=portion)


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


async def test_a_range_and_a_sample_look_at_less(database: Database) -> None:
    await filled(database)
    async with database.writing() as session:
        await session.run("UPDATE rep_days SET calls = calls + 1")
        await session.run("UPDATE legs SET talk = 7")
    november = Portion(date(2026, 11, 1), date(2026, 12, 1))
    report = await proved(database, november)
    assert (report.facts, report.rollups) == (1, 2)
    assert {(drift.table, drift.key) for drift in report.drift} == {
        ("legs", "c1/r1"), ("rep_days", "r1/2026-11-20"),
    }  # fmt: skip
    assert len(report.ledgers) == 1
    everything = await proved(database, Portion(sample=100))
    assert (everything.facts, everything.rollups, everything.ledgers) == (2, 2, [])
    assert {drift.key for drift in everything.drift} == {
        "c1/r1", "c2/r1", "r1/2026-11-20", "r1/2026-10-20",
    }  # fmt: skip
    seen = [(await proved(database, Portion(sample=50, seed=seed))).facts for seed in range(20)]
    assert {0, 1} < set(seen) | {2}


async def test_a_day_without_its_row_is_in_the_sample(database: Database) -> None:
    await filled(database)
    async with database.writing() as session:
        await session.run("DELETE FROM rep_days WHERE day = '2026-10-20'")
    report = await proved(database, Portion(sample=100))
    assert {drift.key for drift in report.drift} == {"r1/2026-10-20"}


TAMPERED = (
    "UPDATE legs SET talk = 7, party = 'c:x' WHERE call_id = 'c1'",
    "UPDATE legs SET marks = 0, day = NULL WHERE call_id = 'c2'",
    "UPDATE rep_days SET talk_time = talk_time + 1 WHERE day = '2026-11-20'",
    "UPDATE rep_months SET calls = 0 WHERE month = '2026-10-01'",
    "INSERT INTO rep_days (rep_id, day, orders) VALUES ('r9', '2026-11-20', 1)",
    "INSERT INTO rep_months (rep_id, month, orders) VALUES ('r9', '2026-09-01', 1)",
    "DELETE FROM rep_days WHERE day = '2026-10-20'",
)


async def mended(database: Database, portion: Portion = ALL) -> None:
    async with database.proving() as session:
        proof = await prove(session, SETTINGS, portion, lambda done, total: None)
    assert proof.report.drift
    await repair(
        database, SETTINGS, proof.findings, clock=lambda: LATER, progress=lambda done, total: None
    )


@pytest.mark.parametrize("tampered", [*((sql,) for sql in TAMPERED), TAMPERED])
async def test_a_repair_leaves_what_ingest_would(
    database: Database, tampered: tuple[str, ...]
) -> None:
    await filled(database)
    sound = await digests(database)
    async with database.writing() as session:
        for sql in tampered:
            await session.run(sql)
    assert await digests(database) != sound
    await mended(database)
    assert await digests(database) == sound
    assert (await proved(database)).sound


async def test_a_repair_of_final_days_is_restated(database: Database) -> None:
    await filled(database)
    async with database.writing() as session:
        await session.run("DELETE FROM restated_days")
        await session.run("UPDATE rep_days SET talk_time = 1 WHERE day = '2026-11-20'")
        await session.run("UPDATE legs SET party = 'c:x' WHERE call_id = 'c2'")
    await mended(database)
    async with database.reading() as reading:
        records = await reading.fetch(
            "SELECT rep_id, day, measure, before, after, at, source, event_id FROM restatements"
        )
        assert sorted(map(tuple, records)) == [
            ("r1", date(2026, 10, 20), "customers", 1, 0, LATER, "ringside", "repair"),
            ("r1", date(2026, 11, 20), "talk_time", 1, 190, LATER, "ringside", "repair"),
        ]
        parts = await reading.fetch(
            "SELECT kind, part, was FROM restated_parts WHERE at = $1", LATER
        )
        assert [tuple(part) for part in parts] == [("customer", "c:x", True)]


async def test_a_repair_that_brings_a_working_day_back_is_restated(database: Database) -> None:
    """Nobody announced the rep, so only a call makes a day one of work."""
    await filled(database)
    async with database.writing() as session:
        await session.run("DELETE FROM restated_days")
        await session.run("UPDATE rep_days SET calls = 0 WHERE day = '2026-11-20'")
    await mended(database)
    async with database.reading() as reading:
        records = await reading.fetch(
            "SELECT day, measure, before, after, event_id FROM restatements ORDER BY id"
        )
    day = date(2026, 11, 20)
    assert [tuple(record) for record in records] == [
        (day, "calls", 0, 1, "repair"), (day, "working_days", 0, 1, "repair"),
    ]  # fmt: skip


CLAIMS = "SELECT phone, customer_id FROM customer_phones ORDER BY 1, 2"


@pytest.mark.parametrize(
    ("sql", "stored"),
    [
        ("DELETE FROM customer_phones", ["k1 False", "k2 False"]),
        ("DELETE FROM customer_phones WHERE customer_id = 'k1'", ["k1 False"]),
        ("INSERT INTO customer_phones SELECT phone, 'a' FROM customer_phones LIMIT 1", ["a True"]),
        ("UPDATE customer_phones SET customer_id = 'k0' WHERE customer_id = 'k1'",
         ["k0 True", "k1 False"]),
    ],
)  # fmt: skip
async def test_claims_on_numbers_are_proved_and_mended_with_their_facts(
    database: Database, sql: str, stored: list[str]
) -> None:
    """Two customers list the number of the call, and a third that was withdrawn."""
    number = "+14155550123"
    listed = [
        Event(name, "crm", None, CustomerRecorded(customer_id=name, name=name, phones=(number,)))
        for name in ("k2", "k1", "k0")
    ]
    gone = RecordVoided(kind="customer", key="k0", revision=1)
    party = Customer(phone=number)
    door = Door(database, SETTINGS)
    await door.take([*listed, call("a", customer=party), Event("v", "crm", None, gone)], now=NOW)
    assert (await proved(database)).sound
    claims = await rows(database, CLAIMS)
    async with database.writing() as session:
        await session.run(sql)
    found = [drift for drift in (await proved(database)).drift if drift.column == "claimed"]
    assert [f"{drift.key.split('/')[1]} {drift.stored}" for drift in found] == stored
    # What is worked out meanwhile is wrong as well; and a range mends the facts of all days.
    await door.take([call("b", call_id="c2", customer=party)], now=NOW)
    await door.take([call("c", call_id="c2", customer=party, revision=1, talk_seconds=7)], now=NOW)
    report, _ = await mend(
        database, SETTINGS, clock=lambda: NOW, progress=lambda done, total: None,
        portion=Portion(date(2026, 12, 1)),
    )  # fmt: skip
    assert report.sound
    assert await rows(database, CLAIMS) == claims
    assert await rows(database, "SELECT DISTINCT party FROM legs") == [("c:k1",)]
    assert (await proved(database)).sound


async def test_a_floor_of_every_kind_is_mended(database: Database) -> None:
    """Every meaning and every rollup of a random floor spoilt, and mended from the facts."""
    drawn = floor(5)
    chosen = settings_of(drawn)
    await through_the_door(database, drawn, list(drawn.events), random.Random(5))
    sound = await digests(database)
    async with database.writing() as session:
        for table in ("legs", "segments", "conversations"):
            await session.run(f"UPDATE {table} SET marks = 1, day = '2026-01-01' WHERE NOT voided")
        for table in ("quotes", "orders"):
            await session.run(f"UPDATE {table} SET rate = 7, party = NULL WHERE NOT voided")
        await session.run("UPDATE returns SET day = NULL")
        await session.run("UPDATE customer_phones SET customer_id = '0' || customer_id")
        await session.run("UPDATE rep_days SET calls = calls + 1, net = 7")
    report, repaired = await mend(
        database, chosen, clock=lambda: drawn.now, progress=lambda done, total: None
    )
    assert report.sound
    assert repaired > 100
    assert await digests(database) == sound


async def test_proving_holds_up_nobody(database: Database) -> None:
    """A batch goes in while a proof stands at its first chunk; the proof sees what was there."""
    await filled(database)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def proving() -> Report:
        async with database.proving() as session:
            await session.value("SELECT count(*) FROM legs")
            begun.set()
            await go_on.wait()
            return (await prove(session, SETTINGS, ALL, lambda done, total: None)).report

    proof = asyncio.create_task(proving())
    await begun.wait()
    await Door(database, SETTINGS).take([call("z", call_id="c9")], now=NOW)
    go_on.set()
    assert ((await proof).facts, (await proof).sound) == (2, True)
    assert (await proved(database)).facts == 3
