"""What changed after it was final, read from the ledger in the order it was changed."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

import asyncpg
from msgspec import UNSET, Struct, UnsetType

from app.exact import number
from app.periods import FIRST_DAY, LAST_DAY, Kind, Period
from app.restatements import RECORDS, RECORDS_A_ROW
from app.spans import Span, served
from app.view import View

Value = int | Decimal | str | None
# With a rep's team every figure of a team changes, whichever KPI is asked about.
ALWAYS = frozenset({"team"})


class Restatement(Struct, frozen=True, kw_only=True):
    """One measure of a rep's final day that changed, and the event that changed it.

    Of the measures `team` and `working_days` one record is about all days from `day` to
    `last_day`: the team on each of them, the working days of all of them together. `kind` and
    `key` name the record the event is about as `record.voided` does, `how` whether it came, came
    again or was withdrawn; a repair and a new definition have none of them.
    """

    id: int
    rep_id: str
    day: date
    last_day: date | UnsetType = UNSET
    measure: str
    before: Value
    after: Value
    at: datetime
    source: str
    event_id: str
    kind: str | UnsetType = UNSET
    key: str | UnsetType = UNSET
    how: str | UnsetType = UNSET


async def restated(
    view: View,
    *,
    start: date | None = None,
    end: date | None = None,
    rep_id: str | None = None,
    measures: Collection[str] | None = None,
    teams: Collection[str] | None = None,
    since: datetime | None = None,
    after: int = 0,
    limit: int,
) -> list[Restatement]:
    """The first `limit` records after the one of id `after` that are about days of
    `start`..`end` (exclusive) and made not before `since`; with `teams` those of days served in
    them, or moved into or out of them.
    """
    spans = None if teams is None else _served(view, teams)
    rows = await view.reading.fetch(
        _RECORDS,
        start, end, rep_id,
        None if measures is None else sorted(ALWAYS.union(measures)),
        after, since, None if teams is None else sorted(teams), *_columns(spans or ()), limit,
    )  # fmt: skip
    return [_record(row) for row in rows]


# Of days served in the teams, or of a move into or out of them.
_SEEN = """
(${0}::text[] IS NULL OR team_before = ANY(${0}) OR team_after = ANY(${0}) OR EXISTS (
    SELECT FROM unnest(${1}::text[], ${2}::date[], ${3}::date[]) AS s(rep_id, lo, hi)
    WHERE s.rep_id = r.rep_id AND r.day < s.hi AND coalesce(r.last_day, r.day) >= s.lo))
"""
# By rows, so that their key gives the order, however many there are.
_RECORDS = f"""
SELECT r.* FROM (
    SELECT d.id AS of_row, d.id + m.n - 1 AS id, d.rep_id, d.day, d.last_day, m.measure, m.before,
        m.after, d.team_before, d.team_after, d.at, d.source, d.event_id, d.kind, d.key, d.how
    FROM {RECORDS} WHERE d.final AND d.id > $5::bigint - {RECORDS_A_ROW}
) AS r WHERE r.id > $5
AND ($1::date IS NULL OR coalesce(last_day, day) >= $1) AND ($2::date IS NULL OR day < $2)
AND ($3::text IS NULL OR rep_id = $3) AND ($4::text[] IS NULL OR measure = ANY($4))
AND ($6::timestamptz IS NULL OR at >= $6)
AND {_SEEN.format(7, 8, 9, 10)}
ORDER BY of_row, id LIMIT $11
"""


class Newest(NamedTuple):
    """The newest records first; `whole` says that there are no more."""

    records: list[Restatement]
    whole: bool


async def newest(
    view: View,
    since: datetime,
    *,
    rep_id: str | None = None,
    teams: Collection[str] | None = None,
    limit: int,
) -> Newest:
    """The newest `limit` records made not before `since`, of one rep, or such as a key of `teams`
    sees. However many were made since, no more than the last `LOOKED_THROUGH` are looked at.
    """
    chosen = rep_id is not None or teams is not None
    looked = LOOKED_THROUGH if chosen else limit + 1
    spans = None if teams is None else _served(view, teams)
    rows = await view.reading.fetch(
        _NEWEST, since, looked, rep_id, None if teams is None else sorted(teams),
        *_columns(spans or ()), limit + 1,
    )  # fmt: skip
    whole = len(rows) <= limit
    if whole and chosen:
        whole = await view.reading.value(_MADE, since, looked) < looked
    return Newest([_record(row) for row in rows[:limit]], whole)


# Taken from the newest end of the index of `at` before anything is asked of them: a rebuild or a
# year of history may have made millions since.
LOOKED_THROUGH = 50_000
_LOOKED = "SELECT {} FROM restatements WHERE final AND at >= $1 ORDER BY at DESC LIMIT $2"
_MADE = f"SELECT count(*) FROM ({_LOOKED.format('')}) AS looked"
_NEWEST = f"""
SELECT * FROM ({_LOOKED.format("*")}) AS r
WHERE ($3::text IS NULL OR rep_id = $3) AND {_SEEN.format(4, 5, 6, 7)}
ORDER BY at DESC, id DESC LIMIT $8
"""


def _served(view: View, teams: Collection[str]) -> list[Span]:
    ever = Period(Kind.RANGE, FIRST_DAY, LAST_DAY)
    reps = view.roster.directory.timelines
    return [span for rep_id in reps for span in served(view.roster, 0, rep_id, ever, teams)]


def _columns(spans: Iterable[Span]) -> tuple[list[str], list[date], list[date]]:
    return [s.rep_id for s in spans], [s.start for s in spans], [s.end for s in spans]


def _record(row: asyncpg.Record) -> Restatement:
    moved = row["measure"] == "team"
    before, after = ("team_before", "team_after") if moved else ("before", "after")
    return Restatement(
        id=row["id"], rep_id=row["rep_id"], day=row["day"],
        last_day=UNSET if row["last_day"] is None else row["last_day"],
        measure=row["measure"], before=_value(row[before]), after=_value(row[after]),
        at=row["at"], source=row["source"], event_id=row["event_id"],
        **{name: row[name] for name in ("kind", "key", "how") if row[name] is not None},
    )  # fmt: skip


def _value(stored: Decimal | str | None) -> Value:
    return number(stored, 4) if isinstance(stored, Decimal) else stored
