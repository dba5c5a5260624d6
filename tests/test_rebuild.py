"""A rebuild leaves what a run from the start by the new definition would, whatever comes in while
it is under way, and wherever it is cut off.
"""

import asyncio
import json
import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app import rebuild as rebuilds
from app.db import Database
from app.definition import all_definitions, rebuild_needed
from app.errors import Conflict
from app.events.decode import decode_structured
from app.events.types import Customer, Event
from app.figures import figures
from app.ingest import Door
from app.kpis import kpi_of
from app.rebuild import rebuild
from app.settings import Settings, read
from app.spans import Subject, asked
from app.start import settle_definition
from app.verify import verify
from app.view import Views
from tests.digest import digests
from tests.oracle.floor import Floor, floor, shuffled
from tests.test_ingest import NOW, SETTINGS, call, rows
from tests.test_oracle_agrees import empty, settings_of

LATER = NOW + timedelta(days=30)
LOW = read({}, secret="s", conversation_floor=60)


class CutOff(Exception):
    """The process ends here."""


async def rebuilt(database: Database, chosen: Settings, *, cut_at: int | None = None) -> None:
    """Rebuild; with `cut_at` be cut off after so many steps."""
    steps = 0

    def progress(done: int, total: int) -> None:
        nonlocal steps
        assert 0 <= done <= total
        steps += 1
        if steps == cut_at:
            raise CutOff

    await rebuild(database, chosen, clock=lambda: LATER, progress=progress)


def other_settings(drawn: Floor, rng: random.Random) -> Settings:
    """The floor's settings with another definition."""
    return settings_of(drawn).model_copy(
        update={
            "conversation_floor": rng.choice([0, 45, 300]),
            "conversation_floors": (),
            "default_zone": rng.choice(["Pacific/Kiritimati", "America/Denver", "Pacific/Niue"]),
        }
    )


def batches_of(drawn: Floor, events: list[Any], rng: random.Random) -> list[list[Event]]:
    found: list[list[Event]] = []
    chosen = settings_of(drawn)
    while events:
        size = rng.choice([1, 5, 20])
        batch, events = events[:size], events[size:]
        decoded = [
            decode_structured(json.dumps(e).encode(), now=drawn.now, currency=chosen.currency)
            for e in batch
        ]
        found.append([event for event in decoded if isinstance(event, Event)])
    return found


async def from_the_start(
    database: Database, drawn: Floor, chosen: Settings, batches: list[list[Event]]
) -> dict[str, str]:
    await empty(database)
    door = Door(database, chosen)
    for batch in batches:
        await door.take(batch, now=drawn.now)
    return await digests(database)


@pytest.mark.parametrize("seed", range(12))
async def test_ingest_goes_on_and_cuts_do_no_harm(
    database: Database, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(rebuilds, "AT_ONCE", 7)
    monkeypatch.setattr(rebuilds, "FEW", 0)
    drawn, rng = floor(seed), random.Random(seed)
    chosen = other_settings(drawn, rng)
    batches = batches_of(drawn, shuffled(drawn.events, rng), rng)
    half = len(batches) // 2
    want = await from_the_start(database, drawn, chosen, batches)

    await empty(database)
    old, new = Door(database, settings_of(drawn)), Door(database, chosen)
    for batch in batches[:half]:
        await old.take(batch, now=drawn.now)
    await settle_definition(database, settings_of(drawn), drawn.now)

    async def ingest() -> None:
        for batch in batches[half:]:
            await new.take(batch, now=drawn.now)
            await asyncio.sleep(rng.choice([0, 0.02]))

    ingesting = asyncio.create_task(ingest())
    for cut_at in (3, 8):
        with pytest.raises(CutOff):
            await rebuilt(database, chosen, cut_at=cut_at)
    await rebuilt(database, chosen)
    await ingesting
    assert await digests(database) == want
    assert (await verify(database, chosen, progress=lambda done, total: None)).sound
    assert await rows(database, "SELECT * FROM rebuilds UNION ALL SELECT * FROM rebuilds") == []
    assert await rows(database, "SELECT 1 FROM pg_namespace WHERE nspname = 'rebuild'") == []


async def test_until_the_end_nothing_changes(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilds, "AT_ONCE", 1)
    door = Door(database, SETTINGS)
    await door.take([call(str(n), call_id=f"c{n}", talk_seconds=70) for n in range(5)], now=NOW)
    await settle_definition(database, SETTINGS, NOW)
    before = await digests(database)
    with pytest.raises(CutOff):
        await rebuilt(database, LOW, cut_at=12)
    assert await digests(database) == before
    assert await rows(database, "SELECT count(*) FROM rebuild.legs") == [(3,)]
    # Another definition begins anew.
    await rebuilt(database, read({}, secret="s", conversation_floor=71))
    assert await rows(database, "SELECT conversations FROM rep_days") == [(0,)]
    await rebuilt(database, LOW)
    assert await rows(database, "SELECT conversations FROM rep_days") == [(5,)]


async def test_one_by_other_settings_takes_its_place(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever was at it stops, rather than mix two definitions or say that all is well."""
    monkeypatch.setattr(rebuilds, "AT_ONCE", 1)
    calls = [call(str(n), call_id=f"c{n}", talk_seconds=70) for n in range(40)]
    await Door(database, SETTINGS).take(calls, now=NOW)
    await settle_definition(database, SETTINGS, NOW)
    begun = asyncio.Event()
    first = asyncio.create_task(
        rebuild(database, LOW, clock=lambda: LATER, progress=lambda done, total: begun.set())
    )
    await begun.wait()
    await rebuilt(database, read({}, secret="s", conversation_floor=71))
    with pytest.raises(Conflict, match="another rebuild, by other settings"):
        await first
    assert await rows(database, "SELECT conversations FROM rep_days") == [(0,)]


async def test_final_days_change_on_record(database: Database) -> None:
    quiet = call("a", talk_seconds=70, customer=Customer("k1"))
    zone = read({}, secret="s", conversation_floor=60, default_zone="Asia/Tokyo")
    await settle_definition(database, SETTINGS, NOW)
    await Door(database, SETTINGS).take([quiet], now=NOW)
    await rebuilt(database, zone)
    records = await rows(
        database,
        "SELECT day, measure, before, after, at, source, event_id FROM restatements WHERE final "
        f"AND at = '{LATER.isoformat()}' AND measure IN ('conversations', 'customers') ORDER BY id",
    )
    one, two, why = Decimal(1), Decimal(0), ("ringside", "definition 1 -> 2")
    assert records == [
        (date(2026, 11, 21), "conversations", two, one, LATER, *why),
        (date(2026, 11, 20), "customers", one, two, LATER, *why),
        (date(2026, 11, 21), "customers", two, one, LATER, *why),
    ]
    # What was said before is still said: by the zone and the floor of then.
    views = Views(database, zone)
    kpis = [kpi_of("conversations"), kpi_of("customers_called")]
    for moment, of_the_20th in ((LATER - timedelta(seconds=1), (0, 1)), (LATER, (0, 0))):
        async with views.open_past(moment) as view:
            found = await figures(view, Subject("r1"), asked(day=date(2026, 11, 20)), kpis)
        assert tuple(figure.value for figure in found.kpis.values()) == of_the_20th


async def test_what_differs_is_said(database: Database) -> None:
    async def reason(chosen: Settings) -> str | None:
        async with database.reading() as reading:
            return await rebuild_needed(reading, chosen, NOW)

    assert await reason(LOW) is None  # nobody has started yet
    await settle_definition(database, SETTINGS, NOW)
    assert await reason(SETTINGS) is None
    assert await reason(LOW) == (
        "rebuild needed: the figures are by definition 1, where "
        "RINGSIDE_CONVERSATION_FLOOR was 90, is 60"
    )
    ahead = [{"from": date(2027, 1, 1), "team": None, "seconds": 60}]
    assert await reason(read({}, secret="s", conversation_floors=tuple(ahead))) is None
    ahead[0]["from"] = date(2026, 11, 1)
    assert "RINGSIDE_CONVERSATION_FLOORS" in str(
        await reason(read({}, secret="s", conversation_floors=tuple(ahead)))
    )


async def test_what_is_only_read_is_kept_at_a_start(database: Database) -> None:
    await settle_definition(database, SETTINGS, NOW)
    free = read({}, secret="s", conversation_floor=60, holidays=(date(2026, 11, 20),))
    await settle_definition(database, free, LATER)
    await settle_definition(database, free, LATER)
    async with database.reading() as reading:
        known = await all_definitions(reading)
    assert [(d.number, d.at, d.content["holidays"]) for d in known] == [
        (1, NOW, []), (2, LATER, ["2026-11-20"]),
    ]  # fmt: skip
    assert known[1].content["conversation_floor"] == 90  # for that the figures must be rebuilt
    await Door(database, free).take([call("a")], now=NOW)
    for moment, value in ((LATER - timedelta(seconds=1), 1), (LATER, None)):
        async with Views(database, free).open_past(moment) as view:
            day = asked(day=date(2026, 11, 20))
            found = await figures(view, Subject("r1"), day, [kpi_of("calls_per_day")])
        assert found.kpis["calls_per_day"].value == value
