"""`python -m consumers`: signals, start, stop. Exit codes: 0 stopped, 1 failure, 69 a service is
not there, 78 bad configuration."""

import asyncio
import logging
import signal
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime

from aiokafka.errors import KafkaError

from app.cycles import look_seldom
from app.db import Database
from app.errors import BadConfiguration, RingsideError
from app.log import start as start_log
from app.metrics import REGISTRY
from app.migrate import check
from app.settings import Settings, read
from app.start import settle_definition
from consumers.health import serving
from consumers.runner import Runner

log = logging.getLogger("consumers")

_CLOSE_SECONDS = 5
_POOL = 3  # one batch at a time, one look at the offsets, one to spare


class Seldom(logging.Filter):
    """Lets each message of the Kafka client through once in 30 s: in an outage it says the same
    three things many times a second."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether `record` is to be written."""
        if not record.name.startswith("aiokafka"):
            return True
        now, before = time.monotonic(), self._said.get(record.msg, float("-inf"))
        if now - before >= 30:
            self._said[record.msg] = now
        return now - before >= 30


async def consume(settings: Settings) -> None:
    """Run one consumer until SIGTERM or SIGINT."""
    database = Database(settings.database_url.get_secret_value(), pool=_POOL)
    runner = Runner(settings, database)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, runner.stop)
    try:
        async with serving(settings.metrics_port, REGISTRY, runner.unready):
            await check(database)
            await settle_definition(database, settings, datetime.now(UTC))
            log.info("consuming as %s", settings.consumer_group)
            await runner.run()
    finally:
        with suppress(TimeoutError):
            await asyncio.wait_for(database.close(), _CLOSE_SECONDS)
    log.info("stopped")


def main() -> int:
    """Read the settings, consume, turn what ends us into one line and an exit code."""
    try:
        settings = read()
        start_log(settings.log_level)
        for handler in logging.root.handlers:
            handler.addFilter(Seldom())
        look_seldom()
        asyncio.run(consume(settings))
    except RingsideError as error:
        log.critical("%s: %s", error.title, error.detail)
        return error.exit_code
    except KafkaError as error:
        log.critical("Kafka: %r", error)
        return 1
    except OSError as error:  # the metrics port is taken
        log.critical("%s", error)
        return BadConfiguration.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
