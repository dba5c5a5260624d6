"""Bytes become a typed event, or a refusal that says what is wrong. Pure.

Most events are plain: msgspec reads them in one go. Whatever it will not have, and the few things
it reads otherwise than the contract, goes through the careful path, which names what is wrong.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.events import fields
from app.events.entry import Rules
from app.events.fields import Huge
from app.events.quick import read_data_quickly, read_quickly
from app.events.read import TYPES, read_data
from app.events.refusals import Invalid, Refusal, shown
from app.events.types import Event

MOST_BYTES = 256 * 1024
MOST_DIGITS = 40


def decode_structured(body: bytes, *, now: datetime, currency: str) -> Event | Refusal:
    """One CloudEvent in JSON. `now` is the receiver's clock, `currency` the reporting one."""
    if len(body) > MOST_BYTES:
        return _too_large(len(body))
    return read_quickly(body, now) or _careful(body, Rules(now, currency))


def decode_binary(
    attributes: Mapping[str, str], body: bytes, *, now: datetime, currency: str
) -> Event | Refusal:
    """One CloudEvent in binary mode: its attributes (names without prefix), its data as JSON."""
    if len(body) > MOST_BYTES:
        return _refused(Invalid(*_too_large_words(len(body))), attributes)
    return read_data_quickly(attributes, body, now) or _careful_data(
        attributes, body, Rules(now, currency)
    )


def _careful_data(attributes: Mapping[str, str], body: bytes, rules: Rules) -> Event | Refusal:
    try:
        return _event({**attributes, "data": parse(body)}, rules)
    except Invalid as error:
        return _refused(error, attributes)


def _careful(body: bytes, rules: Rules) -> Event | Refusal:
    envelope: object = None
    try:
        envelope = parse(body)
        if not isinstance(envelope, dict):
            raise Invalid("not_an_object", None, f"an event is an object, not {shown(envelope)}")
        if "data_base64" in envelope and envelope.get("data") is None:
            envelope["data"] = parse(_base64(envelope["data_base64"]))
        return _event(envelope, rules)
    except Invalid as error:
        return _refused(error, envelope if isinstance(envelope, dict) else {})


def _base64(value: object) -> bytes:
    if type(value) is not str:
        raise Invalid("wrong_type", "data_base64", "data_base64 is no string")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid("not_json", "data_base64", f"data_base64 is no base64: {error}") from error


def _event(envelope: Mapping[str, Any], rules: Rules) -> Event:
    version = envelope.get("specversion")
    if version is not None and type(version) is not str:  # the number 1.0 is no "1.0"
        raise Invalid("wrong_type", "specversion", 'specversion is no string, "1.0" is needed')
    if version != "1.0":
        raise Invalid(
            "missing" if version is None else "unsupported_version",
            "specversion",
            f'specversion is {shown(version)}, "1.0" is needed',
        )
    event_id = fields.text(_needed(envelope, "id"), "id")
    source = fields.text(_needed(envelope, "source"), "source")
    type_name = _needed(envelope, "type")
    if type(type_name) is not str:
        raise Invalid("wrong_type", "type", "type is no string")
    if type_name not in TYPES:
        raise Invalid(
            "unknown_type",
            "type",
            f"type is {shown(type_name)}, e.g. ringside.call.ended.v1 is known",
        )
    time = envelope.get("time")
    moment = None if time is None else fields.timestamp(time, "time", rules.now)
    return Event(event_id, source, moment, read_data(type_name, _needed(envelope, "data"), rules))


def _needed(envelope: Mapping[str, Any], name: str) -> Any:
    value = envelope.get(name)
    if value is None:
        raise Invalid("missing", name, f"{name} is required")
    return value


def parse(body: bytes) -> Any:
    """The JSON in `body`, with numbers as they were written. Raises `Invalid`."""
    try:
        value = json.loads(
            body.decode("utf-8"),
            parse_int=_integer,
            parse_float=fields.Literal,
            parse_constant=_constant,
        )
    except UnicodeDecodeError as error:
        raise Invalid("not_json", None, f"no UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        if not body.strip():
            raise Invalid("empty", None, "the record is empty") from error
        raise Invalid("not_json", None, f"no JSON at character {error.pos}: {error.msg}") from error
    except RecursionError as error:
        raise Invalid("too_deep", None, "the JSON is nested too deeply to read") from error
    if value is None:
        raise Invalid("empty", None, "the record is null")
    return value


def _integer(digits: str) -> int | Huge:
    return int(digits) if len(digits) <= MOST_DIGITS else Huge()


def _constant(name: str) -> Any:
    raise Invalid("not_json", None, f"{name} is no JSON")


def _too_large_words(size: int) -> tuple[str, None, str]:
    return "too_large", None, f"the record has {size} bytes, at most {MOST_BYTES} fit"


def _too_large(size: int) -> Refusal:
    return Refusal(*_too_large_words(size))


def _refused(error: Invalid, envelope: Mapping[str, Any]) -> Refusal:
    """The refusal, with as much of the envelope as reads as it should."""
    return Refusal(
        error.code,
        error.field,
        error.detail,
        *(_readable(envelope.get(name)) for name in ("id", "source", "type")),
    )


def _readable(value: object) -> str | None:
    try:
        return fields.text(value, "")
    except Invalid:
        return None
