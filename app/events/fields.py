"""Reads one field of a decoded JSON object, strictly: the right JSON type, the right bounds.

Each reader takes a value that is there and gives it as Ringside keeps it, or raises `Invalid` with
the field's name, what came, and what would be right. Nothing is coerced, no float is used.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from app.events.currencies import CURRENCIES
from app.events.refusals import Invalid, shown

LONGEST = 200
MOST_SECONDS = 86_400
MOST_REVISION = 2**53 - 1
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
FIRST_DATE, LAST_DATE = date(2000, 1, 1), date(2100, 12, 31)
AHEAD = timedelta(days=1)

_TIMESTAMP = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:)([0-9]{2})(\.[0-9]+)?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DECIMAL = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_UNREADABLE = re.compile("[\x00\ud800-\udfff]")

_ZONES = available_timezones()


class Literal(str):
    """A JSON number with a point or an exponent, as it was written."""

    __slots__ = ()


class Huge:
    """A JSON integer with more digits than any field holds."""


def text(value: object, field: str, *, empty: bool = False) -> str:
    """A text of at most 200 characters; unless `empty`, of at least one."""
    if type(value) is not str:
        raise Invalid("wrong_type", field, f"{field} is {_kind(value)}, a string is needed")
    if not value and not empty:
        raise Invalid("empty_string", field, f"{field} is empty, at least one character is needed")
    if len(value) > LONGEST:
        raise Invalid("too_long", field, f"{field} has {len(value)} characters, at most 200 fit")
    if _UNREADABLE.search(value):
        raise Invalid(
            "bad_characters",
            field,
            f"{field} is {shown(value)}: no U+0000, no halves of a surrogate pair",
        )
    return value


def choice(value: object, field: str, values: tuple[str, ...]) -> Any:
    """One of `values`."""
    if type(value) is not str:
        raise Invalid("wrong_type", field, f"{field} is {_kind(value)}, a string is needed")
    if value not in values:
        raise Invalid(
            "unknown_value",
            field,
            f"{field} is {shown(value)}, one of {', '.join(values)} is needed",
        )
    return value


def boolean(value: object, field: str) -> bool:
    """True or false."""
    if type(value) is not bool:
        raise Invalid("wrong_type", field, f"{field} is {_kind(value)}, true or false is needed")
    return value


def integer(value: object, field: str, most: int) -> int:
    """A whole number from 0 to `most`, written without point or exponent."""
    if isinstance(value, Huge):
        raise Invalid("out_of_range", field, f"{field} is far over {most}")
    if type(value) is not int:
        raise Invalid("wrong_type", field, f"{field} is {_kind(value)}, an integer is needed")
    if not 0 <= value <= most:
        raise Invalid("out_of_range", field, f"{field} is {value}, 0 to {most} is needed")
    return value


def decimal(value: object, field: str, *, places: int = 4) -> Decimal:
    """A decimal number, 0 or more, of at most 15 digits before and `places` after the point.

    It may be a JSON number or a string of digits; a number with an exponent counts by its value.
    """
    if isinstance(value, Huge):
        raise Invalid("out_of_range", field, f"{field} has over 15 digits before the point")
    if type(value) is int:
        number = Decimal(value)
    elif type(value) is str:
        if not _DECIMAL.fullmatch(value):
            raise Invalid("bad_number", field, f'{field} is {shown(value)}, e.g. "12.50" is needed')
        number = _number(value, field)
    elif isinstance(value, Literal):
        number = _number(value, field)
        if "e" in value or "E" in value:
            number = number.normalize() if number else Decimal(0)
    else:
        raise Invalid("wrong_type", field, f"{field} is {_kind(value)}, a number is needed")
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    if -exponent > places:
        raise Invalid(
            "too_precise",
            field,
            f"{field} is {shown(value)}, at most {places} digits after the point fit",
        )
    if number and (number.adjusted() >= 15 or len(digits) + exponent > 15):
        raise Invalid(
            "out_of_range",
            field,
            f"{field} is {shown(value)}, at most 15 digits before the point fit",
        )
    if number < 0:
        raise Invalid("out_of_range", field, f"{field} is {shown(value)}, 0 or more is needed")
    return number or Decimal(0)


def _number(value: str, field: str) -> Decimal:
    if len(value) > 100:
        raise Invalid("out_of_range", field, f"{field} has {len(value)} digits")
    try:
        return Decimal(value)
    except InvalidOperation as error:
        raise Invalid("out_of_range", field, f"{field} is {shown(value)}") from error


def positive(number: Decimal, field: str) -> Decimal:
    """The number, if it is greater than 0."""
    if not number:
        raise Invalid("out_of_range", field, f"{field} is 0, more than 0 is needed")
    return number


def timestamp(value: object, field: str, now: datetime) -> datetime:
    """An instant as aware UTC, cut to the microsecond; from 2000 to a day after `now`."""
    if type(value) is not str:
        raise Invalid("wrong_type", field, f"{field} is {_kind(value)}, a string is needed")
    match = _TIMESTAMP.fullmatch(value)
    if match is None:
        raise _bad_timestamp(value, field)
    day, minute, second, fraction, offset = match.groups()
    if offset is None:
        raise Invalid(
            "naive_timestamp",
            field,
            f"{field} is {shown(value)}, an offset is needed, e.g. {value[:19]}Z",
        )
    if second == "60":
        second = "59"
    micros = (fraction or ".0")[1:7].ljust(6, "0")
    zone = "+00:00" if offset in "Zz" else offset
    if minute.startswith("24") or zone[1:3] > "23" or zone[4:6] > "59":
        raise _bad_timestamp(value, field)
    try:
        instant = datetime.fromisoformat(f"{day}T{minute}{second}.{micros}{zone}").astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _bad_timestamp(value, field) from error
    return bounded(instant, field, now)


def _bad_timestamp(value: str, field: str) -> Invalid:
    return Invalid(
        "bad_timestamp",
        field,
        f"{field} is {shown(value)}, RFC 3339 is needed, e.g. 2026-11-20T19:04:11Z",
    )


def bounded(instant: datetime, field: str, now: datetime) -> datetime:
    """The instant, if it lies from 2000 to a day after `now`."""
    if not EARLIEST <= instant <= now + AHEAD:
        raise Invalid(
            "timestamp_out_of_range",
            field,
            f"{field} is {instant.isoformat()}, 2000 to a day from now is needed",
        )
    return instant


def day(value: object, field: str) -> date:
    """A date from 2000-01-01 to 2100-12-31."""
    if type(value) is not str:
        raise Invalid("wrong_type", field, f"{field} is {_kind(value)}, a string is needed")
    try:
        if not _DATE.fullmatch(value):
            raise ValueError
        read = date.fromisoformat(value)
    except ValueError as error:
        raise Invalid(
            "bad_date", field, f"{field} is {shown(value)}, YYYY-MM-DD is needed"
        ) from error
    if not FIRST_DATE <= read <= LAST_DATE:
        raise Invalid(
            "date_out_of_range", field, f"{field} is {value}, 2000-01-01 to 2100-12-31 is needed"
        )
    return read


def currency(value: object, field: str) -> str:
    """A code of ISO 4217."""
    code = text(value, field)
    if code not in CURRENCIES:
        raise Invalid(
            "unknown_currency",
            field,
            f"{field} is {shown(code)}, three capitals of ISO 4217 are needed",
        )
    return code


def time_zone(value: object, field: str) -> str:
    """An IANA time zone."""
    name = text(value, field)
    if not known_zone(name):
        raise Invalid(
            "unknown_time_zone", field, f"{field} is {shown(name)}, e.g. America/Denver is needed"
        )
    return name


@lru_cache(maxsize=1000)
def known_zone(name: str) -> bool:
    """Whether it is a zone of the IANA database."""
    return name in _ZONES


def entry(value: object, field: str) -> Mapping[str, Any]:
    """An object."""
    if not isinstance(value, dict):
        raise Invalid("not_an_object", field, f"{field} is {_kind(value)}, an object is needed")
    return value


def array(value: object, field: str) -> list[Any]:
    """A list."""
    if not isinstance(value, list):
        raise Invalid("wrong_type", field, f"{field} is {_kind(value)}, a list is needed")
    return value


def _kind(value: object) -> str:
    if isinstance(value, Literal):
        return f"the number {shown(str(value))}"
    if isinstance(value, bool):
        return "true" if value else "false"
    kinds = {str: "a string", int: "an integer", dict: "an object", list: "a list"}
    return kinds.get(type(value), "a number")
