"""One real Kafka for the session: `KAFKA_BOOTSTRAP_SERVERS` if set, else the embedded broker.

Where neither can be had, the tests that need it skip and say why; under `CI` they fail.
"""

import asyncio
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.embedded_kafka import Broker
from app.errors import Unavailable


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """The session's embedded broker; a test that stops or kills it must start it again."""
    yield from started(tmp_path_factory.mktemp("kafka"))


@pytest.fixture(scope="session")
def bootstrap(request: pytest.FixtureRequest) -> str:
    """host:port of a real Kafka."""
    given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    if given:
        return given
    embedded: Broker = request.getfixturevalue("broker")
    return embedded.bootstrap


@pytest.fixture
def prefix() -> str:
    """A topic prefix, and group, that no other test uses."""
    return f"t{uuid.uuid4().hex[:10]}"


def started(data_dir: Path) -> Iterator[Broker]:
    """Start a broker on `data_dir`; skip the test, or under CI fail it, where none can be had."""
    embedded = Broker(data_dir)
    with asyncio.Runner() as runner:
        try:
            runner.run(embedded.start())
        except Unavailable as error:
            if os.environ.get("CI", "").lower() in ("1", "true"):
                pytest.fail(f"no Kafka under CI: {error}")
            pytest.skip(f"NO KAFKA, NOTHING OF IT IS TESTED: {error}")
        yield embedded
        runner.run(embedded.stop())
