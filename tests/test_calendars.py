"""Another calendar restates the final days that are worked otherwise, a stretch at a time."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from app.calendars import Difference, restate_calendar
from app.db import Database
from app.facts.directory import load_directory
from app.restatements import Cause, Closing
from app.settings import Settings
from app.work_calendar import WorkCalendar
from app.working_days import calendar_of
from tests.sums_put_in import announce, november, put_days, put_time_off, settings
from tests.test_ingest import rows

D = Decimal
WEEK = (0, 1, 2, 3, 4)
# Days that ended by noon of the 21st, UTC, are final: the last is Friday the 20th.
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CLOSED = datetime(2026, 11, 21, 12, tzinfo=UTC)
CAUSE = Cause("ringside", "definition 1 -> 2")


async def restated(
    database: Database, new: Settings, old: Settings | None = None
) -> list[tuple[Any, ...]]:
    """Rep, from, to, working days before and after."""
    async with database.ingesting() as session:
        directory = await load_directory(session, new)
        closing = Closing(NOW, CLOSED, directory, directory)
        calendars = calendar_of(old or settings()), calendar_of(new)
        await restate_calendar(session, *calendars, closing, CAUSE)
    return await rows(
        database,
        "SELECT rep_id, day, last_day, before, after FROM restatements WHERE final AND at = "
        f"'{NOW.isoformat()}' AND (measure, source, event_id) ="
        " ('working_days', 'ringside', 'definition 1 -> 2') ORDER BY id",
    )


async def test_a_holiday_more_and_a_holiday_less(database: Database) -> None:
    await announce(database, "r1", "Ada", "West", november(1))
    await announce(database, "r1", "Ada", "East", november(17))
    await announce(database, "r2", "Bo", "West", november(1), active=False)
    await announce(database, "r3", "Cy", "West", november(18))
    await put_time_off(database, "r1", november(18), "0.25")
    found = await restated(
        database,
        settings(holidays="2026-11-11,2026-11-18,2026-11-21,2026-11-23"),
        settings(holidays="2026-11-10,2026-11-21"),
    )
    assert found == [
        # to the 10th and from the 11th: a day for a day
        ("r1", november(10), november(11), D(1), D(1)),
        ("r1", november(18), november(18), D("0.75"), D(0)),
        ("r3", november(18), november(18), D(1), D(0)),
    ]


async def test_nothing_where_nobody_works_otherwise(database: Database) -> None:
    await announce(database, "r1", "Ada", "West", november(18))
    await put_time_off(database, "r1", november(19), "1")
    # a day off anyway; a Saturday; a day that is not final
    assert await restated(database, settings(holidays="2026-11-19,2026-11-14,2026-11-23")) == []
    assert await restated(database, settings()) == []


async def test_where_nobody_announced_the_rep_only_days_with_a_call(database: Database) -> None:
    days: Mapping[tuple[str, date], dict[str, Any]] = {
        ("r1", november(12)): {"calls": 1},
        ("r8", november(13)): {"orders": 1},
        ("r9", november(12)): {"calls": 1},
        ("r9", november(16)): {"calls": 3},
    }
    await put_days(database, dict(days))
    await announce(database, "r1", "Ada", "West", november(16))
    found = await restated(database, settings(holidays="2026-11-12,2026-11-13,2026-11-16"))
    assert found == [
        ("r1", november(12), november(13), D(1), D(0)),
        ("r1", november(16), november(16), D(1), D(0)),
        ("r9", november(12), november(16), D(2), D(0)),
    ]


async def test_a_week_of_a_team_of_its_own(database: Database) -> None:
    await announce(database, "r1", "Ada", "West", november(1))
    await announce(database, "r2", "Bo", "East", november(1))
    step = '[{"from": "2026-11-09", "team": "West", "weekdays": [0, 1, 2, 3, 5]}]'
    # The Saturdays 14th in place of the Fridays 13th and 20th.
    assert await restated(database, settings(working_weeks=step)) == [
        ("r1", november(13), november(20), D(6), D(5)),
    ]


def test_a_difference_is_the_days_that_one_calendar_has_alone() -> None:
    old = WorkCalendar(WEEK, [november(10)], [(november(16), "West", [0])])
    new = WorkCalendar(WEEK, [november(11)], [(november(16), "West", [1])])
    difference = Difference(old, new, november(17))
    assert difference.days("East") == difference.days(None) == [november(10), november(11)]
    assert difference.days("West") == [november(d) for d in (10, 11, 16, 17)]
    assert difference.within("West", november(11), november(17)) == (november(11), november(16))
    assert difference.within("East", november(12), november(17)) is None
