"""Rollups: one row a rep and day, and one a rep and month, of sums that only add.

Every measure is a sum of amounts that are not negative, so a row in which all are 0 has nothing
behind it and is taken away. Ratios, averages and distinct counts are never stored.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Context, Decimal
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Column, Date, Index, Numeric, Table, text

from app.db import Writing, metadata
from app.facts.tables import words

OF_CALLS = (
    "calls", "outbound_calls", "inbound_calls", "answered_calls", "answered_outbound",
    "conversations", "call_conversations", "assists", "missed_inbound",
    "talk_time", "non_customer_talk",
    "spoken_conversations", "timed_conversations", "timed_talk",
    "hold_known_calls", "hold_seconds", "hold_talk", "hold_heavy_calls",
    "repeat_conversations", "repeat_quote_conversations", "unproductive_repeats",
    "outbound_to_customer", "new_customer_calls", "unknown_party_calls",
    "right_party_known", "right_party_conversations",
)  # fmt: skip
OF_RESULTS = (
    "orders", "converted_orders", "order_lines", "item_orders", "costed_orders",
    "quotes", "converted_quotes", "turned_quotes",
)  # fmt: skip
AMOUNTS = (
    "units", "returned_units", "net", "returned", "costed_cost",
    "known_net", "known_cost", "known_returned", "known_returned_cost", "quoted_amount",
)  # fmt: skip
COUNTS = OF_CALLS + OF_RESULTS
MEASURES = COUNTS + AMOUNTS


def _measures() -> list[Column[Any]]:
    zero = text("0")
    counts = [Column(m, BigInteger, nullable=False, server_default=zero) for m in COUNTS]
    amounts = [Column(m, Numeric, nullable=False, server_default=zero) for m in AMOUNTS]
    return [*counts, *amounts]


rep_days = Table(
    "rep_days",
    metadata,
    words("rep_id", key=True),
    Column("day", Date, primary_key=True),
    *_measures(),
    Index(None, "day"),
    # A row moves many times on its day, a month's row all month: with room beside it, it moves
    # within its page and no index hears of it.
    postgresql_with={"fillfactor": 70},
)

rep_months = Table(
    "rep_months",
    metadata,
    words("rep_id", key=True),
    Column("month", Date, primary_key=True),
    *_measures(),
    Index(None, "month"),
    postgresql_with={"fillfactor": 50},
)

# How often anybody's sums of a day moved. What is remembered of some days is good for as long as
# none of these numbers changes.
day_moves = Table(
    "day_moves",
    metadata,
    Column("day", Date, primary_key=True),
    Column("moves", BigInteger, nullable=False),
)

Key = tuple[str, date]
Row = tuple[Any, ...]

_INDEX = {measure: i for i, measure in enumerate(MEASURES)}
_ZERO: list[Any] = [0] * len(COUNTS) + [Decimal(0)] * len(AMOUNTS)
_EXACT = Context(prec=200)


class Movement:
    """By how much the sums of each (rep, day) move: one amount a measure, in their order."""

    def __init__(self) -> None:
        self.days: dict[Key, list[Any]] = {}

    def add(
        self, rep_id: str, day: date, amounts: Iterable[tuple[str, int | Decimal]], sign: int
    ) -> None:
        """Add `amounts` (or with `sign` -1 take them away) on the rep's day."""
        sums = self.days.get((rep_id, day))
        if sums is None:
            sums = self.days[rep_id, day] = list(_ZERO)
        for measure, amount in amounts:
            at = _INDEX[measure]
            if type(amount) is int:
                sums[at] += amount * sign
            else:
                sums[at] = _EXACT.fma(amount, sign, sums[at])

    def rows(self) -> list[Row]:
        """The days that do move, as `(rep_id, day, amount of each measure)`, in order of key."""
        return [(*key, *sums) for key, sums in sorted(self.days.items()) if any(sums)]


# A sum of decimals keeps as many places as it ever had on its way: without trimming, the same
# amount would be stored as 1.5 or 1.500, by the order of events.
_TRIMMED = {m: "trim_scale({})" if m in AMOUNTS else "{}" for m in MEASURES}

_ALL_ZERO = " AND ".join(f"r.{measure} = 0" for measure in MEASURES)
_ANY_LESS = " OR ".join(f"m.{measure} < 0" for measure in MEASURES)


@cache
def _days(measures: tuple[str, ...]) -> str:
    sums = ", ".join(_TRIMMED[m].format(m) for m in measures)
    source = f"SELECT rep_id, day, {sums} FROM moved ORDER BY 1, 2"
    return _upsert("rep_days", "day", source, measures)


@cache
def _months(measures: tuple[str, ...], *, first: bool) -> str:
    """Of the days that move the `first` of each month as it is, or the others summed up: that is
    dear (a sum of bigints is a numeric), and they are few.
    """
    amount, which, grouping = (
        ("{}", "NOT again", "") if first else ("sum({})", "again", "GROUP BY 1, 2")
    )
    sums = ", ".join(_TRIMMED[m].format(amount.format(m)) for m in measures)
    source = (
        f"SELECT rep_id, date_trunc('month', day)::date, {sums} FROM moved WHERE {which} {grouping}"
        " ORDER BY 1, 2"
    )
    return _upsert("rep_months", "month", source, measures)


def _upsert(table: str, key: str, source: str, measures: Sequence[str]) -> str:
    sums = ", ".join(
        f"{m} = " + _TRIMMED[m].format(f"{table}.{m} + EXCLUDED.{m}") for m in measures
    )
    return (
        f"INSERT INTO {table} (rep_id, {key}, {', '.join(measures)}) {source} "
        f"ON CONFLICT (rep_id, {key}) DO UPDATE SET {sums}"
    )


_MOVES = (
    "INSERT INTO day_moves AS d SELECT day, 1 FROM unnest($1::date[]) day "
    "ON CONFLICT (day) DO UPDATE SET moves = d.moves + 1"
)


async def move(session: Writing, rows: Sequence[Row]) -> None:
    """Let the stored rollups move by `rows` of a `Movement`; a row with nothing left goes.

    Most rows hold no results: then neither their measures, ten of them decimals, are sent nor
    added.
    """
    if not rows:
        return
    await session.run(
        "CREATE TEMP TABLE IF NOT EXISTS moved "
        "(LIKE rep_days INCLUDING DEFAULTS, again boolean NOT NULL) ON COMMIT DELETE ROWS"
    )
    for measures, some in parted(rows):
        await _move(session, measures, some)
    await session.run(_MOVES, sorted({row[1] for row in rows}))


def parted(rows: Iterable[Row]) -> list[tuple[tuple[str, ...], list[Row]]]:
    """The rows without results, cut off where those begin, and the others; each with the measures
    they hold. Of which there are none, is left out.
    """
    cut = 2 + len(OF_CALLS)
    of_calls: list[Row] = []
    with_results: list[Row] = []
    for row in rows:
        if any(row[cut:]):
            with_results.append(row)
        else:
            of_calls.append(row[:cut])
    parts = (OF_CALLS, of_calls), (MEASURES, with_results)
    return [(measures, some) for measures, some in parts if some]


async def _move(session: Writing, measures: tuple[str, ...], rows: Sequence[Row]) -> None:
    months: set[Key] = set()
    records = []
    for row in rows:
        month = row[0], row[1].replace(day=1)
        records.append((*row, month in months))
        months.add(month)
    await session.run("DELETE FROM moved")  # another movement of this transaction
    await session.copy("moved", ("rep_id", "day", *measures, "again"), records)
    await session.run(_days(measures))
    await session.run(_months(measures, first=True))
    if len(months) < len(rows):
        await session.run(_months(measures, first=False))
    if any(min(row[2:]) < 0 for row in rows):
        await session.run(
            f"DELETE FROM rep_days r USING moved m WHERE r.rep_id = m.rep_id "
            f"AND r.day = m.day AND ({_ANY_LESS}) AND {_ALL_ZERO}"
        )
        await session.run(
            f"DELETE FROM rep_months r USING moved m WHERE r.rep_id = m.rep_id "
            f"AND r.month = date_trunc('month', m.day)::date AND ({_ANY_LESS}) AND {_ALL_ZERO}"
        )


async def remake_months(session: Writing, months: Iterable[Key]) -> None:
    """Make the rows of these `(rep_id, first day of the month)` what their days add up to."""
    ordered = sorted(months)
    keys = [rep_id for rep_id, _ in ordered], [month for _, month in ordered]
    await session.run(
        "DELETE FROM rep_months WHERE (rep_id, month) IN "
        "(SELECT * FROM unnest($1::text[], $2::date[]))",
        *keys,
    )
    sums = ", ".join(_TRIMMED[m].format(f"sum({m})") for m in MEASURES)
    await session.run(
        f"INSERT INTO rep_months (rep_id, month, {', '.join(MEASURES)}) SELECT d.rep_id, m.month, "
        f"{sums} FROM unnest($1::text[], $2::date[]) AS m(rep_id, month) "
        "JOIN rep_days d ON d.rep_id = m.rep_id AND d.day >= m.month "
        "AND d.day < m.month + interval '1 month' GROUP BY 1, 2",
        *keys,
    )
