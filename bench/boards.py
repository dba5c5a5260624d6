"""How fast a leaderboard of 10,000 reps is answered: a day, a month, twelve months.

    python -m bench.boards [--reps 10000] [--days 400] [--asks 40]

Fills the rollups of that many reps and days by SQL (fixed figures, no events behind them), then
asks as the API does, once as JSON bytes, and prints the median and the 99th percentile.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from app.board import board
from app.db import Database
from app.embedded import running
from app.exact import encode
from app.kpis import kpi_of
from app.migrate import migrate
from app.rollups import AMOUNTS, COUNTS, MEASURES
from app.settings import Settings, read
from app.spans import asked
from app.view import Views

NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)
QUESTIONS = (
    ("calls", "day"),
    ("conversation_rate", "month"),
    ("revenue", "ttm"),
    ("calls", "ttm"),
)


async def fill(database: Database, reps: int, days: int) -> None:
    """`reps` announced reps, each with a row for every one of the `days` before `NOW`."""
    async with database.writing() as session:
        await session.run(
            "INSERT INTO rep_states SELECT 'r' || i, '2000-01-01', 'Rep ' || i, 'Team ' || i % 100,"
            " NULL, 'America/Denver', true, false, NULL, 0, NULL, 'e' || i, 'bench' "
            f"FROM generate_series(1, {reps}) i"
        )
        values = ", ".join(
            [f"(i * 7 + d * 13 + {n}) % 90" for n in range(len(COUNTS))]
            + [
                f"trim_scale(((i * 31 + d * 17 + {n}) % 99999) / 100.0)"
                for n in range(len(AMOUNTS))
            ]
        )
        columns = ", ".join(MEASURES)
        await session.run(
            f"INSERT INTO rep_days (rep_id, day, {columns}) "
            f"SELECT 'r' || i, date '{NOW.date()}' - d, {values} "
            f"FROM generate_series(0, {days - 1}) d, generate_series(1, {reps}) i"
        )
        sums = ", ".join(f"trim_scale(sum({m}))" if m in AMOUNTS else f"sum({m})" for m in MEASURES)
        await session.run(
            f"INSERT INTO rep_months (rep_id, month, {columns}) "
            f"SELECT rep_id, date_trunc('month', day)::date, {sums} FROM rep_days GROUP BY 1, 2"
        )
        await session.run("INSERT INTO versions (id, ingest, directory) VALUES (1, 1, 1)")
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.exec_driver_sql("VACUUM (ANALYZE)")


async def ask(views: Views, kpi: str, kind: str) -> float:
    """Seconds from the question to the answer's bytes."""
    started = time.perf_counter()
    async with views.open(NOW) as view:
        encode(await board(view, kpi_of(kpi), asked(kind), limit=100))
    return time.perf_counter() - started


async def main(reps: int, days: int, asks: int) -> None:
    """Fill, ask, print."""
    settings: Settings = read({})
    with tempfile.TemporaryDirectory(prefix="ringside-bench-") as folder:
        async with running(Path(folder)) as dsn:
            await asyncio.to_thread(migrate, dsn)
            database = Database(dsn, timeout=3600)
            await fill(database, reps, days)
            views = Views(database, settings)
            await ask(views, "calls", "day")
            print(f"{reps:,} reps, {days} days of rollups, 100 entries, with previous ranks")
            for kpi, kind in QUESTIONS:
                times = sorted([await ask(views, kpi, kind) for _ in range(asks)])
                p99 = times[min(len(times) - 1, int(len(times) * 0.99))]
                print(
                    f"{kpi:<18} {kind:<6} p50 {statistics.median(times) * 1e3:7.1f} ms   "
                    f"p99 {p99 * 1e3:7.1f} ms",
                    flush=True,
                )
            await database.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reps", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=400)
    parser.add_argument("--asks", type=int, default=40)
    given = parser.parse_args()
    asyncio.run(main(given.reps, given.days, given.asks))
