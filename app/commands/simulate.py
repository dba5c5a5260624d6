"""`ringside simulate`: the simulated floor, sent to any Ringside."""

import asyncio

import click

from app.main import now
from app.simulate.play import demo
from app.simulate.post import Poster, Tally


@click.command(help="Send a simulated floor's events, live and with its history, to a Ringside.")
@click.option("--url", default="http://127.0.0.1:8000", show_default=True)
@click.option("--key", envvar="RINGSIDE_API_KEY", required=True, help="with events:write")
def command(url: str, key: str) -> None:
    """Run until stopped."""

    def ready(tally: Tally) -> None:
        click.echo(f"today is in: {tally.accepted:,} accepted, {tally.duplicates:,} duplicates, "
                   f"{tally.rejected:,} rejected")  # fmt: skip

    async def play() -> None:
        async with Poster(url, key) as post:
            await demo(post, now, ready=ready)

    try:
        asyncio.run(play())
    except KeyboardInterrupt:
        click.echo("stopped", err=True)
