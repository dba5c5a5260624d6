"""`ringside dead-letters`: what could not be taken, and its second chance."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from app.commands.reach import data_dir_option, database_of
from app.dead_letters import Choice, DeadLetter, Replayed, listed, replay, shown
from app.ingest import Door
from app.producer import Producer


@click.group(help="List, show and replay what could not be taken.")
def command() -> None:
    """The group."""


code_option = click.option("--code", help="only those refused with this code")
source_option = click.option("--source", help="only those of this source")
json_option = click.option("--json", "as_json", is_flag=True)


@command.command("list", help="A line each, oldest first.")
@code_option
@source_option
@click.option("--after", default=0, help="only ids over this one")
@click.option("--limit", default=100, show_default=True)
@json_option
@data_dir_option
def list_(
    code: str | None, source: str | None, after: int, limit: int, as_json: bool,
    data_dir: Path | None,
) -> None:  # fmt: skip
    """Without their bytes."""

    async def run() -> list[DeadLetter]:
        async with database_of(data_dir) as (_, database), database.reading() as reading:
            choice = Choice(code=code, source=source)
            return await listed(reading, choice, after=after, limit=limit)

    letters = asyncio.run(run())
    if as_json:
        click.echo(msgspec.json.encode(letters))
        return
    for letter in letters:
        again = "  replayed" if letter.replayed_at else ""
        where = f"{letter.topic}[{letter.partition}]@{letter.offset}"
        click.echo(f"{letter.id}  {letter.received_at:%Y-%m-%d %H:%M:%S}  {letter.code}  "
                   f"{letter.source!a}  {where}  {letter.detail}{again}")  # fmt: skip


@command.command("show", help="One whole, with its bytes as they came.")
@click.argument("number", type=int)
@json_option
@data_dir_option
def show(number: int, as_json: bool, data_dir: Path | None) -> None:
    """The record, byte for byte, last."""

    async def run() -> DeadLetter:
        async with database_of(data_dir) as (_, database), database.reading() as reading:
            return await shown(reading, number)

    letter = asyncio.run(run())
    if as_json:
        click.echo(msgspec.json.encode(letter))
        return
    for field in letter.__struct_fields__:
        if field != "payload":
            click.echo(f"{field}: {getattr(letter, field)!s}")
    click.echo(letter.payload)


@command.command("replay", help="Send them to where they came from, again; each counts once.")
@click.argument("numbers", nargs=-1, type=int)
@code_option
@source_option
@json_option
@data_dir_option
def replay_(
    numbers: tuple[int, ...], code: str | None, source: str | None, as_json: bool,
    data_dir: Path | None,
) -> None:  # fmt: skip
    """Those of all that is given; all of them where nothing is."""

    async def run() -> Replayed:
        async with database_of(data_dir) as (settings, database):
            producer = Producer(settings) if settings.kafka_bootstrap_servers else None
            try:
                return await replay(
                    database, settings, Choice(numbers, code, source),
                    door=Door(database, settings), producer=producer, now=datetime.now(UTC),
                )  # fmt: skip
            finally:
                if producer is not None:
                    await producer.close()

    done = asyncio.run(run())
    if as_json:
        click.echo(msgspec.json.encode(done))
    else:
        click.echo(f"{done.sent} sent, {done.refused} would be refused again, "
                   f"{done.already} had been replayed before")  # fmt: skip
