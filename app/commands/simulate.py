"""`ringside simulate`: the simulated floor, or one vendor's webhooks, sent to any Ringside."""

import asyncio
import time
from collections import Counter

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.errors import BadConfiguration
from app.feeds.registry import FEEDS, INSECURE
from app.main import now
from app.settings import Settings, environment_name, read
from app.simulate.hooks import Hooks
from app.simulate.play import demo
from app.simulate.post import Poster, Tally
from app.simulate.vendors.every import VENDORS

TOLD = ("payloads", "accepted", "duplicates", "ignored", "rejected", "to_read")


@click.command(
    help="Send a simulated floor's events, live and with its history, to a Ringside; or with "
    "--feed a vendor's webhooks, signed with the secret that is set for it."
)
@click.option("--url", default="http://127.0.0.1:8000", show_default=True)
@click.option("--key", envvar="RINGSIDE_API_KEY", help="with events:write; not for --feed")
@click.option("--feed", type=click.Choice(sorted(VENDORS)), help="whose webhooks to post")
@click.option(
    "--rate",
    type=click.FloatRange(0, 1000, min_open=True),
    default=2.0,
    show_default=True,
    help="payloads a second",
)
@click.option("--count", type=click.IntRange(1), help="so many payloads; default until stopped")
@click.option("--json", "as_json", is_flag=True, help="what they came to, as JSON")
def command(
    url: str, key: str | None, feed: str | None, rate: float, count: int | None, as_json: bool
) -> None:  # fmt: skip
    """Run until stopped, or until all is sent."""
    if feed is not None:
        _webhooks(url.rstrip("/"), feed, rate, count, as_json)
        return
    if key is None:
        raise click.UsageError("--key, or RINGSIDE_API_KEY, is needed without --feed")
    _floor(url, key)


def _floor(url: str, key: str) -> None:
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


def _webhooks(url: str, name: str, rate: float, count: int | None, as_json: bool) -> None:
    settings = read()
    path = f"/v1/webhooks/{name}"
    public = settings.public_url and settings.public_url.rstrip("/") + path
    done: Counter[str] = Counter()

    async def play(bar: Progress) -> None:
        task = bar.add_task(name, total=count)
        secret = _secret(settings, name)
        async with Hooks(VENDORS[name], url + path, secret, now, public=public) as hooks:
            # A seed of its own, so that no two runs tell the same stories.
            async for came in hooks.play(time.time_ns(), rate=rate, count=count):
                done.update(came)
                bar.update(task, advance=1)

    try:
        with _bar() as bar:
            asyncio.run(play(bar))
    except KeyboardInterrupt:
        click.echo("stopped", err=True)
    if as_json:
        click.echo(msgspec.json.encode({what: done[what] for what in TOLD}))
    else:
        click.echo(f"{name}: " + ", ".join(f"{done[what]:,} {what}" for what in TOLD if done[what]))


def _secret(settings: Settings, name: str) -> str:
    """The first of the feed's secrets: the new one, while it takes the place of an old one."""
    secret = getattr(settings, FEEDS[name].setting)
    if secret is not None:
        return str(secret.get_secret_value().split()[0])
    if f"{name}{INSECURE}" in settings.feeds:
        return "insecure"
    needed = environment_name(FEEDS[name].setting)
    raise BadConfiguration(f"{needed}: set it to the secret of the Ringside at --url")


def _bar() -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TextColumn("payloads"), TimeElapsedColumn(), console=console, transient=True,
        disable=not console.is_terminal,
    )  # fmt: skip
