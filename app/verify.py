"""The proof: works out from the facts alone what every fact means and what every rollup must be,
and compares with what is stored; and counts that nothing was lost, source by source.

It reads one snapshot and holds up nobody. Memory is bounded but for what it finds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct

from app.batch.calls import work_out_calls
from app.batch.desk import Desk
from app.batch.movement import add_up
from app.batch.pairs import Pairs, work_out_pairs
from app.batch.results import work_out_results
from app.db import Database, Writing
from app.facts.directory import load_directory, load_rates
from app.meaning.known import Known, Rates
from app.proof.claims import claims
from app.proof.drift import Drift, Findings, begin, lay_down, meanings, rollups
from app.proof.ledgers import Ledger, ledgers
from app.proof.portion import Portion, choose, chunks
from app.proof.repair import repair
from app.rollups import Movement
from app.settings import Settings, floors_of

Progress = Callable[[int, int], None]
ALL = Portion()
# Meanings rest on one another three deep at most: parties, look-backs and turns, rollups.
ROUNDS = 5


def unseen(done: int, total: int) -> None:
    """Progress that nobody looks at."""


class Report(Struct):
    """What a verification found. `facts` and `rollups` say how much it looked at; a sample looks
    at no ledger, and at no customer's claims.
    """

    facts: int
    rollups: int
    drift: list[Drift]
    ledgers: list[Ledger]

    @property
    def sound(self) -> bool:
        """Whether every figure is right and nothing was lost."""
        return not self.drift and all(ledger.balanced for ledger in self.ledgers)


@dataclass(frozen=True, slots=True)
class Proof:
    """A report, and what in it can be mended."""

    report: Report
    findings: Findings


async def verify(
    database: Database, settings: Settings, *, progress: Progress, portion: Portion = ALL
) -> Report:
    """Verify a portion of the facts; `progress(done, total)` is called on the way."""
    async with database.proving() as session:
        return (await prove(session, settings, portion, progress)).report


async def mend(
    database: Database,
    settings: Settings,
    *,
    clock: Callable[[], datetime],
    progress: Progress,
    portion: Portion = ALL,
) -> tuple[Report, int]:
    """Verify, repair what differs, and verify again: the last report, and how much was repaired.

    What a fact means may rest on the meaning of another (a quote turns by its orders' customers),
    so what was right by a wrong neighbour shows only once that is mended.
    """
    repaired = 0
    for _ in range(ROUNDS):
        async with database.proving() as session:
            proof = await prove(session, settings, portion, progress)
        if not proof.report.drift:
            break
        await repair(database, settings, proof.findings, clock=clock, progress=progress)
        repaired += len(proof.report.drift)
    else:
        return await verify(database, settings, progress=progress, portion=portion), repaired
    return proof.report, repaired


async def prove(
    session: Writing, settings: Settings, portion: Portion, progress: Progress
) -> Proof:
    """Verify what `session` sees; it writes to tables of its own only."""
    known = await known_now(session, settings)
    total = await choose(session, portion)
    await begin(session)
    findings = Findings()
    facts = done = 0
    async for chunk in chunks(session, portion):
        desk, pairs, right = Desk(known()), Pairs(), Movement()
        await work_out_results(session, desk, chunk.dirty)
        await work_out_calls(session, desk, chunk.dirty, pairs, afresh=True)
        await work_out_pairs(session, desk, pairs)
        meanings(desk, pairs, findings)
        counted = add_up(desk, chunk.dirty, right)
        await lay_down(session, right.rows(), portion, chunk.days)
        facts += counted
        done += counted if chunk.days is None else len(chunk.days)
        progress(min(done, total), total)
    progress(total, total)
    looked = await rollups(session, portion, findings)
    if portion.sample is None:
        await claims(session, findings)
    of_sources = await ledgers(session) if portion.sample is None else []
    return Proof(Report(facts, looked, findings.drift, of_sources), findings)


async def known_now(session: Writing, settings: Settings) -> Callable[[], Known]:
    """What is known beside the facts; each chunk learns for itself who claims its numbers."""
    directory = await load_directory(session, settings)
    rates = Rates(settings.currency, await load_rates(session))
    return lambda: Known(directory, floors_of(settings), rates)
