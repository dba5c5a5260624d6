"""The proof in the background: every hour one process works a sample out anew, another sample
each time; what it found is kept, so that every process can tell it to Prometheus.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Column, DateTime, Integer, Table

from app import metrics
from app.beside import beside
from app.db import Database, Reading, metadata
from app.definition import rebuild_needed
from app.errors import Unavailable
from app.proof.portion import Portion
from app.settings import Settings
from app.verify import Report, prove, unseen

log = logging.getLogger(__name__)

EVERY = timedelta(hours=1)
# How often each process asks whether it is time; whoever asks first does it.
REST_SECONDS = 60.0
MOST_LOGGED = 20
_LOCK = 0x52494E48

checks = Table(
    "checks",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("drifted", BigInteger, nullable=False),
)


@asynccontextmanager
async def checking(
    database: Database, settings: Settings, clock: Callable[[], datetime]
) -> AsyncIterator[None]:
    """Check a sample every hour while the block runs; with a sample of 0 percent never."""
    if not settings.check_sample:
        yield
        return
    async with beside(_checking(database, settings, clock)):
        yield


async def _checking(database: Database, settings: Settings, clock: Callable[[], datetime]) -> None:
    while True:
        await asyncio.sleep(REST_SECONDS)
        try:
            await check(database, settings, clock())
        except Unavailable as error:
            log.warning("no check of the figures for now: %s", error)
        except Exception:
            log.exception("the check of the figures failed")


async def check(database: Database, settings: Settings, now: datetime) -> Report | None:
    """Work a sample out anew and keep what was found; None if it is not time, another process
    is at it, or the figures have to be rebuilt first.
    """
    async with database.proving() as session:
        if not await session.value("SELECT pg_try_advisory_xact_lock($1)", _LOCK):
            return None
        if await rebuild_needed(session, settings, now) is not None:
            return None  # the figures are by another definition, and right by that
        # Another process may have finished just before the lock was free: look with fresh eyes.
        async with database.reading() as reading:
            last = await reading.value("SELECT at FROM checks")
        if last is not None and last <= now < last + EVERY:
            return None
        portion = Portion(sample=settings.check_sample, seed=int(now.timestamp()))
        proof = await prove(session, settings, portion, unseen)
        report = proof.report
        for drift in report.drift[:MOST_LOGGED]:
            log.error("drift: %s %s %s", drift.table, drift.key, drift.column)
        async with database.writing() as writing:
            await writing.run(
                "INSERT INTO checks (id, at, rows, drifted) VALUES (1, $1, $2, $3) "
                "ON CONFLICT (id) DO UPDATE SET at = EXCLUDED.at, rows = EXCLUDED.rows, "
                "drifted = EXCLUDED.drifted",
                now,
                report.facts + report.rollups,
                len({(drift.table, drift.key) for drift in report.drift}),
            )
        return report


async def observe(reading: Reading) -> None:
    """Set the metrics to what the last check found, whichever process made it."""
    for at, rows, drifted in await reading.fetch("SELECT at, rows, drifted FROM checks"):
        metrics.CHECK_TIME.set(at.timestamp())
        metrics.CHECK_ROWS.set(rows)
        metrics.CHECK_DRIFTED.set(drifted)
