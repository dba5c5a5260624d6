"""Posts simulated events over the public HTTP door, as any producer would.

A batch is sent until it is taken: the ids stay, so a batch whose answer got lost changes nothing.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpx2
import msgspec

from app.errors import RingsideError, Unavailable
from app.simulate.envelope import CloudEvent

log = logging.getLogger(__name__)

BATCH = "application/cloudevents-batch+json"
# What the door takes at most in one request.
MOST_EVENTS = 1_000
_PAUSES = (0.2, 0.5, 1, 2, 5)


@dataclass(slots=True)
class Tally:
    """What the door answered, summed over batches."""

    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0

    def add(self, other: Self) -> None:
        """Add another tally to this one."""
        self.accepted += other.accepted
        self.duplicates += other.duplicates
        self.rejected += other.rejected

    @property
    def sent(self) -> int:
        """How many events were answered for."""
        return self.accepted + self.duplicates + self.rejected


Post = Callable[[Sequence[CloudEvent]], Awaitable[Tally]]


class Poster:
    """A client of `POST /v1/events`; use as `async with Poster(url, key) as post: await post(…)`.

    Waits out 429, what is wrong at the server, and a server that is not there, for `patience`
    seconds a batch (None: for ever), then raises `Unavailable`; any other refusal of a whole
    request raises `RingsideError`.
    """

    def __init__(self, url: str, key: str, *, patience: float | None = 60) -> None:
        self._client = httpx2.AsyncClient(
            base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60
        )
        self._patience = patience

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.aclose()

    async def __call__(self, events: Sequence[CloudEvent]) -> Tally:
        """Post events in order, in batches of at most a thousand."""
        tally = Tally()
        for first in range(0, len(events), MOST_EVENTS):
            body = msgspec.json.encode(events[first : first + MOST_EVENTS])
            tally.add(await self._until_taken(body))
        return tally

    async def _until_taken(self, body: bytes) -> Tally:
        waited, tries = 0.0, 0
        while True:
            pause, why = await self._try(body, tries)
            if isinstance(pause, Tally):
                return pause
            if self._patience is not None and waited >= self._patience:
                raise Unavailable(f"events were not taken for {waited:.0f} s: {why}")
            if tries == 5:
                log.warning("events are not taken, trying on: %s", why)
            await asyncio.sleep(pause)
            waited, tries = waited + pause, tries + 1

    async def _try(self, body: bytes, tries: int) -> tuple[Tally | float, str]:
        """One attempt: what the door said, or how long to wait and why."""
        pause = _PAUSES[min(tries, len(_PAUSES) - 1)]
        try:
            answer = await self._client.post(
                "/v1/events", content=body, headers={"Content-Type": BATCH}
            )
        except httpx2.TransportError as error:
            return pause, f"{type(error).__name__}: {error}"
        if answer.status_code == 429 or answer.status_code >= 500:
            asked = answer.headers.get("Retry-After", "")
            return float(asked) if asked.isdigit() else pause, f"HTTP {answer.status_code}"
        return _tally(answer), ""


def _tally(answer: httpx2.Response) -> Tally:
    """The door's counts: 200 stored, 202 replicated, 422 all refused."""
    try:
        said = answer.json()
        if answer.status_code in (200, 202, 422) and "accepted" in said:
            return Tally(said["accepted"], said["duplicates"], len(said["rejected"]))
    except (ValueError, KeyError, TypeError):
        pass
    raise RingsideError(f"events were refused with HTTP {answer.status_code}: {answer.text[:300]}")
