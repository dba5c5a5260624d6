"""Sums over spans of days, read from the rollups; and what has to be counted among the facts.

Everything is read for all spans of all figures by one query each: spans go in as arrays. A cell
is `(group of the span, bucket of the day)`; without cuts there is one bucket, 0. A cell with
nothing in it is not in the answer.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

import asyncpg

from app.db import Reading
from app.exact import Amount
from app.meaning.marks import Mark
from app.rollups import AMOUNTS, MEASURES
from app.spans import Span, month_edges

Cell = tuple[int, int]

_CALLED = int(Mark.CALL | Mark.OUTBOUND)
_MISSED = int(Mark.MISSED)


async def read_sums(
    reading: Reading, spans: Sequence[Span], measures: Sequence[str], cuts: Sequence[date] = ()
) -> dict[Cell, dict[str, Amount]]:
    """The sums of these measures in each cell that has a row in the rollups.

    Whole months come from their own rows, unless cuts go through them.
    """
    names = [name for name in MEASURES if name in measures]
    values: list[object] = [list(cuts)]
    selects = []
    for table, day, part in _parts(spans, cuts):
        selects.append(_rows(table, day, names, len(values), cuts))
        values += columns_of(part)
    if not selects:
        return {}
    columns = "".join(f", {_sum(name)} AS {name}" for name in names)
    records = await reading.about(_days(spans)).fetch(
        f"SELECT g, b{columns} FROM ({' UNION ALL '.join(selects)}) AS r GROUP BY g, b", *values
    )
    return {(record[0], record[1]): _named(names, record) for record in records}


def _parts(
    spans: Sequence[Span], cuts: Sequence[date]
) -> Iterator[tuple[str, str, Sequence[Span]]]:
    """The spans by the table that has their sums: `(table, its day, spans)`.

    The days before and after whole months go apart: together their bounds would hold the months
    between as well, and those would be read for nothing.
    """
    if all(cut.day == 1 for cut in cuts[1:]):
        edges = month_edges(spans)
        parts = (
            ("rep_days", "day", edges.heads),
            ("rep_months", "month", edges.months),
            ("rep_days", "day", edges.tails),
        )
        yield from (part for part in parts if part[2])
    elif spans:
        yield "rep_days", "day", spans


def _days(
    spans: Iterable[Span], *, everybody: bool = False
) -> Iterator[tuple[str | None, date, date]]:
    """What a query is about: days of each rep, or of `everybody`, whoever has them now."""
    return ((None if everybody else s.rep_id, s.start, s.end) for s in spans)


def _sum(name: str) -> str:
    return f"sum({name})" if name in AMOUNTS else f"sum({name})::bigint"


def _named(names: Sequence[str], record: asyncpg.Record) -> dict[str, Amount]:
    return dict(zip(names, tuple(record)[2:], strict=True))


def _rows(table: str, day: str, columns: Sequence[str], used: int, cuts: Sequence[date]) -> str:
    """A SELECT of group, bucket and columns of a table over spans, from parameter `used + 1` on."""
    wanted = "".join(f", d.{column}" for column in columns)
    return f"SELECT s.g, {_bucket(day, cuts)} AS b{wanted} {over(table, day, used)}"


def _bucket(day: str, cuts: Sequence[date]) -> str:
    # Naming the parameter keeps its place where there are no cuts.
    return f"width_bucket(d.{day}, $1::date[]) - 1" if cuts else "cardinality($1::date[])"


def over(table: str, day: str, used: int) -> str:
    """FROM a table `d` over spans `s`, whose columns are the parameters from `used + 1` on.

    The bounds say nothing new, but the planner can use them.
    """
    g, rep_id, lo, hi, first, last = (f"${used + i}" for i in range(1, 7))
    return (
        f"FROM unnest({g}::int[], {rep_id}::text[], {lo}::date[], {hi}::date[])"
        f" AS s(g, rep_id, lo, hi) JOIN {table} d ON d.rep_id = s.rep_id"
        f" AND d.{day} >= s.lo AND d.{day} < s.hi AND d.{day} >= {first} AND d.{day} < {last}"
    )


def columns_of(spans: Sequence[Span]) -> list[object]:
    """The spans, of which there is at least one, as the six parameters that `over` reads."""
    groups, reps, starts, ends = zip(*spans, strict=True)
    return [list(groups), list(reps), list(starts), list(ends), min(starts), max(ends)]


async def read_customers(
    reading: Reading, spans: Sequence[Span], cuts: Sequence[date] = (), *, everybody: bool = False
) -> dict[Cell, int]:
    """How many different customers were called in each cell.

    `everybody`: nobody but those with a span has a call on the days of all spans together.
    """
    rows, values = _legs(spans, everybody=everybody)
    reading = reading.about(_days(spans, everybody=everybody))
    return await _distinct(reading, rows, values, cuts, "d.party", _CALLED, "d.party IS NOT NULL")


async def read_missed(
    reading: Reading, spans: Sequence[Span], cuts: Sequence[date] = (), *, everybody: bool = False
) -> dict[Cell, int]:
    """How many inbound calls were missed in each cell, each call and day once."""
    rows, values = _legs(spans, everybody=everybody)
    reading = reading.about(_days(spans, everybody=everybody))
    return await _distinct(reading, rows, values, cuts, "(d.call_id, d.day)", _MISSED, "true")


def _legs(spans: Sequence[Span], *, everybody: bool) -> tuple[str, list[object]]:
    """FROM the legs over spans, and its values. Where all days of everybody are asked, reps need
    not be looked up one by one.
    """
    if not spans:
        return "", []
    if everybody and len({(span.group, span.start, span.end) for span in spans}) == 1:
        group, _, start, end = spans[0]
        rows = f"FROM (SELECT {group} AS g) AS s, legs d WHERE d.day >= $2 AND d.day < $3"
        return rows, [start, end]
    return over("legs", "day", 1), columns_of(spans)


async def _distinct(
    reading: Reading, rows: str, values: Sequence[object], cuts: Sequence[date],
    what: str, marks: int, more: str,
) -> dict[Cell, int]:  # fmt: skip
    if not values:
        return {}
    records = await reading.fetch(
        f"SELECT s.g, {_bucket('day', cuts)} AS b, count(DISTINCT {what}) {rows}"
        f" AND d.marks & {marks} = {marks} AND {more} GROUP BY 1, 2",
        list(cuts),
        *values,
    )
    return {(record[0], record[1]): record[2] for record in records}
