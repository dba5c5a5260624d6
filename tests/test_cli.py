"""The command's front: light to start, every command there, one clear line and its exit code."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli import COMMANDS

ROOT = Path(__file__).parents[1]
HEAVY = ("aiokafka", "alembic", "asyncpg", "fastapi", "pydantic", "sqlalchemy", "uvicorn")


def run(*arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    """Run `ringside` with these settings only."""
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        cwd=ROOT, env={"PATH": os.environ["PATH"], **environ},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_the_front_waits_for_nothing_heavy() -> None:
    script = f"import app.cli, sys; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_version_and_help() -> None:
    version = run("--version")
    assert (version.returncode, version.stderr) == (0, "")
    assert version.stdout.startswith("ringside, version ")
    told = run("--help")
    assert told.returncode == 0
    assert all(f"\n  {name} " in told.stdout for name in COMMANDS)


def test_every_command_is_there() -> None:
    for name in COMMANDS:
        done = run(name, "--help")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(f"Usage: ringside {name} ")


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("up", "--port", "0"),
        ("keys", "create"),
        ("keys", "create", "x", "--scope", "all"),
    ],
)
def test_what_is_no_command_is_a_usage_error(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Usage: ringside ")


@pytest.mark.parametrize(
    ("arguments", "environ", "code", "said"),
    [
        (("up",), {"PORT": "none"}, 78, "PORT: Input should be a valid integer"),
        (("verify",), {"RINGSIDE_CURENCY": "EUR"}, 78, "is RINGSIDE_CURRENCY meant?"),
        (("verify", "--data-dir", "/no/such"), {}, 78, "/no/such: no data here"),
        (("up", "--data-dir", "/dev/null/x"), {}, 78, "/dev/null/x: cannot be made"),
        (("migrate",), {"DATABASE_URL": "postgresql://127.0.0.1:1/x"}, 69, "PostgreSQL: "),
        (("keys", "list"), {"DATABASE_URL": "postgresql://127.0.0.1:1/x"}, 69, "PostgreSQL: "),
    ],
)
def test_one_clear_line_and_a_code(
    arguments: tuple[str, ...], environ: dict[str, str], code: int, said: str
) -> None:
    done = run(*arguments, **environ)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr.splitlines()[-1]
    assert done.stderr.startswith("ringside: ")
    assert done.stderr.count("\n") == 1


def test_data_goes_to_standard_output_alone() -> None:
    done = run("openapi")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith('{\n  "openapi": "3.1')


def test_a_consumer_without_kafka_says_so() -> None:
    done = run("consume", RINGSIDE_SECRET="s", DATABASE_URL="postgresql://127.0.0.1:1/x")
    assert (done.returncode, done.stdout) == (78, "")
    assert "KAFKA_BOOTSTRAP_SERVERS: not set" in done.stderr
