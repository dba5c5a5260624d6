"""Whole series: buckets cut at the ends, and each point the figure of its own dates."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from app.db import Database
from app.errors import BadRequest
from app.exact import encode
from app.figures import figures
from app.kpis import CATALOGUE, kpi_of
from app.meaning.marks import Mark
from app.periods import Kind
from app.series import series
from app.spans import Subject, asked
from app.view import Views
from tests.sums_put_in import NOW, announce, november, put_days, put_leg, put_time_off, settings

WEST = Subject(teams=frozenset({"West"}))
OCTOBER_30 = date(2026, 10, 30)


async def answer(
    database: Database, subject: Subject, kpi: str, start: date, end: date, bucket: Kind,
    now: datetime = NOW,
) -> dict[str, Any]:  # fmt: skip
    async with Views(database, settings()).open(now) as view:
        shown = await series(view, subject, kpi_of(kpi), start, end, bucket)
    decoded: dict[str, Any] = json.loads(encode(shown))
    return decoded


async def floor(database: Database) -> None:
    """Ada in Denver, Rin in Tokyo, who left West for East on the 12th; one nobody announced."""
    await announce(database, "r1", "Ada", "West")
    await announce(database, "r2", "Rin", "West", zone="Asia/Tokyo")
    await announce(database, "r2", "Rin", "East", november(12), zone="Asia/Tokyo")
    await put_time_off(database, "r1", november(3), "0.25")
    called = int(Mark.STANDS | Mark.CALL | Mark.OUTBOUND)
    missed = int(Mark.STANDS | Mark.MISSED)
    days: dict[tuple[str, date], dict[str, int | Decimal]] = {}
    for i in range(400):
        day = date(2025, 11, 1) + timedelta(days=i)
        for rep_id, step in (("r1", 1), ("r2", 100)):
            days[rep_id, day] = {
                "calls": step * (i % 7), "talk_time": i, "net": Decimal(step * i) / 8,
                "returned": Decimal(i) / 16, "orders": 2, "converted_orders": 1 + i % 2,
            }  # fmt: skip
    days["r9", november(9)] = {"calls": 7, "net": Decimal(7)}
    days["r9", november(14)] = {"calls": 7, "net": Decimal(7)}  # a Saturday
    await put_days(database, days)
    called_and_missed = [
        ("r1", 2, "c:1", "m0"), ("r1", 9, "c:1", "m1"), ("r2", 9, "c:1", "m1"),
        ("r2", 10, "c:2", "m2"), ("r2", 13, "p:3", "m0"),
        ("r9", 9, "c:1", "m1"),
    ]  # fmt: skip
    for rep_id, n, party, call_id in called_and_missed:
        await put_leg(database, f"c{n}{rep_id}", rep_id, november(n), called, party)
        await put_leg(database, call_id, rep_id, november(n), missed)


async def test_days_with_nothing_are_there(database: Database) -> None:
    await announce(database, "r1", "Ada", "West")
    await put_days(database, {("r1", november(18)): {"calls": 5}})
    assert await answer(database, Subject("r1"), "calls", november(17), november(20), Kind.DAY) == {
        "rep_id": "r1", "kpi": "calls", "bucket": "day", "as_of": "2026-11-20T19:04:11Z",
        "points": [
            {"start": "2026-11-17", "value": 0, "status": "final"},
            # The 18th ended on the 19th at 07:00 UTC; a day and a half later is four minutes ago.
            {"start": "2026-11-18", "value": 5, "status": "final"},
            {"start": "2026-11-19", "value": 0, "status": "provisional"},
        ],
    }  # fmt: skip


async def test_a_quotient_of_weeks_cut_at_the_ends(database: Database) -> None:
    await announce(database, "r1", "Ada", "West")
    await put_days(
        database,
        {("r1", november(d)): {"outbound_calls": 8, "answered_outbound": d} for d in range(2, 8)},
    )
    shown = await answer(database, WEST, "answer_rate", november(4), november(10), Kind.WEEK)
    assert shown == {
        "team": "West", "kpi": "answer_rate", "bucket": "week", "as_of": "2026-11-20T19:04:11Z",
        "points": [
            # Wednesday to Saturday: 4 + 5 + 6 + 7 of 32.
            {"start": "2026-11-04", "value": 0.6875, "numerator": 22, "denominator": 32,
             "status": "final"},
            {"start": "2026-11-09", "value": None, "numerator": 0, "denominator": 0,
             "status": "final"},
        ],
    }  # fmt: skip


SUBJECTS = [Subject("r1"), Subject("r2"), Subject("r9"), WEST, Subject()]


@pytest.mark.parametrize("bucket", [Kind.DAY, Kind.WEEK, Kind.MONTH])
async def test_each_point_is_the_figure_of_its_dates(database: Database, bucket: Kind) -> None:
    await floor(database)
    # At this instant it is the 19th in Denver and for nobody's zone, the 20th in Tokyo.
    now = datetime(2026, 11, 19, 17, tzinfo=UTC)
    end = november(23)
    for subject in SUBJECTS:
        for kpi in (
            "calls", "calls_per_day", "revenue", "ttm_revenue", "customers_called",
            "missed_inbound",
        ):  # fmt: skip
            shown = await answer(database, subject, kpi, OCTOBER_30, end, bucket, now)
            starts = [date.fromisoformat(point["start"]) for point in shown["points"]]
            expected = []
            async with Views(database, settings()).open(now) as view:
                for start, until in pairwise([*starts, end]):
                    period = asked(start=start, end=until)
                    there = await figures(view, subject, period, [kpi_of(kpi)])
                    figure = json.loads(encode(there.kpis[kpi]))
                    expected.append({"start": start.isoformat(), **figure, "status": there.status})
            assert shown["points"] == expected, (subject, kpi)


async def test_too_many_points_are_refused(database: Database) -> None:
    with pytest.raises(BadRequest, match="at most 1500 points"):
        await answer(database, Subject(), "calls", date(2000, 1, 1), date(2026, 1, 1), Kind.DAY)


async def test_every_kpi_has_a_series(database: Database) -> None:
    await floor(database)
    for kpi in CATALOGUE:
        shown = await answer(database, WEST, kpi.id, november(1), november(20), Kind.WEEK)
        assert len(shown["points"]) == 4, kpi.id
