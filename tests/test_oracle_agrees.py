"""The product against the oracle, which was written from the contract alone and shares no code.

Random small floors with every kind of trouble go through the door, shuffled and in batches of any
size; then every figure of every rep, team and the company, the boards and the ledgers must agree
to the last digit. The floor's seed is in the test's name: `floor(seed)` makes it again.
"""

import json
import os
import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
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
from app.periods import Kind
from app.records import records
from app.series import series
from app.settings import Settings, read
from app.spans import Asked, Subject, asked
from app.verify import verify
from app.view import View, Views
from tests.oracle.board import Board, boards
from tests.oracle.figures import Oracle
from tests.oracle.floor import Floor, floor, shuffled, with_repeats
from tests.oracle.floor import Settings as Known
from tests.oracle.form import plain
from tests.oracle.series import series as expected_series

FLOORS = 200
AT_ONCE = 10
LARGE = 600
FIRST = int(os.environ.get("RINGSIDE_TEST_SEED", "0"))
IDS = [kpi.id for kpi in CATALOGUE]
# of each floor so many KPIs' boards, one of all and one of a team, and so many KPIs' records
BOARDS, RECORDS = 5, 3


def settings_of(drawn: Floor) -> Settings:
    return _read(drawn.settings)


@lru_cache
def _read(known: Known) -> Settings:
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
        working_weeks=tuple(
            {"from": since, "team": team, "weekdays": week} for since, team, week in known.weeks
        ),
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
        # with so little in them faster than TRUNCATE, which makes every file anew
        await session.run(";".join(f"DELETE FROM {row['t']}" for row in tables))


async def through_the_door(
    database: Database,
    drawn: Floor,
    events: list[dict[str, Any]],
    rng: random.Random,
    chosen: Settings | None = None,
    *,
    now: datetime | None = None,
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
        await door.take(arrivals, now=now or drawn.now)


async def agree(view: View, drawn: Floor, oracle: Oracle, rng: random.Random) -> None:
    """Assert that every figure, board, series, record and ledger is the oracle's."""
    asks: list[tuple[date | None, date | None]]
    periods = drawn.periods(rng, 3)
    asks = [(None, None), *((start, end) for _, start, end in periods)]
    for scope in drawn.scopes():
        for start, end in asks:
            question = asked(week_start=view.settings.week_start, start=start, end=end)
            await same_figures(view, scope, question, oracle, start, end)
    for (kind, start, end), team in zip(periods, [None, rng.choice(drawn.teams)], strict=False):
        sample = rng.choice([0, 0, 1, 3])
        expected = boards(oracle, kind, start, end, team, Fraction(sample))
        for kpi in rng.sample(IDS, BOARDS):
            await same_board(view, kpi, (kind, start, end), team, sample, expected[kpi])
    for scope in rng.sample(drawn.scopes(), 2):
        await same_series(view, scope, drawn, oracle, rng)
    for rep_id in rng.sample(drawn.reps, 2):
        start, end = rng.choice(periods)[1:]
        for kpi in rng.sample(IDS, RECORDS):
            await adds_up(view, rep_id, kpi, start, end)
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
        answer = as_json(await figures(view, subject_of(scope), question, CATALOGUE))
    except NotFound:  # a rep or team nobody ever heard of: then it has nothing at all
        assert all(not figure["value"] or figure["value"] == "0.00" for figure in want.values())
        return
    shown = {kpi: without(figure, "currency", "status") for kpi, figure in answer["kpis"].items()}
    assert shown == as_json(want), (scope, question)
    if scope[0] != "team":  # whether somebody may still join a team's past is a matter of reading
        found = {k: f.get("status", answer["status"]) for k, f in answer["kpis"].items()}
        assert found == statuses, (scope, question)


async def same_board(
    view: View,
    kpi: str,
    period: tuple[str, date, date],
    team: str | None,
    sample: int,
    expected: Board,
) -> None:
    """Everyone's rank, figure and rank in the period before; who is not ranked, and why."""
    kind, start, end = period
    week_start = view.settings.week_start
    if kind == "range":
        question = asked(start=start, end=end, week_start=week_start)
    else:
        question = asked(kind, end - timedelta(days=1), week_start=week_start)
    teams = None if team is None else frozenset({team})
    try:
        found = as_json(
            await board(view, kpi_of(kpi), question, teams=teams, min_sample=Decimal(sample))
        )
    except NotFound:
        assert expected == Board(), (kpi, team)
        return
    assert [
        without(row, "name", "team", "currency") for row in found["entries"]
    ] == as_json([
        {"rep_id": x.rep_id, **x.figure, "rank": x.rank, "previous_rank": x.previous_rank}
        for x in expected.entries
    ]), (kpi, period, team)  # fmt: skip
    unranked = [(row["rep_id"], row["reason"]) for row in found["unranked"]]
    assert unranked == expected.unranked, (kpi, period, team)


async def same_series(
    view: View, scope: tuple[str, ...], drawn: Floor, oracle: Oracle, rng: random.Random
) -> None:
    """A few points of a KPI about something that happened."""
    kpi = rng.choice(IDS)
    bucket = rng.choice([Kind.DAY, Kind.WEEK, Kind.MONTH])
    start = rng.choice(drawn.dates) - timedelta(days=rng.randint(0, 20))
    end = start + timedelta(days=rng.randint(1, 8 if bucket is Kind.DAY else 70))
    try:
        found = await series(view, subject_of(scope), kpi_of(kpi), start, end, bucket)
    except NotFound:
        return  # ... which the figures have looked at
    shown = [without(point, "currency") for point in as_json(found)["points"]]
    want = as_json(expected_series(oracle, scope, kpi, start, end, bucket.value))
    if scope[0] == "team":
        shown = [without(point, "status") for point in shown]
        want = [without(point, "status") for point in want]
    assert shown == want, (scope, kpi, start, end, bucket)


async def adds_up(view: View, rep_id: str, kpi: str, start: date, end: date) -> None:
    """What the records behind a figure add is the figure: money to half a cent each."""
    question, about = asked(start=start, end=end), kpi_of(kpi)
    try:
        shown = (await figures(view, Subject(rep_id), question, [about])).kpis[kpi]
    except NotFound:
        return
    found = (await records(view, Subject(rep_id), about, question, limit=1_000)).items
    sides = ("value",) if about.over is None else ("numerator", "denominator")
    for side in sides:
        if side == "denominator" and about.over == "working_days":
            continue
        total = getattr(shown, side)
        added = sum(Fraction(str(getattr(one, side))) for one in found)
        off = Fraction(len(found) + 1, 200) if isinstance(total, str) else 0
        assert abs(added - Fraction(str(total))) <= off, (kpi, side, rep_id, start, end)
    assert all(one.counted == (one.reason is None) for one in found)


def as_json(answer: object) -> Any:
    """The answer as a client reads it, long numbers to the last digit."""
    return exactly(encode(answer))


def exactly(body: bytes) -> Any:
    """JSON with numbers to the last digit, which a float may not hold."""
    return json.loads(body, parse_float=lambda text: plain(Decimal(text)))


def without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


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
        report = await verify(database, settings_of(drawn), progress=lambda done, total: None)
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
                kpi: without(figure, "currency", "status")
                for kpi, figure in exactly(answer.content)["kpis"].items()
            }
            want = as_json(oracle.figures(("company",), start_day, end_day))
            assert got == want, (kind, start_day, end_day)
    async with Views(database, settings_of(drawn)).open(drawn.now) as view:
        await agree(view, drawn, oracle, rng)
