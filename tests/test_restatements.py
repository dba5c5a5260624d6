"""A day that was final changes only with a record: what, from, to, when, and by which event."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from app.db import Database
from app.events.types import (
    Customer,
    Event,
    FxRateRecorded,
    OrderLine,
    OrderRecorded,
    QuoteRecorded,
    RecordVoided,
    RepRecorded,
    TimeOffRecorded,
)
from app.ingest import Door
from app.restatements import RECORDS_A_ROW
from app.rollups import MEASURES
from tests.test_ingest import SETTINGS, call, rows

D = Decimal
DAY = date(2026, 11, 20)
# The 20th ends with the 21st's first instant, UTC, and is final 36 hours after.
FINAL = datetime(2026, 11, 22, 12, tzinfo=UTC)
BEFORE = FINAL - timedelta(microseconds=1)


async def ledger(database: Database) -> list[tuple[Any, ...]]:
    return await rows(
        database,
        "SELECT rep_id, day, measure, before, after, at, source, event_id FROM restatements "
        "WHERE final ORDER BY id",
    )


async def test_a_provisional_day_changes_freely(database: Database) -> None:
    door = Door(database, SETTINGS)
    await door.take([call("a")], now=BEFORE)
    await door.take([call("b", revision=1, talk_seconds=60)], now=BEFORE)
    assert await ledger(database) == []


async def test_a_correction_of_a_final_day(database: Database) -> None:
    door = Door(database, SETTINGS)
    await door.take([call("a", talk_seconds=60)], now=BEFORE)
    await door.take([call("b", revision=1, talk_seconds=80)], now=FINAL)
    assert await ledger(database) == [
        ("r1", DAY, "talk_time", D(60), D(80), FINAL, "pbx", "b"),
    ]
    void = RecordVoided(kind="call", key="c1", rep_id="r1", revision=2)
    await door.take([Event("v", "crm", None, void)], now=FINAL)
    assert (await ledger(database))[1:] == [
        ("r1", DAY, measure, D(was), D(0), FINAL, "crm", "v")
        for measure, was in (
            ("calls", 1), ("outbound_calls", 1), ("answered_calls", 1), ("answered_outbound", 1),
            ("talk_time", 80), ("unknown_party_calls", 1),
            # nobody announced the rep, so it was the call that made it a working day
            ("working_days", 1),
        )
    ]  # fmt: skip


async def test_what_one_event_moved_of_a_day_is_one_row(database: Database) -> None:
    """Of two calls at once the last names what both moved; each record has an id of its own."""
    door = Door(database, SETTINGS)
    one = call("a", direction="inbound", customer=Customer("k1"), answered_at=None,
               talk_seconds=None, hold_seconds=None, outcome="no_answer")  # fmt: skip
    two = call("b", call_id="c2", customer=Customer("k2"))
    await door.take([one, two], now=FINAL)
    await door.take([call("c", call_id="c3", customer=Customer("k2"))], now=FINAL)
    stored = await rows(
        database,
        "SELECT id, measures, befores, afters, event_id FROM restated_days"
        " WHERE measures IS NOT NULL ORDER BY id",
    )
    ids = [row[0] for row in stored]
    by_event: dict[str, list[str]] = {}
    for _, measures, _, _, event_id in stored:
        by_event.setdefault(event_id, []).extend(measures)
    assert by_event["a"] == ["missed_inbound"]
    assert {"calls", "outbound_calls", "customers"} <= {*by_event["b"]}
    assert [row[4] for row in stored].count("b") == [row[4] for row in stored].count("c") == 1
    told = await rows(
        database,
        "SELECT id, measure, before, after, event_id FROM restatements WHERE last_day IS NULL"
        " ORDER BY id",
    )
    assert told == [
        (first + n, measure, before, after, event_id)
        for first, measures, befores, afters, event_id in stored
        for n, (measure, before, after) in enumerate(zip(measures, befores, afters, strict=True))
    ]
    assert all(after - before >= RECORDS_A_ROW for before, after in pairwise(ids))
    assert len(MEASURES) < RECORDS_A_ROW


async def test_another_day_is_restated_by_what_reached_it(database: Database) -> None:
    """A late call on the 13th makes the conversation of the 20th a repeat, and nobody's first."""
    door = Door(database, SETTINGS)
    earlier = datetime(2026, 11, 13, 18, tzinfo=UTC)
    customer = Customer("k1")
    await door.take([call("a", customer=customer)], now=BEFORE)
    late = call(
        "late", call_id="c2", customer=customer, started_at=earlier, answered_at=earlier,
        ended_at=earlier + timedelta(seconds=100),
    )  # fmt: skip
    await door.take([late], now=FINAL)
    of_the_20th = [row[2:5] + row[6:] for row in await ledger(database) if row[1] == DAY]
    assert of_the_20th == [
        ("repeat_conversations", D(0), D(1), "pbx", "late"),
        ("new_customer_calls", D(1), D(0), "pbx", "late"),
    ]


async def test_each_names_the_record_and_how_its_event_came(database: Database) -> None:
    door = Door(database, SETTINGS)
    off = TimeOffRecorded(rep_id="r1", date=date(2026, 11, 19), fraction=D(1))
    rate = FxRateRecorded(currency="EUR", day=date(2026, 11, 19), rate=D("1.25"))
    rep = RepRecorded(rep_id="r1", name="Ada", team="West", time_zone="UTC",
                      effective_from=date(2026, 11, 2))  # fmt: skip
    order = OrderRecorded(
        order_id="o1", rep_id="r1", customer=None, status="confirmed", currency="EUR",
        placed_at=datetime(2026, 11, 20, 18, tzinfo=UTC),
        lines=(OrderLine(line_id="1", quantity=D(1), unit_price=D(5)),),
    )  # fmt: skip
    void = RecordVoided(kind="call", key="c1", rep_id="r1", revision=2)
    for event in (
        call("a"), call("b", revision=1, talk_seconds=80), Event("v", "crm", None, void),
        Event("r", "crm", None, rep), Event("t", "hr", None, off), Event("o", "crm", None, order),
        Event("f", "bank", None, rate),
    ):  # fmt: skip
        await door.take([event], now=FINAL)
    named = await rows(
        database, "SELECT event_id, kind, key, how FROM restatements GROUP BY 1, 2, 3, 4"
    )
    assert sorted(named) == [
        ("a", "call", "c1", "came"),
        ("b", "call", "c1", "again"),
        ("f", "fx_rate", "EUR 2026-11-19", "came"),
        ("o", "order", "o1", "came"),
        ("r", "rep", "2026-11-02", "came"),
        ("t", "time_off", "2026-11-19", "came"),
        ("v", "call", "c1", "withdrawn"),
    ]


async def test_a_rate_that_comes_late_restates_by_name(database: Database) -> None:
    door = Door(database, SETTINGS)
    quote = QuoteRecorded(
        quote_id="q1", rep_id="r1", customer=None, status="issued", amount=D(100), currency="EUR",
        issued_at=datetime(2026, 11, 20, 18, tzinfo=UTC),
    )  # fmt: skip
    await door.take([Event("q", "crm", None, quote)], now=BEFORE)
    rate = FxRateRecorded(currency="EUR", day=date(2026, 11, 19), rate=D("1.25"))
    await door.take([Event("f", "bank", None, rate)], now=FINAL)
    assert [row[2:5] + row[6:] for row in await ledger(database)] == [
        ("converted_quotes", D(0), D(1), "bank", "f"),
        ("quoted_amount", D(0), D(125), "bank", "f"),
    ]


async def test_what_looks_ahead_is_final_later(database: Database) -> None:
    """A quote a week later makes a repeat conversation repeat-quote; that is final after 7 days."""

    async def repeated(door: Door, name: str, now: datetime) -> list[str]:
        start = datetime(2026, 11, 20, 18, tzinfo=UTC)
        customer = Customer(f"k-{name}")
        first = start - timedelta(days=2)
        await door.take(
            [
                call(f"1{name}", call_id=f"1{name}", customer=customer, started_at=first,
                     answered_at=first, ended_at=first + timedelta(seconds=100)),
                call(f"2{name}", call_id=f"2{name}", customer=customer),
            ],
            now=BEFORE - timedelta(days=3),
        )  # fmt: skip
        quote = QuoteRecorded(
            quote_id=name, rep_id="r9", customer=customer, status="issued", amount=D(1),
            currency="USD", issued_at=start + timedelta(days=6),
        )  # fmt: skip
        await door.take([Event(f"q{name}", "crm", None, quote)], now=now)
        return [row[2] for row in await ledger(database) if row[0] == "r1"]

    door, week = Door(database, SETTINGS), timedelta(days=7)
    assert await repeated(door, "a", FINAL + week - timedelta(microseconds=1)) == []
    assert await repeated(door, "b", FINAL + week) == ["repeat_quote_conversations"]


async def test_a_quote_that_turns_is_final_after_30_days(database: Database) -> None:
    door, month = Door(database, SETTINGS), timedelta(days=30)

    async def turned(name: str, now: datetime) -> list[str]:
        issued = datetime(2026, 11, 20, 18, tzinfo=UTC)
        quote = QuoteRecorded(
            quote_id=name, rep_id=name, customer=Customer("k1"), status="issued", amount=D(1),
            currency="USD", issued_at=issued,
        )  # fmt: skip
        line = OrderLine(line_id="1", quantity=D(1), unit_price=D(1))
        order = OrderRecorded(
            order_id=name, rep_id=name, quote_id=name, status="confirmed", currency="USD",
            placed_at=issued + timedelta(days=29), lines=(line,),
        )  # fmt: skip
        await door.take([Event(f"q{name}", "crm", None, quote)], now=BEFORE)
        await door.take([Event(f"o{name}", "crm", None, order)], now=now)
        return [row[2] for row in await ledger(database) if row[:2] == (name, DAY)]

    assert await turned("r1", FINAL + month - timedelta(microseconds=1)) == []
    assert await turned("r2", FINAL + month) == ["turned_quotes"]


async def other_measures(database: Database) -> list[tuple[Any, ...]]:
    return await rows(
        database,
        "SELECT rep_id, day, last_day, measure, before, after, team_before, team_after, event_id "
        "FROM restatements WHERE final AND measure IN ('customers', 'team', 'working_days') "
        "ORDER BY id",
    )


async def test_a_first_call_of_somebody_nobody_announced_makes_a_final_day_worked(
    database: Database,
) -> None:
    door = Door(database, SETTINGS)
    await door.take([call("a")], now=FINAL)
    await door.take([call("b", call_id="c2")], now=FINAL)
    assert [row[:6] + row[8:] for row in await other_measures(database)] == [
        ("r1", DAY, DAY, "working_days", D(0), D(1), "a"),
    ]
    voids = [
        Event(f"v{key}", "pbx", None, RecordVoided(kind="call", key=key, rep_id="r1", revision=1))
        for key in ("c1", "c2")
    ]
    await door.take(voids[:1], now=FINAL)
    await door.take(voids[1:], now=FINAL)
    assert [row[3:6] + row[8:] for row in (await other_measures(database))[1:]] == [
        ("working_days", D(1), D(0), "vc2"),
    ]


async def test_the_customers_of_a_final_day(database: Database) -> None:
    """Two calls to one customer; one goes to another, then both; their number tells only part."""
    door = Door(database, SETTINGS)
    one, two = Customer("k1"), Customer("k2")
    await door.take([call("a", customer=one), call("b", call_id="c2", customer=one)], now=BEFORE)
    await door.take([call("c", revision=1, customer=two)], now=FINAL)
    await door.take([call("d", call_id="c2", revision=1, customer=two)], now=FINAL)
    await door.take([call("e", revision=2, customer=one),
                     call("f", call_id="c2", revision=2, customer=one)], now=FINAL)  # fmt: skip
    assert [row[4:6] + row[8:] for row in await other_measures(database)] == [
        (D(1), D(2), "c"),
        (D(2), D(1), "d"),
        (D(1), D(1), "f"),  # the same number, another customer
    ]


def state(name: str, team: str | None, since: date, **over: Any) -> Event:
    data = RepRecorded(
        rep_id="r1", name="Ada", team=team, time_zone="UTC", effective_from=since, **over
    )
    return Event(name, "hr", None, data)


async def test_a_team_and_working_days_announced_late(database: Database) -> None:
    """The last final day is Friday the 20th; Ada moved on Monday, and was off on Tuesday."""
    door = Door(database, SETTINGS)
    start = date(2026, 11, 9)
    await door.take([state("a", "West", start)], now=datetime(2026, 11, 9, tzinfo=UTC))
    assert await other_measures(database) == []
    await door.take([state("b", "East", date(2026, 11, 16))], now=FINAL)
    off = TimeOffRecorded(rep_id="r1", date=date(2026, 11, 17), fraction=D("0.5"))
    ahead = TimeOffRecorded(rep_id="r1", date=date(2026, 11, 23), fraction=D(1))
    await door.take([Event("o", "hr", None, off), Event("p", "hr", None, ahead)], now=FINAL)
    await door.take([state("c", "East", date(2026, 11, 18), active=False)], now=FINAL)
    monday, tuesday, wednesday = date(2026, 11, 16), date(2026, 11, 17), date(2026, 11, 18)
    assert await other_measures(database) == [
        ("r1", monday, DAY, "team", None, None, "West", "East", "b"),
        ("r1", tuesday, tuesday, "working_days", D(1), D("0.5"), None, None, "o"),
        ("r1", wednesday, DAY, "working_days", D(3), D(0), None, None, "c"),
    ]


async def test_a_day_that_was_final_does_not_open_again(database: Database) -> None:
    """Ada turns out to work in Honolulu, where the 20th is not final yet."""
    door = Door(database, SETTINGS)
    await door.take([state("a", "West", date(2000, 1, 1)), call("1")], now=BEFORE)
    honolulu = RepRecorded(
        rep_id="r1", name="Ada", team="West", time_zone="Pacific/Honolulu",
        effective_from=date(2000, 1, 1), revision=1,
    )  # fmt: skip
    late = call("2", revision=1, started_at=datetime(2026, 11, 20, 9, tzinfo=UTC))
    await door.take([Event("z", "hr", None, honolulu), late], now=FINAL)
    # at 9 in London it is 23:00 of the 19th on Hawaii
    assert ("r1", DAY, "calls", D(1), D(0), FINAL, "pbx", "2") in await ledger(database)
