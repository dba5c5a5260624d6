"""Mends what a proof found: facts' meanings, then the rollups of their days, from the facts alone.

A chunk at a time, each in one transaction under the ingest lock, worked out from what is there
then: whatever came in since the proof is in it. A closed day that changes is restated by name.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from itertools import islice
from typing import Any

from app.batch.announced import keep, prepare_called
from app.batch.calls import work_out_calls
from app.batch.desk import Desk
from app.batch.distincts import distincts_of
from app.batch.pairs import Pairs, keep_remarked, work_out_pairs
from app.batch.reach import Dirty
from app.batch.results import work_out_results
from app.db import Database, Writing
from app.definition import all_definitions, closed_by
from app.facts.directory import load_directory, load_rates
from app.facts.rows import Conversation, Leg, Order, Quote, Return, Segment
from app.facts.shelf import Shelf
from app.meaning.contributions import of_row
from app.meaning.known import Known, Rates
from app.proof.claims import mend_claims
from app.proof.drift import Findings
from app.proof.portion import Day
from app.restatements import Cause, Closing, all_by, keep_parts, restate
from app.rollups import MEASURES, Movement, move, remake_months
from app.settings import Settings, floors_of
from app.work_calendar import WorkCalendar
from app.working_days import calendar_of

log = logging.getLogger(__name__)

REPAIR = Cause("ringside", "repair")
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Chunk:
    """What is mended at once: numbers with the facts that name them, facts, or days."""

    phones: Sequence[str] = ()
    facts: Dirty = field(default_factory=Dirty)
    days: Sequence[Day] = ()


async def repair(
    database: Database,
    settings: Settings,
    findings: Findings,
    *,
    clock: Callable[[], datetime],
    progress: Callable[[int, int], None],
) -> None:
    """Mend all that was found; `progress(done, total)` counts keys. May end and begin anywhere."""
    for drift in findings.drift:
        log.warning(
            "repairing %s %s %s: stored %s, right %s",
            drift.table, drift.key, drift.column, drift.stored, drift.right,
        )  # fmt: skip
    # A month is made anew with any day of it, its first as well as another.
    calendar = calendar_of(settings)
    chunks = [
        *(Chunk(phones=phones) for phones in _slices(findings.phones)),
        *(Chunk(facts=facts) for facts in _chunks(findings.facts)),
        *(Chunk(days=days) for days in _slices(findings.days | findings.months)),
    ]
    for done, chunk in enumerate(chunks):
        async with database.ingesting() as session:
            closing = await _closing(session, settings, clock())
            facts = await mend_claims(session, chunk.phones) if chunk.phones else chunk.facts
            found = await _mend_facts(session, settings, facts, closing)
            await mend_days(session, {*found, *chunk.days}, closing, calendar)
            # Not tracked by day, so that nobody goes on with what is remembered of any.
            await session.run("UPDATE versions SET ingest = ingest + 1")
        progress(done + 1, len(chunks))


def _chunks(facts: Dirty) -> Iterator[Dirty]:
    for kind in fields(Dirty):
        for keys in _slices(getattr(facts, kind.name)):
            yield Dirty(**{kind.name: set(keys)})


def _slices(keys: Iterable[Any]) -> Iterator[list[Any]]:
    ordered = iter(sorted(keys))
    while page := list(islice(ordered, AT_ONCE)):
        yield page


async def _closing(session: Writing, settings: Settings, now: datetime) -> Closing:
    directory = await load_directory(session, settings)
    closed = closed_by(await all_definitions(session), settings)
    return Closing(now, closed.to(now), directory, directory)


async def _mend_facts(
    session: Writing, settings: Settings, dirty: Dirty, closing: Closing
) -> set[Day]:
    """Give these facts their right meaning; the days of reps that count otherwise with it."""
    rates = Rates(settings.currency, await load_rates(session))
    desk, pairs = Desk(Known(closing.directory, floors_of(settings), rates)), Pairs()
    await work_out_results(session, desk, dirty)
    await work_out_calls(session, desk, dirty, pairs, afresh=True)
    await work_out_pairs(session, desk, pairs)
    distincts = await distincts_of(session, desk, lambda _: REPAIR, closing.keeps)
    await restate(session, (), {}, closing, distincts.customers)
    await keep_parts(session, distincts.parts, closing.now)
    days = {
        (row.rep_id, row.day)
        for shelf in desk.shelves.values()
        for pair in shelf.changed()
        for row in pair
        if row is not None and getattr(row, "day", None) is not None
    }
    days |= {(touch.rep_id, touch.day) for touch, _ in pairs.remarked}
    await keep_remarked(session, pairs)
    for shelf in desk.shelves.values():
        await shelf.write(session)
    return days


async def mend_days(
    session: Writing, days: Iterable[Day], closing: Closing, calendar: WorkCalendar
) -> None:
    """Make the rollups of these days, and of their months, what their facts say."""
    ordered = sorted(days)
    if not ordered:
        return
    movement = await _sums_of(session, ordered)
    for rep_id, day, *stored in await session.fetch(
        f"SELECT rep_id, day, {', '.join(MEASURES)} FROM rep_days WHERE (rep_id, day) IN"
        " (SELECT * FROM unnest($1::text[], $2::date[]))",
        *_columns(ordered),
    ):
        movement.add(rep_id, day, zip(MEASURES, stored, strict=True), -1)
    moved = movement.rows()
    called = await restate(session, moved, all_by(REPAIR), closing)
    worked = await prepare_called(session, called, closing, calendar)
    await move(session, moved)
    await keep(session, worked, closing, calendar)
    await remake_months(session, {(rep_id, day.replace(day=1)) for rep_id, day in ordered})


async def _sums_of(session: Writing, days: Sequence[Day]) -> Movement:
    """What the facts on these days, as they are kept, add up to."""
    shelves: list[Shelf[Any]] = []
    for row_type in (Leg, Segment, Conversation, Quote, Order, Return):
        shelf: Shelf[Any] = Shelf(row_type)
        await shelf.load(
            session,
            "JOIN unnest($1::text[], $2::date[]) AS d(rep_id, day)"
            " ON t.rep_id = d.rep_id AND t.day = d.day",
            *_columns(days),
        )
        shelves.append(shelf)
    orders = Shelf(Order)
    named = sorted({returned.order_id for returned in shelves[-1].now.values()})
    await orders.load(session, "WHERE order_id = ANY($1)", named)
    movement = Movement()
    for shelf in shelves:
        for row in shelf.now.values():
            order = orders.now.get((row.order_id,)) if isinstance(row, Return) else None
            for rep_id, day, amounts in of_row(row, order):
                movement.add(rep_id, day, amounts, 1)
    return movement


def _columns(days: Sequence[Day]) -> tuple[list[str], list[date]]:
    return [rep_id for rep_id, _ in days], [day for _, day in days]
