"""`ringside` as a process of its own: one that runs to its end, or one that serves."""

import os
import pty
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2

ROOT = Path(__file__).parents[2]
READY_SECONDS = 60


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ringside(*arguments: object, **environ: str) -> list[str]:
    """The words of a command line; the settings are passed on by `env`."""
    settings = [f"{name}={value}" for name, value in environ.items()]
    path = f"PATH={os.environ['PATH']}"
    words = [str(argument) for argument in arguments]
    return ["env", "-i", path, *settings, sys.executable, "-m", "app.cli", *words]


def run(*arguments: object, **environ: str) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end."""
    return subprocess.run(
        ringside(*arguments, **environ),
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def on_a_terminal(*arguments: object, **environ: str) -> tuple[int, str, str]:
    """Run a command whose standard error is a terminal: `(exit code, stdout, stderr)`."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        ringside(*arguments, TERM="xterm", **environ),
        cwd=ROOT, stdout=subprocess.PIPE, stderr=theirs, text=True,
    ) as process:  # fmt: skip
        os.close(theirs)
        shown = b""
        with os.fdopen(ours, "rb", buffering=0) as terminal, suppress(OSError):
            while part := terminal.read(4096):  # the other end closed: an error on Linux
                shown += part
        assert process.stdout is not None
        out = process.stdout.read()
    return process.returncode, out, shown.decode()


class Served:
    """A running command that serves, on a free port; killed when the block ends."""

    def __init__(self, log: Path, *arguments: object, **environ: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        command = ringside(*arguments, "--port", self.port, **environ)
        self._errors = log.open("w+")
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=self._errors, text=True
        )

    def __enter__(self) -> Self:
        assert self.process.stdout is not None
        watchdog = threading.Timer(READY_SECONDS, self.process.kill)
        watchdog.start()
        with httpx2.Client(base_url=self.url) as client:
            while self.process.poll() is None:
                try:
                    if client.get("/readyz").status_code == 200:
                        break
                except httpx2.TransportError:
                    pass
        watchdog.cancel()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._errors.close()

    def end(self, number: int = signal.SIGTERM) -> tuple[int, list[str], str]:
        """Send a signal: `(exit code, lines printed, standard error)`."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> tuple[int, list[str], str]:
        """What it ended with."""
        out, _ = self.process.communicate(timeout=30)
        self._errors.seek(0)
        return self.process.returncode, out.splitlines(), self._errors.read()

    def ask(self, path: str, key: str | None = None) -> httpx2.Response:
        """GET a path."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx2.get(self.url + path, headers=headers)

    def post(self, events: Sequence[dict[str, Any]], key: str) -> httpx2.Response:
        """Post a batch of CloudEvents."""
        headers = {
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/cloudevents-batch+json",
        }
        return httpx2.post(f"{self.url}/v1/events", json=list(events), headers=headers)
