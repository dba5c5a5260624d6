"""Crowds: the same sums in each cell, whether days are read in sweeps or by spans."""

import random
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import pytest

from app import crowd as crowds
from app.crowd import Crowd, read_crowd, read_strangers
from app.db import Database
from app.exact import Amount
from app.spans import Span
from app.sums import Cell, read_sums
from app.view import Views
from tests.sums_put_in import NOW, announce, november, put_days, settings

REPS = [f"r{i}" for i in range(8)]
LAST = november(29)  # nine days on: clocks run ahead
MEASURES = ("calls", "net", "returned")


def drawn_days(draw: random.Random) -> dict[tuple[str, date], dict[str, Amount]]:
    """Sums of some days of the reps, one of them beyond 64 bits, some with many decimals."""
    much: list[Amount] = [0, 0, Decimal("0.01"), Decimal(10) ** 20]
    return {
        (rep_id, LAST - timedelta(days=draw.randrange(100))): {
            "calls": draw.randrange(1, 90),
            "net": Decimal(draw.randrange(10**6)).scaleb(-draw.randrange(7)),
            "returned": draw.choice(much),
        }
        for rep_id in REPS
        for _ in range(draw.randrange(9))
    }


def drawn_spans(draw: random.Random) -> list[Span]:
    """Each rep with one of a few stretches, in one of a few groups; some with two."""
    starts = [LAST - timedelta(days=draw.randrange(1, 90)) for _ in range(3)]
    stretches = [(start, start + timedelta(days=draw.choice([1, 7, 60]))) for start in starts]
    return [
        Span(draw.randrange(3), rep_id, *draw.choice(stretches))
        for rep_id in REPS
        for _ in range(draw.choice([0, 1, 1, 2]))
    ]


def drawn_cuts(draw: random.Random, spans: Sequence[Span]) -> list[date]:
    first = min((span.start for span in spans), default=LAST)
    cuts = {first + timedelta(days=draw.randrange(60)) for _ in range(draw.randrange(4))}
    return [first, *sorted(cuts - {first})] if draw.random() < 0.7 else []


@pytest.mark.parametrize("seed", range(30))
async def test_sweeps_and_spans_give_the_same_cells(
    database: Database, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    draw = random.Random(seed)
    await put_days(database, drawn_days(draw))
    views = Views(database, settings())
    for _ in range(4):
        spans = drawn_spans(draw)
        cuts = drawn_cuts(draw, spans)
        async with views.open(NOW) as view:
            expected = await read_sums(view.reading, spans, MEASURES, cuts)
            for least in (0, 0.2, 9):
                monkeypatch.setattr(crowds, "SWEEP_FROM", least)
                found = await read_crowd(view, Crowd(spans), MEASURES, cuts)
                assert _exact(found) == _exact(expected)


def _exact(cells: dict[Cell, dict[str, Amount]]) -> dict[Cell, dict[str, Decimal]]:
    return {
        cell: {name: Decimal(amount) for name, amount in sums.items()}
        for cell, sums in cells.items()
    }


async def test_a_row_that_only_later_days_have_makes_no_cell(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first of a month is read as the month less its other days, on its own day."""
    monkeypatch.setattr(crowds, "SWEEP_FROM", 0)
    first, second = date(2026, 12, 1), date(2026, 12, 2)
    now = NOW.replace(month=12, day=1)
    await put_days(database, {("r1", second): {"calls": 1}, ("r2", first): {"calls": 1}})
    spans = [Span(group, rep_id, first, second) for group, rep_id in enumerate(("r1", "r2"))]
    async with Views(database, settings()).open(now) as view:
        assert await read_crowd(view, Crowd(spans), ["calls"]) == {(1, 0): {"calls": 1}}


async def test_strangers_have_a_row_in_the_months_and_no_announcement(database: Database) -> None:
    await announce(database, "r0", "Ada", None)
    await put_days(
        database,
        {
            ("r0", november(30)): {"calls": 1},
            ("r1", date(2026, 10, 31)): {"calls": 1},
            ("r2", november(30)): {"calls": 1},
            ("r3", date(2026, 12, 1)): {"calls": 1},
        },
    )
    async with Views(database, settings()).open(NOW) as view:
        assert await read_strangers(view, november(15), date(2026, 12, 1)) == ["r2"]
        assert sorted(await read_strangers(view, date(2026, 10, 2), november(2))) == ["r1", "r2"]
