"""Which topics to read: ours, and those of vendors that there are by now.

A topic that is not there would hold up the whole group, so one that a connector has yet to make is
left out, loudly, and looked for now and then.
"""

import logging
from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient

from app.producer import connection
from app.settings import Settings

log = logging.getLogger(__name__)

LOOK_SECONDS = 30.0


class Subscription:
    """What is read; `others` are the topics of vendors, which are not ours to make."""

    def __init__(self, settings: Settings, ours: Iterable[str], others: Iterable[str]) -> None:
        self._settings = settings
        self._topics = list(ours)
        self._missing = sorted(others)
        self._looked = float("-inf")

    async def look(self, now: float) -> list[str] | None:
        """All that is to be read, if that is more than at the last look; `now` is monotonic.

        Asks the cluster only where something is missing, at the start and every half minute.
        Raises `KafkaError` and `OSError`.
        """
        first = self._looked == float("-inf")
        if not first and (not self._missing or now - self._looked < LOOK_SECONDS):
            return None
        self._looked = now
        there = await _there(self._settings) if self._missing else set()
        found = [topic for topic in self._missing if topic in there]
        self._missing = [topic for topic in self._missing if topic not in there]
        if first and self._missing:
            log.warning("not there yet, though named in RINGSIDE_FEED_TOPICS: %s",
                        ", ".join(self._missing))  # fmt: skip
        self._topics += found
        return list(self._topics) if first or found else None


async def _there(settings: Settings) -> set[str]:
    admin = AIOKafkaAdminClient(**connection(settings))
    try:
        await admin.start()
        return set(await admin.list_topics())
    finally:
        await admin.close()
