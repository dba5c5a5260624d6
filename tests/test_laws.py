"""Laws 1 to 3: any order, any repeats, any batches, any number of writers give the same tables;
every row is what the facts say; nothing is lost.
"""

import asyncio
import json
import random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.db import Database
from app.events.decode import decode_structured
from app.events.types import Event
from app.ingest import Door
from app.verify import verify
from tests.digest import digests
from tests.oracle.floor import Floor, floor, shuffled, with_repeats
from tests.test_oracle_agrees import empty, settings_of

# What depends on the order by design: the record of what changed after it was final.
BY_ORDER = frozenset({"restated_days"})
FLOORS = 25


async def taken(
    database: Database, drawn: Floor, events: list[dict[str, Any]], *, size: int, writers: int
) -> dict[str, str]:
    """The digests of all tables once so many writers have taken the events in batches of `size`."""
    await empty(database)
    chosen = settings_of(drawn)
    arrivals = [
        decode_structured(json.dumps(e).encode(), now=drawn.now, currency=chosen.currency)
        for e in events
    ]
    good = [event for event in arrivals if isinstance(event, Event)]
    assert len(good) == len(events)
    batches = [good[at : at + size] for at in range(0, len(good), size)]
    doors = [Door(database, chosen) for _ in range(writers)]

    async def write(door: Door, own: list[list[Event]]) -> None:
        for batch in own:
            await door.take(batch, now=drawn.now)

    await asyncio.gather(*(write(door, batches[n::writers]) for n, door in enumerate(doors)))
    report = await verify(database, chosen, progress=lambda done, total: None)
    assert report.sound, report
    return await digests(database, but=BY_ORDER)


@settings(
    max_examples=FLOORS,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    seed=st.integers(0, 10**6),
    size=st.sampled_from([1, 7, 40, 10**6]),
    writers=st.sampled_from([1, 2, 3]),
)
def test_order_repeats_batches_and_writers_make_no_difference(
    server: str, seed: int, size: int, writers: int
) -> None:
    drawn, rng = floor(seed, 120), random.Random(seed)
    repeated = with_repeats(drawn.events, rng)

    async def both() -> None:
        database = await a_database(server)
        try:
            plain = await taken(database, drawn, repeated, size=10**6, writers=1)
            other = await taken(
                database, drawn, shuffled(repeated, rng), size=size, writers=writers
            )
            assert other == plain
        finally:
            await database.close()

    asyncio.run(both())


async def a_database(server: str) -> Database:
    """A database of this module's own: hypothesis and fixtures of one test do not mix."""
    before, _, template = server.rpartition("/")
    name = "laws"
    admin = Database(f"{before}/postgres", pool=1)
    async with admin.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        exists = await connection.exec_driver_sql(
            f"SELECT 1 FROM pg_database WHERE datname = '{name}'"
        )
        if not exists.first():
            await connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
    await admin.close()
    return Database(f"{before}/{name}")
