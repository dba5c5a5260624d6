"""The directory and the rates, read from their tables."""

from datetime import date
from decimal import Decimal

from app.db import Reading
from app.directory import Directory, RepState, Timeline
from app.settings import Settings


async def load_directory(session: Reading, settings: Settings) -> Directory:
    """Every announced rep's timeline, and what other systems call the reps."""
    states: dict[str, list[RepState]] = {}
    for rep_id, *fields in await session.fetch(
        "SELECT rep_id, effective_from, name, team, manager, time_zone, active, aliases "
        "FROM rep_states WHERE NOT voided"
    ):
        states.setdefault(rep_id, []).append(RepState(*fields))
    zone = settings.default_zone
    timelines = {rep_id: Timeline(of_rep, zone) for rep_id, of_rep in states.items()}
    return Directory(timelines, zone, settings.rep_aliases)


async def load_rates(session: Reading) -> dict[tuple[str, date], Decimal]:
    """Every rate by currency and day."""
    return {
        (record["currency"], record["day"]): record["rate"]
        for record in await session.fetch("SELECT currency, day, rate FROM fx_rates")
    }
