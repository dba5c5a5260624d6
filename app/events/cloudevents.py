"""How CloudEvents travel: structured and binary over Kafka; structured, binary and batch over
HTTP. Takes a record or a request apart into its events, each with its own bytes. Pure.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import unquote

import msgspec

from app.errors import TooLarge
from app.events.decode import decode_binary, decode_structured
from app.events.refusals import Refusal
from app.events.types import Event

MOST_BODY = 1024 * 1024
MOST_EVENTS = 1_000

STRUCTURED = "application/cloudevents"
BATCH = "application/cloudevents-batch"
KAFKA_PREFIX = "ce_"
HTTP_PREFIX = "ce-"

_raws = msgspec.json.Decoder(list[msgspec.Raw])
# Finds where an element ends; whether what is in it is right is judged element by element.
_elements = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)
_SPACE = " \t\n\r"


def from_kafka(
    headers: Sequence[tuple[str, bytes]], value: bytes | None, *, now: datetime, currency: str
) -> Event | Refusal:
    """The event of one Kafka record; a tombstone is refused as empty."""
    named = {name.lower(): content for name, content in headers}
    if value is None:
        return Refusal("empty", None, "the record has no value")
    content_type = named.get("content-type", b"").decode("latin-1").strip().lower()
    if content_type.startswith(BATCH):
        return Refusal("unsupported_mode", None, "Kafka has no batch mode: one event a record")
    if content_type.startswith(STRUCTURED):
        return decode_structured(value, now=now, currency=currency)
    try:
        attributes = {
            name.removeprefix(KAFKA_PREFIX): content.decode("utf-8")
            for name, content in named.items()
            if name.startswith(KAFKA_PREFIX)
        }
    except UnicodeDecodeError:
        return Refusal("bad_characters", None, "a ce_ header is no UTF-8")
    if not attributes:
        return Refusal(
            "unsupported_mode",
            None,
            "neither content-type application/cloudevents+json nor ce_ headers",
        )
    return decode_binary(attributes, value, now=now, currency=currency)


def from_http(
    content_type: str | None,
    headers: Mapping[str, str],
    body: bytes,
    *,
    now: datetime,
    currency: str,
) -> list[tuple[Event | Refusal, bytes]]:
    """The events of one request, each with its own bytes; `headers` have lower-case names.

    Raises `TooLarge` over 1 MiB or 1,000 events. A body that cannot be taken apart is one refusal.
    """
    if len(body) > MOST_BODY:
        raise TooLarge(f"the body has {len(body)} bytes, at most {MOST_BODY} fit")
    kind = (content_type or "").partition(";")[0].strip().lower()
    if kind.startswith(BATCH):
        return _batch(body, now, currency)
    if kind.startswith(STRUCTURED):
        return [(decode_structured(body, now=now, currency=currency), body)]
    if any(name.startswith(HTTP_PREFIX) for name in headers):
        attributes = {
            name.removeprefix(HTTP_PREFIX): unquote(value)
            for name, value in headers.items()
            if name.startswith(HTTP_PREFIX)
        }
        return [(decode_binary(attributes, body, now=now, currency=currency), body)]
    if body.lstrip(b" \t\n\r").startswith(b"["):
        return _batch(body, now, currency)
    return [(decode_structured(body, now=now, currency=currency), body)]


def _batch(body: bytes, now: datetime, currency: str) -> list[tuple[Event | Refusal, bytes]]:
    events = elements(body)
    if isinstance(events, Refusal):
        return [(events, body)]
    if len(events) > MOST_EVENTS:
        raise TooLarge(f"the batch has {len(events)} events, at most {MOST_EVENTS} fit")
    return [(decode_structured(raw, now=now, currency=currency), raw) for raw in events]


def elements(body: bytes) -> list[bytes] | Refusal:
    """The bytes of each element of a JSON array; elements that are no events stay apart."""
    try:
        return [bytes(raw) for raw in _raws.decode(body)]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass  # something in it msgspec will not have: that is for its element to answer
    try:
        return _cut(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        return Refusal("not_json", None, f"no UTF-8 at byte {error.start}")
    except RecursionError:
        return Refusal("too_deep", None, "the JSON is nested too deeply to read")
    except (ValueError, IndexError):
        return Refusal("not_json", None, "the batch is no JSON array")


def _cut(text: str) -> list[bytes]:
    """Cut a JSON array into its elements. Raises ValueError or IndexError where it is none."""
    found: list[bytes] = []
    at = _skip(text, 0)
    if text[at] != "[":
        raise ValueError(text[at])
    at = _skip(text, at + 1)
    if text[at] == "]" and _skip(text, at + 1) == len(text):
        return found
    while True:
        _, end = _elements.raw_decode(text, at)
        found.append(text[at:end].encode("utf-8"))
        at = _skip(text, end)
        if text[at] == "]":
            if _skip(text, at + 1) != len(text):
                raise ValueError(text[at + 1 :])
            return found
        if text[at] != ",":
            raise ValueError(text[at])
        at = _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at
