"""What a process settles at its start: by which definition the figures are read from now on. What
another calendar says otherwise of final days goes on record with it, in one transaction.
"""

import logging
from collections.abc import Sequence
from datetime import datetime

from app.calendars import restate_calendar
from app.db import Database, Writing
from app.definition import (
    READING,
    Content,
    Definition,
    all_definitions,
    closed_by,
    content_of,
    keep_definition,
    reason_to_rebuild,
    settings_by,
)
from app.facts.directory import load_directory
from app.restatements import Closing, by_definition
from app.settings import Settings
from app.working_days import calendar_of

log = logging.getLogger(__name__)


async def settle_definition(database: Database, settings: Settings, now: datetime) -> None:
    """Keep the definition of a database that has none, and what is read otherwise; say it where
    the figures have to be rebuilt.
    """
    async with database.reading() as reading:
        known = await all_definitions(reading)
    reason = reason_to_rebuild(known, settings, now)
    if reason is not None:
        log.warning("%s; run ringside rebuild", reason)
    if _wanted(known, settings, now) is None:
        return
    # Nobody changes a final day by the old calendar while the new one is put on record.
    async with database.ingesting() as session:
        known = await all_definitions(session)
        wanted = _wanted(known, settings, now)
        if wanted is None:
            return  # another process came first
        if known:
            await _restate(session, known, wanted, settings, now)
        await keep_definition(session, len(known) + 1, wanted, now)


def _wanted(known: Sequence[Definition], settings: Settings, now: datetime) -> Content | None:
    """The definition that is to hold; None if it does. What needs a rebuild waits for it."""
    wanted = content_of(settings)
    if reason_to_rebuild(known, settings, now) is not None:
        wanted = {**known[-1].content, **{name: wanted[name] for name in READING}}
    return None if known and known[-1].content == wanted else wanted


async def _restate(
    session: Writing, known: list[Definition], wanted: Content, settings: Settings, now: datetime
) -> None:
    before, after = (settings_by(content, settings) for content in (known[-1].content, wanted))
    old, new = calendar_of(before), calendar_of(after)
    directory = await load_directory(session, before)
    closing = Closing(now, closed_by(known, settings).to(now), directory, directory)
    await restate_calendar(session, old, new, closing, by_definition(known[-1].number + 1))
