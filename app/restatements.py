"""The ledger of restatements: a day that was final changes only with a record of it here.

Beside the records stands what they alone do not tell, so that any past moment can be read again
to the last digit: what was counted once (customers called, missed calls), and the states of reps
and time off as they were before each change. `app.past` reads it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Context, Decimal
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    Numeric,
    Table,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.db import Writing, metadata
from app.directory import Directory
from app.facts.tables import words
from app.periods import DAY
from app.rollups import MEASURES

restatements = Table(
    "restatements",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    words("rep_id", needed=True),
    Column("day", Date, nullable=False),
    words("measure", needed=True),
    Column("before", Numeric),
    Column("after", Numeric),
    Column("at", DateTime(timezone=True), nullable=False),
    words("source", needed=True),
    words("event_id", needed=True),
    # Which record that event is about and how it came, as in `Cause`; null where there is none.
    words("kind"),
    words("key"),
    words("how"),
    # A change of who the rep is holds for a stretch of days: `day` to `last_day`; else null.
    Column("last_day", Date),
    words("team_before"),
    words("team_after"),
    # False: not final yet, but perhaps within a figure of others that was. Kept to be undone.
    Column("final", Boolean, nullable=False, server_default=text("true")),
    Index(None, "day", "rep_id"),
    Index(None, "at"),
)

# What was, or was not, in a set of things counted once: a customer called, a call missed (which
# may ring at a rep under several names, the `agent` of each leg).
restated_parts = Table(
    "restated_parts",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    words("kind", needed=True),
    words("rep_id", needed=True),
    Column("day", Date, nullable=False),
    words("part", needed=True),
    words("agent", needed=True),
    Column("was", Boolean, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Index(None, "at"),
)

# A rep's state from `day` on, or the time off on it, as it was before a change; null: none.
directory_changes = Table(
    "directory_changes",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    words("kind", needed=True),
    words("rep_id", needed=True),
    Column("day", Date, nullable=False),
    Column("was", JSONB),
    Column("at", DateTime(timezone=True), nullable=False),
    Index(None, "at"),
)

# What looks ahead is final so many days later.
LOOKS_AHEAD = {
    "repeat_quote_conversations": timedelta(days=7),
    "turned_quotes": timedelta(days=30),
}
_AT_ONCE = timedelta(0)
# Nowhere does a day start earlier than this before it does in UTC.
_EAST = timedelta(hours=14)
_EXACT = Context(prec=200)
_NOTHING = (0,) * len(MEASURES)

How = Literal["came", "again", "withdrawn"]
Kind = Literal["customer", "missed"]


class Cause(NamedTuple):
    """The event behind a change, and the record it is about: `kind` and `key` as `record.voided`
    names records, and whether it `came`, came `again` or was `withdrawn`.

    Ringside's own causes, a repair or a new definition, are about no record.
    """

    source: str
    event_id: str
    kind: str | None = None
    key: str | None = None
    how: How | None = None


def by_definition(number: int) -> Cause:
    """Ringside's own cause: from definition `number` on figures are worked out otherwise."""
    return Cause("ringside", f"definition {number - 1} -> {number}")


class Part(NamedTuple):
    """Something that a rep's day counts once, and whether it did before a change."""

    kind: Kind
    rep_id: str
    day: date
    part: str
    agent: str
    was: bool


@dataclass(slots=True)
class Closing:
    """Which days are closed at `now`: final for their rep, or perhaps for anybody.

    Days are final that ended up to the instant `to`, in the rep's zone as it was announced before
    the change or as it is now: a day that was final does not open again because its rep moved.
    """

    now: datetime
    to: datetime
    before: Directory
    directory: Directory
    _kept: dict[date, datetime] = field(default_factory=dict)
    _final: dict[tuple[str, date], datetime] = field(default_factory=dict)

    def keeps(self, day: date, measure: str = "") -> bool:
        """Whether a change of the day has to be kept: in some zone the day is final.

        A figure of many is final by the zones of those who were in it then; whoever comes into it
        later may live further west.
        """
        ended = self._kept.get(day)
        if ended is None:
            ended = self._kept[day] = datetime.combine(day + DAY, time(), UTC) - _EAST
        return ended + LOOKS_AHEAD.get(measure, _AT_ONCE) <= self.to

    def final(self, rep_id: str, day: date, measure: str = "") -> bool:
        """Whether a change of the rep's day is a restatement."""
        key = (rep_id, day)
        ended = self._final.get(key)
        if ended is None:
            ends = (d.of(rep_id).start_of(day + DAY) for d in (self.before, self.directory))
            ended = self._final[key] = min(ends)
        return ended + LOOKS_AHEAD.get(measure, _AT_ONCE) <= self.to

    def last_final(self, rep_id: str) -> date:
        """The last day of the rep that is final."""
        return max(d.of(rep_id).day_of(self.to) for d in (self.before, self.directory)) - DAY


_COLUMNS = (
    "rep_id", "day", "measure", "before", "after", "at", *Cause._fields, "final"
)  # fmt: skip


async def restate(
    session: Writing,
    moved: Sequence[tuple[Any, ...]],
    causes: Mapping[tuple[str, date, str], Cause],
    closing: Closing,
) -> None:
    """Keep a record of every closed measure that `moved` changes; call it before they move.

    `moved` holds `(rep_id, day, amount of each measure)`, `causes` the event behind each measure
    of a day that is kept.
    """
    rows = [row for row in moved if closing.keeps(row[1])]
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
        before = stored.get((rep_id, day), _NOTHING)
        at_once = closing.final(rep_id, day)
        for measure, was, amount in zip(MEASURES, before, amounts, strict=True):
            if not amount:
                continue
            final = at_once
            if measure in LOOKS_AHEAD:
                if not closing.keeps(day, measure):
                    continue
                final = closing.final(rep_id, day, measure)
            after = was + amount if type(amount) is int else _EXACT.add(was, amount)
            cause = causes[rep_id, day, measure]
            records.append((rep_id, day, measure, was, after, closing.now, *cause, final))
    await session.copy("restatements", _COLUMNS, records)


async def restate_customers(
    session: Writing,
    counts: Mapping[tuple[str, date], tuple[int, int]],
    causes: Mapping[tuple[str, date, str], Cause],
    closing: Closing,
) -> None:
    """Keep a record of every closed day whose set of customers called changes, with their number
    before and after; the two may be equal.
    """
    await session.copy(
        "restatements",
        _COLUMNS,
        [
            (rep_id, day, "customers", before, after, closing.now,
             *causes[rep_id, day, "customers"], closing.final(rep_id, day))
            for (rep_id, day), (before, after) in sorted(counts.items())
        ],
    )  # fmt: skip


class Stretch(NamedTuple):
    """Final days of a rep, `day` to `last_day`, on which somebody else than before is known."""

    rep_id: str
    day: date
    last_day: date
    cause: Cause


async def restate_teams(
    session: Writing, teams: Sequence[tuple[Stretch, str | None, str | None]], now: datetime
) -> None:
    """Keep a record of every stretch of final days that changes its team: before and after."""
    await session.copy(
        "restatements",
        ("rep_id", "day", "last_day", "measure", "team_before", "team_after", "at",
         *Cause._fields),
        [
            (s.rep_id, s.day, s.last_day, "team", before, after, now, *s.cause)
            for s, before, after in teams
        ],
    )  # fmt: skip


async def restate_working_days(
    session: Writing, counts: Sequence[tuple[Stretch, Decimal, Decimal]], now: datetime
) -> None:
    """Keep a record of every stretch of final days that changes its number of working days."""
    await session.copy(
        "restatements",
        ("rep_id", "day", "last_day", "measure", "before", "after", "at", *Cause._fields),
        [
            (s.rep_id, s.day, s.last_day, "working_days", before, after, now, *s.cause)
            for s, before, after in counts
        ],
    )


async def keep_parts(session: Writing, parts: Sequence[Part], now: datetime) -> None:
    """Keep what was counted once, or not, before it changed."""
    await session.copy(
        "restated_parts",
        ("kind", "rep_id", "day", "part", "agent", "was", "at"),
        [(*part, now) for part in parts],
    )


async def keep_directory(
    session: Writing, changes: Sequence[tuple[str, str, date, str | None]], now: datetime
) -> None:
    """Keep states of reps and time off, `(kind, rep_id, day, was as JSON)`, before they change."""
    await session.copy(
        "directory_changes",
        ("kind", "rep_id", "day", "was", "at"),
        [(*change, now) for change in changes],
    )
