"""Answers as the description of the API shows them: JSON Schemas of figures, explained or not.

Written by hand, since a number that is an integer, a decimal or money in a string is more than
can be read off our types; a test holds real answers to them.
"""

from typing import Any, get_args

from app.kpi import Status
from app.sensitivity.explain import THRESHOLDS

Schema = dict[str, Any]

SHOWN: Schema = {
    "description": "a number; money is a string with two places",
    "anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^-?[0-9]+\.[0-9]{2}$"}],
}
STATUS: Schema = {"type": "string", "enum": list(get_args(Status))}
DATE: Schema = {"type": "string", "format": "date"}


def _object(required: Schema, optional: Schema | None = None) -> Schema:
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **(optional or {})},
    }


_VALUE: Schema = {"value": {"anyOf": [SHOWN, {"type": "null"}]}}
_BEHIND: Schema = {
    "numerator": SHOWN, "denominator": SHOWN, "coverage": {"type": "number"},
    "currency": {"type": "string"},
}  # fmt: skip
_NEIGHBOUR = _object({**_VALUE, "threshold": {"type": "integer", "minimum": 0}}, _BEHIND)
_NEIGHBOUR["description"] = "the whole figure with this threshold on every day of the period"
_SENSITIVITY = _object(
    {
        "threshold": {"type": "string", "enum": [threshold.name for threshold in THRESHOLDS]},
        "unit": {"type": "string", "enum": sorted({threshold.unit for threshold in THRESHOLDS})},
        "in_force": {
            "description": "the values that hold on days of the period; several where teams have "
            "their own, or one changed",
            "type": "array", "items": {"type": "integer"}, "minItems": 1,
        },
        "at": {"type": "array", "items": _NEIGHBOUR, "minItems": 1},
    }
)  # fmt: skip
_FIGURE = _object(
    _VALUE,
    {
        **_BEHIND,
        "status": {**STATUS, "description": "where it is not that of the whole answer"},
        "explain": {
            "description": "with `explain=1`, for each threshold that the figure hangs on: what "
            "it would be at the values in force and their neighbours",
            "type": "array", "items": _SENSITIVITY, "minItems": 1,
        },
    },
)  # fmt: skip
_PERIOD = _object(
    {"kind": {"type": "string"}, "start": DATE, "end": {**DATE, "description": "not included"},
     "time_zone": {"type": "string"}}
)  # fmt: skip
FIGURES: Schema = _object(
    {
        "period": _PERIOD, "as_of": {"type": "string", "format": "date-time"}, "status": STATUS,
        "kpis": {"type": "object", "additionalProperties": _FIGURE},
    },
    {
        "rep_id": {"type": "string"}, "name": {"type": ["string", "null"]},
        "team": {"type": ["string", "null"]},
    },
)  # fmt: skip

OF_FIGURES: dict[int | str, Schema] = {
    200: {"description": "The figures", "content": {"application/json": {"schema": FIGURES}}},
    409: {"description": "Not to be explained until a rebuild: settings changed what is stored"},
    422: {"description": "The question cannot be understood, or asks for the past explained"},
}
