"""The straight path leaves the very tables that the desk, which defines them, would leave."""

import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app import ingest
from app.batch import derive
from app.batch.desk import Desk
from app.batch.pairs import Pairs
from app.batch.plain import read_plain
from app.db import Database, Reading
from app.events.decode import decode_structured
from app.events.types import CallEnded, ConversationRecorded, Customer, Event, TalktimeRecorded
from app.facts.rows import AnyRow
from app.ingest import Door
from app.settings import Settings, read
from tests.digest import digests
from tests.oracle.floor import Floor, floor, shuffled
from tests.test_oracle_agrees import empty, settings_of

START = datetime(2026, 11, 20, 18, tzinfo=UTC)
NOW = START + timedelta(days=2)
SETTINGS = read({}, secret="s")


class Seen:
    """How many legs stayed on the straight path, and how many had to leave it."""

    stayed = 0
    left = 0


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    counts = Seen()

    async def watched(session: Reading, desk: Desk, pairs: Pairs) -> None:
        before = len(desk.plain)
        await read_plain(session, desk, pairs)
        counts.stayed += len(desk.plain)
        counts.left += before - len(desk.plain)

    monkeypatch.setattr(derive, "read_plain", watched)
    return counts


async def all_on_the_desk(_session: Reading, _desk: Desk, rows: Sequence[AnyRow]) -> Any:
    return rows


async def left_by(
    database: Database, settings: Settings, batches: Sequence[Sequence[Event]], now: datetime
) -> dict[str, str]:
    """What these batches leave in the tables."""
    await empty(database)
    door = Door(database, settings)
    for batch in batches:
        await door.take(batch, now=now)
    return await digests(database)


async def same_both_ways(
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    batches: Sequence[Sequence[Event]],
    settings: Settings = SETTINGS,
    now: datetime = NOW,
) -> None:
    straight = await left_by(database, settings, batches, now)
    with monkeypatch.context() as patch:
        patch.setattr(ingest, "set_apart", all_on_the_desk)
        assert straight == await left_by(database, settings, batches, now)


def in_batches(drawn: Floor, rng: random.Random) -> list[list[Event]]:
    """The floor's events, by their time or in any order, in batches of one size."""
    events = sorted(drawn.events, key=lambda event: str(event.get("time") or ""))
    if rng.random() < 0.4:
        events = shuffled(events, rng)
    size = rng.choice([1, 5, 40, 1000])
    decoded = [
        decode_structured(json.dumps(e).encode(), now=drawn.now, currency=drawn.settings.currency)
        for e in events
    ]
    good = [event for event in decoded if isinstance(event, Event)]
    return [good[at : at + size] for at in range(0, len(good), size)]


async def test_random_floors(
    database: Database, monkeypatch: pytest.MonkeyPatch, seen: Seen
) -> None:
    for seed in range(3_000, 3_016):
        drawn, rng = floor(seed, 150), random.Random(seed)
        batches = in_batches(drawn, rng)
        await same_both_ways(database, monkeypatch, batches, settings_of(drawn), drawn.now)
    assert seen.stayed > 100
    assert seen.left > 20


def call(number: int, hours: float = 0, *, call_id: str | None = None, **over: Any) -> Event:
    """An unanswered call of r1 to k1, `hours` after the start."""
    at = START + timedelta(hours=hours)
    fields: dict[str, Any] = {
        "call_id": call_id or f"c{number}", "rep_id": "r1", "direction": "outbound",
        "customer": Customer("k1"), "started_at": at, "ended_at": at + timedelta(minutes=4),
        "outcome": "no_answer", **over,
    }  # fmt: skip
    return Event(f"e{number}", "pbx", None, CallEnded(**fields))


def reached(number: int, hours: float) -> Event:
    return call(number, hours, outcome="connected", talk_seconds=200)


def segment(number: int, call_id: str) -> Event:
    data = TalktimeRecorded(
        segment_id=f"s{number}", call_id=call_id, rep_id="r1", kind="talk", started_at=START,
        seconds=100,
    )  # fmt: skip
    return Event(f"s{number}", "pbx", None, data)


def word(number: int, call_id: str | None, hours: float = 0) -> Event:
    data = ConversationRecorded(
        conversation_id=f"v{number}", call_id=call_id, rep_id="r1", channel="phone",
        customer=Customer("k1"), started_at=START + timedelta(hours=hours), duration_seconds=60,
        kind="customer",
    )  # fmt: skip
    return Event(f"v{number}", "pbx", None, data)


@pytest.mark.parametrize(
    ("batches", "stayed", "left"),
    [
        pytest.param([[call(1), call(2, 1), call(3, 2)]], 3, 0, id="new ones, of one pair"),
        pytest.param([[call(1)], [call(2, 1)], [call(3, 2)]], 3, 0, id="one after the other"),
        pytest.param([[call(3, 2)], [call(2, 1), call(1)]], 1, 2, id="earlier than what is there"),
        pytest.param([[call(1), call(2)], [call(3)]], 2, 1, id="at the same instant"),
        pytest.param([[reached(1, 0)], [reached(2, 2)], [reached(3, 1)]], 2, 1, id="between"),
        pytest.param(
            [[call(1)], [reached(2, 1), word(1, "c1"), call(3, 2, customer=Customer("k2"))]],
            2, 1, id="what its pair did before changes in its batch",
        ),
        pytest.param([[word(1, None)], [reached(1, 2)]], 1, 0, id="after a conversation alone"),
        pytest.param([[word(1, None, 3)], [call(1)]], 0, 1, id="before a conversation alone"),
        pytest.param([[segment(1, "c1")], [call(1)]], 0, 0, id="its segment was there"),
        pytest.param([[call(1), segment(1, "c1")]], 0, 0, id="its segment comes with it"),
        pytest.param([[word(1, "c1")], [call(1)]], 0, 0, id="its classification was there"),
        pytest.param(
            [[call(1, call_id="c", rep_id="r2")], [call(2, call_id="c")]],
            1, 0, id="another leg of its call was there",
        ),
        pytest.param(
            [[call(1, call_id="c", rep_id="r2"), call(2, call_id="c")]],
            0, 0, id="another leg of its call comes with it",
        ),
        pytest.param([[call(1), call(2, 1, call_id="c1", revision=1)]], 0, 0, id="twice"),
        pytest.param([[call(1, customer=None), call(2, 1, customer=None)]], 2, 0, id="no party"),
    ],
)  # fmt: skip
async def test_what_is_plain(
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    seen: Seen,
    batches: list[list[Event]],
    stayed: int,
    left: int,
) -> None:
    await same_both_ways(database, monkeypatch, batches)
    assert (seen.stayed, seen.left) == (stayed, left)
