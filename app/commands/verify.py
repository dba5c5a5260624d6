"""`ringside verify`: the proof at hand."""

import asyncio
import sys
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from app.commands.reach import data_dir_option, database_of
from app.verify import Ledger, Report, verify

MOST_SHOWN = 50


@click.command(help="Work every fact and rollup out anew, compare, and show nothing was lost.")
@data_dir_option
@click.option("--json", "as_json", is_flag=True, help="one JSON object")
def command(data_dir: Path | None, as_json: bool) -> None:
    """Exit 0 if all is sound, 1 if anything differs."""
    report = asyncio.run(_verify(data_dir))
    if as_json:
        shown = {**msgspec.to_builtins(report), "sound": report.sound}
        click.echo(msgspec.json.encode(shown))
    else:
        _show(report)
    sys.exit(0 if report.sound else 1)


async def _verify(data_dir: Path | None) -> Report:
    console = Console(stderr=True)
    async with database_of(data_dir) as (settings, database):
        with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task("working every fact out anew", total=None)
            return await verify(
                database,
                settings,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )


def _show(report: Report) -> None:
    click.echo(f"{report.facts:,} facts and {report.rollups:,} rollup rows worked out anew: "
               f"drift {len(report.drift)}")  # fmt: skip
    for drift in report.drift[:MOST_SHOWN]:
        click.echo(f"  {drift.table} {drift.key} {drift.column}: "
                   f"stored {drift.stored}, right {drift.right}")  # fmt: skip
    table = Table(title="read = standing + superseded + duplicates + refused", title_justify="left")
    for column in ("source", *_COLUMNS):
        table.add_column(column, justify="left" if column == "source" else "right")
    table.add_column("")
    for ledger in report.ledgers:
        table.add_row(ledger.source, *_cells(ledger), "✓" if ledger.balanced else "LOST")
    Console(width=120).print(table)


_COLUMNS = ("read", "standing", "superseded", "duplicates", "refused", "waiting", "unresolved")


def _cells(ledger: Ledger) -> list[str]:
    return [f"{getattr(ledger, column):,}" for column in _COLUMNS]
