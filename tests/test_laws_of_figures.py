"""Laws 4 and 5: no figure of a final day changes without its restatement; and one figure is the
same wherever it is asked, a team's the sum of its members' wherever it adds.
"""

import csv
import io
import json
import random
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import httpx2
import pytest

from app import keys
from app.board import board
from app.db import Database
from app.errors import NotFound
from app.figures import figures
from app.kpi import Unit
from app.kpis import CATALOGUE, kpi_of
from app.main import create_app
from app.periods import Kind
from app.series import series
from app.spans import Subject, asked
from app.view import View, Views
from tests.oracle.floor import Floor, floor, shuffled
from tests.test_oracle_agrees import FIRST, as_json, empty, settings_of, through_the_door

# Once for a call or a customer, or over another period: these are no sums.
NO_SUMS = {"missed_inbound", "customers_called", "ttm_revenue"}
SUMS = [kpi for kpi in CATALOGUE if kpi.over is None and kpi.id not in NO_SUMS]
# Of a day's own figures all but the one of twelve months, which other days change.
OF_THE_DAY = [kpi for kpi in CATALOGUE if not kpi.trailing]
DAY = timedelta(days=1)
Days = list[tuple[str, date]]


async def final_figures(
    view: View, days: Days
) -> dict[tuple[str, date], dict[str, dict[str, Any]]]:
    """Of these days every figure that is final."""
    found = {}
    for rep_id, day in days:
        try:
            answer = as_json(
                await figures(view, Subject(rep_id), asked(start=day, end=day + DAY), OF_THE_DAY)
            )
        except NotFound:  # nothing is known of the rep, not yet or no more
            continue
        found[rep_id, day] = {
            kpi: {name: value for name, value in figure.items() if name != "status"}
            for kpi, figure in answer["kpis"].items()
            if figure.get("status", answer["status"]) == "final"
        }
    return found


async def restated(database: Database, at: datetime) -> dict[str, list[tuple[date, date, str]]]:
    """What was restated at that moment: by rep, from and to a day, the measure."""
    found: dict[str, list[tuple[date, date, str]]] = {}
    async with database.reading() as reading:
        for row in await reading.fetch(
            "SELECT rep_id, day, coalesce(last_day, day) AS last, measure FROM restatements"
            " WHERE at = $1",
            at,
        ):
            found.setdefault(row["rep_id"], []).append((row["day"], row["last"], row["measure"]))
    return found


@pytest.mark.parametrize("seed", range(FIRST + 70, FIRST + 76))
async def test_no_final_figure_changes_without_its_restatement(
    database: Database, seed: int
) -> None:
    drawn, rng = floor(seed), random.Random(seed)
    events, chosen = shuffled(drawn.events, rng), settings_of(drawn)
    known = sorted(drawn.oracle().fact_days())
    days = rng.sample(known, min(25, len(known)))
    changed = 0
    before: Mapping[tuple[str, date], dict[str, dict[str, Any]]] = {}
    for part in range(6):
        now = drawn.now + timedelta(days=40, hours=part)
        cut = slice(len(events) * part // 6, len(events) * (part + 1) // 6)
        await through_the_door(database, drawn, events[cut], rng, now=now)
        async with Views(database, chosen).open(now) as view:
            after = await final_figures(view, days)
        changes = await restated(database, now)
        for (rep_id, day), shown in before.items():
            for kpi, figure in shown.items():
                found = after.get((rep_id, day), {}).get(kpi)
                if found is None and figure["value"] in (None, 0, "0.00"):
                    continue  # nothing is left of the rep, and there was nothing here
                if found != figure:
                    needs = kpi_of(kpi).needs
                    assert any(
                        first <= day <= last and measure in needs
                        for first, last, measure in changes.get(rep_id, [])
                    ), (rep_id, day, kpi, figure, found)
                    changed += 1
        before = after
    assert changed > 10, "the floor restates too little to show anything"


async def test_one_figure_wherever_it_is_asked(database: Database) -> None:
    for seed in range(80, 84):
        drawn, rng = floor(seed), random.Random(seed)
        await empty(database)
        await through_the_door(database, drawn, list(drawn.events), rng)
        async with Views(database, settings_of(drawn)).open(drawn.now) as view:
            for _, start, end in drawn.periods(rng, 3):
                await a_team_is_the_sum_of_its_members(view, drawn, start, end)
                await a_board_a_series_and_a_figure_are_one(view, drawn, start, end, rng)


def number(shown: Any) -> Fraction:
    return Fraction(str(shown))


async def a_team_is_the_sum_of_its_members(
    view: View, drawn: Floor, start: date, end: date
) -> None:
    period = asked(start=start, end=end)
    for teams in (None, *(frozenset({team}) for team in drawn.teams)):
        try:
            whole = (await figures(view, Subject(teams=teams), period, SUMS)).kpis
        except NotFound:
            continue
        for kpi in SUMS:
            entries = (await board(view, kpi, period, teams=teams)).entries
            added = sum(number(entry.value) for entry in entries)
            # each member's money is rounded to the cent
            off = Fraction(len(entries) + 1, 200) if kpi.unit is Unit.MONEY else 0
            assert abs(number(whole[kpi.id].value) - added) <= off, (kpi.id, teams, start, end)


async def a_board_a_series_and_a_figure_are_one(
    view: View, drawn: Floor, start: date, end: date, rng: random.Random
) -> None:
    period = asked(start=start, end=end)
    for kpi in rng.sample(CATALOGUE, 8):
        rows = await board(view, kpi, period)
        for row in (*rows.entries, *rows.unranked):
            shown = (await figures(view, Subject(row.rep_id), period, [kpi])).kpis[kpi.id]
            sides = ("value", "numerator", "denominator", "coverage", "currency")
            assert [getattr(row, side) for side in sides] == [
                getattr(shown, side) for side in sides
            ], (kpi.id, row.rep_id, start, end)
    for kpi in rng.sample(SUMS, 4):
        rep = Subject(rng.choice(drawn.reps))
        try:
            whole = (await figures(view, rep, period, [kpi])).kpis[kpi.id].value
        except NotFound:
            continue
        points = (await series(view, rep, kpi, start, end, Kind.DAY)).points
        added = sum(number(point.value) for point in points)
        off = Fraction(len(points) + 1, 200) if kpi.unit is Unit.MONEY else 0
        assert abs(number(whole) - added) <= off, (kpi.id, rep, start, end)


async def test_csv_says_what_json_says(database: Database) -> None:
    drawn, rng = floor(85), random.Random(85)
    await through_the_door(database, drawn, list(drawn.events), rng)
    async with database.writing() as session:
        token, _ = await keys.create(session, "t", ["admin"], now=drawn.now)
    app = create_app(settings_of(drawn), database, clock=lambda: drawn.now)
    span = {"from": str(drawn.dates[0]), "to": str(drawn.dates[-1])}
    rep = drawn.reps[0]
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app),
        base_url="http://ringside",
        headers={"Authorization": f"Bearer {token}"},
    ) as client:
        for kpi in (kpi.id for kpi in CATALOGUE):
            for path, more, items in (
                (f"/v1/leaderboards/{kpi}", {}, "entries"),
                (f"/v1/reps/{rep}/series", {"kpi": kpi, "bucket": "month"}, "points"),
                (f"/v1/reps/{rep}/records", {"kpi": kpi, "limit": "1000"}, "items"),
            ):
                asked_for = {**span, **more}
                plain = await client.get(path, params=asked_for)
                table = await client.get(path, params=asked_for, headers={"Accept": "text/csv"})
                assert plain.status_code == table.status_code == 200, (plain.text, table.text)
                answer = json.loads(plain.text, parse_float=Decimal)
                said = answer[items] + answer.get("unranked", [])
                read = list(csv.DictReader(io.StringIO(table.text)))
                assert len(read) == len(said), path
                for row, one in zip(read, said, strict=True):
                    for name in ("value", "numerator", "denominator", "rank", "reason"):
                        value = one.get(name)
                        assert row.get(name, "") == ("" if value is None else str(value)), path
