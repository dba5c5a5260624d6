"""The dead letters in their table: which there are, what became of each, and for how long.

The table is the exact record, written in the batch's own transaction; a row is never deleted, so
that the ledger of its source stays whole. The dead-letter topic is a copy for other tools, and may
repeat one after a crash.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, get_args

import msgspec

from app.db import Database, Reading, Writing
from app.dead_letters.letter import DeadLetter, Envelope, State
from app.errors import NotFound

STATES: tuple[str, ...] = get_args(State)
PAGE = 500
# Those that lose their bytes in one transaction.
_MOST_EMPTIED = 1_000

_STATE = {
    "waiting": "replayed_at IS NULL AND discarded_at IS NULL",
    "replayed": "replayed_at IS NOT NULL",
    "discarded": "discarded_at IS NOT NULL",
}
_COLUMNS = (
    "id, CASE WHEN replayed_at IS NOT NULL THEN 'replayed' "
    "WHEN discarded_at IS NOT NULL THEN 'discarded' ELSE 'waiting' END AS state, "
    'source, event_id, type, code, field, detail, topic, partition, "offset", '
    "octet_length(payload) AS size, received_at, replayed_at, discarded_at, emptied_at"
)
_CHOSEN = (
    "($1::bigint[] IS NULL OR id = ANY($1)) AND ($2::text IS NULL OR code = $2) "
    "AND ($3::text IS NULL OR source = $3) AND ($4::text IS NULL OR type = $4) "
    "AND ($5::timestamptz IS NULL OR received_at >= $5) "
    "AND ($6::timestamptz IS NULL OR received_at < $6)"
)


class Choice(msgspec.Struct, frozen=True):
    """Which dead letters: those of all that is given; every one where nothing is.

    Received from `since` on and before `until`.
    """

    ids: tuple[int, ...] = ()
    code: str | None = None
    source: str | None = None
    type: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    state: State | None = None

    @property
    def anything(self) -> bool:
        """Whether it chooses at all."""
        return self != Choice()


class Count(msgspec.Struct, frozen=True):
    """How many of one source were refused with one code, and what became of them."""

    code: str
    source: str
    waiting: int
    replayed: int
    discarded: int
    last_received_at: datetime

    @property
    def all(self) -> int:
        """How many were refused, whatever became of them."""
        return self.waiting + self.replayed + self.discarded


def _where(state: str | None) -> str:
    return _CHOSEN if state is None else f"{_CHOSEN} AND {_STATE[state]}"


def _values(choice: Choice) -> tuple[object, ...]:
    ids = list(choice.ids) or None
    return ids, choice.code, choice.source, choice.type, choice.since, choice.until


async def listed(
    reading: Reading, choice: Choice, *, after: int = 0, limit: int = PAGE
) -> list[Envelope]:
    """The chosen dead letters with an id over `after`, oldest first, at most `limit`."""
    rows = await reading.fetch(
        f"SELECT {_COLUMNS} FROM dead_letters WHERE {_where(choice.state)} "
        "AND id > $7 ORDER BY id LIMIT $8",
        *_values(choice), after, limit,
    )  # fmt: skip
    return [Envelope(**dict(row)) for row in rows]


async def newest(reading: Reading, choice: Choice, limit: int) -> list[Envelope]:
    """The chosen ones that came last, the latest first."""
    rows = await reading.fetch(
        f"SELECT {_COLUMNS} FROM dead_letters WHERE {_where(choice.state)} "
        "ORDER BY id DESC LIMIT $7",
        *_values(choice), limit,
    )  # fmt: skip
    return [Envelope(**dict(row)) for row in rows]


async def shown(reading: Reading, number: int) -> DeadLetter:
    """One dead letter; raises `NotFound`."""
    rows = await reading.fetch(
        f"SELECT {_COLUMNS}, headers, payload FROM dead_letters WHERE id = $1", number
    )
    if not rows:
        raise NotFound(f"there is no dead letter {number}")
    return _letter(rows[0])


async def locked(writing: Writing, ids: list[int]) -> list[DeadLetter]:
    """Those of `ids` that still wait, held until the transaction ends: nobody else replays or
    discards them meanwhile."""
    rows = await writing.fetch(
        f"SELECT {_COLUMNS}, headers, payload FROM dead_letters "
        f"WHERE id = ANY($1::bigint[]) AND {_STATE['waiting']} ORDER BY id FOR UPDATE",
        ids,
    )
    return [_letter(row) for row in rows]


def _letter(row: Mapping[str, Any]) -> DeadLetter:
    values = dict(row)
    if isinstance(values["headers"], str):
        values["headers"] = msgspec.json.decode(values["headers"])
    return DeadLetter(**values)


async def waiting(
    reading: Reading, choice: Choice, *, after: int, limit: int
) -> list[tuple[int, int]]:
    """The id and size of the chosen ones that wait, by id, from after `after` on."""
    rows = await reading.fetch(
        f"SELECT id, octet_length(payload) FROM dead_letters WHERE {_where('waiting')} "
        "AND id > $7 ORDER BY id LIMIT $8",
        *_values(choice), after, limit,
    )  # fmt: skip
    return [(row[0], row[1]) for row in rows]


async def how_many(reading: Reading, choice: Choice) -> int:
    """How many of the chosen ones wait."""
    count: int = await reading.value(
        f"SELECT count(*) FROM dead_letters WHERE {_where('waiting')}", *_values(choice)
    )
    return count


async def settled(reading: Reading, choice: Choice) -> int:
    """How many of the chosen ones have been replayed or discarded."""
    count: int = await reading.value(
        f"SELECT count(*) FROM dead_letters WHERE {_CHOSEN} AND NOT ({_STATE['waiting']})",
        *_values(choice),
    )
    return count


async def mark_replayed(writing: Writing, ids: list[int], now: datetime) -> None:
    """Say that these have been sent again."""
    await writing.run(
        "UPDATE dead_letters SET replayed_at = $2 WHERE id = ANY($1::bigint[])", ids, now
    )


async def discard(writing: Writing, choice: Choice, now: datetime) -> int:
    """Say of those chosen that wait that nobody will replay them; how many there were."""
    said = await writing.run(
        f"UPDATE dead_letters SET discarded_at = $7 WHERE {_where('waiting')}",
        *_values(choice), now,
    )  # fmt: skip
    return int(said.removeprefix("UPDATE "))


async def counts(reading: Reading) -> list[Count]:
    """How many there are, by code and source."""
    rows = await reading.fetch(
        "SELECT code, source, "
        f"count(*) FILTER (WHERE {_STATE['waiting']}) AS waiting, "
        f"count(*) FILTER (WHERE {_STATE['replayed']}) AS replayed, "
        f"count(*) FILTER (WHERE {_STATE['discarded']}) AS discarded, "
        "max(received_at) AS last_received_at FROM dead_letters "
        "GROUP BY code, source ORDER BY code, source"
    )
    return [Count(**dict(row)) for row in rows]


async def empty(database: Database, before: datetime, now: datetime) -> int:
    """Let go of the bytes and headers of those received before `before`; how many there were.

    They stay, and stay counted. One that still waited cannot be replayed any more: it is
    discarded. Any number of processes may do this at once.
    """
    emptied = 0
    while True:
        async with database.writing() as writing:
            said = await writing.run(
                "UPDATE dead_letters SET payload = '', headers = '{}', emptied_at = $2, "
                "discarded_at = CASE WHEN replayed_at IS NULL "
                "THEN coalesce(discarded_at, $2) END WHERE id IN ("
                "SELECT id FROM dead_letters WHERE received_at < $1 AND emptied_at IS NULL "
                "ORDER BY received_at LIMIT $3 FOR UPDATE SKIP LOCKED)",
                before, now, _MOST_EMPTIED,
            )  # fmt: skip
        count = int(said.removeprefix("UPDATE "))
        emptied += count
        if count < _MOST_EMPTIED:
            return emptied
