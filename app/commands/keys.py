"""`ringside keys`: who may."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from app import keys
from app.commands.reach import data_dir_option, database_of


@click.group(help="Make, list and revoke API keys.")
def command() -> None:
    """The group."""


@command.command("create", help="Make a key and print it, this once.")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, type=click.Choice(keys.SCOPES))
@click.option("--team", "teams", multiple=True, help="a read key that sees this team only")
@data_dir_option
def create(
    name: str, scopes: tuple[str, ...], teams: tuple[str, ...], data_dir: Path | None
) -> None:
    """Print the token."""

    async def run() -> str:
        async with database_of(data_dir) as (_, database), database.writing() as session:
            token, _ = await keys.create(
                session, name, scopes, teams=teams or None, now=datetime.now(UTC)
            )
            return token

    click.echo(asyncio.run(run()))


@command.command("list", help="List the keys; what they open, never the keys themselves.")
@click.option("--json", "as_json", is_flag=True)
@data_dir_option
def listed(as_json: bool, data_dir: Path | None) -> None:
    """A line each."""

    async def run() -> list[keys.Key]:
        async with database_of(data_dir) as (_, database), database.reading() as session:
            return await keys.listed(session)

    found = asyncio.run(run())
    if as_json:
        click.echo(msgspec.json.encode(found))
        return
    for key in found:
        teams = "" if key.teams is None else f"  teams {', '.join(key.teams)}"
        revoked = "  revoked" if key.revoked_at else ""
        click.echo(f"{key.id}  {key.name}  {', '.join(key.scopes)}{teams}{revoked}")


@command.command("revoke", help="Let a key open nothing any more (within five seconds).")
@click.argument("key_id")
@data_dir_option
def revoke(key_id: str, data_dir: Path | None) -> None:
    """By the id that `list` shows."""

    async def run() -> None:
        async with database_of(data_dir) as (_, database), database.writing() as session:
            await keys.revoke(session, key_id, datetime.now(UTC))

    asyncio.run(run())
