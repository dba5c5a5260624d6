"""`ringside verify`: the proof at hand."""

import asyncio
import random
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from app import log
from app.commands.reach import data_dir_option, database_of
from app.definition import rebuild_needed
from app.errors import Conflict
from app.proof.ledgers import Ledger
from app.proof.portion import Portion
from app.verify import Report, mend, verify

MOST_SHOWN = 50


_day = click.DateTime(["%Y-%m-%d"])


@click.command(help="Work every fact and rollup out anew, compare, and show nothing was lost.")
@data_dir_option
@click.option("--from", "start", type=_day, help="only days from this one on, YYYY-MM-DD")
@click.option("--to", "end", type=_day, help="only days before this one")
@click.option(
    "--sample", type=click.FloatRange(0, 100, min_open=True),
    help="only so many percent of the reps' days, others each time; no ledgers",
)  # fmt: skip
@click.option("--repair", "mending", is_flag=True, help="mend what differs, then look again")
@click.option("--json", "as_json", is_flag=True, help="one JSON object")
def command(
    data_dir: Path | None, start: datetime | None, end: datetime | None, sample: float | None,
    *, mending: bool, as_json: bool,
) -> None:  # fmt: skip
    """Exit 0 if all is sound (after a repair: is now), 1 if anything differs."""
    if sample is not None and (start or end):
        raise click.UsageError("--sample chooses among all days: not with --from or --to")
    if start is not None and end is not None and start >= end:
        raise click.UsageError("--from must be before --to")
    portion = Portion(_date(start), _date(end), sample, random.getrandbits(62))
    report, repaired = asyncio.run(_verify(data_dir, portion, mending=mending))
    if as_json:
        shown = {**msgspec.to_builtins(report), "repaired": repaired, "sound": report.sound}
        click.echo(msgspec.json.encode(shown))
    else:
        if repaired:
            click.echo(f"{repaired:,} differences repaired; worked out once more:")
        _show(report)
    sys.exit(0 if report.sound else 1)


def _date(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()


async def _verify(data_dir: Path | None, portion: Portion, *, mending: bool) -> tuple[Report, int]:
    """The report; and how much was repaired before it."""
    async with database_of(data_dir) as (settings, database):
        log.start(settings.log_level)
        async with database.reading() as reading:
            reason = await rebuild_needed(reading, settings, datetime.now(UTC))
        if reason is not None:
            raise Conflict(f"{reason}; run ringside rebuild first")
        with _bar() as bar:
            task = bar.add_task("mending" if mending else "working every fact out anew", total=None)

            def progress(done: int, total: int) -> None:
                bar.update(task, completed=done, total=total)

            if mending:
                return await mend(
                    database, settings, clock=lambda: datetime.now(UTC), progress=progress,
                    portion=portion,
                )  # fmt: skip
            return await verify(database, settings, progress=progress, portion=portion), 0


def _bar() -> Progress:
    console = Console(stderr=True)
    return Progress(console=console, transient=True, disable=not console.is_terminal)


def _show(report: Report) -> None:
    click.echo(f"{report.facts:,} facts and {report.rollups:,} rollup rows worked out anew: "
               f"drift {len(report.drift)}")  # fmt: skip
    for drift in report.drift[:MOST_SHOWN]:
        click.echo(f"  {drift.table} {drift.key} {drift.column}: "
                   f"stored {drift.stored}, right {drift.right}")  # fmt: skip
    if not report.ledgers:
        return
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
