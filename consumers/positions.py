"""Where each partition stands: what PostgreSQL holds, what to read next, and how far Kafka goes.

Pure. The offsets in PostgreSQL are the truth; whatever is unknown is read there again before
another record is polled.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from app.errors import RingsideError
from app.ingest import Advance

Partition = tuple[str, int]


class LostOffsets(RingsideError):
    """Records we have not read are gone from Kafka; a person has to decide."""

    title = "Records were deleted before they were read"


class Place(msgspec.Struct):
    """One partition: `stored` is the offset in PostgreSQL, `next` the first not yet taken."""

    stored: int
    next: int


class Head(msgspec.Struct, frozen=True):
    """The log ended at `end` when it was asked, and it was asked no earlier than `at`."""

    end: int
    at: datetime


class Positions:
    """The places of the partitions assigned to us; unknown until `settle`."""

    def __init__(self) -> None:
        self._places: dict[Partition, Place] | None = None
        self._heads: dict[Partition, Head] = {}
        self._claimed: dict[Partition, datetime] = {}

    @property
    def known(self) -> bool:
        """Whether `settle` was called since the last `forget`."""
        return self._places is not None

    def forget(self) -> None:
        """A rebalance, a refused or failed batch: nothing we remember may be relied upon."""
        self._places = None
        self._heads = {}
        self._claimed = {}

    def settle(
        self,
        assigned: Iterable[Partition],
        stored: Mapping[Partition, int],
        begins: Mapping[Partition, int],
        ends: Mapping[Partition, int],
        *,
        accept_loss: bool = False,
    ) -> dict[Partition, int]:
        """Take the offsets of PostgreSQL, or the log's beginning for partitions it does not know.

        Returns where to seek. Raises `LostOffsets` where the log no longer holds what comes next.
        """
        places = {}
        for partition in assigned:
            begin, end = begins[partition], ends[partition]
            kept = stored.get(partition)
            if kept is None:
                places[partition] = Place(0, begin)
            elif begin <= kept <= end:
                places[partition] = Place(kept, kept)
            elif accept_loss:
                places[partition] = Place(kept, begin)
            else:
                raise LostOffsets(_loss(partition, kept, begin, end))
        self._places = places
        return {partition: place.next for partition, place in places.items()}

    def seen(self, ends: Mapping[Partition, int], at: datetime) -> None:
        """Kafka was asked for the ends of its logs, at `at` or later."""
        self._heads = {partition: Head(end, at) for partition, end in ends.items()}

    def lag(self) -> dict[Partition, int]:
        """Records not yet taken, of each partition whose end is known."""
        return {
            partition: max(0, head.end - self._places[partition].next)
            for partition, head in self._heads.items()
            if self._places and partition in self._places
        }

    def stored(self) -> dict[Partition, int]:
        """What PostgreSQL holds, for Kafka's advisory copy; empty while unknown."""
        return {partition: place.stored for partition, place in (self._places or {}).items()}

    def advances(
        self, reached: Mapping[Partition, int], stamps: Mapping[Partition, datetime | None]
    ) -> list[Advance]:
        """What to write with a batch that reads partitions up to `reached` (exclusive), the last
        record of each stamped by its broker with `stamps`.

        Partitions without new records are in it when the end we saw lets us claim a later moment.
        """
        advances = []
        for partition, place in (self._places or {}).items():
            upto = max(place.next, reached.get(partition, 0))
            complete = self._complete_to(partition, upto, stamps.get(partition))
            if upto != place.stored or complete is not None:
                advances.append(Advance(*partition, place.stored, upto, complete))
        return advances

    def moved(self, advances: Iterable[Advance]) -> None:
        """PostgreSQL has committed `advances`."""
        assert self._places is not None
        for advance in advances:
            partition = (advance.topic, advance.partition)
            self._places[partition] = Place(advance.next, advance.next)
            if advance.complete_to is not None:
                self._claimed[partition] = advance.complete_to

    def _complete_to(
        self, partition: Partition, upto: int, stamp: datetime | None
    ) -> datetime | None:
        head, claimed = self._heads.get(partition), self._claimed.get(partition)
        moment = head.at if head and upto >= head.end else stamp
        return moment if moment and (claimed is None or moment > claimed) else None


def _loss(partition: Partition, stored: int, begin: int, end: int) -> str:
    topic, number = partition
    return (
        f"{topic}[{number}]: the next record to read is {stored}, but the log holds {begin} to "
        f"{end}. Records were deleted before they were read, or the topic was made anew. Nothing "
        "is skipped: restore the topic, or set RINGSIDE_ACCEPT_LOSS=true for one start to go on "
        f"from {begin}"
    )
