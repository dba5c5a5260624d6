"""Sums in cells: by group and bucket, from the month rows where whole months allow it."""

from datetime import date
from decimal import Decimal

from app.db import Database
from app.meaning.marks import Mark
from app.spans import Span
from app.sums import read_customers, read_missed, read_sums
from tests.sums_put_in import insert, november, put_days, put_leg

WEEK = (november(2), november(9), november(16))


async def test_groups_and_buckets_are_apart_and_empty_cells_are_not_there(
    database: Database,
) -> None:
    await put_days(
        database,
        {
            ("r1", november(2)): {"calls": 1, "net": Decimal("0.5")},
            ("r1", november(8)): {"calls": 20},
            ("r1", november(17)): {"calls": 300},
            ("r2", november(9)): {"calls": 4000, "net": Decimal("1.25")},
            ("r2", november(18)): {"calls": 50000},
        },
    )
    spans = [
        Span(7, "r1", november(2), november(18)),
        Span(7, "r2", november(2), november(10)),
        Span(8, "r2", november(10), november(30)),
        Span(9, "r9", november(1), november(30)),
    ]
    async with database.reading() as reading:
        assert await read_sums(reading, spans, ["net", "calls"], WEEK) == {
            (7, 0): {"calls": 21, "net": Decimal("0.5")},
            (7, 1): {"calls": 4000, "net": Decimal("1.25")},
            (7, 2): {"calls": 300, "net": Decimal(0)},
            (8, 2): {"calls": 50000, "net": Decimal(0)},
        }
        assert await read_sums(reading, spans, ["calls"]) == {
            (7, 0): {"calls": 4321}, (8, 0): {"calls": 50000},
        }  # fmt: skip
        assert await read_sums(reading, spans, []) == {(7, 0): {}, (8, 0): {}}
        assert await read_sums(reading, [], ["calls"]) == {}


async def test_whole_months_are_read_from_their_own_rows(database: Database) -> None:
    for table, day, calls in (("rep_days", "day", 1), ("rep_months", "month", 100)):
        for month in (9, 10, 11):
            first = {day: date(2026, month, 1)}
            await insert(database, table, rep_id="r1", calls=calls, **first)
    span = Span(0, "r1", date(2026, 9, 1), november(2))

    async def calls_with(*cuts: date) -> dict[tuple[int, int], int]:
        async with database.reading() as reading:
            cells = await read_sums(reading, [span], ["calls"], cuts)
        return {cell: int(sums["calls"]) for cell, sums in cells.items()}

    assert await calls_with() == {(0, 0): 201}  # September, October, and a day
    assert await calls_with(span.start, date(2026, 10, 1)) == {(0, 0): 100, (0, 1): 101}
    assert await calls_with(span.start, date(2026, 9, 28)) == {(0, 0): 1, (0, 1): 2}


async def test_distinct_customers_and_calls(database: Database) -> None:
    called, missed = int(Mark.CALL | Mark.OUTBOUND), int(Mark.MISSED)
    for call_id, rep_id, day, marks, party in (
        ("c1", "r1", 2, called, "c:k"), ("c2", "r1", 3, called, "c:k"),
        ("c2", "r2", 9, called, "c:k"), ("c3", "r2", 9, called, "p:n"),
        ("m1", "r1", 2, missed, None), ("m1", "r2", 2, missed, None),
        ("m2", "r1", 2, missed, None), ("m2", "r2", 9, missed, None),
    ):  # fmt: skip
        await put_leg(database, call_id, rep_id, november(day), marks, party)
    spans = [Span(0, rep_id, november(2), november(16)) for rep_id in ("r1", "r2")]
    async with database.reading() as reading:
        assert await read_customers(reading, spans) == {(0, 0): 2}
        assert await read_customers(reading, spans, WEEK) == {(0, 0): 1, (0, 1): 2}
        # The same call on two days counts on each.
        assert await read_missed(reading, spans) == {(0, 0): 3}
        assert await read_missed(reading, spans, WEEK) == {(0, 0): 2, (0, 1): 1}
        assert await read_missed(reading, []) == {}
        for cuts in ((), WEEK):  # nobody else has a call then: the same, found by the days alone
            for read in (read_customers, read_missed):
                assert await read(reading, spans, cuts, everybody=True) == await read(
                    reading, spans, cuts
                )
        apart = [spans[0], Span(1, "r2", november(2), november(16))]
        assert await read_missed(reading, apart, everybody=True) == {(0, 0): 2, (1, 0): 2}
        earlier = [
            Span(0, "r1", november(2), november(3)),
            Span(0, "r2", november(9), november(10)),
        ]
        assert await read_missed(reading, earlier, everybody=True) == {(0, 0): 3}
        assert await read_customers(reading, earlier[:1], everybody=True) == {(0, 0): 1}
