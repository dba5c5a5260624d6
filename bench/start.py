"""How fast Ringside starts: the command itself, and `ringside up` on a data folder that exists.

python -m bench.start [--rounds 5]
"""

import argparse
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[1]
RINGSIDE = [sys.executable, "-m", "app.cli"]


def version() -> float:
    """Seconds that `ringside --version` takes."""
    started = time.perf_counter()
    subprocess.run([*RINGSIDE, "--version"], cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - started


def up(folder: str) -> float:
    """Seconds from `ringside up` to ready; then it is stopped."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = time.perf_counter()
    process = subprocess.Popen(
        [*RINGSIDE, "up", "--port", str(port), "--data-dir", folder],
        cwd=ROOT, stdout=subprocess.DEVNULL, env={**os.environ, "LOG_LEVEL": "ERROR"},
    )  # fmt: skip
    try:
        while not _ready(port):
            if process.poll() is not None:
                raise RuntimeError("ringside up ended")
            time.sleep(0.01)
        return time.perf_counter() - started
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def main(rounds: int) -> None:
    """Start, time, print."""
    versions = [version() for _ in range(rounds)]
    print(f"ringside --version           {statistics.median(versions) * 1e3:6.0f} ms")
    with tempfile.TemporaryDirectory(prefix="ringside-bench-") as folder:
        print(f"ringside up, new folder      {up(folder) * 1e3:6.0f} ms")
        times = [up(folder) for _ in range(rounds)]
        print(f"ringside up, existing folder {statistics.median(times) * 1e3:6.0f} ms")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    main(parser.parse_args().rounds)
