"""The watchdog: lag without progress ends the process, to be restarted.

Pure. aiokafka is known to go silent after broker trouble while all its tasks look healthy.
"""

from app.errors import Unavailable


class Watchdog:
    """Looks about once a second, at a monotonic clock, in seconds."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._since: float | None = None
        self._moves = -1

    def look(self, *, lag: int, moves: int, now: float) -> None:
        """Raises `Unavailable` when there was lag and `moves` has not changed for the limit.

        `moves` counts everything that shows we are alive: a committed batch, a rebalance, an
        outage of PostgreSQL that we are waiting out.
        """
        if lag == 0 or moves != self._moves or self._since is None:
            self._since, self._moves = now, moves
        elif now - self._since > self._limit:
            raise Unavailable(
                f"{lag} records are waiting in Kafka and none has arrived for "
                f"{self._limit:.0f} s: the Kafka client is stuck, this process must be restarted"
            )

    def excuse(self, now: float) -> None:
        """Kafka itself does not answer: nobody could make progress."""
        self._since = now
