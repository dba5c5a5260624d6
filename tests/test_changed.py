"""What changed of closed days lately: since when, how many figures, change by change, for whom."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app import changed, restated
from app.changed import Changes, by_change, changes, figures_in
from app.db import Database
from app.events.types import Customer, Event, QuoteRecorded, RecordVoided, RepRecorded
from app.ingest import Door
from app.restated import Restatement, Value
from app.rollups import MEASURES
from app.settings import read
from app.view import Views
from tests.test_ingest import SETTINGS, call

DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)  # a Wednesday


async def found(database: Database, now: datetime = NOW, **asked: Any) -> Changes:
    settings = asked.pop("settings", SETTINGS)
    async with Views(database, settings).open(now) as view:
        return await changes(view, **asked)


def plain(seen: Changes) -> list[tuple[Any, ...]]:
    return [
        (c.name, c.day, [tuple(m) for m in c.moved], c.causes[0].event_id, c.causes[0].how)
        for c in seen.told
    ]


def rep(name: str, team: str | None, since: date = date(2000, 1, 1), zone: str = "UTC") -> Event:
    state = RepRecorded(
        rep_id="r1", name=f"Ada of {team}", team=team, time_zone=zone, effective_from=since
    )
    return Event(name, "crm", None, state)


async def test_each_change_with_its_figures_and_its_event_newest_first(database: Database) -> None:
    door, hour = Door(database, SETTINGS), timedelta(hours=1)
    await door.take([rep("ada", "West")], now=NOW - 2 * hour)
    await door.take([call("a", talk_seconds=60)], now=NOW - 2 * hour)
    await door.take([call("b", revision=1, talk_seconds=80)], now=NOW - hour)
    void = RecordVoided(kind="call", key="c1", rep_id="r1", revision=2)
    await door.take([Event("v", "crm", None, void)], now=NOW)
    seen = await found(database)
    came = [("calls", 0, 1), ("outbound_calls", 0, 1), ("answered_calls", 0, 1),
            ("talk_time", 0, 60), ("unknown_party_calls", 0, 1)]  # fmt: skip
    gone = [(measure, was, 0) for measure, _, was in came]
    gone[3] = ("talk_time", 80, 0)
    assert plain(seen) == [
        ("Ada of West", DAY, gone, "v", "withdrawn"),
        ("Ada of West", DAY, [("talk_time", 60, 80)], "b", "again"),
        ("Ada of West", DAY, came, "a", "came"),
    ]
    (record,) = seen.told[0].causes
    assert (record.kind, record.key, record.source, record.at) == ("call", "c1", "crm", NOW)
    # All of it changed back, and the first word of a rep is no change.
    assert (seen.figures, seen.whole) == (0, True)
    later = await found(database, NOW + hour, weeks=1)
    assert later.told == seen.told


async def test_figures_of_one_change_come_in_order_whichever_event_moved_them(
    database: Database,
) -> None:
    door = Door(database, SETTINGS)
    await door.take([rep("ada", "West")], now=NOW - timedelta(hours=1))
    missed = call("m", direction="inbound", answered_at=None, talk_seconds=None, hold_seconds=None,
                  outcome="no_answer")  # fmt: skip
    await door.take([missed, call("a", call_id="c2")], now=NOW)
    (change,) = [c for c in (await found(database)).told if c.day == DAY]
    assert {cause.event_id for cause in change.causes} == {"m", "a"}
    told = [moved.measure for moved in change.moved]
    assert "missed_inbound" in told
    assert told == sorted(told, key=MEASURES.index)


@pytest.mark.parametrize(
    ("env", "weeks", "start", "since"),
    [
        ({}, 1, date(2026, 11, 23), datetime(2026, 11, 23, tzinfo=UTC)),
        ({}, 2, date(2026, 11, 16), datetime(2026, 11, 16, tzinfo=UTC)),
        ({"RINGSIDE_WEEK_START": "6"}, 1, date(2026, 11, 22), datetime(2026, 11, 22, tzinfo=UTC)),
        ({"RINGSIDE_DEFAULT_ZONE": "America/Denver"}, 1, date(2026, 11, 23),
         datetime(2026, 11, 23, 7, tzinfo=UTC)),
    ],
)  # fmt: skip
async def test_since_the_week_began_in_the_default_zone(
    database: Database, env: dict[str, str], weeks: int, start: date, since: datetime
) -> None:
    settings = read(env, secret="s")
    door = Door(database, settings)
    await door.take([call("early", **at(9))], now=since - timedelta(microseconds=1))
    await door.take([call("late", revision=1, talk_seconds=50, **at(9))], now=since)
    seen = await found(database, weeks=weeks, settings=settings)
    assert (seen.start, seen.since) == (start, since)
    assert [c.causes[0].event_id for c in seen.told] == ["late"]


async def test_a_key_of_teams_sees_days_served_in_them_and_moves(database: Database) -> None:
    door = Door(database, SETTINGS)
    await door.take([rep("east", "East"), call("a"), call("old", call_id="c2", **at(9))], now=NOW)
    await door.take([rep("west", "West", date(2026, 11, 15))], now=NOW)
    west = await found(database, teams=["West"])
    moves = [("team", "East", "West")]
    assert plain(west)[0] == ("Ada of West", date(2026, 11, 15), moves, "west", "came")
    assert {c.day for c in west.told} == {date(2026, 11, 15), DAY}
    east = await found(database, teams=["East"])
    assert {c.day for c in east.told} == {date(2026, 11, 15), date(2026, 11, 9)}
    assert (await found(database, teams=["North"])).told == ()
    assert len((await found(database)).told) == 3
    assert len((await found(database, rep_id="r1")).told) == 3
    assert (await found(database, rep_id="r2")).told == ()


def at(day: int) -> dict[str, Any]:
    start = datetime(2026, 11, day, 18, tzinfo=UTC)
    return {"started_at": start, "answered_at": start, "ended_at": start + timedelta(seconds=99)}


async def test_what_a_batch_changes_of_a_day_is_one_change(database: Database) -> None:
    door = Door(database, SETTINGS)
    quote = QuoteRecorded(
        quote_id="q1", rep_id="r1", customer=None, status="issued", amount=Decimal(9),
        currency="USD", issued_at=datetime(2026, 11, 20, 18, tzinfo=UTC),
    )  # fmt: skip
    await door.take([call("a"), Event("q", "crm", None, quote)], now=NOW)
    (one,) = (await found(database)).told
    assert {"calls", "quotes"} <= {moved.measure for moved in one.moved}
    assert {cause.event_id for cause in one.causes} == {"a", "q"}


async def test_as_many_other_customers_are_no_change_of_the_day(database: Database) -> None:
    door = Door(database, SETTINGS)
    await door.take([call("a", customer=Customer("k1"))], now=NOW)
    await door.take([call("b", revision=1, customer=Customer("k2"))], now=NOW)
    assert [c.causes[0].event_id for c in (await found(database)).told] == ["a"]


async def test_no_more_is_read_than_the_newest(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    door, second = Door(database, SETTINGS), timedelta(seconds=1)
    await door.take([rep("ada", "West")], now=NOW)
    for n in range(4):
        await door.take([call(f"a{n}", revision=n, talk_seconds=10 + n)], now=NOW + n * second)
        await door.take(
            [call(f"x{n}", revision=n, rep_id="r2", talk_seconds=10 + n)], now=NOW + n * second
        )
    now = NOW + timedelta(hours=1)
    monkeypatch.setattr(changed, "MOST_RECORDS", 3)
    seen = await found(database, now)
    assert (seen.whole, len(seen.told)) == (False, 3)
    assert {c.at for c in seen.told[:2]} == {NOW + 3 * second}
    monkeypatch.setattr(changed, "MOST_RECORDS", 100)
    monkeypatch.setattr(restated, "LOOKED_THROUGH", 4)
    assert (await found(database, now)).whole
    mine = await found(database, now, rep_id="r1")
    assert (mine.whole, [c.at for c in mine.told]) == (
        False, [NOW + 3 * second, NOW + 2 * second],
    )  # fmt: skip
    assert not (await found(database, now, teams=["West"])).whole
    monkeypatch.setattr(restated, "LOOKED_THROUGH", 1_000)
    assert (await found(database, now, rep_id="r1")).whole


def record(measure: str, before: Value, after: Value, **over: Any) -> Restatement:
    known = {"rep_id": "r1", "day": DAY, "at": NOW, "source": "pbx", "event_id": "e", **over}
    return Restatement(id=1, measure=measure, before=before, after=after, **known)


def test_a_figure_counts_once_however_often_it_changed() -> None:
    newest_first = [record("calls", 2, 3), record("calls", 1, 2), record("calls", 0, 1)]
    assert figures_in(newest_first) == 1
    assert figures_in([record("calls", 2, 1), record("calls", 1, 2)]) == 0
    other = [record("calls", 0, 1, rep_id="r2"), record("calls", 0, 1, day=DAY - timedelta(1))]
    assert figures_in([*newest_first, *other]) == 3


def test_what_only_repeats_another_figure_counts_where_it_is_alone() -> None:
    assert figures_in([record("calls", 0, 1), record("answered_outbound", 0, 1)]) == 1
    assert figures_in([record("right_party_known", 0, 1)]) == 1
    assert figures_in([]) == 0


def test_a_change_is_of_one_rep_day_and_moment() -> None:
    one = record("calls", 0, 1)
    same = record("talk_time", 0, 9, event_id="f")
    others = [record("calls", 0, 1, **{name: value}) for name, value in (
        ("rep_id", "r2"), ("day", DAY - timedelta(1)), ("last_day", DAY + timedelta(1)),
        ("at", NOW - timedelta(1)),
    )]  # fmt: skip
    assert by_change([one, *others, same]) == [[one, same], *([other] for other in others)]
