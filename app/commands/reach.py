"""Which database a command is about: `DATABASE_URL`, else the data folder's own."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import click

from app.commands.serving import own_secret, with_values
from app.db import Database
from app.embedded import reached
from app.migrate import check
from app.settings import Settings, read

data_dir_option: Callable[..., Callable[..., None]] = click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="of `ringside up`, where DATABASE_URL is not set; default ./data",
)


@asynccontextmanager
async def database_of(data_dir: Path | None) -> AsyncIterator[tuple[Settings, Database]]:
    """The settings and the database, open."""
    over: dict[str, Any] = {} if data_dir is None else {"data_dir": data_dir}
    settings = read(**over)
    if "DATABASE_URL" in os.environ or "DATABASE_URL_FILE" in os.environ:
        database = Database(settings.database_url.get_secret_value(), timeout=3600)
        try:
            await check(database)
            yield settings, database
        finally:
            await database.close()
        return
    async with reached(settings.data_dir) as dsn:
        found: dict[str, object] = {"database_url": dsn}
        if settings.secret is None:
            found["secret"] = own_secret(settings.data_dir)
        database = Database(dsn, timeout=3600)
        try:
            yield with_values(settings, found), database
        finally:
            await database.close()
