"""The one door: settled records, ledgers, offsets by compare-and-set, all of it or nothing."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.db import Database
from app.errors import BadConfiguration, Fenced, Unavailable
from app.events.refusals import Refusal
from app.events.types import (
    CallEnded,
    Customer,
    CustomerRecorded,
    Event,
    FxRateRecorded,
    OrderLine,
    OrderRecorded,
    OrderReturned,
    RecordVoided,
    RepRecorded,
    ReturnLine,
)
from app.ingest import Advance, Door, Outcome, stored_offsets
from app.offer import Origin, Refused
from app.settings import read
from app.verify import verify

NOW = datetime(2026, 11, 24, tzinfo=UTC)
SETTINGS = read({}, secret="s")
D = Decimal


def call(name: str, *, revision: int = 0, source: str = "pbx", **over: Any) -> Event:
    """An answered outbound call of 190 s, on the 20th."""
    start = datetime(2026, 11, 20, 18, tzinfo=UTC)
    fields: dict[str, Any] = {
        "call_id": "c1", "rep_id": "r1", "direction": "outbound", "started_at": start,
        "answered_at": start + timedelta(seconds=10), "ended_at": start + timedelta(seconds=200),
        "outcome": "connected", "revision": revision, **over,
    }  # fmt: skip
    return Event(name, source, None, CallEnded(**fields))


async def rows(database: Database, sql: str) -> list[tuple[Any, ...]]:
    async with database.reading() as reading:
        return [tuple(row) for row in await reading.fetch(sql)]


async def measures(database: Database) -> dict[tuple[str, date], dict[str, Any]]:
    """What of the day rollups is not 0."""
    async with database.reading() as reading:
        return {
            (row["rep_id"], row["day"]): {
                name: value
                for name, value in row.items()
                if name not in ("rep_id", "day") and value
            }
            for row in await reading.fetch("SELECT * FROM rep_days")
        }


async def test_the_greatest_revision_stands_and_the_others_are_kept(database: Database) -> None:
    door = Door(database, SETTINGS)
    third, first = call("a", revision=3), call("b", revision=1, talk_seconds=5)
    assert await door.take([third], now=NOW) == Outcome(1, 0, 0, [])
    assert await door.take([first, third, call("c", revision=3)], now=NOW) == Outcome(2, 1, 0, [1])
    assert await rows(database, "SELECT event_id, talk FROM legs") == [("c", 190)]
    assert await rows(
        database, "SELECT source, event_id, kind, record, revision FROM superseded ORDER BY 2"
    ) == [("pbx", "a", "call", ["c1", "r1"], 3), ("pbx", "b", "call", ["c1", "r1"], 1)]
    assert await rows(
        database, "SELECT source, read, standing, superseded, duplicates, refused FROM feeds"
    ) == [("pbx", 4, 1, 2, 1, 0)]


async def test_a_lower_revision_that_comes_later_changes_nothing(database: Database) -> None:
    door = Door(database, SETTINGS)
    await door.take([call("a", revision=3, talk_seconds=60)], now=NOW)
    await door.take([call("b", revision=2, talk_seconds=90)], now=NOW)
    assert await rows(database, "SELECT event_id, talk FROM legs") == [("a", 60)]
    assert await rows(database, "SELECT event_id FROM superseded") == [("b",)]


async def test_of_equal_revisions_time_then_id_then_source_decide(database: Database) -> None:
    door = Door(database, SETTINGS)
    early, late = (datetime(2026, 11, 20, hour, tzinfo=UTC) for hour in (1, 2))
    data = call("x").data
    # each greater than all before it: any time is above none, and ids go by code point
    ranks = [
        ("z", "z", None), ("z", "a", early), ("a", "b", early), ("b", "b", early), ("a", "a", late),
    ]  # fmt: skip
    for source, name, time in reversed(ranks):
        await door.take([Event(name, source, time, data)], now=NOW)
        assert await rows(database, "SELECT event_id, source FROM legs") == [("a", "a")]
    stood = await rows(
        database,
        "SELECT event_id, source FROM superseded ORDER BY event_time NULLS FIRST, event_id, source",
    )
    assert stood == [(name, source) for source, name, _ in ranks[:-1]]


async def test_a_pair_names_one_delivery_whatever_it_holds(database: Database) -> None:
    door = Door(database, SETTINGS)
    taken = await door.take(
        [call("a"), call("a", call_id="c2"), call("a", call_id="c3", source="other")], now=NOW
    )
    assert taken == Outcome(2, 1, 0, [1])
    assert (await door.take([call("a", call_id="c9", revision=9)], now=NOW)).duplicates == 1
    assert await rows(database, "SELECT call_id FROM legs ORDER BY 1") == [("c1",), ("c3",)]


async def test_a_withdrawn_call_leaves_no_row_behind(database: Database) -> None:
    door = Door(database, SETTINGS)
    await door.take([call("a", revision=1)], now=NOW)
    void = RecordVoided(kind="call", key="c1", rep_id="r1", reason="test call", revision=2)
    await door.take([Event("v", "pbx", None, void)], now=NOW)
    assert await measures(database) == {}
    assert await rows(database, "SELECT * FROM rep_months") == []
    assert await rows(database, "SELECT voided, void_reason, marks FROM legs") == [
        (True, "test call", 0)
    ]
    await door.take([call("b", revision=3)], now=NOW)
    assert (await measures(database))["r1", date(2026, 11, 20)]["conversations"] == 1


async def test_returns_wait_for_their_order_and_money_for_its_rate(database: Database) -> None:
    door = Door(database, SETTINGS)
    line = OrderLine(line_id="1", quantity=D(2), unit_price=D("10.5"), unit_cost=D(3))
    order = OrderRecorded(
        order_id="o1", rep_id="r1", status="confirmed", currency="EUR",
        placed_at=datetime(2026, 11, 20, 18, tzinfo=UTC), lines=(line,),
    )  # fmt: skip
    back = OrderReturned(
        return_id="t1", order_id="o1", returned_at=datetime(2026, 11, 21, 18, tzinfo=UTC),
        lines=(ReturnLine(line_id="1", quantity=D(1), amount=D("10.5")),),
    )  # fmt: skip
    await door.take([Event("t", "crm", None, back)], now=NOW)
    assert await measures(database) == {}
    await door.take([Event("o", "crm", None, order)], now=NOW)
    placed, returned = ("r1", date(2026, 11, 20)), ("r1", date(2026, 11, 21))
    assert await measures(database) == {
        placed: {"orders": 1, "order_lines": 1, "item_orders": 1, "units": D(2)},
        returned: {"returned_units": D(1)},
    }
    rate = FxRateRecorded(currency="EUR", day=date(2026, 11, 19), rate=D("1.1"))
    await door.take([Event("f", "bank", None, rate)], now=NOW)
    assert await measures(database) == {
        placed: {
            "orders": 1, "converted_orders": 1, "order_lines": 1, "item_orders": 1,
            "costed_orders": 1, "units": D(2), "net": D("23.1"), "costed_cost": D("6.6"),
            "known_net": D("23.1"), "known_cost": D("6.6"),
        },
        returned: {
            "returned_units": D(1), "returned": D("11.55"), "known_returned": D("11.55"),
            "known_returned_cost": D("3.3"),
        },
    }  # fmt: skip


async def test_a_rate_converts_its_own_day_and_those_up_to_the_next(database: Database) -> None:
    """Orders of the 19th, 20th and 21st; rates of the 20th, then of the 21st, the first amended."""
    door = Door(database, SETTINGS)
    line = OrderLine(line_id="1", quantity=D(1), unit_price=D(10))

    def order(day: int) -> Event:
        placed = datetime(2026, 11, day, 18, tzinfo=UTC)
        data = OrderRecorded(order_id=f"o{day}", rep_id="r1", status="confirmed", currency="EUR",
                             placed_at=placed, lines=(line,))  # fmt: skip
        return Event(f"o{day}", "crm", None, data)

    def rate(name: str, day: int, value: str, revision: int = 0) -> Event:
        data = FxRateRecorded(currency="EUR", day=date(2026, 11, day), rate=D(value),
                              revision=revision)  # fmt: skip
        return Event(name, "bank", None, data)

    async def net() -> list[Any]:
        days = await measures(database)
        return [days["r1", date(2026, 11, day)].get("net") for day in (19, 20, 21)]

    await door.take([order(19), order(20), order(21)], now=NOW)
    assert await net() == [None, None, None]
    await door.take([rate("a", 20, "1.5")], now=NOW)
    assert await net() == [None, D(15), D(15)]
    await door.take([rate("b", 21, "2")], now=NOW)
    assert await net() == [None, D(15), D(20)]
    await door.take([rate("c", 20, "1.25", revision=1)], now=NOW)
    assert await net() == [None, D("12.5"), D(20)]


async def test_what_one_door_learns_another_knows(database: Database) -> None:
    one, two = Door(database, SETTINGS), Door(database, SETTINGS)
    night = datetime(2026, 11, 20, 2, tzinfo=UTC)
    late: dict[str, Any] = {
        "started_at": night,
        "answered_at": None,
        "ended_at": night,
        "outcome": "busy",
    }
    await one.take([call("a", **late)], now=NOW)
    denver = RepRecorded(rep_id="r1", name="Ada", time_zone="America/Denver")
    await two.take([Event("r", "hr", None, denver)], now=NOW)
    await one.take([call("b", call_id="c2", **late)], now=NOW)
    assert {key: found["calls"] for key, found in (await measures(database)).items()} == {
        ("r1", date(2026, 11, 19)): 2
    }


async def test_a_customer_who_claims_a_number_takes_its_calls(database: Database) -> None:
    door = Door(database, SETTINGS)
    bare = call("a", customer=Customer(None, "303 555 0101"))
    named = call("b", call_id="c2", customer=Customer("k1"),
                 started_at=datetime(2026, 11, 20, 12, tzinfo=UTC))  # fmt: skip
    await door.take([bare, named], now=NOW)
    day = ("r1", date(2026, 11, 20))
    assert (await measures(database))[day].get("repeat_conversations", 0) == 0
    claim = CustomerRecorded(customer_id="k1", name="Acme", phones=("+1-303-555-0101",))
    await door.take([Event("k", "crm", None, claim)], now=NOW)
    assert (await measures(database))[day]["repeat_conversations"] == 1
    kept = str(await rows(database, "SELECT * FROM legs")) + str(
        await rows(database, "SELECT * FROM customer_phones")
    )
    assert "5550101" not in kept


async def test_offsets_advance_by_compare_and_set(database: Database) -> None:
    door = Door(database, SETTINGS)

    async def step(expected: int, following: int, name: str) -> None:
        steps = [Advance("calls", 0, expected, following, NOW), Advance("calls", 1, 0, 0)]
        await door.take([call(name)], now=NOW, advances=steps)

    await step(0, 5, "a")
    await step(5, 9, "b")
    for stale in (0, 5, 10):
        with pytest.raises(Fenced, match=rf"calls\[0\].*no longer {stale}"):
            await step(stale, 20, "never")
    async with database.reading() as reading:
        assert await stored_offsets(reading) == {("calls", 0): 9, ("calls", 1): 0}
    # nothing of a fenced batch is kept
    assert await rows(database, "SELECT read FROM feeds") == [(2,)]
    assert await rows(database, "SELECT count(*) FROM deliveries") == [(2,)]
    # a consumer that stands further on than a restored database has to look again
    with pytest.raises(Fenced):
        await door.take([], now=NOW, advances=[Advance("orders", 0, 7, 8)])


async def test_a_refused_record_is_kept_byte_for_byte(database: Database) -> None:
    door = Door(database, SETTINGS)
    refusal = Refusal("not_json", None, "no JSON", None, None, None)
    origin = Origin("calls", 3, 41, '{"a": "b"}')
    await door.take([Refused(refusal, b"\x00\xff{", origin)], now=NOW)
    assert await rows(
        database,
        'SELECT source, code, detail, topic, partition, "offset", headers::text, payload, '
        "received_at FROM dead_letters",
    ) == [("unknown", "not_json", "no JSON", "calls", 3, 41, '{"a": "b"}', b"\x00\xff{", NOW)]


async def test_nothing_is_kept_of_a_batch_that_fails(database: Database) -> None:
    door = Door(database, SETTINGS)
    async with database.writing() as session:
        await session.run("ALTER TABLE rep_months ADD CONSTRAINT broken CHECK (calls = 0)")
    with pytest.raises(Exception, match="broken"):
        await door.take([call("a")], now=NOW, advances=[Advance("calls", 0, 0, 1)])
    for table in ("legs", "deliveries", "feeds", "rep_days", "offsets", "superseded"):
        assert await rows(database, f"SELECT * FROM {table}") == []
    async with database.writing() as session:
        await session.run("ALTER TABLE rep_months DROP CONSTRAINT broken")
    assert (await door.take([call("a")], now=NOW)).accepted == 1


async def test_a_backend_killed_on_the_way_is_unavailable(database: Database, dsn: str) -> None:
    door, other = Door(database, SETTINGS), Database(dsn, pool=1)

    async def killed() -> None:
        async with database.ingesting() as session:
            mine = await session.value("SELECT pg_backend_pid()")
            async with other.writing() as killer:
                await killer.value("SELECT pg_terminate_backend($1)", mine)
            await session.run("SELECT 1")

    with pytest.raises(Unavailable):
        await killed()
    await other.close()
    assert (await door.take([call("a")], now=NOW)).accepted == 1


HOSTILE = [
    "'; DROP TABLE legs; --",
    "<script>alert(1)</script>",
    "a" * 200,
    "\U0001f94a\u202e",
    "\u00e9",
    "e\u0301",
    "e ",
]


async def test_hostile_and_alike_ids_stay_apart(database: Database) -> None:
    door = Door(database, SETTINGS)
    events = [call(f"e{n}", call_id=name, rep_id=name) for n, name in enumerate(HOSTILE)]
    assert (await door.take(events, now=NOW)).accepted == len(HOSTILE)
    assert sorted(rep for rep, _ in await measures(database)) == sorted(HOSTILE)
    report = await verify(database, SETTINGS, progress=lambda done, total: None)
    assert report.sound


def test_phone_numbers_need_a_secret(dsn: str) -> None:
    with pytest.raises(BadConfiguration, match="RINGSIDE_SECRET"):
        Door(Database(dsn), read({}))
