"""What is offered at the door: events and refused records, laid out before their turn comes.

All that needs neither tables nor anybody else is done here, so that it can be done while
PostgreSQL works on the batch before: rows, names of deliveries, what comes twice within a batch.
"""

import hashlib
from collections.abc import Iterable
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

    @property
    def counted_as(self) -> str:
        """The source it is counted under: its own may be unreadable."""
        return self.refusal.source or "unknown"


Arrival = Event | Refused
Label = tuple[str, str]  # source and type of an event; a refused record has no type


class Offer:
    """A batch on its way in, in its order. It can be taken once: the door writes on its rows.

    Of an event only its row is kept: the memory that reading it took serves the next one.
    """

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers
        self.labels: list[Label] = []
        self._each: dict[Label, Label] = {}
        self.last: dict[str, datetime] = {}  # the greatest event time of each source
        self.refused: list[Refused] = []
        # Of each delivery its first position and its row, by name; the positions of the others.
        self.first: dict[bytes, tuple[int, AnyRow]] = {}
        self.again: list[int] = []

    def __len__(self) -> int:
        return len(self.labels)

    def add(self, arrival: Arrival) -> None:
        """Lay out what comes next."""
        if type(arrival) is Event:
            self._add(arrival)
        elif type(arrival) is Refused:
            self._label(arrival.counted_as, "")
            self.refused.append(arrival)

    def _add(self, event: Event) -> None:
        name = delivery_of(event)
        if name in self.first:
            self.again.append(len(self.labels))
        else:
            self.first[name] = len(self.labels), row_of(event, self._numbers)
        source, time = event.source, event.time
        self._label(source, event.data.wire)
        if time is not None and (source not in self.last or self.last[source] < time):
            self.last[source] = time

    def _label(self, source: str, wire: str) -> None:
        label = source, wire
        self.labels.append(self._each.setdefault(label, label))

    def without(self, known: Iterable[bytes]) -> tuple[list[AnyRow], list[int]]:
        """The rows of deliveries that are not `known`, and the positions of all duplicates."""
        before = [self.first.pop(name)[0] for name in known]
        return [row for _, row in self.first.values()], sorted(self.again + before)


def delivery_of(event: Event) -> bytes:
    """What names a delivery: source and id, as one short key."""
    return hashlib.blake2b(
        f"{len(event.source)}:{event.source}{event.id}".encode(), digest_size=16
    ).digest()
