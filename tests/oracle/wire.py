"""Reads single values as they stand on the wire, by the words of `events.md`.

The events given to the oracle are valid, so nothing is refused here. Shares no code with `app`.
"""

import re
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import phonenumbers

Json = dict[str, Any]

_INSTANT = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?"
    r"(?:([Zz])|([+-])(\d{2}):(\d{2}))"
)


def instant(text: str) -> datetime:
    """The moment in UTC, to the microsecond; further digits dropped, `:60` read as `:59`."""
    match = _INSTANT.fullmatch(text)
    assert match, text
    year, month, day, hour, minute, second = (int(match[part]) for part in range(1, 7))
    microsecond = int(((match[7] or "") + "000000")[:6])
    local = datetime(year, month, day, hour, minute, min(second, 59), microsecond, tzinfo=UTC)
    if match[8]:
        return local
    offset = timedelta(hours=int(match[10]), minutes=int(match[11]))
    return local + offset if match[9] == "-" else local - offset


def maybe_instant(text: str | None) -> datetime | None:
    return None if text is None else instant(text)


def exact(value: Any) -> Fraction:
    """A decimal string or JSON number, never through a binary float: 0.1 is one tenth."""
    return Fraction(str(value))


def maybe_exact(value: Any) -> Fraction | None:
    return None if value is None else exact(value)


def day(text: str) -> date:
    return date.fromisoformat(text)


def or_default(data: Json, field: str, default: Any) -> Any:
    """Null in an optional field means absent."""
    value = data.get(field)
    return default if value is None else value


def number(text: str | None, region: str) -> str | None:
    """E.164 without extension; None for a text that is no possible number (local-only is none)."""
    if text is None:
        return None
    try:
        parsed = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    possible = phonenumbers.is_possible_number_with_reason(parsed)
    if possible != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
