"""What every answer of the read side stands on: one snapshot of the database, who the reps are,
the instant it is, and the moment up to which everything accepted is in the snapshot.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from app.db import Database, Reading
from app.definition import settings_at
from app.directory import Directory
from app.facts.directory import load_directory
from app.past import Past
from app.settings import Settings
from app.sheets import Sheets
from app.spans import Memory, Roster
from app.work_calendar import WorkCalendar
from app.working_days import calendar_of


@dataclass(frozen=True, slots=True)
class View:
    """One look at everything. `as_of` (UTC): all events accepted up to it are in."""

    reading: Reading
    roster: Roster
    settings: Settings
    calendar: WorkCalendar
    as_of: datetime
    sheets: Sheets


class Views:
    """Opens views; between them it remembers the directory, by its version, and what follows from
    it; and the sheets that hold.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._calendar = calendar_of(settings)
        self._directory: tuple[int, Directory] | None = None
        self._memory: Memory | None = None
        self._sheets = Sheets()

    @asynccontextmanager
    async def open(self, now: datetime) -> AsyncIterator[View]:
        """A view at the instant `now`, good within the block."""
        async with self._database.reading() as reading:
            directory = await self._current(reading)
            if self._memory is None or not self._memory.holds(directory, now):
                self._memory = Memory(directory, now)
            yield View(
                reading,
                Roster(directory, now, self._memory),
                self._settings,
                self._calendar,
                await _complete_to(reading, now),
                self._sheets,
            )

    @asynccontextmanager
    async def open_past(self, moment: datetime) -> AsyncIterator[View]:
        """A view at the past instant `moment`: what was final then is as it was answered then."""
        async with self._database.reading() as reading:
            past = Past(reading, moment)
            settings = await settings_at(reading, self._settings, moment)
            directory = await load_directory(past, settings)
            roster = Roster(directory, moment)
            yield View(past, roster, settings, calendar_of(settings), moment, Sheets())

    async def _current(self, reading: Reading) -> Directory:
        version: int = await reading.value("SELECT directory FROM versions") or 0
        if self._directory is None or self._directory[0] != version:
            self._directory = version, await load_directory(reading, self._settings)
        return self._directory[1]


async def _complete_to(reading: Reading, now: datetime) -> datetime:
    """The earliest moment a partition is complete to; `now` where nothing comes by Kafka."""
    moment: datetime = await reading.value(
        "SELECT least($1::timestamptz, min(complete_to)) FROM offsets", now
    )
    return moment
