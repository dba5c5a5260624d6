"""Why a record could not be taken: a code from a closed list, the field, what would be right."""

from msgspec import Struct

CODES = {
    "empty": "the record has no value (or the value null)",
    "too_large": "the record is over 256 KiB",
    "not_json": "the record is no JSON in UTF-8",
    "too_deep": "the JSON is nested too deeply to read",
    "not_an_object": "an object is needed here",
    "unsupported_mode": "neither a structured nor a binary CloudEvent",
    "unsupported_version": 'specversion is not "1.0"',
    "unknown_type": "the type is none of the contract's",
    "missing": "a required field is absent or null",
    "wrong_type": "the JSON type is not the field's; nothing is coerced",
    "empty_string": "an id, name or team is empty",
    "too_long": "a text is over 200 characters",
    "bad_characters": "a text holds U+0000 or a lone surrogate",
    "unknown_value": "the text is none of the field's values",
    "out_of_range": "a number is outside the field's range",
    "bad_number": "no decimal number",
    "too_precise": "more digits after the point than the field holds",
    "naive_timestamp": "a timestamp without an offset",
    "bad_timestamp": "no RFC 3339 timestamp",
    "timestamp_out_of_range": "a timestamp before 2000 or over a day in the future",
    "bad_date": "no date of the form YYYY-MM-DD",
    "date_out_of_range": "a date before 2000-01-01 or after 2100-12-31",
    "unknown_currency": "no ISO 4217 currency",
    "unknown_time_zone": "no IANA time zone",
    "bad_lines": "not 1 to 1000 lines, or a line_id that comes twice",
    "inconsistent": "two fields contradict each other",
    "not_allowed": "the field or value has no place here",
}


class Refusal(Struct, frozen=True):
    """One refused record, with as much of its envelope as could be read."""

    code: str
    field: str | None
    detail: str
    id: str | None = None
    source: str | None = None
    type: str | None = None


class Invalid(Exception):
    """Raised while reading one event; becomes its `Refusal`."""

    def __init__(self, code: str, field: str | None, detail: str) -> None:
        super().__init__(code)
        self.code = code
        self.field = field
        self.detail = detail


def shown(value: object) -> str:
    """The value as a person can read it in one line: short, and harmless in a log."""
    text = ascii(value)
    return text if len(text) <= 60 else text[:57] + "…"
