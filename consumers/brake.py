"""The brake: too many refusals stop the consumer before it empties a topic into dead letters.

Pure. A bad deploy of a producer must end in an operator's hands, not in a table of a million rows.
"""

from collections.abc import Iterable, Mapping

import msgspec

from app.errors import Flood
from app.events.refusals import Refusal
from app.settings import Settings

Partition = tuple[str, int]


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """What became of one record: `refusal` is None if it can be taken."""

    partition: Partition
    offset: int
    refusal: Refusal | None


class Brake:
    """Weighs each batch; remembers, for each partition, how many refusals came last in a row."""

    def __init__(self, settings: Settings) -> None:
        self._share = settings.brake_share
        self._minimum = settings.brake_minimum
        self._run = settings.brake_run
        self._runs: dict[Partition, int] = {}

    def weigh(self, verdicts: Iterable[Verdict]) -> dict[Partition, int]:
        """The runs after this batch, for `keep`; raises `Flood` when the batch is over a limit."""
        runs = dict(self._runs)
        seen, refused, worst = 0, 0, None
        for verdict in verdicts:
            seen += 1
            if verdict.refusal is None:
                runs[verdict.partition] = 0
                continue
            refused += 1
            worst = worst or verdict
            runs[verdict.partition] = runs.get(verdict.partition, 0) + 1
            if runs[verdict.partition] >= self._run:
                raise Flood(_story(f"{self._run} records in a row", verdict))
        if worst and refused >= self._minimum and refused > self._share * seen:
            raise Flood(_story(f"{refused} of {seen} records of a batch", worst))
        return runs

    def keep(self, runs: Mapping[Partition, int]) -> None:
        """The batch behind `runs` is committed; partitions that are not ours any more drop out
        at the next `forget`."""
        self._runs = dict(runs)

    def forget(self) -> None:
        """Other partitions are ours now."""
        self._runs = {}


def _story(how_many: str, verdict: Verdict) -> str:
    topic, partition = verdict.partition
    refusal = verdict.refusal
    assert refusal is not None
    return (
        f"{how_many} cannot be taken, e.g. {topic}[{partition}] offset {verdict.offset}: "
        f"{refusal.code}: {refusal.detail}. Nothing of this batch was taken or dead-lettered. "
        "Mend the producer, or raise RINGSIDE_BRAKE_SHARE, RINGSIDE_BRAKE_MINIMUM or "
        "RINGSIDE_BRAKE_RUN to let them into the dead letters, and start again"
    )
