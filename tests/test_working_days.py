"""Working days: the calendar, time off, who was active, and those nobody announced."""

from datetime import date
from decimal import Decimal

from app.db import Database
from app.periods import DAY
from app.spans import Span
from app.view import Views
from app.working_days import read_working_days
from tests.sums_put_in import NOW, announce, november, put_days, put_time_off, settings


async def working_days(
    database: Database, *spans: Span, cuts: tuple[date, ...] = (), holidays: str = ""
) -> dict[tuple[int, int], Decimal]:
    async with Views(database, settings(holidays=holidays)).open(NOW) as view:
        return await read_working_days(view.reading, view.roster, spans, view.calendar, cuts)


async def test_weekdays_up_to_today_without_holidays_and_time_off(database: Database) -> None:
    await announce(database, "r1", "Ada", "West")
    await put_time_off(database, "r1", november(17), "0.25")
    await put_time_off(database, "r1", november(14), "1")  # a Saturday: nothing to take off
    await put_time_off(database, "r1", november(23), "1")  # after today
    await put_time_off(database, "r1", november(18), "1", voided=True)
    await put_time_off(database, "r1", november(11), "1")  # a holiday anyway
    await put_time_off(database, "r2", november(16), "1")  # somebody else
    span = Span(0, "r1", november(9), november(30))
    # Two weeks up to Friday the 20th, Wednesday the 11th free, a quarter of the 17th off.
    assert await working_days(database, span, holidays="2026-11-11,2026-11-14") == {
        (0, 0): Decimal("8.75")
    }


async def test_only_dates_on_which_the_rep_is_active(database: Database) -> None:
    await announce(database, "r1", "Ada", "West", active=False)
    await announce(database, "r1", "Ada", "West", november(10))
    await announce(database, "r1", "Ada", "West", november(18), active=False)
    await put_time_off(database, "r1", november(9), "0.5")  # not active: nothing to take off
    await put_time_off(database, "r1", november(10), "0.5")
    await put_days(database, {("r1", november(19)): {"calls": 9}})  # announced, so no matter
    # Tuesday the 10th to Tuesday the 17th, half a day off.
    span = Span(0, "r1", november(1), november(21))
    assert await working_days(database, span) == {(0, 0): Decimal("5.5")}


async def test_dates_nobody_announced_count_if_the_rep_has_a_call(database: Database) -> None:
    await announce(database, "r1", "Ada", "West", november(18))
    await put_days(
        database,
        {
            ("r1", november(16)): {"calls": 1},
            ("r1", november(14)): {"calls": 1},  # a Saturday
            ("r1", november(17)): {"orders": 1},  # no call
            ("r9", november(16)): {"calls": 3},
            ("r9", november(17)): {"calls": 3},
            ("r9", november(23)): {"calls": 3},  # after today
        },
    )
    await put_time_off(database, "r9", november(17), "0.1")
    spans = [Span(g, rep, november(1), november(30)) for g, rep in ((0, "r1"), (1, "r9"))]
    # r1: the 16th, and the 18th to the 20th; r9: the 16th and 0.9 of the 17th.
    assert await working_days(database, *spans) == {(0, 0): Decimal(4), (1, 0): Decimal("1.9")}


async def test_a_teams_are_its_members_days_bucket_by_bucket(database: Database) -> None:
    await announce(database, "r1", "Ada", "West")
    await announce(database, "r2", "Bo", "West")
    await put_time_off(database, "r2", november(10), "0.5")
    await put_days(database, {("r9", november(10)): {"calls": 1}})
    spans = [Span(0, rep, november(6), november(17)) for rep in ("r1", "r2", "r9")]
    cuts = (november(6), november(9), november(16))
    # Friday the 6th; a week, half a day off, and the unannounced rep's one day; Monday the 16th.
    assert await working_days(database, *spans, cuts=cuts) == {
        (0, 0): Decimal(2), (0, 1): Decimal("10.5"), (0, 2): Decimal(2),
    }  # fmt: skip


async def test_nothing_to_come_and_nobody_at_all(database: Database) -> None:
    await announce(database, "r1", "Ada", "West")
    assert await working_days(database) == {}
    assert await working_days(database, Span(0, "r1", NOW.date() + DAY, november(30))) == {}
