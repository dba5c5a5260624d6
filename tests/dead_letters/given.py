"""Dead letters in the table, and what became of everything that was read."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from app.db import Database
from app.dead_letters.kept import Choice, listed
from app.dead_letters.letter import Envelope
from app.events.refusals import Refusal
from app.ingest import Door
from app.offer import Origin, Refused
from app.proof.ledgers import ledgers
from app.settings import read

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SETTINGS = read({}, secret="s")


async def keep(database: Database, *refusals: tuple[str, str], at: datetime = NOW) -> None:
    """A dead letter for each (code, source), a minute after another."""
    door = Door(database, SETTINGS)
    for minute, (code, source) in enumerate(refusals):
        refusal = Refusal(code, None, f"why {minute}", "e", source, f"type of {source}")
        letter = Refused(refusal, b"bytes", Origin(headers='{"content-type": "text/plain"}'))
        await door.take([letter], now=at + timedelta(minutes=minute))


async def found(database: Database, choice: Choice | None = None) -> list[Envelope]:
    async with database.reading() as reading:
        return await listed(reading, choice or Choice())


async def states(database: Database) -> list[str]:
    return [letter.state for letter in await found(database)]


async def balance(database: Database) -> dict[str, Sequence[int]]:
    """Each source's ledger: read, standing, superseded, duplicates, refused, unresolved. What
    does not balance fails."""
    async with database.reading() as reading:
        every = await ledgers(reading)
    assert [ledger for ledger in every if not ledger.balanced] == []
    return {
        ledger.source: (
            ledger.read, ledger.standing, ledger.superseded, ledger.duplicates, ledger.refused,
            ledger.unresolved,
        )
        for ledger in every
    }  # fmt: skip
