"""What the query string says, read the same way everywhere."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

from fastapi import Query, Request

from app.api.answer import MOST_ITEMS, USUAL_ITEMS
from app.api.state import state_of
from app.errors import BadRequest, FieldError
from app.events.fields import FIRST_DATE, LAST_DATE, timestamp
from app.events.refusals import Invalid
from app.spans import Asked, asked

PERIOD = ("period", "date", "from", "to")

PeriodKind = Annotated[
    str | None,
    Query(alias="period", description="day (default), week, month, quarter, year or ttm"),
]
OnDate = Annotated[
    str | None, Query(alias="date", description="any date in the period; by default today, "
                      "for each rep in the own zone")
]  # fmt: skip
From = Annotated[str | None, Query(alias="from", description="YYYY-MM-DD, included")]
To = Annotated[str | None, Query(alias="to", description="YYYY-MM-DD, not included")]
Kpis = Annotated[str | None, Query(alias="kpi", description="ids, separated by commas")]
AsOf = Annotated[
    str | None,
    Query(
        alias="as_of",
        description="an instant, with its offset: what was answered then, for what was final then",
    ),
]
Since = Annotated[
    str | None, Query(description="an instant, with its offset: only what changed from it on")
]
Explain = Annotated[
    bool,
    Query(description="1: what the figures that hang on a threshold would be at its neighbours"),
]
Limit = Annotated[int, Query(ge=1, le=MOST_ITEMS)]
Cursor = Annotated[str | None, Query(description="`next_cursor` of the page before")]
LIMIT: int = USUAL_ITEMS


def day(name: str, value: str | None) -> date | None:
    """A date of the query. Raises `BadRequest`."""
    if value is None:
        return None
    try:
        if len(value) != 10:
            raise ValueError
        read = date.fromisoformat(value)
    except ValueError as error:
        detail = f"{value!a} is no date, YYYY-MM-DD is needed"
        raise BadRequest(f"{name}: {detail}", errors=(FieldError(name, detail),)) from error
    if not FIRST_DATE <= read <= LAST_DATE:
        detail = f"{value} is not within 2000-01-01 to 2100-12-31"
        raise BadRequest(f"{name}: {detail}", errors=(FieldError(name, detail),))
    return read


def past(value: str | None, now: datetime, name: str = "as_of") -> datetime | None:
    """An instant of the query that is not after `now`. Raises `BadRequest`."""
    if value is None:
        return None
    try:
        read = timestamp(value, name, now)
    except Invalid as error:
        raise BadRequest(error.detail, errors=(FieldError(name, error.detail),)) from error
    if read > now:
        detail = f"{value} is yet to come"
        raise BadRequest(f"{name}: {detail}", errors=(FieldError(name, detail),))
    return read


async def period(
    request: Request,
    kind: PeriodKind = None,
    on: OnDate = None,
    start: From = None,
    end: To = None,
) -> Asked:
    """The period of `period=&date=` or `from=&to=`.

    Not a plain function: the framework would take each to a thread of its own.
    """
    return asked(
        kind, day("date", on), day("from", start), day("to", end),
        week_start=state_of(request).settings.week_start,
    )  # fmt: skip


def names(value: str | None) -> Sequence[str] | None:
    """`a,b` as names; None where nothing was asked."""
    if value is None:
        return None
    return [name.strip() for name in value.split(",") if name.strip()]


def after(cursor: str | None) -> int:
    """The number that a cursor stands for, 0 without one. Raises `BadRequest`."""
    if cursor is None:
        return 0
    if not cursor.isdecimal() or len(cursor) > 18:
        detail = "not one that we gave"
        raise BadRequest(f"cursor: {detail}", errors=(FieldError("cursor", detail),))
    return int(cursor)
