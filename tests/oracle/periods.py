"""Periods as dates, the end left out."""

from datetime import date, timedelta

DAY = timedelta(days=1)


def year_before(day: date) -> date:
    """Twelve months earlier; 29 February gives 28 February."""
    if (day.month, day.day) == (2, 29):
        return date(day.year - 1, 2, 28)
    return day.replace(year=day.year - 1)


def ttm(day: date) -> tuple[date, date]:
    """`(D − 12 months, D]`."""
    return year_before(day) + DAY, day + DAY


def period(kind: str, day: date, week_start: int = 0) -> tuple[date, date]:
    """The `day`, `week`, `month`, `quarter`, `year` that holds the date, or its `ttm`."""
    if kind == "day":
        return day, day + DAY
    if kind == "week":
        while day.weekday() != week_start:
            day -= DAY
        return day, day + 7 * DAY
    if kind == "ttm":
        return ttm(day)
    months = {"month": 1, "quarter": 3, "year": 12}[kind]
    first = (day.month - 1) // months * months + 1
    after = first + months
    end = date(day.year + 1, 1, 1) if after > 12 else date(day.year, after, 1)
    return date(day.year, first, 1), end


def before(kind: str, start: date, end: date, week_start: int = 0) -> tuple[date, date]:
    """The period of the same kind, or the range as long, that ends where this one starts."""
    if kind == "range":
        return start - (end - start), start
    return period(kind, start - DAY, week_start)
