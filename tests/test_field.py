"""The field of a board: the same whether its days are read in sweeps or by spans."""

import random
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from app import field as fields
from app.db import Database
from app.exact import Amount
from app.field import read_field
from app.kpis import kpi_of
from app.periods import Kind
from app.spans import Asked
from app.view import Views
from tests.sums_put_in import NOW, announce, november, put_days, settings

TEAMS = ("West", "East", None)
ZONES = ("America/Denver", "Asia/Tokyo", "Pacific/Auckland")
ASKED = (
    *(Asked(kind) for kind in Kind if kind is not Kind.RANGE),
    Asked(Kind.MONTH, november(1) - timedelta(days=3)),
    Asked(Kind.TTM, november(27)),
)


async def floor(database: Database, draw: random.Random) -> None:
    """Reps who come, move between teams and zones, and leave; and some whom nobody announced."""
    reps = [f"r{i}" for i in range(draw.randrange(1, 9))]
    for rep_id in draw.sample(reps, draw.randrange(len(reps) + 1)):
        since = date(2000, 1, 1) if draw.random() < 0.5 else november(draw.randrange(1, 30))
        for _ in range(draw.randrange(1, 4)):
            await announce(
                database, rep_id, rep_id, draw.choice(TEAMS), since,
                zone=draw.choice(ZONES), active=draw.random() < 0.6,
            )  # fmt: skip
            since = max(since, november(1)) + timedelta(days=draw.randrange(1, 12))
    days = [november(28) - timedelta(days=i) for i in range(420)]
    measures = ("calls", "conversations", "net", "returned", "orders", "converted_orders")
    sums: dict[tuple[str, date], dict[str, Amount]] = {
        (rep_id, day): {measure: draw.randrange(5) for measure in measures}
        for rep_id in reps
        for day in draw.sample(days, draw.randrange(40))
    }
    await put_days(database, {key: row for key, row in sums.items() if any(row.values())})


async def told(database: Database, kpi: str, asked: Asked, teams: frozenset[str] | None) -> Any:
    """Who stands on the board, and with what."""
    async with Views(database, settings()).open(NOW) as view:
        found = await read_field(view, kpi_of(kpi), asked, teams)
    figures = found.figures(kpi_of(kpi), "USD", np.arange(len(found.reps)))
    return [
        (rep_id, figure, found.period_of(rep_id), found.spans_of(rep_id))
        for rep_id, figure in zip(found.reps, figures, strict=True)
    ], set(found.only_by_facts())


@pytest.mark.parametrize("seed", range(8))
async def test_sweeps_and_spans_find_the_same(
    database: Database, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    draw = random.Random(seed)
    await floor(database, draw)
    for asked in ASKED:
        for kpi in ("calls", "average_order_size", "ttm_revenue", "calls_per_day"):
            teams = draw.choice([None, None, frozenset({"West"}), frozenset({"East", "West"})])
            monkeypatch.setattr(fields, "SWEEP_FROM", 0)
            swept = await told(database, kpi, asked, teams)
            monkeypatch.setattr(fields, "SWEEP_FROM", 2)
            assert swept == await told(database, kpi, asked, teams)
