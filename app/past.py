"""The past, read by the same queries as the present: `Past` gives each query the tables as they
were at a moment, by undoing what the ledger of restatements knows to have changed since.

It is exact for whatever was final then, and for nothing else: a day that was open changes without
a record. In a query the names below stand for common table expressions in place of the tables.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime

import asyncpg

from app.db import Reading
from app.meaning.marks import Mark
from app.rollups import AMOUNTS, MEASURES

_CALLED = int(Mark.CALL | Mark.OUTBOUND)
_MISSED = int(Mark.MISSED)
# So many reps are not looked up one by one.
MANY = 1_000
_ASKED = "$days AND ($reps IS NULL OR rep_id = ANY($reps))"


class Past(Reading):
    """A snapshot seen as it was at `moment`: rollups, what is counted once, reps, time off.

    Of `days` (from, to exclusive) and `reps` only; None is all of them.
    """

    def __init__(
        self,
        reading: Reading,
        moment: datetime,
        days: tuple[date, date] | None = None,
        reps: Collection[str] | None = None,
    ) -> None:
        self._reading = reading
        self._moment = moment
        self._days = days
        self._reps = None if reps is None else sorted(reps)

    async def fetch(self, sql: str, *values: object) -> list[asyncpg.Record]:
        """All rows of a SELECT over the tables as they were."""
        return await self._reading.fetch(self._over(sql, values), *values, self._reps)

    async def value(self, sql: str, *values: object) -> object:
        """The first column of the first row of a SELECT over the tables as they were."""
        return await self._reading.value(self._over(sql, values), *values, self._reps)

    def about(self, spans: Iterable[tuple[str | None, date, date]]) -> "Past":
        """The same of these days and reps only: of the ledger no other is read."""
        spans = list(spans)
        if not spans:
            return self
        reps = {rep_id for rep_id, _, _ in spans if rep_id is not None}
        alone = len(reps) < MANY and all(rep_id is not None for rep_id, _, _ in spans)
        days = min(start for _, start, _ in spans), max(end for _, _, end in spans)
        return Past(self._reading, self._moment, days, reps if alone else None)

    def _over(self, sql: str, values: Sequence[object]) -> str:
        days = "true"
        if self._days is not None:
            days = "day >= '{}' AND day < '{}'".format(*self._days)
        tables = _TABLES.replace("$days", days).replace("$reps", f"${len(values) + 1}::text[]")
        instant = f"'{self._moment.astimezone(UTC).isoformat()}'::timestamptz"
        return tables.replace("$moment", instant) + sql


def _undone(key: str) -> str:
    """By how much the sums of each rep and `key` have changed since."""
    sums = ", ".join(f"sum(back) FILTER (WHERE measure = '{m}') AS {m}" for m in MEASURES)
    return (
        f"SELECT rep_id, {key}, {sums} FROM (SELECT rep_id, day, measure, before - after AS back"
        f" FROM restatements WHERE at > $moment AND last_day IS NULL AND {_ASKED})"
        " AS r GROUP BY 1, 2"
    )


def _sums(table: str, key: str, undone: str) -> str:
    """The rows of a rollup as they were; a row with nothing in it was not there."""
    back = ", ".join(f"{_then(m, f'r.{m} + coalesce(u.{m}, 0)')}" for m in MEASURES)
    gone = ", ".join(f"{_then(m, f'coalesce(u.{m}, 0)')}" for m in MEASURES)
    names = ", ".join(MEASURES)
    nothing = " AND ".join(f"{m} = 0" for m in MEASURES)
    return (
        f"SELECT * FROM (SELECT r.rep_id, r.{key}, {back} FROM public.{table} r"
        f" LEFT JOIN {undone} u ON u.rep_id = r.rep_id AND u.{key} = r.{key}"
        f" UNION ALL SELECT u.rep_id, u.{key}, {gone} FROM {undone} u WHERE NOT EXISTS"
        f" (SELECT FROM public.{table} r WHERE r.rep_id = u.rep_id AND r.{key} = u.{key})"
        f") AS then_ (rep_id, {key}, {names}) WHERE NOT ({nothing})"
    )


def _then(measure: str, value: str) -> str:
    return value if measure in AMOUNTS else f"({value})::bigint"


def _first(table: str, kind: str, key: str, more: str, of: str = "true") -> str:
    """What stood before the first change since, of each `key`."""
    return (
        f"SELECT DISTINCT ON ({key}) {key}, {more} FROM {table}"
        f" WHERE at > $moment AND kind = '{kind}' AND {of} ORDER BY {key}, id"
    )


# Whoever asks for no more than who was called and what was missed needs no more of a leg.
_LEGS = f"""
SELECT l.call_id, l.agent, l.rep_id, l.day, l.party,
    l.marks & CASE WHEN c.was IS NULL THEN -1 ELSE ~{_CALLED} END
        & CASE WHEN m.was IS NULL THEN -1 ELSE ~{_MISSED} END AS marks
FROM public.legs l
LEFT JOIN was_called c ON c.rep_id = l.rep_id AND c.day = l.day AND c.part = l.party
LEFT JOIN was_missed m ON m.rep_id = l.rep_id AND m.day = l.day AND m.part = l.call_id
    AND m.agent = l.agent
UNION ALL SELECT '', '', rep_id, day, part, {_CALLED} FROM was_called WHERE was
UNION ALL SELECT part, agent, rep_id, day, NULL, {_MISSED} FROM was_missed WHERE was
"""

_STATES = """
SELECT s.rep_id, s.effective_from, s.name, s.team, s.manager, s.time_zone, s.active, s.aliases,
    s.voided
FROM public.rep_states s
WHERE NOT EXISTS (SELECT FROM was_rep w WHERE w.rep_id = s.rep_id AND w.day = s.effective_from)
UNION ALL SELECT rep_id, day, was ->> 'name', was ->> 'team', was ->> 'manager',
    was ->> 'time_zone', (was ->> 'active')::boolean,
    CASE jsonb_typeof(was -> 'aliases') WHEN 'array'
        THEN ARRAY(SELECT jsonb_array_elements_text(was -> 'aliases')) END, false
FROM was_rep WHERE was IS NOT NULL
"""

_TIME_OFF = """
SELECT t.rep_id, t.date, t.fraction, t.voided FROM public.time_off t
WHERE NOT EXISTS (SELECT FROM was_off w WHERE w.rep_id = t.rep_id AND w.day = t.date)
UNION ALL SELECT rep_id, day, (was ->> 'fraction')::numeric, false
FROM was_off WHERE was IS NOT NULL
"""

_PARTS = [
    ("undone_days", _undone("day")),
    ("undone_months", _undone("date_trunc('month', day)::date AS month")),
    ("rep_days", _sums("rep_days", "day", "undone_days")),
    ("rep_months", _sums("rep_months", "month", "undone_months")),
    ("was_called", _first("restated_parts", "customer", "rep_id, day, part", "was", _ASKED)),
    ("was_missed", _first("restated_parts", "missed", "rep_id, day, part, agent", "was", _ASKED)),
    ("legs", _LEGS),
    ("was_rep", _first("directory_changes", "rep", "rep_id, day", "was")),
    ("rep_states", _STATES),
    ("was_off", _first("directory_changes", "time_off", "rep_id, day", "was")),
    ("time_off", _TIME_OFF),
]  # fmt: skip
# Read once where they are looked up from several places; looked through where they are one.
_ONCE = {"undone_days", "undone_months", "was_called", "was_missed", "was_rep", "was_off"}

_TABLES = (
    "WITH "
    + ", ".join(
        f"{name} AS {'' if name in _ONCE else 'NOT '}MATERIALIZED ({query})"
        for name, query in _PARTS
    )
    + " "
)
