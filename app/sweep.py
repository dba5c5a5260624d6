"""Sweeps: the sums of everybody over a stretch of days, in one row of a few long values.

A sweep reads the fewest rows that make the sums. Its answer is made for whoever reads thousands of
reps many times: numbers and ids come in blocks that need not be taken apart one by one.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from app.column import Column, of_amounts
from app.db import Reading
from app.exact import Amount
from app.periods import DAY, Kind, period_of
from app.rollups import AMOUNTS

# Amounts come as 64-bit units of so many decimals where they fit, which is nearly always.
_PLACES = 4
_ROOM = 10**14

# The driver takes a millisecond and more to make an array of 10,000 texts, the server two.
_IDS = r"string_agg(textsend(rep_id), '\x00'::bytea)"


class Stretch(NamedTuple):
    """Days from `start` up to, not including, `end`."""

    start: date
    end: date


class Ids(NamedTuple):
    """Ids of reps as they come, in one block: two sweeps that find the same rows in the same order
    bring the same bytes.
    """

    block: bytes | None

    def each(self) -> list[str]:
        """The ids; none of them can hold U+0000, which PostgreSQL has no text with."""
        return [] if self.block is None else self.block.decode().split("\0")


class Swept(NamedTuple):
    """Who has a row in the rollups, and columns parallel to `reps`; `unsure` are those of whom rows
    were taken away as well, so that they may have none after all.
    """

    reps: Ids
    unsure: Ids
    columns: dict[str, Column]


class Term(NamedTuple):
    """Rows that are added, or with `minus` taken away, to make the sums of a stretch."""

    table: str
    key: str
    start: date
    end: date
    minus: bool = False


async def sweep(
    reading: Reading, stretch: Stretch, measures: Collection[str], *, today: date
) -> Swept:
    """The sums of `measures` over the stretch; `today` is as `Sheets.read` takes it."""
    measures = sorted(measures)  # so that the same are the same statement, which is prepared
    terms = _joined(_terms(stretch, today))
    bounds = [bound for term in terms for bound in (term.start, term.end)]
    reading = reading.about((None, term.start, term.end) for term in terms)
    (record,) = await reading.fetch(_swept(terms, measures, _packed), *bounds)
    columns = {measure: _unpacked(measure, record[measure]) for measure in measures}
    if any(len(column.units) < record["width"] for column in columns.values()):
        # An amount is too large or has more decimals: all of them again as text, slower.
        (record,) = await reading.fetch(_swept(terms, measures, _text), *bounds)
        columns = {m: of_amounts(map(_amount, record[m].split(" "))) for m in measures}
    return Swept(Ids(record["reps"]), Ids(record["unsure"]), columns)


def _unpacked(measure: str, block: bytes | None) -> Column:
    units = np.frombuffer(block or b"", ">i8").astype(np.int64)
    return Column(units, _PLACES if measure in AMOUNTS else 0)


def _amount(text: str) -> Amount:
    return int(text) if text.removeprefix("-").isdecimal() else Decimal(text)


def _terms(piece: Stretch, today: date) -> Iterator[Term]:
    """The fewest rows that make the sums: whole months, and of a month in part either the days
    that are in the piece, or the month less the days that are not.
    """
    start = piece.start
    while start < piece.end:
        month = period_of(Kind.MONTH, start)
        end = min(month.end, piece.end)
        outside = Stretch(month.start, start), Stretch(end, month.end)
        if sum(full(days, today) for days in outside) < full(Stretch(start, end), today):
            yield Term("rep_months", "month", month.start, month.end)
            yield from (Term("rep_days", "day", *d, True) for d in outside if d.start < d.end)
        else:
            yield Term("rep_days", "day", start, end)
        start = end


def full(days: Stretch, today: date) -> int:
    """On how many of the days there can be much."""
    return max(0, (min(days.end, today + DAY) - days.start).days)


def _joined(terms: Iterable[Term]) -> list[Term]:
    """The same rows in fewer terms."""
    joined: list[Term] = []
    for term in sorted(terms, key=lambda t: (t.table, t.minus, t.start)):
        last = joined[-1] if joined else None
        if last is not None and last == term._replace(start=last.start, end=term.start):
            joined[-1] = term._replace(start=last.start)
        else:
            joined.append(term)
    return joined


def _swept(terms: Sequence[Term], measures: Sequence[str], packed: Callable[[str], str]) -> str:
    """A query of one row: `reps`, whose number is `width`, and each measure with the amounts of all
    of them in one value, in the same order; and `unsure`, from whom something was taken away.
    """
    alone = len(terms) == 1 and _one_row_a_rep(terms[0])
    sums = "".join(f", {m if alone else _sum(m)} AS {m}" for m in measures)
    lists = "".join(f", {packed(m)} AS {m}" for m in measures)
    union = " UNION ALL ".join(_rows(i, term, measures) for i, term in enumerate(terms))
    return (
        f"SELECT count(*) AS width, {_IDS} AS reps, {_IDS} FILTER (WHERE minus) AS unsure{lists}"
        f" FROM (SELECT rep_id{sums}, {'minus' if alone else 'bool_or(minus) AS minus'}"
        f" FROM ({union}) AS r{'' if alone else ' GROUP BY rep_id'}) AS s"
    )


def _one_row_a_rep(term: Term) -> bool:
    kind = Kind.DAY if term.key == "day" else Kind.MONTH
    return term.end <= period_of(kind, term.start).end


def _rows(number: int, term: Term, measures: Sequence[str]) -> str:
    sign = "-" if term.minus else ""
    wanted = "".join(f", {sign}{measure} AS {measure}" for measure in measures)
    return (
        f"SELECT rep_id{wanted}, {term.minus} AS minus FROM {term.table}"
        f" WHERE {term.key} >= ${2 * number + 1}::date AND {term.key} < ${2 * number + 2}::date"
    )


def _sum(measure: str) -> str:
    return f"sum({measure})" if measure in AMOUNTS else f"sum({measure})::bigint"


def _packed(measure: str) -> str:
    """All amounts in one value of 8 bytes each, one missing where it does not fit. The driver
    takes six times as long to read the same from an array of numerics.
    """
    if measure not in AMOUNTS:
        return f"string_agg(int8send({measure}), ''::bytea)"
    return (
        f"string_agg(CASE WHEN scale({measure}) <= {_PLACES} AND abs({measure}) < {_ROOM}"
        f" THEN int8send(({measure} * {10**_PLACES})::bigint) END, ''::bytea)"
    )


def _text(measure: str) -> str:
    return f"string_agg({measure}::text, ' ')"
