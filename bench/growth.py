"""What an event costs as the tables grow: calls in order, and calls of any day of three years.

    python -m bench.growth [--sizes 1 5 20 50] [--svg bench/growth.svg]

For each size, in millions of legs, the tables are filled by SQL with three years of calls of 2,000
reps, some twelve with each customer, indexes built in bulk and read into PostgreSQL's buffers, as
far as they fit; then batches of 5,000 new calls go through the door. CPU of the door and of its
PostgreSQL backend, in microseconds an event; medians of batches.

Under load a page is written whole once between two checkpoints, and then moved by many events.
So much load cannot be made here for each size: the middle of that time is measured without whole
pages (full_page_writes off), its first moments, right after a checkpoint, with them.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import asyncpg
import msgspec
from rich.console import Console
from rich.progress import Progress

from app.cycles import look_seldom
from app.db import Database
from app.embedded import running
from app.ingest import Door
from app.meaning.marks import Mark
from app.migrate import migrate
from app.settings import read
from bench.chart import Line, chart
from bench.door import Meter, take
from bench.load import REPS, calls

BATCH, BATCHES, WARM = 5_000, 7, 3
SCATTERED = 3  # batches of calls of any day
AFTER = 3  # batches right after a checkpoint
HISTORY = timedelta(days=3 * 365)
AT_ONCE = 1_000_000
CALLS_A_CUSTOMER = 12
MILLION = 1_000_000
MARKS = int(
    Mark.STANDS | Mark.OUTBOUND | Mark.CALL | Mark.ANSWERED | Mark.CONVERSATION
    | Mark.CUSTOMER_TALK | Mark.SPOKEN | Mark.REPEAT
)  # fmt: skip


class Cost(NamedTuple):
    """CPU microseconds an event, by load, at a size in millions."""

    millions: float
    in_order: float
    any_day: float
    after_a_checkpoint: float


def customers_at(legs: int) -> int:
    """How many customers each rep has in a history of so many legs."""
    return max(1, legs // REPS // CALLS_A_CUSTOMER)


async def grow(dsn: str, begin: int, end: int, start: datetime, every: timedelta) -> None:
    """Fill the tables with the calls `begin` to `end` of a history from `start` on."""
    connection = await asyncpg.connect(dsn)
    rebuild = await _without_indexes(connection)
    for low in range(begin, end, AT_ONCE):
        high = min(end, low + AT_ONCE) - 1
        await connection.execute(
            "INSERT INTO legs (call_id, agent, direction, customer_id, started_at, answered_at,"
            " ended_at, ring_seconds, talk_seconds, hold_seconds, outcome, test, voided, revision,"
            " event_time, event_id, source, rep_id, day, party, talk, hold, marks)"
            " SELECT 'CA' || md5(i::text), rep, 'outbound', customer, at, at + interval '4 s',"
            " at + interval '124 s', 4, 119, 1, 'connected', false, false, 0,"
            " at + interval '125 s', 'old-' || i, 'history', rep, at::date, 'c:' || customer, 119,"
            " 1, $5 FROM (SELECT i, rep, 'cust-' || right(rep, 5) || '-' ||"
            " lpad((hashint8(i * 31) & 1048575) % $6 || '', 4, '0') AS customer, at FROM"
            " (SELECT i, 'rep-' || lpad(((hashint8(i) & 1048575) % $7)::text, 5, '0') AS rep,"
            " $3::timestamptz + i * $4::interval AS at FROM generate_series($1::bigint, $2::bigint)"
            " i) AS whose) AS calls".replace("$5", str(MARKS))
            .replace("$6", str(customers_at(end)))
            .replace("$7", str(REPS)),
            low, high, start, every,
        )  # fmt: skip
        await connection.execute(
            "INSERT INTO deliveries SELECT decode(md5('delivery ' || i), 'hex')"
            " FROM generate_series($1::bigint, $2::bigint) i",
            low, high,
        )  # fmt: skip
    for statement in rebuild:
        await connection.execute(statement)
    for table, key, of in (
        ("rep_days", "day", "day"),
        ("rep_months", "month", "date_trunc('month', day)::date"),
    ):
        await connection.execute(f"TRUNCATE {table}")
        await connection.execute(
            f"INSERT INTO {table} (rep_id, {key}, calls, outbound_calls, talk_time)"
            f" SELECT rep_id, {of}, count(*), count(*), coalesce(sum(talk), 0)"
            " FROM legs WHERE day IS NOT NULL GROUP BY 1, 2"
        )
    await connection.execute("VACUUM ANALYZE")
    await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_prewarm")
    await connection.execute(
        "SELECT pg_prewarm(indexrelid) FROM pg_index JOIN pg_class t ON t.oid = indrelid"
        " WHERE t.relname IN ('legs', 'deliveries', 'rep_days', 'rep_months')"
    )
    await connection.close()


async def whole_pages(dsn: str, setting: str) -> None:
    """Checkpoint, and from now on write pages whole after it, or not: `on` or `off`."""
    connection = await asyncpg.connect(dsn)
    await connection.execute(f"ALTER SYSTEM SET full_page_writes = {setting}")
    await connection.execute("SELECT pg_reload_conf()")
    await connection.execute("CHECKPOINT")
    await connection.close()


async def _without_indexes(connection: asyncpg.Connection) -> list[str]:
    """Drop the indexes of the big tables; the statements that make them again, in bulk."""
    again = ["SET maintenance_work_mem = '2GB'"]
    for record in await connection.fetch(
        "SELECT c.relname AS name, t.relname AS table, pg_get_indexdef(indexrelid) AS made,"
        " indisprimary FROM pg_index JOIN pg_class c ON c.oid = indexrelid"
        " JOIN pg_class t ON t.oid = indrelid WHERE t.relname IN ('legs', 'deliveries')"
    ):
        again.append(record["made"])
        if record["indisprimary"]:
            await connection.execute(
                f"ALTER TABLE {record['table']} DROP CONSTRAINT {record['name']}"
            )
            again.append(
                f"ALTER TABLE {record['table']} ADD PRIMARY KEY USING INDEX {record['name']}"
            )
        else:
            await connection.execute(f"DROP INDEX {record['name']}")
    return again


def any_day(events: Iterable[bytes], seed: int) -> list[bytes]:
    """The same calls, each by up to three years earlier."""
    draw, moved = random.Random(seed), []
    for raw in events:
        event = msgspec.json.decode(raw)
        by = HISTORY * draw.random()
        for field in ("started_at", "answered_at", "ended_at"):
            if event["data"][field] is not None:
                instant = datetime.fromisoformat(event["data"][field]) - by
                event["data"][field] = instant.isoformat()
        moved.append(msgspec.json.encode(event))
    return moved


def made(start: datetime, legs: int, seed: int) -> list[bytes]:
    """The calls that come in at a size: some hour and a half of them."""
    count = BATCH * (WARM + BATCHES + AFTER + SCATTERED)
    return list(calls(count, start=start, seed=100 + seed, customers=customers_at(legs)))


async def cost(dsn: str, events: Sequence[bytes], told: Callable[[], None]) -> list[float]:
    """CPU microseconds an event of each batch through the door, decoding included."""
    database = Database(dsn, pool=1)
    door = Door(database, read({}, secret="bench"))
    async with database.reading() as reading:
        meter = Meter(await reading.value("SELECT pg_backend_pid()"))
    spent = []
    for start in range(0, len(events), BATCH):
        spent.append(sum(await meter.of(take(door, events[start : start + BATCH], BATCH), BATCH)))
        told()
    await database.close()
    return spent


async def measured(
    dsn: str, millions: float, load: Sequence[bytes], told: Callable[[], None]
) -> Cost:
    """What events cost at a size: in the middle of the time between checkpoints, then after one."""
    steady, after = BATCH * (WARM + BATCHES), BATCH * (WARM + BATCHES + AFTER)
    await whole_pages(dsn, "off")
    in_order = (await cost(dsn, load[:steady], told))[WARM:]
    any_when = await cost(dsn, any_day(load[after:], int(millions)), told)
    await whole_pages(dsn, "on")
    first = await cost(dsn, load[steady:after], told)
    return Cost(millions, *map(statistics.median, (in_order, any_when, first)))


async def main(sizes: Sequence[float]) -> list[Cost]:
    """Grow, measure and print the table."""
    now = datetime.now(UTC)
    start = now - timedelta(days=2) - HISTORY
    every = HISTORY / int(max(sizes) * MILLION)
    costs: list[Cost] = []
    filled = 0
    with (
        tempfile.TemporaryDirectory(prefix="ringside-bench-") as folder,
        Progress(console=Console(stderr=True)) as progress,
    ):
        bar = progress.add_task("batches", total=len(sizes) * (WARM + BATCHES + AFTER + SCATTERED))
        async with running(Path(folder)) as dsn:
            await asyncio.to_thread(migrate, dsn)
            for number, millions in enumerate(sizes):
                progress.update(bar, description=f"filling up to {millions} M")
                await grow(dsn, filled, int(millions * MILLION), start, every)
                filled = int(millions * MILLION)
                progress.update(bar, description=f"batches at {millions} M")
                load = made(now - timedelta(hours=20 - 2 * number), filled, number)
                costs.append(await measured(dsn, millions, load, lambda: progress.advance(bar)))
    for at in costs:
        print(
            f"{at.millions:>5g} M legs   in order {at.in_order:5.1f} µs"
            f" ({at.in_order / costs[0].in_order:.2f} times)   any day of three years"
            f" {at.any_day:5.1f} µs ({at.any_day / at.in_order:.2f} times in order)"
            f"   right after a checkpoint {at.after_a_checkpoint:5.1f} µs"
        )
    return costs


def drawn(costs: Sequence[Cost]) -> str:
    """The costs as a picture."""
    lines = [
        Line("in order", [(c.millions, c.in_order) for c in costs]),
        Line("any day of three years", [(c.millions, c.any_day) for c in costs]),
        Line(
            "in order, right after a checkpoint",
            [(c.millions, c.after_a_checkpoint) for c in costs],
        ),
    ]
    return chart("CPU µs an event, by millions of legs stored", lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=float, nargs="+", default=[1, 5, 20, 50])
    parser.add_argument("--svg", type=Path)
    given = parser.parse_args()
    look_seldom()  # as the consumer does
    costs = asyncio.run(main(given.sizes))
    if given.svg is not None:
        given.svg.write_text(drawn(costs))
