"""The first question of a process finds ready what all questions share: who the reps are, their
lineups, and sums that hardly change. It is asked in the background once the process serves.
"""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from app.beside import beside
from app.board import board
from app.errors import Unavailable
from app.kpis import kpi_of
from app.spans import asked
from app.view import Views

KINDS = ("day", "month", "ttm")  # what is asked for most, with the period before each

log = logging.getLogger(__name__)


@asynccontextmanager
async def warming_up(views: Views, clock: Callable[[], datetime]) -> AsyncIterator[None]:
    """Ask the first question, for as long as the block runs."""
    async with beside(_ask(views, clock)):
        yield


async def _ask(views: Views, clock: Callable[[], datetime]) -> None:
    try:
        async with views.open(clock()) as view:
            for kind in KINDS:
                await board(view, kpi_of("calls"), asked(kind), limit=1)
    except Unavailable as error:
        log.info("the first question was not answered: %s", error)
    except Exception:
        log.exception("the first question failed")
