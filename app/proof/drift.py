"""What is stored and is not what the facts say: meanings of facts, sums of rollups."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from msgspec import Struct

from app.batch.desk import Desk
from app.batch.pairs import Pairs
from app.batch.reach import Dirty
from app.db import Writing
from app.facts.records import key_of
from app.facts.rows import Conversation, Leg, Order, Quote, Return, Segment
from app.periods import Kind, period_of
from app.proof.portion import Day, Portion
from app.rollups import MEASURES


class Drift(Struct, frozen=True):
    """One thing stored that is not what the facts say. `key` is the row's, joined by `/`."""

    table: str
    key: str
    column: str
    stored: str
    right: str


@dataclass(slots=True)
class Findings:
    """All that was found: as it is shown, and by the keys by which it can be mended."""

    drift: list[Drift] = field(default_factory=list)
    facts: Dirty = field(default_factory=Dirty)
    phones: set[str] = field(default_factory=set)
    days: set[Day] = field(default_factory=set)
    months: set[Day] = field(default_factory=set)


def meanings(desk: Desk, pairs: Pairs, findings: Findings) -> None:
    """Find the rows on the desk whose meaning is not what was worked out."""
    for shelf in desk.shelves.values():
        for before, after in shelf.changed():
            findings.drift += _differences(shelf.row_type.table, key_of(after), before, after)
            _note(findings.facts, after)
    for touch, marks in pairs.remarked:
        key = "/".join(touch.key)
        findings.drift.append(Drift(touch.table, key, "marks", str(touch.marks), str(marks)))
        calls = touch.table == "legs"
        (findings.facts.calls if calls else findings.facts.standalone).add(touch.key[0])


def _note(facts: Dirty, row: Any) -> None:
    match row:
        case Leg() | Segment():
            facts.calls.add(row.call_id)
        case Conversation():
            facts.standalone.add(row.conversation_id)
            if row.call_id is not None:
                facts.calls.add(row.call_id)
        case Quote():
            facts.quotes.add(row.quote_id)
        case Order():
            facts.orders.add(row.order_id)
        case Return():
            facts.returns.add(row.return_id)


def _differences(table: str, key: tuple[Any, ...], stored: Any, right: Any) -> Iterator[Drift]:
    name = "/".join(str(part) for part in key)
    for name_of in right.__struct_fields__:
        one, other = getattr(stored, name_of), getattr(right, name_of)
        if one != other:
            yield Drift(table, name, name_of, str(one), str(other))


_COLUMNS = ", ".join(MEASURES)
_SUMS = ", ".join(f"sum({measure}) AS {measure}" for measure in MEASURES)


async def begin(session: Writing) -> None:
    """Make room for the right sums, for this transaction: they need not fit into memory."""
    await session.run(
        f"CREATE TEMP TABLE proved ON COMMIT DROP AS SELECT rep_id, day, {_COLUMNS} "
        "FROM rep_days WITH NO DATA"
    )


async def lay_down(
    session: Writing,
    rows: Iterable[tuple[Any, ...]],
    portion: Portion,
    days: frozenset[Day] | None,
) -> None:
    """Keep what rows of a movement add to the days that are being proved."""
    await session.copy(
        "proved",
        ("rep_id", "day", *MEASURES),
        [r for r in rows if portion.holds(r[1]) and (days is None or (r[0], r[1]) in days)],
    )


async def rollups(session: Writing, portion: Portion, findings: Findings) -> int:
    """Compare the stored rollups with the right sums: both ways, so a stray row shows too. How
    many rows there were.
    """
    first, last = portion.start or date.min, portion.end or date.max
    where = "r.day >= $1 AND r.day < $2"
    if portion.sample is not None:
        where += " AND EXISTS (SELECT FROM chosen c WHERE c.rep_id = r.rep_id AND c.day = r.day)"
    records, looked = await _compare(
        session, "day", f"SELECT r.* FROM rep_days r WHERE {where}",
        f"SELECT rep_id, day, {_SUMS} FROM proved GROUP BY 1, 2", first, last,
    )  # fmt: skip
    for record in records:
        findings.days.add((record[0], record[1]))
        findings.drift += _sums("rep_days", record)
    if portion.sample is not None:
        return looked
    records, more = await _compare(
        session, "month", "SELECT r.* FROM rep_months r WHERE month >= $1 AND month < $2",
        f"SELECT rep_id, date_trunc('month', day)::date AS month, {_SUMS} FROM proved "
        "WHERE day >= $1 AND day < $2 GROUP BY 1, 2",
        *_whole_months(first, last),
    )  # fmt: skip
    for record in records:
        findings.months.add((record[0], record[1]))
        findings.drift += _sums("rep_months", record)
    return looked + more


def _whole_months(first: date, last: date) -> tuple[date, date]:
    """The calendar months that lie wholly in the range."""
    start = first if first.day == 1 else period_of(Kind.MONTH, first).end
    return start, last if last == date.max else last.replace(day=1)


async def _compare(
    session: Writing, key: str, stored: str, right: str, *span: date
) -> tuple[list[tuple[Any, ...]], int]:
    """The rows that differ: rep, day, and of each measure what is stored and what is right."""
    columns = ", ".join(f"s.{m}, p.{m}" for m in MEASURES)
    differ = " OR ".join(f"coalesce(s.{m}, 0) <> coalesce(p.{m}, 0)" for m in MEASURES)
    records = await session.fetch(
        f"SELECT coalesce(s.rep_id, p.rep_id), coalesce(s.{key}, p.{key}), {columns} "
        f"FROM ({stored}) s FULL JOIN ({right}) p ON p.rep_id = s.rep_id AND p.{key} = s.{key} "
        f"WHERE ($1::date, $2::date) IS NOT NULL AND ({differ}) ORDER BY 1, 2",
        *span,
    )
    looked = await session.value(f"SELECT count(*) FROM ({stored}) s", *span)
    return [tuple(record) for record in records], looked


def _sums(table: str, record: Sequence[Any]) -> Iterator[Drift]:
    rep_id, day, *amounts = record
    for measure, stored, right in zip(MEASURES, amounts[::2], amounts[1::2], strict=True):
        if (stored or 0) != (right or 0):
            yield Drift(table, f"{rep_id}/{day}", measure, _shown(stored), _shown(right))


def _shown(amount: Any) -> str:
    return str(amount or 0)
