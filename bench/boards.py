"""How fast a leaderboard of 10,000 reps is answered: a day, a month, twelve months; and every
figure of the company, of a team, their series, and the floor.

    python -m bench.boards [--reps 10000] [--days 400] [--asks 40] [--full]

Fills the rollups of that many reps and days by SQL (fixed figures, no events behind them), then
asks as the API does, up to the JSON's bytes, and prints medians and 99th percentiles: of the whole
and of the time in queries; and the CPU of a question, ours and PostgreSQL's, which tells more where
the machine is shared. Before each question today and a day three weeks ago move, as they do
while events come in, some of them late; `first` is the first question of a new process. `--full`
is three years. The baseline is the same period as plain sums of days by SQL, in the same run.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from app.board import board
from app.db import Database, Reading
from app.embedded import running
from app.exact import encode
from app.figures import figures, figures_by_team
from app.kpis import CATALOGUE, kpi_of
from app.migrate import migrate
from app.periods import Kind, period_of
from app.rollups import AMOUNTS, COUNTS, MEASURES
from app.series import series
from app.settings import read
from app.spans import Subject, asked
from app.view import View, Views
from app.web.floor import Floor, todays_floor

Question = Callable[[View], Awaitable[Any]]

NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)
THREE_YEARS = 1096
LATE = timedelta(days=21)
QUESTIONS = (
    ("calls", "day"),
    ("answer_rate", "day"),
    ("calls", "month"),
    ("conversation_rate", "month"),
    ("average_order_size", "month"),
    ("calls_per_day", "month"),
    ("calls", "ttm"),
    ("revenue", "ttm"),
)
# Reps and days take their figures from so many rows in turn: drawing each anew takes minutes.
PATTERNS = 997
REP = "'rep-' || to_char(i, 'FM00000')"  # as in bench.load


async def fill(database: Database, reps: int, days: int, last: date) -> None:
    """`reps` announced reps, each with a row for every one of the `days` up to `last`."""
    values = ", ".join(
        [f"(n * 7 + {i}) % {20 if i else 90} AS {name}" for i, name in enumerate(COUNTS)]
        + [_amount(i, name) for i, name in enumerate(AMOUNTS)]
    )
    columns = ", ".join(MEASURES)
    sums = ", ".join(f"trim_scale(sum({m}))" if m in AMOUNTS else f"sum({m})" for m in MEASURES)
    announced = (
        "INSERT INTO rep_states (rep_id, effective_from, name, team, time_zone, active, voided,"
        f" revision, event_id, source) SELECT {REP}, '2000-01-01', 'Rep ' || i,"
        " 'Team ' || i % 100, 'America/Denver', true, false, 0, 'e' || i, 'bench'"
        f" FROM generate_series(0, {reps - 1}) i"
    )
    every_day = (
        f"INSERT INTO rep_days (rep_id, day, {columns}) SELECT {REP}, date '{last}' - d,"
        f" {columns} FROM generate_series({days - 1}, 0, -1) d"
        f" CROSS JOIN generate_series(0, {reps - 1}) i"
        f" JOIN pattern ON n = (i * 31 + d * 17) % {PATTERNS}"
    )
    every_month = (
        f"INSERT INTO rep_months (rep_id, month, {columns})"
        f" SELECT rep_id, date_trunc('month', day)::date, {sums} FROM rep_days"
        " GROUP BY 1, 2 ORDER BY 2, 1"
    )
    async with database.writing() as session:
        await session.run(announced)
        # What is measured is reading: without a log filling is twice as fast.
        await session.run("ALTER TABLE rep_days SET UNLOGGED")
        await session.run(
            f"CREATE TEMP TABLE pattern AS SELECT n, {values} FROM generate_series(0,{PATTERNS}) n"
        )
        await session.run(every_day)
        await session.run(every_month)
        await session.run("INSERT INTO versions (id, ingest, directory) VALUES (1, 1, 1)")
    async with database.engine.connect() as connection:
        await connection.exec_driver_sql("VACUUM (ANALYZE)")


def _amount(number: int, name: str) -> str:
    # What comes back, or is cost, is less than what was sold.
    most = 999 if "returned" in name or "cost" in name else 99_999
    return f"trim_scale(((n * 31 + {number}) % {most}) / 100.0) AS {name}"


class Queries:
    """The time spent in queries, to the answer's arrival."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count the queries of the block."""
        fetch, value = Reading.fetch, Reading.value

        async def timed(call: Any, reading: Reading, sql: str, *values: object) -> Any:
            started = time.perf_counter()
            try:
                return await call(reading, sql, *values)
            finally:
                self.seconds += time.perf_counter() - started

        Reading.fetch = lambda *a: timed(fetch, *a)  # type: ignore[method-assign]
        Reading.value = lambda *a: timed(value, *a)  # type: ignore[method-assign]
        try:
            yield
        finally:
            Reading.fetch, Reading.value = fetch, value  # type: ignore[method-assign]


def of_board(kpi: str, kind: str) -> Question:
    """Who leads by a KPI, with the ranks of the period before."""
    return lambda view: board(view, kpi_of(kpi), asked(kind), limit=100)


def of_figures(subject: Subject, kind: str) -> Question:
    """Every figure of a rep, a team or the company."""
    return lambda view: figures(view, subject, asked(kind), CATALOGUE)


def of_series(subject: Subject, days: int, bucket: Kind) -> Question:
    """Calls over time."""
    start, end = NOW.date() - timedelta(days=days - 1), NOW.date() + timedelta(days=1)
    return lambda view: series(view, subject, kpi_of("calls"), start, end, bucket)


COMPANY, TEAM = Subject(), Subject(teams=frozenset({"Team 7"}))
OTHERS: Mapping[str, Question] = {
    **{f"company, {kind}": of_figures(COMPANY, kind) for kind in ("day", "month", "ttm")},
    **{f"team of 100, {kind}": of_figures(TEAM, kind) for kind in ("day", "month", "ttm")},
    "company, 30 days": of_series(COMPANY, 30, Kind.DAY),
    "company, 12 months": of_series(COMPANY, 365, Kind.MONTH),
    "calls of every team, day": lambda view: figures_by_team(view, asked(), [kpi_of("calls")]),
    "today's floor": lambda view: todays_floor(view, kpi_of("calls")),
    "a rep, month": of_figures(Subject(rep_id="rep-00042"), "month"),
}


async def ask(views: Views, question: Question) -> tuple[float, float]:
    """Seconds from the question to the answer's bytes, and those of them in queries."""
    queries = Queries()
    started = time.perf_counter()
    with queries.counted():
        async with views.open(NOW) as view:
            answer = await question(view)
            if not isinstance(answer, Floor):  # of which a page is made
                encode(answer)
    return time.perf_counter() - started, queries.seconds


async def days_move(database: Database) -> None:
    """As if a batch had come in, part of it late."""
    async with database.writing() as session:
        await session.run(
            "INSERT INTO day_moves AS d SELECT day, 1 FROM unnest($1::date[]) AS day"
            " ON CONFLICT (day) DO UPDATE SET moves = d.moves + 1",
            [NOW.date(), NOW.date() - LATE],
        )


async def cpu(database: Database) -> tuple[float, float]:
    """Seconds of CPU so far: ours, and of the one backend. They hardly depend on who else runs."""
    async with database.reading() as reading:
        backend = psutil.Process(await reading.value("SELECT pg_backend_pid()")).cpu_times()
    return time.process_time(), backend.user + backend.system


async def baseline(database: Database, kpi: str, kind: str) -> float:
    """Seconds for plain sums of the period's days by SQL; of the period before as well."""
    measures = ", ".join(f"sum({name})" for name in sorted(kpi_of(kpi).needs & set(MEASURES)))
    period = period_of(Kind(kind), NOW.date())
    started = time.perf_counter()
    async with database.reading() as reading:
        await reading.fetch(
            f"SELECT rep_id, {measures} FROM rep_days WHERE day >= $1 AND day < $2 GROUP BY rep_id",
            period.start, period.end,
        )  # fmt: skip
    return time.perf_counter() - started


@asynccontextmanager
async def filled(reps: int, days: int, last: date) -> AsyncIterator[tuple[Database, str]]:
    """A database of its own with the rollups in it, and its DSN."""
    with tempfile.TemporaryDirectory(prefix="ringside-bench-") as folder:
        async with running(Path(folder)) as dsn:
            await asyncio.to_thread(migrate, dsn)
            database = Database(dsn, pool=1, timeout=3600)
            await fill(database, reps, days, last)
            yield database, dsn
            await database.close()


def told(times: list[float]) -> str:
    """Median and 99th percentile, in milliseconds."""
    last = sorted(times)[min(len(times) - 1, int(len(times) * 0.99))]
    return f"p50 {statistics.median(times) * 1e3:7.1f}  p99 {last * 1e3:7.1f}"


async def measured(database: Database, name: str, question: Question, asks: int) -> float:
    """Ask in a process' place that is new, then again and again; print; seconds in queries."""
    views = Views(database, read({}))
    first, _ = await ask(views, question)
    whole, queries = [], []
    before = await cpu(database)
    for _ in range(asks):
        await days_move(database)
        one = await ask(views, question)
        whole.append(one[0])
        queries.append(one[1])
    used = [(b - a) / asks * 1e3 for a, b in zip(before, await cpu(database), strict=True)]
    print(f"{name:<25} {told(whole)}   in queries {told(queries)}", end="")
    print(f"   CPU {used[0]:4.0f} + {used[1]:3.0f}   first {first * 1e3:5.0f}", end="", flush=True)
    return statistics.median(queries)


async def main(reps: int, days: int, asks: int) -> None:
    """Fill, ask, print."""
    async with filled(reps, days, NOW.date()) as (database, _):
        print(f"{reps:,} reps, {days} days of rollups, 100 entries, with previous ranks; ms")
        for kpi, kind in QUESTIONS:
            took = await measured(database, f"{kpi} {kind}", of_board(kpi, kind), asks)
            plain = statistics.median([await baseline(database, kpi, kind) for _ in range(3)])
            print(f"   plain sums of days {plain * 1e3:5.0f}, {plain / took:5.1f} times")
        for name, question in OTHERS.items():
            await measured(database, name, question, asks)
            print()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reps", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=400)
    parser.add_argument("--asks", type=int, default=40)
    parser.add_argument("--full", action="store_true", help="three years")
    given = parser.parse_args()
    asyncio.run(main(given.reps, THREE_YEARS if given.full else given.days, given.asks))
