"""`ringside api`: the stateless half of production, any number of them."""

import asyncio
import logging
from typing import Any

import click

from app import log
from app.commands.serving import given_key, listen, serve
from app.db import Database
from app.main import create_app
from app.migrate import check
from app.producer import Producer
from app.settings import Settings, read

said = logging.getLogger(__name__)


@click.command(help="Serve the API and the page on DATABASE_URL (and Kafka, where it is set).")
@click.option("--port", type=click.IntRange(1, 65535), help="default 8000, or PORT")
@click.option("--host", default="0.0.0.0", show_default=True)  # noqa: S104 - it runs in a container
def command(port: int | None, host: str) -> None:
    """Run until stopped."""
    over: dict[str, Any] = {} if port is None else {"port": port}
    settings = read(**over)
    log.start(settings.log_level)
    asyncio.run(_api(settings, host))


async def _api(settings: Settings, host: str) -> None:
    taken = listen(host, settings.port)
    database = Database(settings.database_url.get_secret_value())
    producer = Producer(settings) if settings.kafka_bootstrap_servers else None
    try:
        await check(database)
        if not await given_key(settings, database):
            # Not made here, as `up` does: what a container prints is collected by others.
            said.warning("there is no API key yet: ringside keys create NAME --scope admin")
        await serve(create_app(settings, database, producer=producer), taken, asyncio.Event())
    finally:
        await database.close()
