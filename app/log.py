"""Logs on standard error: for people on a terminal, one JSON object a line elsewhere.

What data says cannot break out of its line: everything not printable is escaped.
"""

import json
import logging
import sys
from datetime import UTC, datetime


class _Human(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """`12:34:56 INFO app.main: …`, with a traceback on the lines below."""
        at = datetime.fromtimestamp(record.created, UTC)
        line = f"{at:%H:%M:%S} {record.levelname:<7} {record.name}: {_safe(record.getMessage())}"
        if record.exc_info:
            trace = self.formatException(record.exc_info).split("\n")
            line += "".join(f"\n  {_safe(part)}" for part in trace)
        return line


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """One object: at, level, logger, message, and the traceback if there is one."""
        entry = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry)


def _safe(text: str) -> str:
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def start(level: str) -> None:
    """Log from `level` on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Human() if sys.stderr.isatty() else _Json())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("aiokafka", "httpx2", "alembic"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.root.level))
