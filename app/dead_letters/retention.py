"""How long the bytes of dead letters are kept: an hourly look, while the API serves."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from app.beside import beside
from app.db import Database
from app.dead_letters.kept import empty
from app.errors import Unavailable

log = logging.getLogger(__name__)

REST_SECONDS = 3600.0
TROUBLE_SECONDS = 60.0


@asynccontextmanager
async def retaining(
    database: Database, days: int, clock: Callable[[], datetime]
) -> AsyncIterator[None]:
    """Let go of what is older than `days` while the block runs; 0 keeps all for ever."""
    if days == 0:
        yield
        return
    async with beside(_retain(database, timedelta(days=days), clock)):
        yield


async def _retain(database: Database, age: timedelta, clock: Callable[[], datetime]) -> None:
    while True:
        try:
            emptied = await empty(database, clock() - age, clock())
            if emptied:
                log.info("let go of the bytes of %d dead letters", emptied)
            rest = REST_SECONDS
        except Unavailable as error:
            log.warning("old dead letters keep their bytes for now: %s", error)
            rest = TROUBLE_SECONDS
        await asyncio.sleep(rest)
