"""Serving: a socket taken before anything is started, a clean stop in bounded time."""

import asyncio
import contextlib
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import uvicorn

from app import keys
from app.api.ops import metrics_alone
from app.api.state import State
from app.commands.connection import Connection
from app.cycles import look_seldom
from app.db import Database
from app.embedded import running
from app.errors import BadConfiguration
from app.main import Application, create_app
from app.migrate import migrate
from app.producer import Producer
from app.settings import Settings

GRACE_SECONDS = 5


class Server(uvicorn.Server):
    """Uvicorn without its own signals: ours also end the open streams."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to `serve`."""
        yield


def listen(host: str, port: int) -> socket.socket:
    """The socket to serve on. Raises `BadConfiguration` where it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
        taken.listen(2048)
    except OSError as error:
        taken.close()
        reason = f"port {port} on {host}: {error.strerror or error}"
        raise BadConfiguration(f"{reason}; choose another with --port") from error
    taken.setblocking(False)
    return taken


async def serve(app: Application, taken: socket.socket, stop: asyncio.Event) -> None:
    """Serve until `stop` is set, SIGINT or SIGTERM comes; then at most a few seconds more.

    The metrics have a port of their own where one is set. Raises `BadConfiguration` where that
    cannot be had.
    """
    look_seldom()
    state: State = app.state.ringside
    servers = {_server(app): taken}
    if state.settings.metrics_port is not None:
        host = taken.getsockname()[0]
        servers[_server(metrics_alone(state))] = listen(host, state.settings.metrics_port)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    serving = [asyncio.create_task(server.serve([one])) for server, one in servers.items()]
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({*serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    stopping.cancel()
    state.live.close()
    for server in servers:
        server.should_exit = True
    await asyncio.gather(*serving)


def _server(app: Application) -> Server:
    config = uvicorn.Config(
        app, log_config=None, access_log=False, server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS, http=Connection,
    )  # fmt: skip
    return Server(config)


@asynccontextmanager
async def embedded(
    settings: Settings, *, kafka: str | None = None
) -> AsyncIterator[tuple[Settings, Database, Application]]:
    """Everything on the embedded PostgreSQL, migrated; with `kafka` (host:port) behind it."""
    async with running(settings.data_dir) as dsn:
        await asyncio.to_thread(migrate, dsn)
        over: dict[str, object] = {"database_url": dsn, "kafka_bootstrap_servers": kafka}
        if settings.secret is None:
            over["secret"] = own_secret(settings.data_dir)
        settings = with_values(settings, over)
        database = Database(dsn)
        producer = Producer(settings) if kafka else None
        try:
            yield settings, database, create_app(settings, database, producer=producer)
        finally:
            await database.close()


def with_values(settings: Settings, over: dict[str, object]) -> Settings:
    """The settings with some replaced, checked like the others."""
    values = {name: getattr(settings, name) for name in Settings.model_fields}
    return Settings.model_validate({**values, **over})


def own_secret(data_dir: Path) -> str:
    """The secret of this data folder: made once, kept beside the data it belongs to."""
    return kept(data_dir / "secret", secrets.token_urlsafe(32))


def kept(path: Path, value: str) -> str:
    """What the file holds; `value`, if it is not there yet. Only its owner may read it."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(value, encoding="utf-8")
    return path.read_text(encoding="utf-8").strip()


async def given_key(settings: Settings, database: Database) -> bool:
    """Make `RINGSIDE_API_KEY` an admin key, if it is set. Whether there is any key."""
    async with database.writing() as session:
        if settings.api_key is not None:
            token, now = settings.api_key.get_secret_value(), datetime.now(UTC)
            await keys.create(session, "RINGSIDE_API_KEY", ["admin"], now=now, token=token)
        return any(key.revoked_at is None for key in await keys.listed(session))


async def first_key(settings: Settings, database: Database) -> str | None:
    """The token of a first admin key, made if there is no key at all; else None."""
    if await given_key(settings, database):
        return None
    async with database.writing() as session:
        token, _ = await keys.create(session, "first", ["admin"], now=datetime.now(UTC))
        return token
