"""How the texts and numbers of the contract look, as JSON Schema: what `fields` reads, said for
producers. Pure.

Patterns keep to what every dialect of regular expressions knows. What no schema can say is in
`RULES`.
"""

from typing import Any

from app.events.currencies import CURRENCIES
from app.events.fields import LONGEST

Shape = dict[str, Any]

_DAY = r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_HOUR = r"([01][0-9]|2[0-3])"
_OFFSET = rf"([Zz]|[+-]{_HOUR}:[0-5][0-9])"

NO_NUL = r"^[^\x00]*$"

INSTANT: Shape = {
    "type": "string",
    "description": "RFC 3339 with an offset, e.g. 2026-11-20T19:04:11Z",
    "pattern": rf"^[0-9]{{4}}-{_DAY}[Tt ]{_HOUR}:[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?{_OFFSET}$",
}
DAY: Shape = {
    "type": "string",
    "description": "YYYY-MM-DD, 2000-01-01 to 2100-12-31",
    "pattern": rf"^(20[0-9]{{2}}|2100)-{_DAY}$",
}
CURRENCY: Shape = {"enum": sorted(CURRENCIES), "description": "ISO 4217"}
ZONE: Shape = {
    "type": "string",
    "description": "a time zone of the IANA database, e.g. America/Denver",
    "minLength": 1,
    "maxLength": LONGEST,
    "pattern": NO_NUL,
}


def _decimal(digits: str, number: Shape, words: str) -> Shape:
    return {
        "description": f"{words}; a JSON number, or a string of digits",
        "anyOf": [
            {"type": "number", **number},
            {"type": "string", "maxLength": 100, "pattern": digits},
        ],
    }


def _digits(places: int, start: str = "") -> str:
    fraction = rf"(\.[0-9]{{1,{places}}})?"
    return rf"^{start}(-0+(\.0{{1,{places}}})?|0*[0-9]{{1,15}}{fraction})$"


_BELOW: Shape = {"exclusiveMaximum": 10**15}
_SOME = r"(?=.*[1-9])"
AMOUNT = _decimal(
    _digits(4), {"minimum": 0, **_BELOW}, "0 or more, 15 digits before and 4 after the point"
)
QUANTITY = _decimal(
    _digits(4, _SOME), {"exclusiveMinimum": 0, **_BELOW},
    "more than 0, 15 digits before and 4 after the point",
)  # fmt: skip
RATE = _decimal(
    _digits(12, _SOME), {"exclusiveMinimum": 0, **_BELOW},
    "more than 0, 15 digits before and 12 after the point",
)  # fmt: skip
FRACTION = _decimal(
    r"^(-?0+(\.0{1,4})?|0+(\.[0-9]{1,4})?|0*1(\.0{1,4})?)$", {"minimum": 0, "maximum": 1},
    "0 to 1, 4 digits after the point",
)  # fmt: skip

# What an event that a schema lets through can still be refused for: the codes, and why.
RULES: dict[str, str] = {
    "timestamp_out_of_range": "a timestamp is from 2000-01-01 on, and at most a day ahead of the "
    "receiver's clock",
    "bad_timestamp": "a timestamp is a moment of the calendar: 30 February is none",
    "bad_date": "a date is one of the calendar",
    "unknown_time_zone": "a time zone is one of the IANA database",
    "wrong_type": "an integer is written without point and exponent: 1.0 is none",
    "too_precise": "a decimal that is a JSON number has no more digits after the point than one "
    "that is a string",
    "out_of_range": "nor more digits before it: a schema's number is a binary one, and rounds",
    "bad_lines": "a line_id comes once in its order or return",
    "inconsistent": "a call ends after it started and was answered in between, talk and hold are "
    "at most 5 s longer than the call, a discount is at most quantity x unit_price",
    "not_allowed": "a rate is not of the reporting currency itself",
    "bad_characters": "a text has no half of a surrogate pair",
    "too_deep": "what is ignored is not nested without end either",
    "too_large": "an event has at most 262144 bytes",
}
