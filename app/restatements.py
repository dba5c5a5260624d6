"""The ledger of restatements: a day that was final changes only with a record of it here."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Context, localcontext
from typing import Any

from sqlalchemy import BigInteger, Column, Date, DateTime, Index, Numeric, Table

from app.db import Writing, metadata
from app.directory import Directory
from app.facts.tables import words
from app.rollups import MEASURES

restatements = Table(
    "restatements",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    words("rep_id", needed=True),
    Column("day", Date, nullable=False),
    words("measure", needed=True),
    Column("before", Numeric, nullable=False),
    Column("after", Numeric, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    words("source", needed=True),
    words("event_id", needed=True),
    Index(None, "day", "rep_id"),
    Index(None, "at"),
)

# What looks ahead is final so many days later.
LOOKS_AHEAD = {
    "repeat_quote_conversations": timedelta(days=7),
    "turned_quotes": timedelta(days=30),
}
_EXACT = Context(prec=200)


def closed_by(directory: Directory, now: datetime, after: timedelta) -> Callable[[str, date], bool]:
    """A test whether a rep's day is final at `now`: `after` its end."""
    known: dict[tuple[str, date], bool] = {}

    def closed(rep_id: str, day: date) -> bool:
        key = (rep_id, day)
        if key not in known:
            end = directory.of(rep_id).start_of(day + timedelta(days=1))
            known[key] = now >= end + after
        return known[key]

    return closed


async def restate(
    session: Writing,
    moved: Sequence[tuple[Any, ...]],
    causes: Mapping[tuple[str, date, str], tuple[str, str]],
    *,
    now: datetime,
    ends: Callable[[str, date], datetime],
    after: timedelta,
) -> None:
    """Keep a record of every final measure that `moved` changes; call it before they move.

    `moved` holds `(rep_id, day, amount of each measure)`, `causes` the event behind each measure
    of a closed day, `ends(rep_id, day)` the instant at which the day ends.
    """
    closed = {(rep_id, day) for rep_id, day, _ in causes}
    rows = [row for row in moved if (row[0], row[1]) in closed]
    if not rows:
        return
    stored = {
        (record[0], record[1]): record[2:]
        for record in await session.fetch(
            f"SELECT rep_id, day, {', '.join(MEASURES)} FROM rep_days WHERE (rep_id, day) IN "
            "(SELECT * FROM unnest($1::text[], $2::date[]))",
            [row[0] for row in rows], [row[1] for row in rows],
        )
    }  # fmt: skip
    records = []
    for rep_id, day, *amounts in rows:
        before = stored.get((rep_id, day), (0,) * len(MEASURES))
        end = ends(rep_id, day)
        for measure, was, amount in zip(MEASURES, before, amounts, strict=True):
            if not amount or now < end + after + LOOKS_AHEAD.get(measure, timedelta(0)):
                continue
            with localcontext(_EXACT):
                cause = causes[rep_id, day, measure]
                records.append((rep_id, day, measure, was, was + amount, now, *cause))
    await session.copy(
        "restatements",
        ("rep_id", "day", "measure", "before", "after", "at", "source", "event_id"),
        records,
    )
