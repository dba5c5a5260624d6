"""What of the facts is proved: all of them, those of a range of days, or those of a sample of the
reps' days; a chunk of keys at a time, so that memory stays bounded.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from app.batch.reach import MARGIN, Dirty
from app.db import Writing
from app.periods import FIRST_DAY, LAST_DAY

CHUNK = 5_000
# So few that a server that checks a sample meanwhile answers its other requests in between.
DAYS_AT_ONCE = 25
TABLES = ("legs", "segments", "conversations", "quotes", "orders", "returns")
_KEYS = (
    ("conversations", "conversation_id", "started_at", "standalone"),
    ("quotes", "quote_id", "issued_at", "quotes"),
    ("orders", "order_id", "placed_at", "orders"),
    ("returns", "return_id", "returned_at", "returns"),
)
_AT = {"legs": "started_at", "segments": "started_at"} | {t: at for t, _, at, _ in _KEYS}
_OF_DAYS = (
    ("legs", "call_id", "calls"),
    ("segments", "call_id", "calls"),
    ("conversations", "call_id", "calls"),
    ("conversations", "conversation_id", "standalone"),
    ("quotes", "quote_id", "quotes"),
    ("orders", "order_id", "orders"),
    ("returns", "return_id", "returns"),
)

Day = tuple[str, date]


@dataclass(frozen=True, slots=True)
class Portion:
    """All; or days of `start`..`end` (exclusive); or of the reps' days a `sample`, in percent,
    another one for each `seed`.
    """

    start: date | None = None
    end: date | None = None
    sample: float | None = None
    seed: int = 0

    @property
    def whole(self) -> bool:
        """Whether it is everything."""
        return self.start is None and self.end is None and self.sample is None

    def holds(self, day: date) -> bool:
        """Whether the range has the day."""
        return (self.start or FIRST_DAY) <= day and (self.end is None or day < self.end)

    def instants(self) -> tuple[datetime | None, datetime | None]:
        """When the facts of the range can have happened, in any zone."""
        if self.sample is not None or self.whole:
            return None, None
        first, end = self.start or FIRST_DAY, self.end or LAST_DAY
        return _midnight(first - MARGIN), _midnight(end + MARGIN)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Keys of facts to work out anew; with `days` only these of what they count are proved."""

    dirty: Dirty
    days: frozenset[Day] | None = None


async def choose(session: Writing, portion: Portion) -> int:
    """Make the choice of a sample, kept for this transaction; how much there is to prove: facts,
    or for a sample days of reps.
    """
    if portion.sample is None:
        lo, hi = portion.instants()
        return sum([await session.value(_count(table), lo, hi) for table in TABLES])
    facts = " UNION ".join(f"SELECT rep_id, day FROM {t}" for t in (*TABLES, "rep_days"))
    await session.run(
        'CREATE TEMP TABLE chosen (rep_id text COLLATE "C", day date, PRIMARY KEY (rep_id, day))'
        " ON COMMIT DROP"
    )
    await session.run(
        f"INSERT INTO chosen SELECT rep_id, day FROM ({facts}) AS f WHERE day IS NOT NULL AND"
        " (hashtextextended(rep_id || ' ' || day, $1) & 9223372036854775807) % 1000000 < $2",
        portion.seed,
        round(portion.sample * 10_000),
    )
    return int(await session.value("SELECT count(*) FROM chosen"))


def _count(table: str) -> str:
    return f"SELECT count(*) FROM {table} t WHERE {_within(_AT[table], 1)}"


def _within(at: str, first: int) -> str:
    return f"(${first}::timestamptz IS NULL OR t.{at} >= ${first} AND t.{at} < ${first + 1})"


async def chunks(session: Writing, portion: Portion) -> AsyncIterator[Chunk]:
    """Every fact's key, a chunk at a time; a call's legs, segments and words come together."""
    if portion.sample is not None:
        async for chunk in _of_chosen_days(session):
            yield chunk
        return
    lo, hi = portion.instants()
    async for calls in _calls(session, lo, hi):
        yield Chunk(Dirty(calls=calls))
    for table, column, at, kind in _KEYS:
        low = ""
        while keys := await _page(session, table, column, at, low, lo, hi):
            yield Chunk(Dirty(**{kind: keys}))
            low = max(keys)


async def _calls(
    session: Writing, lo: datetime | None, hi: datetime | None
) -> AsyncIterator[set[str]]:
    low: str | None = ""
    while low is not None:
        high = await session.value(
            "SELECT max(call_id) FROM (SELECT call_id FROM legs t WHERE call_id > $1 "
            f"AND {_within('started_at', 2)} ORDER BY call_id LIMIT {CHUNK}) page",
            low, lo, hi,
        )  # fmt: skip
        calls: set[str] = set()
        for table in ("legs", "segments", "conversations"):
            calls |= {
                record[0]
                for record in await session.fetch(
                    f"SELECT call_id FROM {table} t WHERE call_id > $1 AND "
                    f"($2::text IS NULL OR call_id <= $2) AND {_within('started_at', 3)}",
                    low, high, lo, hi,
                )
            }  # fmt: skip
        yield calls
        low = high


async def _page(
    session: Writing, table: str, column: str, at: str, low: str, *span: Any
) -> set[str]:
    return {
        record[0]
        for record in await session.fetch(
            f"SELECT {column} FROM {table} t WHERE {column} > $1 AND {_within(at, 2)} "
            f"ORDER BY 1 LIMIT {CHUNK}",
            low,
            *span,
        )
    }


async def _of_chosen_days(session: Writing) -> AsyncIterator[Chunk]:
    low: Day = ("", date.min)
    while True:
        page = [
            (record[0], record[1])
            for record in await session.fetch(
                "SELECT rep_id, day FROM chosen WHERE (rep_id, day) > ($1, $2)"
                f" ORDER BY rep_id, day LIMIT {DAYS_AT_ONCE}",
                *low,
            )
        ]
        if not page:
            return
        yield Chunk(await facts_of(session, page), frozenset(page))
        low = page[-1]


async def facts_of(session: Writing, days: list[Day]) -> Dirty:
    """The keys of all facts that are kept on these days of reps."""
    dirty = Dirty()
    for table, column, kind in _OF_DAYS:
        keys: set[str] = getattr(dirty, kind)
        for record in await session.fetch(
            f"SELECT t.{column} FROM unnest($1::text[], $2::date[]) AS d(rep_id, day)"
            f" JOIN {table} t ON t.rep_id = d.rep_id AND t.day = d.day"
            f" WHERE t.{column} IS NOT NULL",
            [rep_id for rep_id, _ in days],
            [day for _, day in days],
        ):
            keys.add(record[0])
    return dirty
