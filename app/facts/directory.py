"""The directory and the rates, read from their tables."""

from datetime import date
from decimal import Decimal

from app.db import Reading
from app.directory import Directory, RepState, Timeline


async def load_directory(session: Reading, default_zone: str) -> Directory:
    """Every announced rep's timeline."""
    states: dict[str, list[RepState]] = {}
    for rep_id, *fields in await session.fetch(
        "SELECT rep_id, effective_from, name, team, manager, time_zone, active "
        "FROM rep_states WHERE NOT voided"
    ):
        states.setdefault(rep_id, []).append(RepState(*fields))
    timelines = {rep_id: Timeline(of_rep, default_zone) for rep_id, of_rep in states.items()}
    return Directory(timelines, default_zone)


async def load_rates(session: Reading) -> dict[tuple[str, date], Decimal]:
    """Every rate by currency and day."""
    return {
        (record["currency"], record["day"]): record["rate"]
        for record in await session.fetch("SELECT currency, day, rate FROM fx_rates")
    }
