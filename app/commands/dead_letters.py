"""`ringside dead-letters`: what could not be taken, and its second chance."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.progress import Progress

from app.commands.reach import data_dir_option, database_of
from app.db import Database
from app.dead_letters import kept
from app.dead_letters.kept import STATES, Choice
from app.dead_letters.letter import DeadLetter, Envelope
from app.dead_letters.replay import Replayed, replay
from app.events.refusals import CODES
from app.ingest import Door
from app.producer import Producer
from app.settings import Settings

Command = Callable[..., None]
MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])
FILTERS = (
    click.option("--code", type=click.Choice(list(CODES)), help="refused with this code",
                 metavar="CODE"),
    click.option("--source", help="of this source"),
    click.option("--type", "type_", help="of this type, as it was given"),
    click.option("--from", "since", type=MOMENT, help="received from then on, UTC"),
    click.option("--to", "until", type=MOMENT, help="received before then, UTC"),
)  # fmt: skip
json_option = click.option("--json", "as_json", is_flag=True)


@click.group(help="List, show, replay and discard what could not be taken.")
def command() -> None:
    """The group."""


def filtered(function: Command) -> Command:
    """The options that choose, for a command that takes them."""
    for option in reversed(FILTERS):
        function = option(function)
    return function


def chosen(
    code: str | None, source: str | None, type_: str | None,
    since: datetime | None, until: datetime | None,
    ids: tuple[int, ...] = (), state: Any = None,
) -> Choice:  # fmt: skip
    """Those of all that is given."""
    return Choice(
        ids, code, source, type_,
        since.replace(tzinfo=UTC) if since else None,
        until.replace(tzinfo=UTC) if until else None, state,
    )  # fmt: skip


@command.command("list", help="A line each, oldest first.")
@filtered
@click.option("--state", type=click.Choice(STATES))
@click.option("--after", default=0, help="only ids over this one")
@click.option("--limit", default=100, show_default=True)
@json_option
@data_dir_option
def list_(after: int, limit: int, as_json: bool, data_dir: Path | None, **filters: Any) -> None:
    """Without their bytes."""
    choice = chosen(**filters)

    async def run() -> list[Envelope]:
        async with database_of(data_dir) as (_, database), database.reading() as reading:
            return await kept.listed(reading, choice, after=after, limit=limit)

    letters = asyncio.run(run())
    if as_json:
        click.echo(msgspec.json.encode(letters))
        return
    for letter in letters:
        where = f"{letter.topic}[{letter.partition}]@{letter.offset}"
        state = "" if letter.state == "waiting" else f"  {letter.state}"
        click.echo(f"{letter.id}  {letter.received_at:%Y-%m-%d %H:%M:%S}  {letter.code}  "
                   f"{letter.source!a}  {where}  {letter.detail}{state}")  # fmt: skip


@command.command("show", help="One whole, with its bytes as they came.")
@click.argument("number", type=int)
@json_option
@data_dir_option
def show(number: int, as_json: bool, data_dir: Path | None) -> None:
    """The record, byte for byte, last."""

    async def run() -> DeadLetter:
        async with database_of(data_dir) as (_, database), database.reading() as reading:
            return await kept.shown(reading, number)

    letter = asyncio.run(run())
    if as_json:
        click.echo(msgspec.json.encode(letter))
        return
    for field in letter.__struct_fields__:
        if field != "payload":
            click.echo(f"{field}: {getattr(letter, field)!s}")
    click.echo(letter.payload)


@command.command("replay", help="Send those that wait to where they came from, again; each counts "
                 "once. All of them where nothing is given.")  # fmt: skip
@click.argument("ids", nargs=-1, type=int)
@filtered
@json_option
@data_dir_option
def replay_(as_json: bool, data_dir: Path | None, **filters: Any) -> None:
    """Those of all that is given."""
    done = asyncio.run(_replay(chosen(**filters), data_dir))
    if as_json:
        click.echo(msgspec.json.encode(done))
    else:
        click.echo(f"{done.sent} sent, {done.ignored} mean nothing any more, "
                   f"{done.refused} would be refused again, "
                   f"{done.already} had been replayed or discarded before")  # fmt: skip


async def _replay(choice: Choice, data_dir: Path | None) -> Replayed:
    console = Console(stderr=True)
    async with _sending(data_dir) as (settings, database, producer):
        async with database.reading() as reading:
            total = await kept.how_many(reading, choice)
        with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task("sending again", total=total)
            return await replay(
                database, settings, choice, door=Door(database, settings), producer=producer,
                now=datetime.now(UTC), progress=lambda lot: bar.advance(task, lot),
            )  # fmt: skip


@asynccontextmanager
async def _sending(
    data_dir: Path | None,
) -> AsyncIterator[tuple[Settings, Database, Producer | None]]:
    async with database_of(data_dir) as (settings, database):
        producer = Producer(settings) if settings.kafka_bootstrap_servers else None
        try:
            yield settings, database, producer
        finally:
            if producer is not None:
                await producer.close()


@command.command("discard", help="Say of those that wait that nobody will replay them; they stay "
                 "counted.")  # fmt: skip
@click.argument("ids", nargs=-1, type=int)
@filtered
@json_option
@data_dir_option
def discard(as_json: bool, data_dir: Path | None, **filters: Any) -> None:
    """Those of all that is given; something must be."""
    choice = chosen(**filters)
    if not choice.anything:
        raise click.UsageError("say which: ids, --code, --source, --type, --from or --to")

    async def run() -> int:
        async with database_of(data_dir) as (_, database), database.writing() as writing:
            return await kept.discard(writing, choice, datetime.now(UTC))

    done = asyncio.run(run())
    click.echo(msgspec.json.encode({"discarded": done}) if as_json else f"{done} discarded")
