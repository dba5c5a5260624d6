"""The ledger of restatements: a day that was final changes only with a record of it here.

A record is about one measure. What one event moved of a day at once is one row, its measures in
arrays; the view `restatements`, which the migrations make, has a row for each record. Beside them
stands what they alone do not tell, so that any past moment can be read again to the last digit:
what was counted once (customers called, missed calls), and the states of reps and time off as
they were before each change. `app.past` reads it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Context, Decimal
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    Numeric,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.db import Writing, metadata
from app.directory import Directory
from app.facts.tables import words
from app.periods import DAY
from app.rollups import MEASURES, Row, parted

restated_days = Table(
    "restated_days",
    metadata,
    # Of a row with several measures the n-th record has the id `id + n - 1`: the sequence leaves
    # room for `RECORDS_A_ROW`.
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    words("rep_id", needed=True),
    Column("day", Date, nullable=False),
    Column("measures", ARRAY(Text(collation="C"))),
    Column("befores", ARRAY(Numeric)),
    Column("afters", ARRAY(Numeric)),
    Column("at", DateTime(timezone=True), nullable=False),
    words("source", needed=True),
    words("event_id", needed=True),
    # Which record that event is about and how it came, as in `Cause`; null where there is none.
    words("kind"),
    words("key"),
    words("how"),
    # False: not final yet, but perhaps within a figure of others that was. Kept to be undone.
    Column("final", Boolean, nullable=False, server_default=text("true")),
    # One measure of a stretch of days, `day` to `last_day`, in place of the arrays: who the rep is
    # changes them all. Earlier versions wrote every record so, with `last_day` null.
    Column("last_day", Date),
    words("measure"),
    Column("before", Numeric),
    Column("after", Numeric),
    words("team_before"),
    words("team_after"),
    Index(None, "day", "rep_id"),
    Index(None, "at"),
)

RECORDS_A_ROW = 1_000
# The records of the rows `d`, one a measure `m`.
RECORDS = """restated_days d CROSS JOIN LATERAL unnest(
    coalesce(d.measures, ARRAY[d.measure]), coalesce(d.befores, ARRAY[d.before]),
    coalesce(d.afters, ARRAY[d.after])) WITH ORDINALITY AS m(measure, before, after, n)"""

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
    Index(None, "day", "rep_id"),
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

Day = tuple[str, date]
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


class Customers(NamedTuple):
    """How many customers a rep's day has called, before and after a change; they may be equal."""

    before: int
    after: int
    cause: Cause


def all_by(cause: Cause) -> Mapping[Day, Mapping[str, Cause]]:
    """One cause behind every measure of every day."""
    of_day: defaultdict[str, Cause] = defaultdict(lambda: cause)
    return defaultdict(lambda: of_day)


async def restate(
    session: Writing,
    moved: Sequence[Row],
    causes: Mapping[Day, Mapping[str, Cause]],
    closing: Closing,
    customers: Mapping[Day, Customers] | None = None,
) -> dict[Day, Cause]:
    """Keep a record of every closed measure that `moved` changes; call it before they move. And of
    the closed days of `customers`, whose set of customers called changes.

    `moved` holds `(rep_id, day, amount of each measure)`, `causes` the event behind each measure
    of a day that is kept. Answers which of these days have their first call now, or none any
    more, and by what event.
    """
    called: dict[Day, Cause] = {}
    sheaves: defaultdict[Day, _Sheaves] = defaultdict(dict)
    for measures, rows in parted([row for row in moved if closing.keeps(row[1])]):
        stored = await _stored(session, measures, rows)
        for row in rows:
            day = row[0], row[1]
            before, by = stored.get(day, _NOTHING), causes[day]
            if row[2] and not (before[0] and before[0] + row[2]):
                called[day] = by[MEASURES[0]]
            _bind(sheaves[day], day, zip(measures, before, row[2:], strict=False), by, closing)
    for day, count in (customers or {}).items():
        sheaf = sheaves[day].setdefault((count.cause, closing.final(*day)), ([], [], []))
        for values, value in zip(sheaf, ("customers", count.before, count.after), strict=True):
            values.append(value)
    await session.copy(
        "restated_days",
        ("rep_id", "day", "measures", "befores", "afters", "at", *Cause._fields, "final"),
        [
            (*day, *sheaf, closing.now, *cause, final)
            for day, of_day in sorted(sheaves.items())
            for (cause, final), sheaf in of_day.items()
        ],
    )
    return called


async def _stored(
    session: Writing, measures: Sequence[str], rows: Sequence[Row]
) -> dict[Day, Sequence[Any]]:
    """What these measures are on the days of `rows`."""
    return {
        (record[0], record[1]): record[2:]
        for record in await session.fetch(
            f"SELECT rep_id, day, {', '.join(measures)} FROM rep_days WHERE (rep_id, day) IN "
            "(SELECT * FROM unnest($1::text[], $2::date[]))",
            [row[0] for row in rows], [row[1] for row in rows],
        )
    }  # fmt: skip


# What changed of a day, by the event behind it and whether it was final: measures, before, after.
_Sheaves = dict[tuple[Cause, bool], tuple[list[Any], list[Any], list[Any]]]


def _bind(
    sheaves: _Sheaves,
    day: Day,
    changes: Iterable[tuple[str, Any, Any]],
    by: Mapping[str, Cause],
    closing: Closing,
) -> None:
    """Add the measures of a day that change, `(measure, before, amount)`, to its sheaves."""
    at_once = closing.final(*day)
    last: tuple[Cause | None, bool] = None, False
    for measure, was, amount in changes:
        if not amount:
            continue
        final = at_once
        if measure in LOOKS_AHEAD:
            if not closing.keeps(day[1], measure):
                continue
            final = closing.final(*day, measure)
        cause = by[measure]
        if cause is not last[0] or final is not last[1]:
            last = cause, final
            measures, befores, afters = sheaves.setdefault((cause, final), ([], [], []))
        measures.append(measure)
        befores.append(was)
        afters.append(was + amount if type(amount) is int else _EXACT.add(was, amount))


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
        "restated_days",
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
        "restated_days",
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
