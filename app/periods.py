"""Local days and the periods made of them. Pure: time comes in as an argument.

The rules are those of the KPI contract, "Days, periods, owners": a day starts at the first
instant whose local date is that day or later; an instant belongs to the latest day whose start
is not after it; spans of time are multiples of 24 h and are not this module's business.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
FIRST_DAY = date(2000, 1, 1)
LAST_DAY = date(2100, 12, 31)


class Kind(StrEnum):
    """What a period is called in the API; `RANGE` is `from=&to=`."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    TTM = "ttm"
    RANGE = "range"


@dataclass(frozen=True, slots=True)
class Period:
    """Whole local days from `start` up to, not including, `end`."""

    kind: Kind
    start: date
    end: date

    @property
    def last_day(self) -> date:
        """The last day inside the period."""
        return self.end - DAY


@cache
def zone(name: str) -> ZoneInfo:
    """The IANA zone `name`; raises `zoneinfo.ZoneInfoNotFoundError` for an unknown one."""
    return ZoneInfo(name)


@lru_cache(maxsize=200_000)
def day_start(zone_name: str, day: date) -> datetime:
    """The first instant (UTC) whose local date in the zone is `day` or later."""
    tz = zone(zone_name)
    before = datetime.combine(day, time(), tzinfo=tz).astimezone(UTC)
    if before.astimezone(tz).date() == day and before.astimezone(tz).time() == time():
        return before
    # Midnight does not exist: the clock jumped over it, some time between the instants that
    # its offsets after and before the jump give. Find the jump itself, to the second.
    after = datetime.combine(day, time(), tzinfo=tz).replace(fold=1).astimezone(UTC)
    seconds = range(int((before - after).total_seconds()) + 1)
    jump = bisect_right(seconds, False, key=lambda s: _local_date(after, s, tz) >= day)
    return after + timedelta(seconds=jump)


def _local_date(instant: datetime, seconds: int, tz: ZoneInfo) -> date:
    return (instant + timedelta(seconds=seconds)).astimezone(tz).date()


def months_before(day: date, months: int) -> date:
    """The same day of the month `months` earlier, or that month's last day if it is shorter."""
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    month += 1
    return date(year, month, min(day.day, _month_length(year, month)))


def _month_length(year: int, month: int) -> int:
    following = date(year + month // 12, month % 12 + 1, 1)
    return (following - date(year, month, 1)).days


def period_of(kind: Kind, day: date, *, week_start: int = 0) -> Period:
    """The period of `kind` that holds `day`; `ttm` is the twelve months that end with `day`.

    `week_start` is the weekday a week starts on, 0 for Monday.
    """
    match kind:
        case Kind.DAY:
            return Period(kind, day, day + DAY)
        case Kind.WEEK:
            start = day - timedelta(days=(day.weekday() - week_start) % 7)
            return Period(kind, start, start + timedelta(days=7))
        case Kind.MONTH:
            start = day.replace(day=1)
            return Period(kind, start, months_before(start, -1))
        case Kind.QUARTER:
            start = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
            return Period(kind, start, months_before(start, -3))
        case Kind.YEAR:
            return Period(kind, date(day.year, 1, 1), date(day.year + 1, 1, 1))
        case Kind.TTM:
            return Period(kind, months_before(day, 12) + DAY, day + DAY)
        case Kind.RANGE:
            raise ValueError("a range is given by its own start and end")


def period_before(period: Period, *, week_start: int = 0) -> Period:
    """The period of the same kind (a range: of the same length) that ends where this starts."""
    if period.kind is Kind.RANGE:
        return Period(Kind.RANGE, period.start - (period.end - period.start), period.start)
    return period_of(period.kind, period.start - DAY, week_start=week_start)
