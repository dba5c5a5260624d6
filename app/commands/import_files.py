"""`ringside import`: history from files, through the same door as everything."""

import asyncio
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from app.commands.reach import data_dir_option, database_of
from app.cycles import look_seldom
from app.event_file import EventFile
from app.history import Imported, take_file
from app.ingest import Door


@click.command(
    help="Take files of events in: NDJSON, CSV with a header (or .gz of these), Parquet."
)
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option("--source", help="of the rows of a table without a column `source`")
@click.option("--type", "type_name", help="of the rows of a table without a column `type`")
@data_dir_option
@click.option("--json", "as_json", is_flag=True, help="one JSON object")
def command(
    files: tuple[Path, ...],
    source: str | None,
    type_name: str | None,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Exit 0 if everything was taken, 1 if anything was refused."""
    look_seldom()
    given = {"source": source, "type": type_name}
    missing = {name: value for name, value in given.items() if value}
    found = asyncio.run(_import(files, missing, data_dir))
    if as_json:
        click.echo(msgspec.json.encode(found))
    else:
        _show(found)
    sys.exit(1 if found.refused else 0)


async def _import(
    paths: tuple[Path, ...], missing: dict[str, str], data_dir: Path | None
) -> Imported:
    console = Console(stderr=True)
    total = Imported()
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(),
        TextColumn("{task.fields[events]:,} events"), TimeRemainingColumn(),
        console=console, disable=not console.is_terminal,
    )  # fmt: skip
    with ExitStack() as opened:
        files = [opened.enter_context(EventFile(path, missing)) for path in paths]
        async with database_of(data_dir) as (settings, database):
            door = Door(database, settings)
            with bar:
                for file in files:
                    task = bar.add_task(file.path.name, total=file.size, events=0)
                    done = await take_file(
                        file, door, settings, clock=lambda: datetime.now(UTC),
                        progress=lambda so_far, at, task=task: bar.update(  # type: ignore[misc]
                            task, completed=at, events=so_far.read),
                    )  # fmt: skip
                    _add(total, done)
    return total


def _add(total: Imported, done: Imported) -> None:
    total.read += done.read
    total.accepted += done.accepted
    total.duplicates += done.duplicates
    total.refused.update(done.refused)


def _show(found: Imported) -> None:
    refused = found.refused.total()
    click.echo(
        f"{found.read:,} events read: {found.accepted:,} taken, {found.duplicates:,} duplicates, "
        f"{refused:,} refused"
    )
    for code, count in sorted(found.refused.items()):
        click.echo(f"  {code}: {count:,}")
    if refused:
        click.echo("They are kept: ringside dead-letters list", err=True)
