"""What every answer of the read side stands on: one snapshot of the database, who the reps are,
the instant it is, and the moment up to which everything accepted is in the snapshot.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from app.db import Database, Reading
from app.definition import Closed, all_definitions, closed_by, held_at
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
    """One look at everything. `as_of` (UTC): all events accepted up to it are in; `closed_to`
    (UTC): days that ended up to it are final.
    """

    reading: Reading
    roster: Roster
    settings: Settings
    calendar: WorkCalendar
    as_of: datetime
    closed_to: datetime
    sheets: Sheets


class Views:
    """Opens views; between them it remembers the directory and which days are final, by their
    version, and what follows from them; and the sheets that hold.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._calendar = calendar_of(settings)
        self._known: tuple[int, Directory, Closed] | None = None
        self._memory: Memory | None = None
        self._sheets = Sheets()

    @asynccontextmanager
    async def open(self, now: datetime) -> AsyncIterator[View]:
        """A view at the instant `now`, good within the block."""
        async with self._database.reading() as reading:
            version, complete_to = await _state(reading, now)
            directory, closed = await self._current(reading, version)
            memory = self._memory or Memory(directory, now)
            self._memory = memory.at(directory, now)
            yield View(
                reading,
                Roster(directory, now, self._memory),
                self._settings,
                self._calendar,
                complete_to,
                closed.to(now),
                self._sheets,
            )

    @asynccontextmanager
    async def open_past(self, moment: datetime) -> AsyncIterator[View]:
        """A view at the past instant `moment`: what was final then is as it was answered then."""
        async with self._database.reading() as reading:
            past = Past(reading, moment)
            settings, closed = await held_at(reading, self._settings, moment)
            directory = await load_directory(past, settings)
            roster, calendar = Roster(directory, moment), calendar_of(settings)
            yield View(past, roster, settings, calendar, moment, closed.to(moment), Sheets())

    async def _current(self, reading: Reading, version: int) -> tuple[Directory, Closed]:
        """Who the reps are and which days are final; both change with the directory's version."""
        if self._known is None or self._known[0] != version:
            closed = closed_by(await all_definitions(reading), self._settings)
            self._known = version, await load_directory(reading, self._settings), closed
        return self._known[1], self._known[2]


async def _state(reading: Reading, now: datetime) -> tuple[int, datetime]:
    """The directory's version, and the earliest moment a partition is complete to: `now` where
    nothing comes by Kafka.
    """
    ((version, complete_to),) = await reading.fetch(
        "SELECT coalesce((SELECT directory FROM versions), 0),"
        " least($1::timestamptz, (SELECT min(complete_to) FROM offsets))",
        now,
    )
    return version, complete_to
