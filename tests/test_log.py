"""Logs: one line a record whatever the data says, for people on a terminal, JSON elsewhere."""

import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from app import log

FORGED = "r1\n12:00:00 INFO    app: all is well\x1b[2J\u2028"


class Terminal(io.StringIO):
    """What standard error is when somebody looks on."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Leave the root logger as it was."""
    root, noisy = logging.getLogger(), logging.getLogger("aiokafka")
    handlers, level, silenced = root.handlers[:], root.level, noisy.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    noisy.setLevel(silenced)


def logged(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, level: str = "INFO"
) -> io.StringIO:
    monkeypatch.setattr("sys.stderr", stream)
    log.start(level)
    return stream


def test_one_json_object_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    out = logged(monkeypatch, io.StringIO())
    logging.getLogger("app.main").warning("rep %s: %d", FORGED, 7)
    logging.getLogger("app.main").debug("not at this level")
    (line,) = out.getvalue().splitlines()
    entry = json.loads(line)
    at = datetime.fromisoformat(entry.pop("at"))
    assert at.tzinfo == UTC
    assert entry == {"level": "WARNING", "logger": "app.main", "message": f"rep {FORGED}: 7"}


def test_a_traceback_is_in_the_same_object(monkeypatch: pytest.MonkeyPatch) -> None:
    out = logged(monkeypatch, io.StringIO())
    try:
        raise ValueError(FORGED)
    except ValueError:
        logging.getLogger("app").exception("failed")
    (line,) = out.getvalue().splitlines()
    assert json.loads(line)["traceback"].endswith(f"ValueError: {FORGED}")


def test_data_cannot_forge_a_line_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    out = logged(monkeypatch, Terminal())
    logging.getLogger("app.main").info("rep %s", FORGED)
    line = out.getvalue()
    assert line.count("\n") == 1
    assert line[8:] == (
        " INFO    app.main: rep r1\\n12:00:00 INFO    app: all is well\\x1b[2J\\u2028\n"
    )


def test_a_traceback_on_a_terminal_is_indented_and_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    out = logged(monkeypatch, Terminal())
    try:
        raise ValueError(FORGED)
    except ValueError:
        logging.getLogger("app").exception("failed")
    first, *rest = out.getvalue().split("\n")[:-1]
    assert first.endswith(" ERROR   app: failed")
    assert all(line.startswith("  ") for line in rest)
    assert "\x1b" not in out.getvalue()
    assert "\u2028" not in out.getvalue()


def test_the_kafka_clients_chatter_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    out = logged(monkeypatch, io.StringIO())
    logging.getLogger("aiokafka.conn").info("connected")
    logging.getLogger("aiokafka.conn").warning("lost")
    assert [json.loads(line)["message"] for line in out.getvalue().splitlines()] == ["lost"]
