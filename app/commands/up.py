"""`ringside up`: for real use on one machine."""

import asyncio
from pathlib import Path
from typing import Any

import click

from app import log
from app.commands.serving import embedded, first_key, listen, serve
from app.settings import Settings, read


def options(function: click.decorators.FC) -> click.decorators.FC:
    """What `up` and `demo` have in common."""
    for option in (
        click.option("--port", type=click.IntRange(1, 65535), help="default 8000, or PORT"),
        click.option("--host", default="127.0.0.1", show_default=True),
        click.option(
            "--data-dir", type=click.Path(path_type=Path, file_okay=False),
            help="default ./data, or RINGSIDE_DATA_DIR",
        ),
    ):  # fmt: skip
        function = option(function)
    return function


def chosen(port: int | None, data_dir: Path | None) -> Settings:
    """The settings of the environment, with the command's options on top."""
    over: dict[str, Any] = {"port": port, "data_dir": data_dir}
    return read(**{name: value for name, value in over.items() if value is not None})


@click.command(help="Serve from an embedded PostgreSQL: durable, restartable, on one machine.")
@options
def command(port: int | None, host: str, data_dir: Path | None) -> None:
    """Run until stopped."""
    settings = chosen(port, data_dir)
    log.start(settings.log_level)
    asyncio.run(_up(settings, host))


async def _up(settings: Settings, host: str) -> None:
    taken = listen(host, settings.port)
    async with embedded(settings) as (settings, database, app):
        token = await first_key(settings, database)
        click.echo(f"Ringside is at http://{host}:{settings.port}")
        if token is not None:
            click.echo(f"API key (admin), shown this once: {token}")
        await serve(app, taken, asyncio.Event())
