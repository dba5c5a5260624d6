"""Puts on record whatever a batch changes of closed days, before any of it is written."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from app.batch.causes import Causes
from app.batch.desk import Desk
from app.batch.distincts import distincts_of
from app.batch.movement import causes_of
from app.batch.pairs import Pairs
from app.db import Writing
from app.restatements import Cause, Closing, Day, keep_parts, restate


async def put_on_record(
    session: Writing, desk: Desk, pairs: Pairs, moved: Sequence[tuple[Any, ...]], closing: Closing
) -> dict[Day, Cause]:
    """Keep every closed measure that `moved` moves, and what closed days count once.

    Answers which closed days of reps have their first call now, or none any more, and by what
    event.
    """
    keeps = cache(closing.keeps)
    causes = cache(lambda: Causes(desk))
    distincts = await distincts_of(session, desk, lambda leg: causes().of(leg), keeps)
    await keep_parts(session, distincts.parts, closing.now)
    closed = any(keeps(row[1]) for row in moved)
    by_measure = causes_of(desk, pairs, causes(), keeps) if closed else {}
    return await restate(session, moved, by_measure, closing, distincts.customers)
