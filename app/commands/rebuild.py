"""`ringside rebuild`: after a change of what the figures mean."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from app import log
from app.commands.reach import data_dir_option, database_of
from app.definition import rebuild_needed
from app.rebuild import rebuild
from app.start import settle_definition


@click.command(help="Work all figures out by this version's rules and settings, then change over.")
@data_dir_option
@click.option("--force", is_flag=True, help="although the definition is the same")
def command(data_dir: Path | None, *, force: bool) -> None:
    """Rebuild, or say that there is nothing to do."""
    asyncio.run(_rebuild(data_dir, force=force))


async def _rebuild(data_dir: Path | None, *, force: bool) -> None:
    console = Console(stderr=True)
    async with database_of(data_dir) as (settings, database):
        log.start(settings.log_level)
        await settle_definition(database, settings, datetime.now(UTC))
        async with database.reading() as reading:
            reason = await rebuild_needed(reading, settings, datetime.now(UTC))
        if reason is None and not force:
            click.echo("nothing to rebuild: the figures are by this version's rules and settings")
            return
        with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task("taking every record in anew", total=None)
            await rebuild(
                database, settings, clock=lambda: datetime.now(UTC),
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )  # fmt: skip
        click.echo("rebuilt: all figures are by this version's rules and settings")
