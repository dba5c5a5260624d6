"""The embedded PostgreSQL: kept data, one Ringside a folder, kill -9, and every user."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from app.embedded import reached, running
from app.embedded_server import Server, buffers, limits, memory
from app.embedded_user import NOBODY, Account, account
from app.errors import BadConfiguration

ROOT = Path(__file__).parents[1]
AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
SOMEONE = 12345
# An ordinary user who still can read the interpreter and the packages, wherever root has them.
ORDINARY = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
needs_root = pytest.mark.skipif(not AS_ROOT, reason="only root can become another user")

# Starts the server on argv[1], says so, and holds it until it is told to stop (or is killed).
HOLD = """
import asyncio, sys
from pathlib import Path
from app.embedded import running
from app.errors import RingsideError

async def hold():
    async with running(Path(sys.argv[1])) as dsn:
        print(dsn, flush=True)
        if sys.argv[2] == "hold":
            await asyncio.sleep(600)

try:
    asyncio.run(hold())
except RingsideError as error:
    print(error.detail, flush=True)
    sys.exit(error.exit_code)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose parents every user can enter, with a space in its name."""
    made = Path(tempfile.mkdtemp(prefix="ringside test "))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def start(folder: Path, then: str = "hold", *user: str) -> "subprocess.Popen[str]":
    command = [*user, sys.executable, "-c", HOLD, str(folder), then]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def said(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    with process.stdout:
        return process.stdout.readline().strip()


async def ask(dsn: str, *statements: str) -> object:
    """What the last statement answers."""
    connection = await asyncpg.connect(dsn)
    try:
        return [await connection.fetchval(statement) for statement in statements][-1]
    finally:
        await connection.close()


async def gone(dsn: str) -> bool:
    try:
        await ask(dsn, "SELECT 1")
    except (OSError, asyncpg.PostgresError):
        return True
    return False


async def test_data_is_kept_safely_and_behind_a_password(folder: Path) -> None:
    async with running(folder) as dsn:
        await ask(dsn, "CREATE TABLE kept AS SELECT 7 AS n")
        settings = [await ask(dsn, f"SHOW {name}") for name in ("fsync", "full_page_writes")]
        assert settings == ["on", "on"]
        assert await ask(dsn, "SHOW listen_addresses") == "127.0.0.1"
        locale = "SELECT datcollate FROM pg_database WHERE datname = current_database()"
        assert (await ask(dsn, "SHOW server_encoding"), await ask(dsn, locale)) == (
            "UTF8", "C.UTF-8",
        )  # fmt: skip
        stranger = dsn.replace(dsn.split(":")[2].split("@")[0], "guess")
        with pytest.raises(asyncpg.InvalidPasswordError):
            await ask(stranger, "SELECT 1")
    assert await gone(dsn)
    async with running(folder) as again:
        assert await ask(again, "SELECT n FROM kept") == 7
    modes = [(folder / name).stat().st_mode & 0o777 for name in ("postgres", "postgres.password")]
    assert modes == [0o700, 0o600]


def test_the_buffers_are_a_quarter_of_what_a_container_may_have(tmp_path: Path) -> None:
    gigabyte = 2**30
    limit, none = tmp_path / "memory.max", tmp_path / "limit_in_bytes"
    machine = memory([])
    assert machine == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for written, expected in (("max\n", machine), (f"{gigabyte}\n", gigabyte), ("", machine)):
        limit.write_text(written, encoding="ascii")
        assert memory([limit, none]) == expected
    groups = tmp_path / "cgroup"
    groups.write_text("1:name=systemd:/old\n0::/user.slice/ringside.service\n", encoding="utf-8")
    root = Path("/sys/fs/cgroup")
    assert list(limits(groups)) == [
        root / "memory" / "memory.limit_in_bytes",
        root / "memory.max",
        root / "user.slice" / "ringside.service" / "memory.max",
        root / "user.slice" / "memory.max",
        root / "memory.max",
    ]
    assert len(list(limits(none))) == 2
    sizes = [buffers(n * gigabyte) for n in (0, 2, 24, 512)]
    assert sizes == [256, 512, 6144, 8192]


async def test_one_ringside_a_folder(folder: Path) -> None:
    async with running(folder, durable=False) as dsn:
        with pytest.raises(BadConfiguration, match="another Ringside is using this data folder"):
            async with running(folder):
                pass
        assert await ask(dsn, "SELECT 1") == 1
    async with running(folder, durable=False):
        pass


async def test_a_client_that_stays_does_not_hold_up_the_stop(folder: Path) -> None:
    async with running(folder, durable=False) as dsn:
        staying = await asyncpg.connect(dsn)
        await staying.execute("BEGIN")
        begun = time.monotonic()
    assert time.monotonic() - begun < 10
    staying.terminate()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the next start stops it")
async def test_the_server_does_not_outlive_a_kill(folder: Path) -> None:
    process = start(folder)
    dsn = said(process)
    await ask(dsn, "CREATE TABLE kept AS SELECT 7 AS n")
    process.send_signal(signal.SIGKILL)
    process.wait()
    for _ in range(100):
        if await gone(dsn):
            break
        await asyncio.sleep(0.1)
    assert await gone(dsn)
    async with running(folder) as again:
        assert await ask(again, "SELECT n FROM kept") == 7


async def test_a_long_log_is_read_to_its_end_after_a_crash(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(folder):
        pass
    crashing = Server(folder, await account())
    dsn = await crashing.start(durable=True)
    rows = "SELECT md5(i::text) AS n FROM generate_series(1, 1500000) i"
    await ask(dsn, f"CREATE TABLE kept AS {rows}", "CREATE INDEX ON kept (n)")
    crashed = crashing._process
    assert crashed is not None
    server = psutil.Process(crashed.pid)
    for process in [server, *server.children(recursive=True)]:
        process.kill()
    await crashed.wait()
    monkeypatch.setattr("app.embedded_server.START_SECONDS", 0.6)  # without the log it takes 0.3
    begun = time.monotonic()
    async with running(folder) as again:
        assert time.monotonic() - begun > 0.6
        assert await ask(again, "SELECT count(*) FROM kept") == 1_500_000


async def test_a_server_left_over_is_stopped(folder: Path) -> None:
    async with running(folder, durable=False):
        pass
    leftover = Server(folder, await account())
    await leftover.start(durable=False)
    left = leftover._process
    assert left is not None
    async with running(folder, durable=False) as dsn:
        assert await ask(dsn, "SELECT 1") == 1
    assert await asyncio.wait_for(left.wait(), 1) == 0


async def test_a_pid_used_again_is_left_alone(folder: Path) -> None:
    async with running(folder, durable=False):
        pass
    (folder / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{folder}/postgres\n")
    async with running(folder, durable=False) as dsn:
        assert await ask(dsn, "SELECT 1") == 1


async def test_other_commands_reach_the_running_server_or_start_their_own(folder: Path) -> None:
    with pytest.raises(BadConfiguration, match="no data here"):
        async with reached(folder):
            pass
    async with running(folder, durable=False) as dsn:
        assert (folder / "dsn").stat().st_mode & 0o777 == 0o600
        async with reached(folder) as found:
            assert found == dsn
    assert not (folder / "dsn").exists()
    (folder / "dsn").write_text(dsn)  # of a Ringside that was killed
    async with reached(folder) as own:
        assert own != dsn
        assert await ask(own, "SELECT 1") == 1


@pytest.mark.parametrize(
    ("version", "complaint"),
    [("17\n", "is of PostgreSQL 17, this is 18"), (None, "is no data folder of PostgreSQL")],
)
async def test_a_folder_that_is_not_ours(folder: Path, version: str | None, complaint: str) -> None:
    (folder / "postgres").mkdir()
    if version is not None:
        (folder / "postgres" / "PG_VERSION").write_text(version)
    with pytest.raises(BadConfiguration, match=complaint):
        async with running(folder):
            pass


async def test_a_file_where_the_folder_should_be(folder: Path) -> None:
    (folder / "data").write_text("")
    with pytest.raises(BadConfiguration, match="data: cannot be made: File exists"):
        async with running(folder / "data"):
            pass


@needs_root
def test_an_ordinary_user_runs_it_too(folder: Path) -> None:
    for _ in range(2):
        process = start(folder, "stop", *ORDINARY)
        assert said(process).startswith("postgresql://ringside:")
        assert process.wait() == 0


@needs_root
@pytest.mark.parametrize(
    ("theirs", "complaint"),
    [
        (".", "cannot be written by this user"),
        ("postgres", f"belongs to another user (id {NOBODY})"),
    ],
)
def test_another_users_folder_is_refused(folder: Path, theirs: str, complaint: str) -> None:
    (folder / "postgres").mkdir()
    os.chown(folder / theirs, SOMEONE, SOMEONE)
    process = start(folder, "stop", *ORDINARY)
    assert said(process) == f"{folder}: {complaint}"
    assert process.wait() == 78


@needs_root
async def test_root_refuses_a_users_folder(folder: Path) -> None:
    (folder / "postgres").mkdir()
    os.chown(folder / "postgres", SOMEONE, SOMEONE)
    with pytest.raises(BadConfiguration, match=f"belongs to another user .id {SOMEONE}"):
        async with running(folder):
            pass


@pytest.fixture
def no_namespaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in many containers: making a user namespace is not permitted."""
    refusing = tmp_path / "unshare"
    refusing.write_text("#!/bin/sh\nexit 1\n")
    refusing.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)


def nobody_can_run(program: str) -> bool:
    try:
        done = subprocess.run([program, "-c", ""], user=NOBODY, group=NOBODY, check=False)
    except PermissionError:
        return False
    return done.returncode == 0


@needs_root
@pytest.mark.usefixtures("no_namespaces")
async def test_without_namespaces_root_becomes_nobody(folder: Path) -> None:
    assert await account() == Account(user=NOBODY)
    if not nobody_can_run(sys.executable):
        with pytest.raises(BadConfiguration, match="cannot be run by the user nobody"):
            async with running(folder):
                pass
        return
    async with running(folder) as dsn:
        await ask(dsn, "CREATE TABLE kept AS SELECT 7 AS n")
        assert (folder / "postgres" / "postmaster.pid").stat().st_uid == NOBODY
    async with running(folder) as dsn:
        assert await ask(dsn, "SELECT n FROM kept") == 7


@needs_root
async def test_what_nobody_owned_is_roots_again_where_namespaces_are_to_be_had(
    folder: Path,
) -> None:
    async with running(folder, durable=False) as dsn:
        await ask(dsn, "CREATE TABLE kept AS SELECT 7 AS n")
    Account(user=NOBODY).give(folder / "postgres")
    assert {path.stat().st_uid for path in sorted((folder / "postgres").rglob("*"))} == {NOBODY}
    async with running(folder, durable=False) as dsn:
        assert await ask(dsn, "SELECT n FROM kept") == 7
