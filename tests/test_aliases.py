"""What other systems call a rep: names that are announced late, move, and are claimed twice."""

import asyncio
import copy
import json
import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.db import Database
from app.events.types import (
    Alias,
    ConversationRecorded,
    Data,
    Event,
    OrderLine,
    OrderRecorded,
    OrderReturned,
    QuoteRecorded,
    RecordVoided,
    RepRecorded,
    ReturnLine,
    TalktimeRecorded,
)
from app.ingest import Door
from app.verify import verify
from app.view import Views
from tests.oracle.floor import floor, shuffled, with_repeats
from tests.oracle.wire import Json
from tests.test_ingest import NOW, SETTINGS, call, measures, rows
from tests.test_laws import a_database, taken
from tests.test_oracle_agrees import agree, empty, settings_of, through_the_door

DAY = date(2026, 11, 20)
AT = datetime(2026, 11, 20, 18, tzinfo=UTC)
PBX = "pbx:77"
CALLED = {"calls": 1, "outbound_calls": 1, "answered_calls": 1, "answered_outbound": 1,
          "talk_time": 190, "conversations": 1, "call_conversations": 1,
          "spoken_conversations": 1, "timed_conversations": 1, "timed_talk": 190,
          "unknown_party_calls": 1}  # fmt: skip


def rep(name: str, rep_id: str, *names: str, since: str = "2000-01-01", **over: Any) -> Event:
    aliases = tuple(Alias(*name.split(":")) for name in names)
    fields: dict[str, Any] = {
        "name": rep_id, "time_zone": "UTC", "aliases": aliases,
        "effective_from": date.fromisoformat(since), **over,
    }  # fmt: skip
    return Event(name, "hr", None, RepRecorded(rep_id=rep_id, **fields))


async def sound(database: Database) -> bool:
    report = await verify(database, SETTINGS, progress=lambda done, total: None)
    return report.sound


async def test_history_moves_over_once_a_name_is_known(database: Database) -> None:
    door = Door(database, SETTINGS)
    await door.take([call("a", rep_id=PBX)], now=NOW)
    assert await measures(database) == {(PBX, DAY): CALLED}
    await door.take([rep("r", "ada", PBX)], now=NOW)
    assert await measures(database) == {("ada", DAY): CALLED}
    assert await rows(database, "SELECT agent, rep_id FROM legs") == [(PBX, "ada")]
    assert await sound(database)


async def test_what_moves_of_a_final_day_is_restated_for_both(database: Database) -> None:
    door = Door(database, SETTINGS)
    await door.take([call("a", rep_id=PBX)], now=AT)
    later = datetime(2026, 12, 1, tzinfo=UTC)
    await door.take([rep("r", "ada", PBX)], now=later)
    assert await rows(
        database,
        "SELECT rep_id, day, before, after, source, event_id FROM restatements "
        "WHERE measure = 'calls' ORDER BY rep_id",
    ) == [
        ("ada", DAY, Decimal(0), Decimal(1), "hr", "r"),
        (PBX, DAY, Decimal(1), Decimal(0), "hr", "r"),
    ]


async def test_facts_of_every_kind_move(database: Database) -> None:
    line = OrderLine(line_id="1", quantity=Decimal(2), unit_price=Decimal(10))
    facts: list[Data] = [
        TalktimeRecorded(
            segment_id="s", call_id="c9", rep_id=PBX, kind="talk", started_at=AT, seconds=30
        ),
        ConversationRecorded(
            conversation_id="v", rep_id=PBX, channel="chat", started_at=AT, duration_seconds=5,
            kind="customer",
        ),
        QuoteRecorded(
            quote_id="q", rep_id=PBX, customer=None, status="issued", amount=Decimal(50),
            currency="USD", issued_at=AT,
        ),
        OrderRecorded(
            order_id="o", rep_id=PBX, status="confirmed", currency="USD", placed_at=AT,
            lines=(line,),
        ),
        OrderReturned(
            return_id="t", order_id="o", returned_at=AT,
            lines=(ReturnLine(line_id="1", quantity=Decimal(1), amount=Decimal(10)),),
        ),
    ]  # fmt: skip
    door = Door(database, SETTINGS)
    await door.take([Event(f"e{n}", "x", None, fact) for n, fact in enumerate(facts)], now=NOW)
    before = await measures(database)
    await door.take([rep("r", "ada", PBX)], now=NOW)
    assert before.keys() == {(PBX, DAY)}
    assert await measures(database) == {("ada", DAY): before[PBX, DAY]}
    assert {"talk_time", "conversations", "quotes", "orders", "returned"} <= before[PBX, DAY].keys()
    assert await sound(database)


async def test_a_word_of_one_system_classifies_the_leg_of_another(database: Database) -> None:
    word = ConversationRecorded(
        conversation_id="v", call_id="c1", rep_id="crm:5", channel="phone", started_at=AT,
        duration_seconds=1, kind="personal",
    )  # fmt: skip
    door = Door(database, SETTINGS)
    await door.take([call("a", rep_id=PBX), Event("w", "crm", None, word)], now=NOW)
    assert await measures(database) == {(PBX, DAY): CALLED}
    await door.take([rep("r", "ada", PBX, "crm:5")], now=NOW)
    assert await measures(database) == {("ada", DAY): {"non_customer_talk": 190}}
    assert await sound(database)


async def test_a_segment_of_a_withdrawn_leg_counts_in_nothing_under_any_name(
    database: Database,
) -> None:
    segment = TalktimeRecorded(
        segment_id="s", call_id="c1", rep_id="dialer:9", kind="talk", started_at=AT, seconds=30
    )
    void = RecordVoided(kind="call", key="c1", rep_id=PBX, revision=1)
    door = Door(database, SETTINGS)
    await door.take(
        [Event("s", "d", None, segment), Event("v", "p", None, void),
         rep("r", "ada", PBX, "dialer:9")], now=NOW,
    )  # fmt: skip
    assert await measures(database) == {}
    assert await sound(database)


async def test_a_name_passes_from_one_rep_to_the_next(database: Database) -> None:
    """Extension 77 was Ada's until the 20th, in her zone; then it is Bob's."""
    door = Door(database, SETTINGS)
    zone = "America/Denver"
    await door.take(
        [rep("1", "ada", PBX, time_zone=zone),
         rep("2", "ada", since="2026-11-20", time_zone=zone),
         rep("3", "bob", PBX, since="2026-11-20", time_zone=zone)], now=NOW,
    )  # fmt: skip
    starts = [datetime(2026, 11, 20, 6, 59, tzinfo=UTC), datetime(2026, 11, 20, 7, tzinfo=UTC)]
    await door.take(
        [call(f"c{n}", call_id=f"c{n}", rep_id=PBX, started_at=start, answered_at=start,
              ended_at=start + timedelta(seconds=9)) for n, start in enumerate(starts)], now=NOW,
    )  # fmt: skip
    assert await rows(database, "SELECT call_id, rep_id FROM legs ORDER BY 1") == [
        ("c0", "ada"), ("c1", "bob"),
    ]  # fmt: skip
    assert await sound(database)


async def test_a_state_that_says_nothing_of_names_keeps_them(database: Database) -> None:
    door = Door(database, SETTINGS)
    state = rep("2", "ada", since="2026-06-01", aliases=None, team="West")
    await door.take([rep("1", "ada", PBX), state, call("a", rep_id=PBX)], now=NOW)
    assert await rows(database, "SELECT rep_id FROM legs") == [("ada",)]
    # ... and one that says there are none takes them away, from its date on
    await door.take(
        [rep("3", "ada", since="2026-06-01", aliases=(), team="West", revision=1)], now=NOW
    )
    assert await rows(database, "SELECT rep_id FROM legs") == [(PBX,)]
    assert await sound(database)


async def test_of_two_who_claim_a_name_the_lowest_id_has_it(database: Database) -> None:
    door = Door(database, SETTINGS)
    await door.take([rep("1", "bob", PBX), call("a", rep_id=PBX)], now=NOW)
    assert await rows(database, "SELECT rep_id FROM legs") == [("bob",)]
    await door.take([rep("2", "ada", PBX)], now=NOW)
    assert await rows(database, "SELECT rep_id FROM legs") == [("ada",)]
    void = RecordVoided(kind="rep", key="2000-01-01", rep_id="ada", revision=1)
    await door.take([Event("v", "hr", None, void)], now=NOW)
    assert await rows(database, "SELECT rep_id FROM legs") == [("bob",)]
    async with Views(database, SETTINGS).open(NOW) as view:
        assert view.roster.directory.conflicts() == []
    assert await sound(database)


async def test_two_legs_of_a_call_that_turn_out_to_be_one_reps(database: Database) -> None:
    """Both are the rep's calls; the conversation is one, and the other leg an assist."""
    door = Door(database, SETTINGS)
    await door.take(
        [call("a", rep_id=PBX), call("b", rep_id="zoom:3"), rep("r", "ada", PBX, "zoom:3")],
        now=NOW,
    )
    found = (await measures(database))["ada", DAY]
    assert (found["calls"], found["conversations"], found["assists"]) == (2, 1, 1)
    assert await rows(database, "SELECT agent, marks & 32 FROM legs ORDER BY 1") == [
        (PBX, 0), ("zoom:3", 32),
    ]  # fmt: skip
    assert await sound(database)


FACTS = ("call.ended", "talktime.recorded", "conversation.recorded", "quote.recorded",
         "order.recorded")  # fmt: skip


def kind_of(event: Json) -> str:
    return str(event["type"]).removeprefix("ringside.").removesuffix(".v1")


def renamed(events: list[Json], share: float, rng: random.Random) -> list[Json]:
    """The events, with the reps of so many of the facts as the system `pbx` calls them.

    A record keeps its name through all its events, withdrawals included.
    """
    found = copy.deepcopy(events)
    chosen = {event["data"]["rep_id"]: rng.random() < share for event in found
              if "rep_id" in event["data"]}  # fmt: skip
    for event in found:
        data = event["data"]
        leg_void = kind_of(event) == "record.voided" and data["kind"] == "call"
        if (kind_of(event) in FACTS or leg_void) and chosen[data["rep_id"]]:
            data["rep_id"] = f"pbx:{data['rep_id']}"
    return found


@pytest.mark.parametrize("seed", range(10))
async def test_every_figure_is_the_oracles_under_other_names(database: Database, seed: int) -> None:
    """With all names known by setting, a floor is the same floor under its own names."""
    drawn, rng = floor(seed), random.Random(seed)
    events = with_repeats(shuffled(renamed(drawn.events, 0.6, rng), rng), rng)
    plain = {json.dumps([e["source"], e["id"]]): e for e in drawn.events}
    own = [plain[json.dumps([e["source"], e["id"]])] for e in events]
    names = {f"pbx:{rep}": rep for rep in drawn.reps}
    chosen = settings_of(drawn).model_copy(update={"rep_aliases": names})
    await empty(database)
    await through_the_door(database, drawn, events, rng, chosen)
    async with Views(database, chosen).open(drawn.now) as view:
        await agree(view, drawn, drawn.oracle(own), rng)


def claimed(events: list[Json], rng: random.Random) -> list[Json]:
    """The events, with names in the reps' states: some, none, or nothing said."""
    found = copy.deepcopy(events)
    reps = sorted({e["data"]["rep_id"] for e in found if kind_of(e) == "rep.recorded"})
    for event in found:
        if kind_of(event) == "rep.recorded" and rng.random() < 0.7:
            some = rng.sample(reps, rng.randint(0, min(3, len(reps))))
            event["data"]["aliases"] = [{"source": "pbx", "id": name} for name in some]
    return found


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 10**6), size=st.sampled_from([1, 7, 40]))
def test_names_mean_the_same_in_whatever_order_they_come(server: str, seed: int, size: int) -> None:
    drawn, rng = floor(seed, 120), random.Random(seed)
    events = claimed(renamed(drawn.events, 0.6, rng), rng)

    async def both() -> None:
        database = await a_database(server)
        try:
            plain = await taken(database, drawn, events, size=10**6, writers=1)
            other = await taken(database, drawn, shuffled(events, rng), size=size, writers=1)
            assert other == plain
        finally:
            await database.close()

    asyncio.run(both())
