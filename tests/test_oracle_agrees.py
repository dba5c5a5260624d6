"""The product against the oracle, which was written from the contract alone and shares no code.

Random small floors with every kind of trouble go through the door, shuffled and in batches of any
size; then every figure of every rep, team and the company, the boards and the ledgers must agree
to the last digit. The floor's seed is in the test's name: `floor(seed)` makes it again.
"""

import json
import os
import random
from datetime import date
from typing import Any

import httpx2
import pytest

from app import keys
from app.board import board
from app.db import Database
from app.errors import NotFound
from app.events.decode import decode_structured
from app.events.types import Event
from app.exact import encode
from app.facts.waiting import waiting
from app.figures import figures
from app.ingest import Door
from app.kpis import CATALOGUE, kpi_of
from app.main import create_app
from app.settings import Settings, read
from app.spans import Asked, Subject, asked
from app.verify import verify_snapshot
from app.view import View, Views
from tests.oracle.board import leaderboard, ranked
from tests.oracle.figures import Oracle
from tests.oracle.floor import Floor, floor, shuffled, with_repeats

FLOORS = 200
AT_ONCE = 10
LARGE = 600
FIRST = int(os.environ.get("RINGSIDE_TEST_SEED", "0"))
BOARDS = ("calls", "revenue", "hold_share", "missed_inbound", "customers_called", "ttm_revenue")


def settings_of(drawn: Floor) -> Settings:
    known = drawn.settings
    return read(
        {},
        secret="s",
        default_zone=known.default_zone,
        currency=known.currency,
        region=known.region,
        conversation_floors=tuple(
            {"from": since, "team": team, "seconds": seconds}
            for since, team, seconds in known.floors
        ),
        working_weekdays=known.weekdays,
        holidays=known.holidays,
        week_start=known.week_start,
        final_after_hours=known.final_hours,
    )


def subject_of(scope: tuple[str, ...]) -> Subject:
    if scope[0] == "rep":
        return Subject(rep_id=scope[1])
    return Subject(teams=frozenset(scope[1:])) if scope[0] == "team" else Subject()


async def empty(database: Database) -> None:
    async with database.writing() as session:
        tables = await session.fetch(
            "SELECT tablename AS t FROM pg_tables WHERE schemaname = 'public' "
            "AND tablename <> 'alembic_version'"
        )
        await session.run(f"TRUNCATE {', '.join(row['t'] for row in tables)}")


async def through_the_door(
    database: Database,
    drawn: Floor,
    events: list[dict[str, Any]],
    rng: random.Random,
    chosen: Settings | None = None,
) -> None:
    settings = chosen or settings_of(drawn)
    door = Door(database, settings)
    while events:
        size = rng.choice([1, 3, 10, 60])
        batch, events = events[:size], events[size:]
        decoded = [
            decode_structured(json.dumps(e).encode(), now=drawn.now, currency=settings.currency)
            for e in batch
        ]
        arrivals = [event for event in decoded if isinstance(event, Event)]
        assert len(arrivals) == len(batch), decoded
        await door.take(arrivals, now=drawn.now)


async def agree(view: View, drawn: Floor, oracle: Oracle, rng: random.Random) -> None:
    """Assert that every figure, board and ledger is the oracle's."""
    asks: list[tuple[date | None, date | None]]
    asks = [(None, None), *((start, end) for _, start, end in drawn.periods(rng, 4))]
    for scope in drawn.scopes():
        for start, end in asks:
            question = asked(week_start=view.settings.week_start, start=start, end=end)
            await same_figures(view, scope, question, oracle, start, end)
    for start, end in asks[1:3]:
        assert start is not None
        assert end is not None
        for kpi in BOARDS:
            await same_board(view, kpi, start, end, oracle)
    await same_ledgers(view, oracle)


async def same_figures(
    view: View,
    scope: tuple[str, ...],
    question: Asked,
    oracle: Oracle,
    start: date | None,
    end: date | None,
) -> None:
    if start is None or end is None:
        want, statuses = oracle.figures_today(scope), oracle.status_today(scope)
    else:
        want, statuses = oracle.figures(scope, start, end), oracle.status(scope, start, end)
    try:
        answer = json.loads(encode(await figures(view, subject_of(scope), question, CATALOGUE)))
    except NotFound:  # a rep or team nobody ever heard of: then it has nothing at all
        assert all(not figure["value"] or figure["value"] == "0.00" for figure in want.values())
        return
    shown = {
        kpi: {name: value for name, value in figure.items() if name not in ("currency", "status")}
        for kpi, figure in answer["kpis"].items()
    }
    assert shown == json.loads(encode(want)), (scope, question)
    if scope[0] != "team":  # whether somebody may still join a team's past is a matter of reading
        found = {k: f.get("status", answer["status"]) for k, f in answer["kpis"].items()}
        assert found == statuses, (scope, question)


async def same_board(view: View, kpi: str, start: date, end: date, oracle: Oracle) -> None:
    """The oracle also lists who has only facts that count in nothing: those have no row here."""
    found = await board(view, kpi_of(kpi), asked(start=start, end=end))
    expected = leaderboard(oracle, kpi, start, end)
    here = {row.rep_id for row in (*found.entries, *found.unranked)}
    for entry in expected.entries:
        # ... though such a rep may have revenue in the twelve months before
        nothing = entry.value in (0, "0.00") or kpi == "ttm_revenue"
        assert entry.rep_id in here or nothing, (kpi, entry)
    shown = [(entry.value, entry.rep_id) for entry in expected.entries if entry.rep_id in here]
    highest_first = kpi_of(kpi).polarity != "down"
    want = ranked(shown, highest_first=highest_first)
    assert json.loads(encode([(e.rank, e.rep_id, e.value) for e in found.entries])) == json.loads(
        encode([(e.rank, e.rep_id, e.value) for e in want])
    ), kpi
    unranked = [(rep_id, why) for rep_id, why in expected.unranked if rep_id in here]
    assert [(u.rep_id, u.reason) for u in found.unranked] == unranked, kpi


async def same_ledgers(view: View, oracle: Oracle) -> None:
    waits = await waiting(view.reading)
    names = ("read", "duplicates", "standing", "superseded")
    ledgers = {
        row["source"]: {**{n: row[n] for n in names}, "waiting": waits.get(row["source"], 0)}
        for row in await view.reading.fetch("SELECT * FROM feeds")
    }
    assert ledgers == oracle.counts()


@pytest.mark.parametrize("first", range(FIRST, FIRST + FLOORS, AT_ONCE))
async def test_every_figure_is_the_oracles(database: Database, first: int) -> None:
    for seed in range(first, first + AT_ONCE):
        drawn, rng = floor(seed), random.Random(seed)
        events = with_repeats(shuffled(drawn.events, rng), rng)
        await empty(database)
        await through_the_door(database, drawn, list(events), rng)
        async with Views(database, settings_of(drawn)).open(drawn.now) as view:
            await agree(view, drawn, drawn.oracle(events), rng)
            report = await verify_snapshot(view.reading, view.settings, lambda done, total: None)
            assert report.sound, (seed, report)


@pytest.mark.parametrize("seed", range(FIRST + 1_000, FIRST + 1_010))
async def test_every_figure_is_the_oracles_over_http(database: Database, seed: int) -> None:
    drawn, rng = floor(seed, LARGE), random.Random(seed)
    events = with_repeats(shuffled(drawn.events, rng), rng)
    async with database.writing() as session:
        token, _ = await keys.create(session, "t", ["admin"], now=drawn.now)
    app = create_app(settings_of(drawn), database, clock=lambda: drawn.now)
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app),
        base_url="http://ringside",
        headers={"Authorization": f"Bearer {token}"},
    ) as client:
        for start in range(0, len(events), 97):
            answer = await client.post(
                "/v1/events",
                content=json.dumps(events[start : start + 97]),
                headers={"content-type": "application/cloudevents-batch+json"},
            )
            assert (answer.status_code, answer.json()["rejected"]) == (200, [])
        oracle = drawn.oracle(events)
        for kind, start_day, end_day in drawn.periods(rng, 3):
            answer = await client.get(
                "/v1/company/kpis", params={"from": str(start_day), "to": str(end_day)}
            )
            got = {
                kpi: {n: v for n, v in figure.items() if n not in ("currency", "status")}
                for kpi, figure in answer.json()["kpis"].items()
            }
            want = json.loads(encode(oracle.figures(("company",), start_day, end_day)))
            assert got == want, (kind, start_day, end_day)
    async with Views(database, settings_of(drawn)).open(drawn.now) as view:
        await agree(view, drawn, oracle, rng)
