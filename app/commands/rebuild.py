"""`ringside rebuild`: after a change of what the figures mean."""

import asyncio
import json
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
@click.option("--json", "as_json", is_flag=True, help="one JSON object")
def command(data_dir: Path | None, *, force: bool, as_json: bool) -> None:
    """Rebuild, or say that there is nothing to do."""
    number = asyncio.run(_rebuild(data_dir, force=force))
    if as_json:
        click.echo(json.dumps({"rebuilt": number is not None, "definition": number}))
    elif number is None:
        click.echo("nothing to rebuild: the figures are by this version's rules and settings")
    else:
        click.echo("rebuilt: all figures are by this version's rules and settings")


async def _rebuild(data_dir: Path | None, *, force: bool) -> int | None:
    """The number of the definition that holds now; None if there was nothing to do."""
    console = Console(stderr=True)
    async with database_of(data_dir) as (settings, database):
        log.start(settings.log_level)
        await settle_definition(database, settings, datetime.now(UTC))
        async with database.reading() as reading:
            reason = await rebuild_needed(reading, settings, datetime.now(UTC))
        if reason is None and not force:
            return None
        with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task("taking every record in anew", total=None)
            return await rebuild(
                database, settings, clock=lambda: datetime.now(UTC),
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )  # fmt: skip
