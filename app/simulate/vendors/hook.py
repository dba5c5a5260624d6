"""What a simulated vendor is: stories told as its payloads would tell them, signed as it would.

Pure: chance and the moment are arguments. A story's number makes its ids; the same number at the
same moment is the same story.
"""

import random
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

AGENTS = 8
CUSTOMERS = 400
OFFICE = "+13035550000"


class Payload(NamedTuple):
    """A body as it is posted, with the headers that it needs."""

    body: bytes
    headers: dict[str, str] = {}  # noqa: RUF012 - never changed


class Story(NamedTuple):
    """What a story is made from: its chance, its number, and when its last payload is sent."""

    chance: random.Random
    number: int
    at: datetime

    @property
    def id(self) -> int:
        """A number that no other story has, this run or another."""
        return int(self.at.timestamp() * 1000) * 1000 + self.number % 1000

    @property
    def agent(self) -> int:
        """Who is at work: a few of eight, some busier than others."""
        return 1 + min(self.number % AGENTS, self.number % 3 + 3)

    def customer(self) -> str:
        """A number of a fictional exchange; some call again."""
        return f"+1303555{int(CUSTOMERS * self.chance.random() ** 1.6) + 1000:04d}"

    def lengths(self) -> tuple[int, int | None]:
        """Seconds of ringing and of talk; None where nobody took the call."""
        ring = 4 + int(self.chance.expovariate(1 / 9))
        if self.chance.random() < 0.4:
            return min(45, ring + 12), None
        return min(30, ring), 8 + int(min(2_400, self.chance.lognormvariate(4.6, 1.0)))


class Vendor(NamedTuple):
    """`tell` makes the payloads of a story, in order; `sign` signs one with a secret, for the
    address that it is posted to, at a moment."""

    tell: Callable[[Story], list[Payload]]
    sign: Callable[[str, str, Payload, datetime], Payload]
