"""What is kept of alerts: whole or not at all, once whoever decides, never over what is newer."""

from datetime import timedelta
from decimal import Decimal

import asyncpg
import pytest

from app.alerts import keep, outbox
from app.alerts.alert import Alert, Step, moved, opening
from app.alerts.decide import Decision, Measured, Reason, State
from app.alerts.outbox import Notice, Sink
from app.alerts.signature import new_secret
from app.alerts.windows import Watched
from app.db import Database
from app.directory import Timeline
from app.periods import Kind, period_of
from tests.alerts.given import (
    NOON,
    a_rule,
    a_watch,
    histories,
    put_rule,
    put_sums,
    rows,
    told,
)
from tests.sums_put_in import announce, november

MINUTE = timedelta(minutes=1)
OPENS = [Decision(State.PENDING, Reason.BREACHED), Decision(State.FIRING, Reason.CONFIRMED)]
ENDS_WELL = [Decision(State.RESOLVED, Reason.RECOVERED)]


def an_opening() -> Alert:
    watched = Watched("r1", "West", november(20), (Timeline((), "UTC"),))
    return opening(a_rule(), watched, period_of(Kind.DAY, november(20)), "Ada")


def steps(alert: Alert, decisions: list[Decision], value: int = 4) -> list[Step]:
    return list(moved(alert, decisions, Measured(Decimal(value)), NOON))


@pytest.fixture
async def desk(database: Database) -> Database:
    """A rule and a sink."""
    await put_rule(database)
    sink = Sink(id="sink_1", name="desk", url="http://127.0.0.1:9", secret=new_secret(),
                enabled=True, created_at=NOON)  # fmt: skip
    async with database.writing() as writing:
        await outbox.keep_sink(writing, sink)
    return database


async def kept(database: Database, *changes: list[Step]) -> int:
    async with database.writing() as writing:
        return await keep.keep(writing, changes)


async def standing(database: Database) -> Alert:
    async with database.reading() as reading:
        ((alert_id,),) = await rows(database, "SELECT id FROM alerts")
        return await keep.find(reading, alert_id)


async def test_two_that_open_the_same_alert_open_it_once(desk: Database) -> None:
    assert await kept(desk, steps(an_opening(), OPENS)) == 1
    assert await kept(desk, steps(an_opening(), OPENS, 5)) == 0
    assert [line[3:7] for line in await histories(desk)] == [
        (None, "pending", "breached", 4),
        ("pending", "firing", "confirmed", 4),
    ]
    assert await told(desk) == [("alert.firing", "r1", "confirmed")]


async def test_a_decision_about_how_it_stood_before_is_left_alone(desk: Database) -> None:
    await kept(desk, steps(an_opening(), OPENS))
    seen = await standing(desk)
    assert await kept(desk, steps(seen, ENDS_WELL, 0)) == 1
    assert await kept(desk, steps(seen, ENDS_WELL, 1)) == 0
    assert (await standing(desk)).value == 0
    assert [line[5] for line in await histories(desk)] == ["breached", "confirmed", "recovered"]
    assert len(await told(desk)) == 2


async def test_a_change_its_history_and_its_notices_are_kept_together(desk: Database) -> None:
    await announce(desk, "r1", "Ada", "West")
    await put_sums(desk, {("r1", november(20)): {"missed_inbound": 4}})
    async with desk.writing() as writing:
        await writing.run(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN RAISE EXCEPTION ''disk full''; END'"
        )
        await writing.run(
            "CREATE TRIGGER refuse BEFORE INSERT ON notices FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
    watch = a_watch(desk)
    with pytest.raises(asyncpg.RaiseError):
        await watch.evaluate(NOON)
    assert (await histories(desk), await rows(desk, "SELECT FROM alerts")) == ([], [])
    assert await watch.due(NOON)
    async with desk.writing() as writing:
        await writing.run("DROP TRIGGER refuse ON notices")
    assert await watch.evaluate(NOON + MINUTE) == 1
    assert len(await histories(desk)) == 2
    assert await told(desk) == [("alert.firing", "r1", "confirmed")]


async def test_while_another_is_at_it_nothing_is_done(desk: Database) -> None:
    watch = a_watch(desk)
    async with desk.writing() as other:
        await keep.lock(other)
        assert await watch.evaluate(NOON) == 0
        assert await watch.due(NOON)
    await watch.evaluate(NOON)
    assert not await watch.due(NOON)


async def test_what_was_just_done_is_not_done_again(desk: Database) -> None:
    watch = a_watch(desk)
    await watch.evaluate(NOON)
    before = await rows(desk, "SELECT * FROM alert_watch")
    await watch.evaluate(NOON + timedelta(seconds=1))
    assert await rows(desk, "SELECT * FROM alert_watch") == before


async def test_a_notice_that_is_through_stays_so(desk: Database) -> None:
    async with desk.writing() as writing:
        await outbox.post(writing, [Notice("msg_1", None, "{}")], NOON)
        (taken,) = await outbox.take(writing, "sink_1", NOON, 5)
        await outbox.mark_sent(writing, taken, NOON)
        await outbox.mark_failed(writing, taken, "a late word", None)
    assert await rows(desk, "SELECT state, error FROM notices") == [("sent", None)]


async def test_the_same_notice_is_posted_once_to_a_sink(desk: Database) -> None:
    async with desk.writing() as writing:
        for _ in range(2):
            await outbox.post(writing, [Notice("msg_1", None, "{}")], NOON)
    assert await rows(desk, "SELECT id, sink_id FROM notices") == [("msg_1", "sink_1")]


async def test_one_that_was_thought_dead_does_not_decide_for_who_has_it_now(
    desk: Database,
) -> None:
    async with desk.writing() as writing:
        await outbox.post(writing, [Notice("msg_1", None, "{}")], NOON)
        (first,) = await outbox.take(writing, "sink_1", NOON, 5)
        assert await outbox.take(writing, "sink_1", NOON, 5) == []
        (second,) = await outbox.take(writing, "sink_1", NOON + outbox.LEASE, 5)
        await outbox.mark_failed(writing, first, "a late word", None)
    assert (first.attempt, second.attempt) == (1, 2)
    assert await rows(desk, "SELECT state, error FROM notices") == [("waiting", None)]
