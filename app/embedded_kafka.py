"""A real Apache Kafka (KRaft, one node) on loopback, for the tests and `make demo KAFKA=1`.

Java comes from a wheel, the jars from the Maven registry, checked against `jgo.lock.toml`. The
data directory keeps its log over restarts; the broker stops with its block, in bounded time, and
on Linux dies with this process however that ends. Not for production: one node, no replicas.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import uuid
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from app.errors import Unavailable

FETCH_SECONDS = 300
READY_SECONDS = 60
STOP_SECONDS = 15
READY = b"Kafka Server started"

_JVM = (
    "-Xms256m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",  # quick to start rather than quickest at full speed
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
)

# Set in the child before it becomes Java, so that the kernel ends it when we are gone.
_EXEC = (
    "import ctypes,os,sys\n"
    "if sys.platform == 'linux':\n"
    "    ctypes.CDLL(None).prctl(1, 9)\n"
    "    if os.getppid() != int(sys.argv[1]): sys.exit(1)\n"
    "os.execv(sys.argv[2], sys.argv[2:])\n"
)


class Runtime(msgspec.Struct, frozen=True):
    """The Java executable and the jars of the broker."""

    java: str
    jars: tuple[str, ...]

    @property
    def classpath(self) -> str:
        """All jars, as Java wants them."""
        return os.pathsep.join(self.jars)


async def runtime() -> Runtime:
    """Java and the checked jars, fetched at first use (45 MB); raises `Unavailable` saying why
    they cannot be had."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app.kafka_jars",
        cwd=Path(__file__).parents[1],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        out, err = await asyncio.wait_for(process.communicate(), FETCH_SECONDS)
    except TimeoutError:
        process.kill()
        raise Unavailable(f"Kafka's jars: not fetched within {FETCH_SECONDS} s") from None
    if process.returncode:
        reason = err.decode(errors="replace").strip().rpartition("\n")[2]
        raise Unavailable(f"Kafka's jars and Java (extras of dev.txt) cannot be had: {reason}")
    return msgspec.json.decode(out, type=Runtime)


@dataclass
class Broker:
    """One node. `kill` is kill -9; after it, or after `stop`, `start` brings it back on the same
    port with its data."""

    data_dir: Path
    properties: Mapping[str, str] = field(default_factory=dict)
    _runtime: Runtime | None = None
    _process: subprocess.Popen[bytes] | None = None
    _ports: tuple[int, int] = (0, 0)

    @property
    def bootstrap(self) -> str:
        """host:port for clients."""
        return f"127.0.0.1:{self._ports[0]}"

    @property
    def log(self) -> Path:
        """What the broker's last run printed."""
        return self.data_dir / "broker.log"

    async def start(self) -> None:
        """Start and wait until it serves; raises `Unavailable` with the end of its log."""
        self._runtime = self._runtime or await runtime()
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._ports = self._ports if self._ports[0] else self._choose_ports()
        config = self._configure()
        if not (self.data_dir / "log" / "meta.properties").exists():
            await self._format(config)
        self._process = self._java("kafka.Kafka", str(config))
        try:
            await asyncio.wait_for(self._ready(), READY_SECONDS)
        except (TimeoutError, EOFError):
            await self.kill()
            raise Unavailable(f"Kafka did not start: {self._tail()}") from None
        except BaseException:
            await self.kill()
            raise

    async def stop(self) -> None:
        """Stop cleanly; after 15 s, by force."""
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """Kill -9."""
        await self._end(signal.SIGKILL)

    def signal(self, number: int) -> None:
        """Send it a signal, e.g. SIGSTOP and SIGCONT."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(number)

    async def _end(self, number: int) -> None:
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.send_signal(number)
        try:
            await asyncio.wait_for(_ended(process), STOP_SECONDS)
        except (TimeoutError, asyncio.CancelledError):
            process.kill()
            process.wait()

    def _java(self, *command: str) -> "subprocess.Popen[bytes]":
        # No asyncio process: this one outlives the loop of the test that restarts it.
        assert self._runtime is not None
        with self.log.open("wb") as log:
            java = (self._runtime.java, *_JVM, "-cp", self._runtime.classpath, *command)
            return subprocess.Popen(  # noqa: S603  our own command
                (sys.executable, "-c", _EXEC, str(os.getpid()), *java),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us: we stop the clients first, then it
            )

    async def _format(self, config: Path) -> None:
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        # With "=", for one cluster in 64 begins with a dash and would be taken for an option.
        tool = ("kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(config))
        if await _ended(self._java(*tool)):
            raise Unavailable(f"Kafka could not format {self.data_dir}: {self._tail()}")

    async def _ready(self) -> None:
        assert self._process is not None
        while READY not in self.log.read_bytes():
            if self._process.poll() is not None:
                raise EOFError
            await asyncio.sleep(0.05)

    def _tail(self) -> str:
        lines = self.log.read_text("utf-8", errors="replace").splitlines()
        said = [line for line in lines if line and not line.startswith("\t")]  # no stack frames
        return " | ".join(said[-5:]) or "it printed nothing"

    def _choose_ports(self) -> tuple[int, int]:
        """The ports of the last run if they are free, else two free ones."""
        path = self.data_dir / "ports.json"
        if path.exists():
            kept: tuple[int, int] = tuple(json.loads(path.read_text("utf-8")))
            if all(_free(port) for port in kept):
                return kept
        chosen = (_free_port(), _free_port())
        path.write_text(json.dumps(chosen), "utf-8")
        return chosen

    def _configure(self) -> Path:
        broker, controller = self._ports
        settings = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{broker}",
            "log.dirs": str(self.data_dir / "log"),
            "auto.create.topics.enable": "false",
            "default.replication.factor": "1",
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "transaction.state.log.num.partitions": "4",
            "group.initial.rebalance.delay.ms": "0",
            "group.min.session.timeout.ms": "1000",
            # After kill -9 a restart otherwise waits 9 s for the old session to end.
            "broker.session.timeout.ms": "3000",
            "broker.heartbeat.interval.ms": "500",
            "log.cleaner.dedupe.buffer.size": str(16 << 20),
            **self.properties,
        }
        path = self.data_dir / "server.properties"
        path.write_text("".join(f"{k}={v}\n" for k, v in settings.items()), "utf-8")
        return path


@asynccontextmanager
async def running(data_dir: Path) -> AsyncIterator[str]:
    """A broker on `data_dir` while the block runs; yields its `host:port`. Raises `Unavailable`
    where Java or the jars cannot be had."""
    broker = Broker(data_dir)
    await broker.start()
    try:
        yield broker.bootstrap
    finally:
        await broker.stop()


async def _ended(process: "subprocess.Popen[bytes]") -> int:
    while (code := process.poll()) is None:  # noqa: ASYNC110  nothing else would tell this loop
        await asyncio.sleep(0.02)
    return code


def _free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
