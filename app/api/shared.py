"""Answers that are worked out once for all who ask the same.

Whoever asks looks first whether the facts have moved since an answer was made. Only while it is
made anew does the one before serve, for a quarter of a second at most: so many can ask while the
facts move all the time. No answer is older than its `as_of` says.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import NamedTuple
from weakref import WeakValueDictionary

from app.db import Database

MOST_KEPT_BYTES = 32 * 1024 * 1024

# While an answer is made anew, whoever else asks takes the one before, if it is not older.
MOST_BEHIND_SECONDS = 0.25

Make = Callable[[], Awaitable[tuple[str, bytes]]]


class Answer(NamedTuple):
    """An answer's bytes with the tag that tells it from others; the version of the facts that is
    surely in it, and when it was made.
    """

    tag: str
    body: bytes
    version: int
    made: float


class Shared:
    """Keeps the answers that hold, by the question's name."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._bytes = 0
        self._making: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._looking = asyncio.Lock()
        self._look: asyncio.Task[int] | None = None

    async def answer(self, question: str, make: Make, *, seconds: int = 1) -> Answer:
        """The answer to `question`, made anew if the facts moved, or with each span of `seconds`
        of the clock (midnight comes without an event).
        """
        version = await self._version()
        kept = self._answers.get(question)
        if kept is not None and self._holds(kept, version, seconds):
            return kept
        lock = self._making.setdefault(question, asyncio.Lock())
        if lock.locked() and kept is not None and self._now() - kept.made < MOST_BEHIND_SECONDS:
            return kept
        waits = lock.locked()
        async with lock:
            kept = self._answers.get(question)
            if kept is None or not self._holds(kept, version, seconds):
                version = await self._version() if waits else version
                kept = await self._made(question, make, version)
        return kept

    def _holds(self, kept: Answer, version: int, seconds: int) -> bool:
        return kept.version >= version and kept.made // seconds == self._now() // seconds

    async def _made(self, question: str, make: Make, version: int) -> Answer:
        # The version was looked at before: whatever the answer is made of holds at least that.
        made = self._now()
        answer = Answer(*await make(), version, made)
        self._forget(question)
        self._answers[question] = answer
        self._bytes += len(answer.body) + len(question)
        while self._bytes > MOST_KEPT_BYTES:
            self._forget(next(iter(self._answers)))
        return answer

    def _forget(self, question: str) -> None:
        gone = self._answers.pop(question, None)
        if gone is not None:
            self._bytes -= len(gone.body) + len(question)

    def _now(self) -> float:
        return self._clock().timestamp()

    async def _version(self) -> int:
        """The version of the facts, looked at after the call; one look is for all who wait."""
        if self._look is None:
            self._look = asyncio.create_task(self._looked())
        return await asyncio.shield(self._look)

    async def _looked(self) -> int:
        async with self._looking:
            self._look = None  # whoever asks from now on wants a later look
            return int(await self._database.glance("SELECT ingest FROM versions") or 0)
