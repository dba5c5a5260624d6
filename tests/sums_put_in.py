"""Rows put straight into the tables that figures are read from, as ingest would leave them."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from app.db import Database
from app.rollups import MEASURES
from app.settings import Settings, read

NOW = datetime(2026, 11, 20, 19, 4, 11, tzinfo=UTC)  # a Friday, noon in Denver
STAMP = {"voided": False, "revision": 0, "event_id": "e", "source": "s"}


def settings(**over: Any) -> Settings:
    return read({}, secret="secret", **over)


def november(day: int) -> date:
    return date(2026, 11, day)


async def insert(database: Database, table: str, **columns: Any) -> None:
    names = ", ".join(columns)
    marks = ", ".join(f"${i + 1}" for i in range(len(columns)))
    async with database.writing() as session:
        await session.run(f"INSERT INTO {table} ({names}) VALUES ({marks})", *columns.values())


async def announce(
    database: Database,
    rep_id: str,
    name: str,
    team: str | None,
    since: date = date(2000, 1, 1),
    *,
    zone: str = "America/Denver",
    active: bool = True,
) -> None:
    await insert(
        database,
        "rep_states",
        rep_id=rep_id, effective_from=since, name=name, team=team, time_zone=zone, active=active,
        **STAMP,
    )  # fmt: skip
    async with database.writing() as session:
        await session.run(
            "INSERT INTO versions AS v (id, directory) VALUES (1, 1)"
            " ON CONFLICT (id) DO UPDATE SET directory = v.directory + 1"
        )


async def put_days(
    database: Database, days: Mapping[tuple[str, date], Mapping[str, int | Decimal]]
) -> None:
    """Days of reps, and the months they make."""
    rows = [
        (rep_id, day, *(sums.get(measure, 0) for measure in MEASURES))
        for (rep_id, day), sums in days.items()
    ]
    sums_of_month = ", ".join(f"sum({measure})" for measure in MEASURES)
    async with database.writing() as session:
        await session.copy("rep_days", ("rep_id", "day", *MEASURES), rows)
        await session.run("DELETE FROM rep_months")
        await session.run(
            f"INSERT INTO rep_months (rep_id, month, {', '.join(MEASURES)})"
            f" SELECT rep_id, date_trunc('month', day)::date, {sums_of_month}"
            " FROM rep_days GROUP BY 1, 2"
        )


async def put_leg(
    database: Database, call_id: str, rep_id: str, day: date, marks: int, party: str | None = None
) -> None:
    await insert(
        database, "legs",
        call_id=call_id, agent=rep_id, rep_id=rep_id, day=day, marks=marks, party=party, **STAMP,
    )  # fmt: skip


async def put_time_off(
    database: Database, rep_id: str, day: date, fraction: str, *, voided: bool = False
) -> None:
    stamp = {**STAMP, "voided": voided}
    await insert(database, "time_off", rep_id=rep_id, date=day, fraction=Decimal(fraction), **stamp)
