"""The end of a rebuild: what is stored becomes what was built beside it, in one transaction, and
every final day that changes with it goes on record.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import msgspec

from app.batch.announced import keep, prepare_called, unannounced
from app.batch.distincts import CALLED
from app.batch.reach import MARGIN
from app.db import Writing
from app.definition import Definition, closed_by, settings_by
from app.facts.directory import load_directory
from app.facts.rows import AnyRow, Conversation, Leg, Order, Quote, Return, Segment
from app.meaning.ladder import MISSED
from app.restatements import Cause, Closing, Customers, Day, all_by, by_definition, restate
from app.rollups import MEASURES
from app.settings import Settings
from app.working_days import calendar_of

FACTS: tuple[type[AnyRow], ...] = (Leg, Segment, Conversation, Quote, Order, Return)
AT_ONCE = 5_000


async def swap(
    session: Writing, settings: Settings, known: Sequence[Definition], now: datetime
) -> None:
    """Make meanings and rollups those of the schema `rebuild`; nobody else may write meanwhile.

    `known` are the definitions there were.
    """
    before = settings_by(known[-1].content, settings) if known else settings
    closing = Closing(
        now,
        closed_by(known, settings).to(now),
        await load_directory(session, before),
        await load_directory(session, settings),
    )
    number = known[-1].number if known else 0
    cause = by_definition(number + 1)
    calendar = calendar_of(settings)
    called = await _restate_sums(session, closing, cause)
    worked = await prepare_called(session, called, closing, calendar)
    await _restate_distincts(session, closing, cause)
    for row_type in FACTS:
        await session.run(_take_over(row_type))
    for table, key in (("rep_days", "day"), ("rep_months", "month")):
        await session.run(_without_others(table, key))
        await session.run(_with_missing(table, key))
    await keep(session, worked, closing, calendar)
    # Not tracked by day, so that nobody goes on with what is remembered of any.
    await session.run(
        "UPDATE versions SET ingest = ingest + 1, directory = directory + 1 WHERE id = 1"
    )


_AMOUNTS = ", ".join(f"coalesce(n.{m}, 0) - coalesce(o.{m}, 0) AS {m}" for m in MEASURES)
_SAME = " AND ".join(f"coalesce(n.{m}, 0) = coalesce(o.{m}, 0)" for m in MEASURES)


async def _restate_sums(session: Writing, closing: Closing, cause: Cause) -> dict[Day, Cause]:
    """Keep what the days' sums were; the days nobody announced that have calls now, or had."""
    await session.run(
        "CREATE TEMP TABLE changed ON COMMIT DROP AS"
        f" SELECT coalesce(n.rep_id, o.rep_id) AS rep_id, coalesce(n.day, o.day) AS day, {_AMOUNTS}"
        " FROM public.rep_days o FULL JOIN rebuild.rep_days n"
        f" ON n.rep_id = o.rep_id AND n.day = o.day WHERE NOT ({_SAME})"
    )
    await session.run("CREATE INDEX ON changed (rep_id, day)")
    called: dict[Day, Cause] = {}
    low: tuple[str, date] = ("", date.min)
    while page := await session.fetch(
        "SELECT * FROM changed WHERE (rep_id, day) > ($1, $2)"
        f" ORDER BY rep_id, day LIMIT {AT_ONCE}",
        *low,
    ):
        first = await restate(session, [tuple(row) for row in page], all_by(cause), closing)
        called.update((day, cause) for day in first if unannounced(*day, closing))
        low = page[-1][0], page[-1][1]
    return called


_SETS = {
    "customer": "SELECT DISTINCT rep_id, day, party, '' FROM {}.legs WHERE day <= $1"
    f" AND marks & {CALLED} = {CALLED} AND party IS NOT NULL",
    "missed": "SELECT rep_id, day, call_id, agent FROM {}.legs WHERE day <= $1"
    f" AND marks & {MISSED} <> 0",
}
_CUSTOMERS = (
    "SELECT d.rep_id, d.day, count(DISTINCT l.party) FROM unnest($1::text[], $2::date[])"
    " AS d(rep_id, day) LEFT JOIN {}.legs l ON l.rep_id = d.rep_id AND l.day = d.day"
    f" AND l.marks & {CALLED} = {CALLED} GROUP BY 1, 2 ORDER BY 1, 2"
)


async def _restate_distincts(session: Writing, closing: Closing, cause: Cause) -> None:
    """Keep what days count once, before and after; and how many customers they had."""
    last = _last_kept(closing)
    for kind, of in _SETS.items():
        for one, other, was in (("public", "rebuild", "true"), ("rebuild", "public", "false")):
            await session.run(
                "INSERT INTO restated_parts (kind, rep_id, day, part, agent, was, at)"
                f" SELECT '{kind}', *, {was}, $2::timestamptz FROM"
                f" ({of.format(one)} EXCEPT {of.format(other)}) AS changed",
                last, closing.now,
            )  # fmt: skip
    days = await session.fetch(
        "SELECT DISTINCT rep_id, day FROM restated_parts WHERE at = $1 AND kind = 'customer'",
        closing.now,
    )
    columns = [row[0] for row in days], [row[1] for row in days]
    before = await session.fetch(_CUSTOMERS.format("public"), *columns)
    after = await session.fetch(_CUSTOMERS.format("rebuild"), *columns)
    customers = {
        (o[0], o[1]): Customers(o[2], n[2], cause) for o, n in zip(before, after, strict=True)
    }
    await restate(session, (), {}, closing, customers)


def _last_kept(closing: Closing) -> date:
    """The last day whose changes are kept."""
    day = closing.now.date() + MARGIN
    while not closing.keeps(day):
        day -= timedelta(days=1)
    return day


def _take_over(row_type: type[AnyRow]) -> str:
    """Give the facts what was derived of them, where it is something else."""
    derived = [f.name for f in msgspec.structs.fields(row_type) if not f.required]
    keys = " AND ".join(f'o."{column}" = n."{column}"' for column in row_type.key_columns)
    values = ", ".join(f'"{name}" = n."{name}"' for name in derived)
    old, new = (", ".join(f'{t}."{name}"' for name in derived) for t in "on")
    return (
        f"UPDATE public.{row_type.table} o SET {values} FROM rebuild.{row_type.table} n"
        f" WHERE {keys} AND ({old}) IS DISTINCT FROM ({new})"
    )


def _matching(table: str, key: str, of: str) -> str:
    same = " AND ".join(f"n.{m} = o.{m}" for m in MEASURES)
    return f"SELECT FROM {of}.{table} n WHERE n.rep_id = o.rep_id AND n.{key} = o.{key} AND {same}"


def _without_others(table: str, key: str) -> str:
    return f"DELETE FROM public.{table} o WHERE NOT EXISTS ({_matching(table, key, 'rebuild')})"


def _with_missing(table: str, key: str) -> str:
    names = ", ".join(("rep_id", key, *MEASURES))
    return (
        f"INSERT INTO public.{table} ({names}) SELECT {names} FROM rebuild.{table} o"
        f" WHERE NOT EXISTS ({_matching(table, key, 'public')})"
    )
