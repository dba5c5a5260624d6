"""The watchdog bites on lag without progress, and on nothing else."""

import pytest

from app.errors import Unavailable
from consumers.watchdog import Watchdog


def test_lag_without_progress_ends_it() -> None:
    dog = Watchdog(60)
    dog.look(lag=5, moves=3, now=100)
    dog.look(lag=9, moves=3, now=160)
    with pytest.raises(Unavailable, match="9 records are waiting"):
        dog.look(lag=9, moves=3, now=161)


def test_progress_no_lag_and_a_silent_kafka_excuse() -> None:
    dog = Watchdog(60)
    dog.look(lag=5, moves=3, now=100)
    dog.look(lag=5, moves=4, now=170)
    dog.look(lag=0, moves=4, now=240)
    dog.look(lag=5, moves=4, now=290)
    dog.excuse(350)
    dog.look(lag=5, moves=4, now=400)
    with pytest.raises(Unavailable):
        dog.look(lag=5, moves=4, now=411)
