"""`ringside demo`: a believable sales floor, through the same door as everyone."""

import asyncio
import os
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app import embedded_kafka, keys, log
from app.commands.serving import embedded, kept, listen, serve
from app.commands.up import chosen, options
from app.db import Database
from app.main import now
from app.settings import Settings
from app.simulate.play import HISTORY_DAYS, Ledger, demo
from app.simulate.play import Progress as Loaded
from app.simulate.post import Poster, Tally

CONSUMERS = 2
STOP_SECONDS = 20


@click.command(help="Serve a simulated floor of 60 reps: today live, 13 months behind it.")
@options
@click.option("--kafka", is_flag=True, envvar="KAFKA", help="through a real broker, two consumers")
def command(port: int | None, host: str, data_dir: Path | None, kafka: bool) -> None:
    """Run until stopped."""
    settings = chosen(port, data_dir)
    log.start(settings.log_level if "LOG_LEVEL" in os.environ else "WARNING")
    asyncio.run(_demo(settings, host, kafka))


async def _demo(settings: Settings, host: str, kafka: bool) -> None:
    taken = listen(host, settings.port)
    async with (
        _broker(settings, kafka) as bootstrap,
        embedded(settings, kafka=bootstrap) as (settings, database, app),
        _consumers(settings, bootstrap),
    ):
        token = await _key(settings, database)
        stop = asyncio.Event()
        serving = asyncio.create_task(serve(app, taken, stop))
        playing = asyncio.create_task(_play(settings, f"http://{host}:{settings.port}", token))
        await asyncio.wait({serving, playing}, return_when=asyncio.FIRST_COMPLETED)
        stop.set()
        playing.cancel()
        outcomes = await asyncio.gather(playing, serving, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome


async def _key(settings: Settings, database: Database) -> str:
    """The demo's admin key: the one given, else one kept beside the data."""
    given = settings.api_key.get_secret_value() if settings.api_key else None
    token = given or kept(settings.data_dir / "demo.key", keys.PREFIX + secrets.token_urlsafe(24))
    async with database.writing() as session:
        await keys.create(session, "demo", ["admin"], now=datetime.now(UTC), token=token)
    return token


async def _play(settings: Settings, url: str, token: str) -> None:
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TextColumn("days"), TimeRemainingColumn(), console=console, transient=True,
        disable=not console.is_terminal,
    )  # fmt: skip
    task = bar.add_task("history", total=HISTORY_DAYS)

    def ready(tally: Tally) -> None:
        click.echo(f"The board is live at {url}  ({tally.sent:,} of today's events are in)")
        click.echo(f"Sign in at {url}/sign-in#{token}")
        click.echo(f"API key (admin): {token}")
        click.echo("Ctrl-C stops; the data stays.")

    def loaded(state: Loaded) -> None:
        bar.update(task, completed=state.days)
        if state.days == state.of:
            bar.stop()
            click.echo(f"{state.of} days of history are in")

    click.echo(f"Ringside is at {url}; the floor is walking in …", err=True)
    with bar:
        ledger = Ledger(settings.data_dir / "demo.history")
        async with Poster(url, token, patience=None) as post:
            await demo(post, now, ledger=ledger, ready=ready, progress=loaded)


@asynccontextmanager
async def _broker(settings: Settings, kafka: bool) -> AsyncIterator[str | None]:
    if not kafka:
        yield None
        return
    async with embedded_kafka.running(settings.data_dir / "kafka") as bootstrap:
        yield bootstrap


@asynccontextmanager
async def _consumers(settings: Settings, bootstrap: str | None) -> AsyncIterator[None]:
    """Two consumers of one group, as in production each a process of its own."""
    if bootstrap is None or settings.secret is None:
        yield
        return
    environment = {
        **os.environ,
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "KAFKA_BOOTSTRAP_SERVERS": bootstrap,
        "RINGSIDE_SECRET": settings.secret.get_secret_value(),
        "LOG_LEVEL": "ERROR",
    }
    running = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "consumers", env=environment, start_new_session=True
        )
        for _ in range(CONSUMERS)
    ]
    try:
        yield
    finally:
        for consumer in running:
            if consumer.returncode is None:
                consumer.terminate()
        for consumer in running:
            try:
                await asyncio.wait_for(consumer.wait(), STOP_SECONDS)
            except TimeoutError:
                consumer.kill()
