"""Whole histories on a real database: figures move, time passes, alerts go their way."""

import asyncio
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.alerts import outbox, rulebook
from app.alerts.rule import Check, Subjects
from app.alerts.signature import new_secret
from app.alerts.watch import Watch, watching
from app.db import Database
from app.periods import Kind
from app.view import Views
from tests.alerts.given import (
    ENDS,
    FINAL,
    NOON,
    STARTS,
    a_rule,
    a_watch,
    histories,
    put_rule,
    put_sums,
    rows,
    told,
)
from tests.sums_put_in import announce, november, put_time_off, settings

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
TODAY = november(20)
FEW: dict[str, Any] = {"kpi": "calls", "operator": "<", "threshold": Decimal(40)}


@pytest.fixture
async def floor(database: Database) -> Database:
    """Ada and Bo of West, Cy of East, all in Denver, and a webhook that notices go to."""
    for rep_id, name, team in (("r1", "Ada", "West"), ("r2", "Bo", "West"), ("r3", "Cy", "East")):
        await announce(database, rep_id, name, team)
    async with database.writing() as writing:
        await outbox.keep_sink(
            writing,
            outbox.Sink(id="sink_1", name="desk", url="http://127.0.0.1:9", secret=new_secret(),
                        enabled=True, created_at=NOON),
        )  # fmt: skip
    return database


async def missed(database: Database, **by_rep: int) -> None:
    await put_sums(
        database, {(rep, TODAY): {"missed_inbound": count} for rep, count in by_rep.items()}
    )


async def test_a_live_rule_from_the_first_breach_to_the_end_of_the_day(floor: Database) -> None:
    await put_rule(floor, recover_at=Decimal(1))
    watch = a_watch(floor)
    # Fires once, does not flap between 3 and 1, recovers at 1, and may fire again.
    for minute, count in enumerate((3, 4, 4, 5, 3, 2, 4, 1, 2, 3, 4)):
        await missed(floor, r1=count)
        await watch.evaluate(NOON + minute * MINUTE)
    assert await histories(floor) == [
        ("r1", TODAY, NOON + MINUTE, None, "pending", "breached", 4, None),
        ("r1", TODAY, NOON + MINUTE, "pending", "firing", "confirmed", 4, None),
        ("r1", TODAY, NOON + 7 * MINUTE, "firing", "resolved", "recovered", 1, None),
        ("r1", TODAY, NOON + 10 * MINUTE, "resolved", "pending", "breached", 4, None),
        ("r1", TODAY, NOON + 10 * MINUTE, "pending", "firing", "confirmed", 4, None),
    ]
    assert await told(floor) == [
        ("alert.firing", "r1", "confirmed"),
        ("alert.resolved", "r1", "recovered"),
        ("alert.firing", "r1", "confirmed"),
    ]
    await watch.evaluate(ENDS - SECOND)
    assert len(await histories(floor)) == 5
    await watch.evaluate(ENDS)
    assert (await histories(floor))[5:] == [
        ("r1", TODAY, ENDS, "firing", "resolved", "period_ended", 4, None),
    ]
    assert await rows(floor, "SELECT count(*) FROM alerts") == [(1,)]


async def test_a_hold_down(floor: Database) -> None:
    await put_rule(floor, for_seconds=300)
    watch = a_watch(floor)
    await missed(floor, r1=4, r2=4)
    await watch.evaluate(NOON)
    await missed(floor, r1=4)
    await watch.evaluate(NOON + MINUTE)
    # Nothing happens but time: the watch itself says when it has to come back.
    (next_at,) = (await rows(floor, "SELECT next_at FROM alert_watch"))[0]
    assert next_at == NOON + 2 * MINUTE
    await watch.evaluate(NOON + 4 * MINUTE + 30 * SECOND)
    assert (await rows(floor, "SELECT next_at FROM alert_watch")) == [(NOON + 5 * MINUTE,)]
    await watch.evaluate(NOON + 5 * MINUTE)
    assert await histories(floor) == [
        ("r1", TODAY, NOON, None, "pending", "breached", 4, None),
        ("r2", TODAY, NOON, None, "pending", "breached", 4, None),
        ("r2", TODAY, NOON + MINUTE, "pending", "resolved", "recovered", 0, None),
        ("r1", TODAY, NOON + 5 * MINUTE, "pending", "firing", "confirmed", 4, None),
    ]
    # What never fired bothers nobody.
    assert await told(floor) == [("alert.firing", "r1", "confirmed")]


async def test_too_few_after_a_time_of_day_in_each_reps_own_zone(floor: Database) -> None:
    await announce(floor, "r4", "Di", "East", zone="America/New_York")
    await put_rule(floor, **FEW, check=Check.AFTER, at=time(17))
    watch = a_watch(floor)
    await put_sums(floor, {(rep, TODAY): {"calls": n} for rep, n in (("r1", 40), ("r4", 39))})
    five = datetime.combine(TODAY, time(22), tzinfo=NOON.tzinfo)  # in New York
    await watch.evaluate(five - SECOND)
    assert await histories(floor) == []
    assert await rows(floor, "SELECT next_at FROM alert_watch") == [(five,)]
    await watch.evaluate(five)
    await watch.evaluate(five + 2 * HOUR)
    assert [line[:6] for line in await histories(floor)] == [
        ("r4", TODAY, five, None, "pending", "breached"),
        ("r4", TODAY, five, "pending", "firing", "confirmed"),
        ("r2", TODAY, five + 2 * HOUR, None, "pending", "breached"),
        ("r2", TODAY, five + 2 * HOUR, "pending", "firing", "confirmed"),
        ("r3", TODAY, five + 2 * HOUR, None, "pending", "breached"),
        ("r3", TODAY, five + 2 * HOUR, "pending", "firing", "confirmed"),
    ]


async def test_a_closed_day_is_judged_when_it_ends_corrected_and_let_go_when_final(
    floor: Database,
) -> None:
    await put_rule(floor, **FEW, check=Check.CLOSE)
    watch = a_watch(floor)
    sums = {
        ("r1", TODAY): {"calls": 30},
        ("r2", TODAY): {"calls": 39},
        ("r3", TODAY): {"calls": 40},
    }
    await put_sums(floor, sums)
    await watch.evaluate(ENDS - SECOND)
    assert await histories(floor) == []
    await watch.evaluate(ENDS)
    await put_sums(floor, {**sums, ("r2", TODAY): {"calls": 41}, ("r3", TODAY): {"calls": 20}})
    await watch.evaluate(ENDS + HOUR)
    assert [(line[0], *line[2:7]) for line in await histories(floor)] == [
        ("r1", ENDS, None, "pending", "breached", 30),
        ("r1", ENDS, "pending", "firing", "confirmed", 30),
        ("r2", ENDS, None, "pending", "breached", 39),
        ("r2", ENDS, "pending", "firing", "confirmed", 39),
        ("r3", ENDS + HOUR, None, "pending", "breached", 20),
        ("r3", ENDS + HOUR, "pending", "firing", "confirmed", 20),
        ("r2", ENDS + HOUR, "firing", "resolved", "corrected", 41),
    ]
    # The days after it are judged too; here only this one.
    await watch.evaluate(FINAL)
    lines = [line for line in await histories(floor) if line[1] == TODAY]
    assert [(line[0], *line[2:6]) for line in lines[7:]] == [
        ("r1", FINAL, "firing", "resolved", "period_final"),
        ("r3", FINAL, "firing", "resolved", "period_final"),
    ]


async def test_a_close_that_nobody_saw_is_caught_up_until_it_is_final(floor: Database) -> None:
    await put_rule(floor, **FEW, check=Check.CLOSE, rep_id="r1")
    await a_watch(floor).evaluate(ENDS + 35 * HOUR)
    assert [line[:2] + line[4:6] for line in await histories(floor)] == [
        ("r1", TODAY + timedelta(days=1), "pending", "breached"),
        ("r1", TODAY + timedelta(days=1), "firing", "confirmed"),
        ("r1", TODAY, "pending", "breached"),
        ("r1", TODAY, "firing", "confirmed"),
    ]


async def test_a_quotient_of_nothing_is_no_breach_and_a_small_sample_changes_nothing(
    floor: Database,
) -> None:
    await put_rule(floor, kpi="answer_rate", operator="<", threshold=Decimal("0.2"),
                   min_sample=Decimal(10))  # fmt: skip
    watch = a_watch(floor)
    for minute, (calls, answered) in enumerate(((0, 0), (9, 0), (10, 1), (9, 9), (10, 2))):
        await put_sums(
            floor, {("r1", TODAY): {"outbound_calls": calls, "answered_outbound": answered}}
        )
        await watch.evaluate(NOON + minute * MINUTE)
    assert await histories(floor) == [
        ("r1", TODAY, NOON + 2 * MINUTE, None, "pending", "breached", Decimal("0.1"), 10),
        ("r1", TODAY, NOON + 2 * MINUTE, "pending", "firing", "confirmed", Decimal("0.1"), 10),
        ("r1", TODAY, NOON + 4 * MINUTE, "firing", "resolved", "recovered", Decimal("0.2"), 10),
    ]


async def test_who_leaves_the_scope_takes_the_alert_along(floor: Database) -> None:
    await put_rule(floor, team="West")
    watch = a_watch(floor)
    await missed(floor, r1=4, r2=4, r3=4)
    await watch.evaluate(NOON)
    await announce(floor, "r1", "Ada", "East", since=TODAY)
    await announce(floor, "r2", "Bo", "West", since=TODAY, active=False)
    await watch.evaluate(NOON + MINUTE)
    assert [(line[0], *line[3:6]) for line in await histories(floor)] == [
        ("r1", None, "pending", "breached"),
        ("r1", "pending", "firing", "confirmed"),
        ("r2", None, "pending", "breached"),
        ("r2", "pending", "firing", "confirmed"),
        ("r1", "firing", "resolved", "out_of_scope"),
        ("r2", "firing", "resolved", "out_of_scope"),
    ]


async def test_teams_as_subjects(floor: Database) -> None:
    await put_rule(floor, **{**FEW, "threshold": Decimal(50)}, subjects=Subjects.TEAMS,
                   check=Check.AFTER, at=time(12))  # fmt: skip
    await put_sums(floor, {(rep, TODAY): {"calls": 25} for rep in ("r1", "r2", "r3")})
    await a_watch(floor).evaluate(NOON)
    assert await rows(
        floor, "SELECT subject_kind, subject, team, name, state, value FROM alerts"
    ) == [("team", "East", "East", None, "firing", 25)]


@pytest.mark.parametrize(
    ("subjects", "friday", "saturday"),
    [
        # Bo is off on Friday, Cy works half of it; nobody works on Saturday.
        (Subjects.REPS, ["r1", "r3"], []),
        # Of West, Ada works on Friday.
        (Subjects.TEAMS, ["East", "West"], []),
    ],
)
async def test_a_rule_about_working_days_lets_people_have_their_weekend(
    floor: Database, subjects: Subjects, friday: list[str], saturday: list[str]
) -> None:
    await put_time_off(floor, "r2", TODAY, "1")
    await put_time_off(floor, "r3", TODAY, "0.5")
    await put_rule(floor, **FEW, subjects=subjects, check=Check.CLOSE, working_days_only=True)
    watch = a_watch(floor)
    found = []
    for day in (0, 1):
        await watch.evaluate(ENDS + timedelta(days=day))
        start = TODAY + timedelta(days=day)
        lines = [line for line in await histories(floor) if line[1] == start]
        found.append(sorted({line[0] for line in lines}))
    assert found == [friday, saturday]


async def test_time_off_that_is_known_late_ends_an_alert(floor: Database) -> None:
    await put_rule(floor, **FEW, rep_id="r1", check=Check.CLOSE, working_days_only=True)
    watch = a_watch(floor)
    await watch.evaluate(ENDS)
    await put_time_off(floor, "r1", TODAY, "1")
    await put_sums(floor, {})
    await watch.evaluate(ENDS + MINUTE)
    assert [line[3:6] for line in await histories(floor)] == [
        (None, "pending", "breached"),
        ("pending", "firing", "confirmed"),
        ("firing", "resolved", "not_working"),
    ]


async def test_money_over_a_month(floor: Database) -> None:
    await put_rule(floor, kpi="revenue", operator="<", threshold=Decimal("100.00"),
                   period=Kind.MONTH, rep_id="r1")  # fmt: skip
    days = {("r1", november(3)): {"net": Decimal("99.994"), "orders": 1, "converted_orders": 1}}
    await put_sums(floor, days)
    watch = a_watch(floor)
    await watch.evaluate(NOON)
    # What is shown is what counts: 99.995 is 100.00, half to even.
    await put_sums(floor, {("r1", november(3)): {"net": Decimal("99.9951")}})
    await watch.evaluate(NOON + MINUTE)
    assert [line[1:] for line in await histories(floor)] == [
        (november(1), NOON, None, "pending", "breached", Decimal("99.99"), None),
        (november(1), NOON, "pending", "firing", "confirmed", Decimal("99.99"), None),
        (november(1), NOON + MINUTE, "firing", "resolved", "recovered", Decimal("100.00"), None),
    ]


async def test_somebody_nobody_announced_is_watched_where_there_are_facts(
    floor: Database,
) -> None:
    await put_rule(floor)
    await missed(floor, ghost=4)
    await a_watch(floor).evaluate(NOON)
    assert await rows(floor, "SELECT subject, name, team, time_zone, state FROM alerts") == [
        ("ghost", None, None, "UTC", "firing")
    ]


async def test_a_rule_that_changes_takes_its_open_alerts_and_judges_anew(floor: Database) -> None:
    rule = await put_rule(floor)
    watch = a_watch(floor)
    await missed(floor, r1=4, r2=6)
    await watch.evaluate(NOON)
    async with floor.writing() as writing:
        changed = await rulebook.change(writing, a_rule(threshold=Decimal(5)), NOON + MINUTE)
    assert (changed.revision, changed.since, changed.created_at) == (2, NOON + MINUTE, STARTS)
    await watch.evaluate(NOON + 2 * MINUTE)
    async with floor.writing() as writing:
        await rulebook.change(
            writing, a_rule(threshold=Decimal(5), name="Words"), NOON + 3 * MINUTE
        )
        await rulebook.delete(writing, rule.id, NOON + 4 * MINUTE)
    await watch.evaluate(NOON + 5 * MINUTE)
    assert [(line[0], line[2], line[4], line[5]) for line in await histories(floor)] == [
        ("r1", NOON, "pending", "breached"),
        ("r1", NOON, "firing", "confirmed"),
        ("r2", NOON, "pending", "breached"),
        ("r2", NOON, "firing", "confirmed"),
        ("r1", NOON + MINUTE, "resolved", "rule_changed"),
        ("r2", NOON + MINUTE, "resolved", "rule_changed"),
        ("r2", NOON + 2 * MINUTE, "pending", "breached"),
        ("r2", NOON + 2 * MINUTE, "firing", "confirmed"),
        ("r2", NOON + 4 * MINUTE, "resolved", "rule_deleted"),
    ]
    assert await rows(floor, "SELECT revision, subject, threshold FROM alerts ORDER BY id") == [
        (1, "r1", 3), (1, "r2", 3), (2, "r2", 5),
    ]  # fmt: skip


async def test_a_rule_that_is_switched_off_and_on(floor: Database) -> None:
    await put_rule(floor)
    watch = a_watch(floor)
    await missed(floor, r1=4)
    await watch.evaluate(NOON)
    for minute, enabled in ((1, False), (3, True)):
        async with floor.writing() as writing:
            at = NOON + minute * MINUTE
            kept = await rulebook.change(writing, a_rule(enabled=enabled), at)
        await watch.evaluate(at + MINUTE)
    assert (kept.revision, kept.since) == (1, NOON + 3 * MINUTE)
    assert [(line[2], line[4], line[5]) for line in await histories(floor)] == [
        (NOON, "pending", "breached"),
        (NOON, "firing", "confirmed"),
        (NOON + MINUTE, "resolved", "rule_disabled"),
        (NOON + 4 * MINUTE, "pending", "breached"),
        (NOON + 4 * MINUTE, "firing", "confirmed"),
    ]


async def test_however_many_evaluate_at_once_it_fires_once(floor: Database, dsn: str) -> None:
    await put_rule(floor)
    await missed(floor, r1=4, r2=5)
    others = [Database(dsn) for _ in range(3)]
    try:
        watches = [Watch(one, Views(one, settings()), settings()) for one in (floor, *others)]
        changed = await asyncio.gather(*(watch.evaluate(NOON) for watch in watches * 2))
    finally:
        for one in others:
            await one.close()
    assert sorted(changed) == [0] * 7 + [2]
    assert await told(floor) == [
        ("alert.firing", "r1", "confirmed"), ("alert.firing", "r2", "confirmed"),
    ]  # fmt: skip


async def test_it_is_due_when_facts_or_rules_change_and_when_its_time_comes(
    floor: Database,
) -> None:
    watch = a_watch(floor)
    assert await watch.due(NOON)
    await watch.evaluate(NOON)
    assert not await watch.due(NOON + SECOND)
    await put_rule(floor)
    assert await watch.due(NOON + SECOND)
    await watch.evaluate(NOON + SECOND)
    assert not await watch.due(NOON + 2 * SECOND)
    await missed(floor, r1=1)
    assert await watch.due(NOON + 2 * SECOND)
    await watch.evaluate(NOON + 2 * SECOND)
    assert not await watch.due(NOON + 61 * SECOND)
    assert await watch.due(NOON + 62 * SECOND)
    # A clock that went a day ahead and came back.
    await watch.evaluate(NOON + timedelta(days=1))
    assert await watch.due(NOON + 3 * SECOND)


async def something_happens(floor: Database, within: float) -> None:
    async with asyncio.timeout(within):
        while True:
            if await histories(floor):
                return
            await asyncio.sleep(0.05)


async def test_the_loop_sees_a_change_within_two_seconds(floor: Database) -> None:
    await put_rule(floor)
    async with watching(floor, Views(floor, settings()), settings(), lambda: NOON):
        await asyncio.sleep(0.7)
        await missed(floor, r1=4)
        await something_happens(floor, within=2)
    assert [line[5] for line in await histories(floor)] == ["breached", "confirmed"]


async def test_the_loop_goes_on_after_database_trouble(floor: Database, dsn: str) -> None:
    await put_rule(floor)
    ours = Database(dsn)
    async with watching(floor, Views(floor, settings()), settings(), lambda: NOON):
        for _ in range(3):
            await rows(
                ours,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )
            await asyncio.sleep(0.4)
        await missed(ours, r1=4)
        await something_happens(ours, within=10)
    assert [line[5] for line in await histories(ours)] == ["breached", "confirmed"]
    await ours.close()


def test_the_days_are_those_the_tests_say() -> None:
    assert (date(2026, 11, 20).strftime("%A"), NOON - STARTS) == ("Friday", 12 * HOUR)
