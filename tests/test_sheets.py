"""Sheets: the same sums as by spans, whichever rows they are made of, and never out of date."""

import asyncio
import random
from collections.abc import Collection
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest

from app import sheets as module
from app.db import Database, Reading
from app.exact import Amount
from app.periods import DAY
from app.rollups import AMOUNTS, MEASURES, move
from app.sheets import Mask, Sheet, Sheets
from app.spans import Span
from app.sums import read_sums
from app.sweep import Stretch, Swept, sweep
from tests.sums_put_in import put_days

TODAY = date(2026, 11, 20)
REPS = ("r1", "r2", "r3")
FIRST = date(2026, 7, 25)


def moved(rep_id: str, day: date, **amounts: Amount) -> tuple[object, ...]:
    zeros = {m: Decimal(0) if m in AMOUNTS else 0 for m in MEASURES}
    return (rep_id, day, *{**zeros, **amounts}.values())


async def put(database: Database, *rows: tuple[object, ...]) -> None:
    async with database.ingesting() as session:
        await move(session, rows)


async def read(database: Database, sheets: Sheets, start: date, end: date, *measures: str) -> Sheet:
    async with database.reading() as reading:
        return await sheets.read(reading, start, end, measures or ("calls",), today=TODAY)


def of(sheets: Sheets, sheet: Sheet, measure: str = "calls") -> dict[str, Amount]:
    column = sheet.columns[measure]
    amounts = column.amounts(np.arange(len(column.units)))
    return {rep: amount for rep, amount in zip(sheets.reps, amounts, strict=False) if amount}


@pytest.mark.parametrize("seed", range(12))
async def test_any_stretch_has_the_sums_that_its_spans_have(database: Database, seed: int) -> None:
    draw = random.Random(seed)
    days = [FIRST + timedelta(days=i) for i in range(125)]  # five days past today
    await put(
        database,
        *(
            moved(rep, day, calls=draw.randrange(9), net=Decimal(draw.randrange(900)) / 100)
            for rep in REPS for day in days if draw.random() < 0.4
        ),
    )  # fmt: skip
    sheets = Sheets()
    for _ in range(40):
        start, end = sorted(draw.sample(days, 2))
        sheet = await read(database, sheets, start, end, "calls", "net")
        await _agrees(database, sheets, sheet, start, end)


async def _agrees(database: Database, sheets: Sheets, sheet: Sheet, start: date, end: date) -> None:
    spans = [Span(i, rep, start, end) for i, rep in enumerate(REPS)]
    async with database.reading() as reading:
        cells = await read_sums(reading, spans, ("calls", "net"))
    for measure in ("calls", "net"):
        expected = {REPS[i]: sums[measure] for (i, _), sums in cells.items() if sums[measure]}
        assert of(sheets, sheet, measure) == expected, (start, end, measure)
    there = {REPS[i] for i, _ in cells}
    rows, maybe = _named(sheets, sheet.rows), _named(sheets, sheet.maybe())
    assert rows <= there <= maybe
    assert maybe - rows == _named(sheets, sheet.unsure)


def _named(sheets: Sheets, mask: Mask) -> set[str]:
    return {rep for rep, there in zip(sheets.reps, mask, strict=False) if there}


async def test_what_is_remembered_changes_with_the_days_it_is_of(database: Database) -> None:
    sheets = Sheets()
    yesterday = TODAY - DAY
    await put(database, moved("r1", TODAY, calls=1), moved("r1", yesterday, calls=10))
    assert of(sheets, await read(database, sheets, TODAY, TODAY + DAY)) == {"r1": 1}
    assert of(sheets, await read(database, sheets, yesterday, TODAY)) == {"r1": 10}
    await put(database, moved("r2", TODAY, calls=2))
    assert of(sheets, await read(database, sheets, TODAY, TODAY + DAY)) == {"r1": 1, "r2": 2}
    # A rep whom the remembered sheet did not know has nothing in it.
    assert of(sheets, await read(database, sheets, yesterday, TODAY)) == {"r1": 10}
    await put(database, moved("r1", yesterday, calls=-10))
    assert of(sheets, await read(database, sheets, yesterday, TODAY)) == {}
    # A measure that was not asked for before joins the ones remembered.
    both = await read(database, sheets, TODAY, TODAY + DAY, "calls", "conversations")
    assert of(sheets, both, "conversations") == {}
    assert of(sheets, both) == {"r1": 1, "r2": 2}


async def test_another_rep_in_the_place_of_one_has_the_own_sums(database: Database) -> None:
    sheets = Sheets()
    await put(database, moved("r1", TODAY, calls=1))
    assert of(sheets, await read(database, sheets, TODAY, TODAY + DAY)) == {"r1": 1}
    await put(database, moved("r1", TODAY, calls=-1), moved("r2", TODAY, calls=2))
    assert of(sheets, await read(database, sheets, TODAY, TODAY + DAY)) == {"r2": 2}


async def test_days_that_did_not_move_are_not_read_again(database: Database) -> None:
    sheets = Sheets()
    await put(database, moved("r1", TODAY, calls=1))
    await read(database, sheets, TODAY, TODAY + DAY)
    async with database.writing() as session:
        await session.run("UPDATE rep_days SET calls = 7")  # as nobody does: by hand, unseen
    assert of(sheets, await read(database, sheets, TODAY, TODAY + DAY)) == {"r1": 1}


async def test_a_batch_of_a_version_that_tracks_no_moves_makes_all_be_read_again(
    database: Database,
) -> None:
    sheets = Sheets()
    await put(database, moved("r1", TODAY, calls=1))
    await read(database, sheets, TODAY, TODAY + DAY)
    async with database.writing() as session:
        await session.run("UPDATE rep_days SET calls = 7")
        await session.run("INSERT INTO versions (id, ingest) VALUES (1, 1)")
    assert of(sheets, await read(database, sheets, TODAY, TODAY + DAY)) == {"r1": 7}


class Sweeps:
    """Counts the sweeps, and what was read in each."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.read: list[set[str]] = []
        self._sweep = sweep
        monkeypatch.setattr(module, "sweep", self)

    async def __call__(
        self, reading: Reading, stretch: Stretch, measures: Collection[str], *, today: date
    ) -> Swept:
        self.read.append(set(measures))
        return await self._sweep(reading, stretch, measures, today=today)


async def test_who_wants_the_same_days_at_once_waits_for_the_one_who_reads_them(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweeps, sheets = Sweeps(monkeypatch), Sheets()
    await put(database, moved("r1", TODAY, calls=1))
    found = await asyncio.gather(*(read(database, sheets, TODAY, TODAY + DAY) for _ in range(5)))
    assert [of(sheets, sheet) for sheet in found] == [{"r1": 1}] * 5
    assert sweeps.read == [{"calls"}]


async def test_of_days_that_moved_all_is_read_that_was_asked_for_before(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweeps, sheets = Sweeps(monkeypatch), Sheets()

    for _ in range(2):
        await put(database, moved("r1", TODAY, calls=1))
        for measure in ("calls", "conversations", "net"):
            await read(database, sheets, TODAY, TODAY + DAY, measure)
    every = {"calls", "conversations", "net"}
    assert sweeps.read == [{"calls"}, {"conversations"}, {"net"}, every]
    # What nobody asked for since is left out again.
    for _ in range(2):
        await put(database, moved("r1", TODAY, calls=1))
        await read(database, sheets, TODAY, TODAY + DAY, "calls")
    assert sweeps.read[4:] == [every, {"calls"}]


async def test_a_month_that_is_nearly_full_is_the_one_that_others_read_less_the_rest(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweeps, sheets = Sweeps(monkeypatch), Sheets()
    first, last = TODAY.replace(day=1), date(2026, 12, 1)
    await put(
        database, moved("r1", first, calls=1), moved("r2", TODAY, calls=2),
        moved("r2", TODAY + DAY, calls=4), moved("r3", TODAY + DAY, calls=8),
    )  # fmt: skip
    whole = await read(database, sheets, first, last)
    assert of(sheets, whole) == {"r1": 1, "r2": 6, "r3": 8}
    assert len(sweeps.read) == 1
    part = await read(database, sheets, first, TODAY + DAY)
    assert of(sheets, part) == {"r1": 1, "r2": 2}
    assert len(sweeps.read) == 2
    assert (_named(sheets, part.rows), _named(sheets, part.unsure)) == ({"r1"}, {"r2", "r3"})
    # Two of its days move, which are not among the rest.
    await put(database, moved("r1", first, calls=1), moved("r3", TODAY, calls=1))
    assert of(sheets, await read(database, sheets, first, TODAY + DAY)) == {
        "r1": 2,
        "r2": 2,
        "r3": 1,
    }
    assert len(sweeps.read) == 3


async def test_who_asks_for_little_does_not_read_much_for_others(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_FOR_OTHERS", 2)
    sweeps, sheets = Sweeps(monkeypatch), Sheets()
    for measures in (("calls", "conversations", "net"), ("calls",)):
        await put(database, moved("r1", TODAY, calls=1))
        await read(database, sheets, TODAY, TODAY + DAY, *measures)
    assert sweeps.read == [{"calls", "conversations", "net"}, {"calls"}]


@pytest.mark.parametrize("seed", range(8))
async def test_the_sums_are_those_of_the_spans_however_many_ask_while_days_move(
    database: Database, seed: int
) -> None:
    draw, sheets = random.Random(seed), Sheets()
    days = [TODAY - timedelta(days=i) for i in range(-2, 40)]
    reps = [*REPS, "", "r 4\n", "ré5"]

    async def move_some() -> None:
        rows = {(draw.choice(reps), draw.choice(days)): draw.randrange(9) for _ in range(6)}
        await put(database, *(moved(*key, calls=n, net=Decimal(n) / 8) for key, n in rows.items()))

    async def ask() -> None:
        start, end = sorted(draw.sample(days, 2)) if draw.random() < 0.5 else (TODAY, TODAY + DAY)
        measures = draw.choice([("calls",), ("net",), ("calls", "net")])
        async with database.reading() as reading:
            sheet = await sheets.read(reading, start, end, measures, today=TODAY)
            spans = [Span(i, rep, start, end) for i, rep in enumerate(reps)]
            cells = await read_sums(reading, spans, measures)
        for measure in measures:
            sums = {reps[i]: found[measure] for (i, _), found in cells.items() if found[measure]}
            assert of(sheets, sheet, measure) == sums, (start, end, measure)

    for _ in range(12):
        await asyncio.gather(ask(), ask(), move_some(), ask())


async def test_what_was_asked_for_least_lately_is_forgotten_first(database: Database) -> None:
    sheets = Sheets(most_kept=4)
    days = [TODAY - i * DAY for i in range(3)]
    await put_days(database, {("r1", day): {"calls": 1} for day in days})
    for day in days:
        await read(database, sheets, day, day + DAY)
    async with database.writing() as session:
        await session.run("UPDATE rep_days SET calls = 7")
    assert of(sheets, await read(database, sheets, days[2], days[2] + DAY)) == {"r1": 1}
    assert of(sheets, await read(database, sheets, days[0], days[0] + DAY)) == {"r1": 7}


async def test_nobody_there_is_no_error(database: Database) -> None:
    sheets = Sheets()
    sheet = await read(database, sheets, FIRST, TODAY + DAY, "calls", "net")
    assert of(sheets, sheet) == of(sheets, sheet, "net") == {}
