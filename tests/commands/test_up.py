"""`ringside up` as an operator meets it: a key, kept data, a clean stop, one clear line."""

import json
import re
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.commands.served import Served, free_port, run

CALL = {
    "specversion": "1.0",
    "id": "e1",
    "source": "phones",
    "type": "ringside.call.ended.v1",
    "time": "2026-11-20T17:00:00Z",
    "data": {
        "call_id": "c1",
        "rep_id": "r1",
        "direction": "outbound",
        "started_at": "2026-11-20T16:50:00Z",
        "answered_at": "2026-11-20T16:50:10Z",
        "ended_at": "2026-11-20T16:55:00Z",
        "outcome": "connected",
        "talk_seconds": 280,
        "customer": {"phone": "+14155550123"},
    },
}
READ = "/v1/reps/r1/kpis?period=day&date=2026-11-20&kpi=calls,talk_time"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "the data"


def started(folder: Path, **environ: str) -> Served:
    """`ringside up` on this folder."""
    return Served(folder.with_suffix(".stderr"), "up", "--data-dir", folder, **environ)


@contextmanager
def stream(up: Served, key: str) -> Iterator[Iterator[str]]:
    """An open live leaderboard."""
    headers = {"Authorization": f"Bearer {key}"}
    with (
        httpx2.Client(timeout=30) as client,
        client.stream("GET", f"{up.url}/v1/leaderboards/calls/stream", headers=headers) as response,
    ):
        yield response.iter_lines()


def test_a_key_is_printed_once_and_data_outlives_stops_and_kills(folder: Path) -> None:
    with started(folder) as up:
        assert up.ask(READ).status_code == 401
        code, lines, errors = up.end()
    assert (code, lines[0]) == (0, f"Ringside is at {up.url}")
    key = re.fullmatch(r"API key \(admin\), shown this once: (rs_\S+)", lines[1])
    assert key is not None
    assert "Traceback" not in errors

    with started(folder) as up:
        assert up.post([CALL], key[1]).json()["accepted"] == 1
        kpis = up.ask(READ, key[1]).json()["kpis"]
        assert kpis == {"calls": {"value": 1}, "talk_time": {"value": 280}}
        code, lines, _ = up.end(signal.SIGKILL)
    assert (code, lines) == (-signal.SIGKILL, [f"Ringside is at {up.url}"])

    with started(folder) as up:
        assert up.post([CALL], key[1]).json()["duplicates"] == 1
        assert up.ask(READ, key[1]).json()["kpis"] == kpis
        assert up.end(signal.SIGINT)[0] == 0
    for secret in ("secret", "postgres.password"):
        assert (folder / secret).stat().st_mode & 0o777 == 0o600


def test_streams_that_are_open_do_not_hold_up_the_stop(folder: Path) -> None:
    with started(folder, RINGSIDE_API_KEY="rs_given") as up, stream(up, "rs_given") as lines:
        assert next(lines) == "event: board"
        begun = time.monotonic()
        code, printed, errors = up.end()
        assert time.monotonic() - begun < 10
        assert (code, printed) == (0, [f"Ringside is at {up.url}"])
        assert "Traceback" not in errors


def test_other_commands_work_beside_it(folder: Path) -> None:
    with started(folder, RINGSIDE_API_KEY="rs_given") as up:
        at = ("--data-dir", folder)
        made = run("keys", "create", "phones", "--scope", "events:write", *at)
        key = made.stdout.strip()
        assert up.post([CALL], key).json()["accepted"] == 1
        assert up.ask(READ, key).status_code == 403
        found = json.loads(run("keys", "list", "--json", *at).stdout)
        assert [(one["name"], one["scopes"]) for one in found] == [
            ("RINGSIDE_API_KEY", ["admin"]),
            ("phones", ["events:write"]),
        ]
        report = json.loads(run("verify", "--json", *at).stdout)
        assert (report["sound"], report["facts"], report["drift"]) == (True, 1, [])

        second = run("up", "--port", free_port(), *at)
        assert (second.returncode, second.stdout) == (78, "")
        assert second.stderr == f"ringside: {folder}: another Ringside is using this data folder\n"
        assert up.end()[0] == 0
    stopped = run("verify", "--json", *at)
    assert (stopped.returncode, json.loads(stopped.stdout)["sound"]) == (0, True)


def test_a_port_in_use_is_one_clear_line(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("up", "--port", port, "--data-dir", folder)
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr.startswith(f"ringside: port {port} on 127.0.0.1: ")
    assert done.stderr.count("\n") == 1
    assert not folder.exists()


def test_metrics_on_a_port_of_their_own(folder: Path) -> None:
    apart = free_port()
    with started(folder, RINGSIDE_API_KEY="rs_given", RINGSIDE_METRICS_PORT=str(apart)) as up:
        assert up.ask("/metrics").status_code == 404
        shown = httpx2.get(f"http://127.0.0.1:{apart}/metrics")
        assert shown.status_code == 200
        assert 'ringside_build_info{version="' in shown.text
        assert httpx2.get(f"http://127.0.0.1:{apart}{READ}").status_code == 404
        assert up.end()[0] == 0
