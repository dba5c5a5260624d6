"""What is offered at the door: events and refused records, laid out before their turn comes.

All that needs neither tables nor anybody else is done here, so that it can be done while
PostgreSQL works on the batch before: rows, names of deliveries, what comes twice within a batch.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from app.events.refusals import Refusal
from app.events.types import Event
from app.facts.numbers import Numbers
from app.facts.records import row_of
from app.facts.rows import AnyRow


class Origin(Struct, frozen=True):
    """Whence a refused record came: a Kafka position, or `http`."""

    topic: str = "http"
    partition: int = 0
    offset: int = 0
    headers: str = "{}"


class Refused(Struct, frozen=True):
    """A record that could not be taken, byte for byte, and why."""

    refusal: Refusal
    payload: bytes
    origin: Origin


Arrival = Event | Refused


class Tally(Struct):
    """How much of one source arrived, how much of it refused, and the greatest event time."""

    read: int = 0
    refused: int = 0
    last: datetime | None = None


class Offer:
    """A batch on its way in, in its order. It can be taken once: the door writes on its rows."""

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers
        self.arrivals: list[Arrival] = []
        self.refused: list[Refused] = []
        # Of each delivery its first position and its row, by name; the positions of the others.
        self.first: dict[bytes, tuple[int, AnyRow]] = {}
        self.again: list[int] = []
        self.tallies: dict[str, Tally] = {}

    def add(self, arrivals: Sequence[Arrival]) -> None:
        """Lay out what comes next."""
        for position, arrival in enumerate(arrivals, len(self.arrivals)):
            source = source_of(arrival)
            tally = self.tallies.get(source)
            if tally is None:
                tally = self.tallies[source] = Tally()
            tally.read += 1
            if type(arrival) is Event:
                time = arrival.time
                if time is not None and (tally.last is None or tally.last < time):
                    tally.last = time
                name = delivery_of(arrival)
                if name in self.first:
                    self.again.append(position)
                else:
                    self.first[name] = position, row_of(arrival, self._numbers)
            elif type(arrival) is Refused:
                tally.refused += 1
                self.refused.append(arrival)
        self.arrivals += arrivals

    def without(self, known: Iterable[bytes]) -> tuple[list[AnyRow], list[int]]:
        """The rows of deliveries that are not `known`, and the positions of all duplicates."""
        before = [self.first.pop(name)[0] for name in known]
        return [row for _, row in self.first.values()], sorted(self.again + before)


def delivery_of(event: Event) -> bytes:
    """What names a delivery: source and id, as one short key."""
    return hashlib.blake2b(
        f"{len(event.source)}:{event.source}{event.id}".encode(), digest_size=16
    ).digest()


def source_of(arrival: Arrival) -> str:
    """The source an arrival is counted under: a refused one's may be unreadable."""
    if type(arrival) is Event:
        return arrival.source
    assert type(arrival) is Refused
    return arrival.refusal.source or "unknown"
