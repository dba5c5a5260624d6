"""A consumer against a real Kafka and PostgreSQL."""

from app.db import Database
from tests.consumers.floor import consuming, floor, produce, records, settings, until_taken


async def test_it_takes_both_modes(database: Database, bootstrap: str, prefix: str) -> None:
    chosen = settings(bootstrap, prefix)
    events = floor(400)
    await produce(chosen, records(prefix, events))
    async with consuming(chosen, database) as consumer:
        await until_taken(database, len(events))
        consumer.terminate()
        assert await consumer.wait() == 0
