"""Sweeps: ids and amounts come through whole, whatever they are."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import numpy as np

from app.db import Database
from app.exact import Amount
from app.periods import DAY
from app.sweep import Stretch, sweep
from tests.sums_put_in import put_days

TODAY = date(2026, 11, 20)


async def swept(database: Database, *measures: str) -> Mapping[str, tuple[Amount, ...]]:
    """The amounts of each rep, of today."""
    async with database.reading() as reading:
        read = await sweep(reading, Stretch(TODAY, TODAY + DAY), measures, today=TODAY)
    assert read.unsure.each() == []
    reps = read.reps.each()
    amounts = [read.columns[measure].amounts(np.arange(len(reps))) for measure in measures]
    return dict(zip(reps, zip(*amounts, strict=True), strict=True))


async def test_any_id_comes_through(database: Database) -> None:
    ids = ["", " ", "r1", "r1 ", "a,b", "\x01", "\x1f", "\n", "né", "\U0001f4de", "\\000"]
    await put_days(database, {(rep_id, TODAY): {"calls": i + 1} for i, rep_id in enumerate(ids)})
    assert await swept(database, "calls") == {rep_id: (i + 1,) for i, rep_id in enumerate(ids)}


async def test_the_only_rep_may_have_an_empty_id(database: Database) -> None:
    await put_days(database, {("", TODAY): {"calls": 3}})
    assert await swept(database, "calls") == {"": (3,)}


async def test_an_amount_of_any_size_is_exact(database: Database) -> None:
    amounts = {"r1": "0.00001", "r2": "-123456789012345678.25", "r3": "7"}
    await put_days(
        database,
        {(rep, TODAY): {"net": Decimal(net), "calls": 5} for rep, net in amounts.items()},
    )
    assert await swept(database, "net", "returned", "calls") == {
        rep: (Decimal(net), 0, 5) for rep, net in amounts.items()
    }


async def test_nobody_there_is_no_error(database: Database) -> None:
    assert await swept(database, "calls", "net") == {}
