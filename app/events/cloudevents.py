"""How CloudEvents travel: structured and binary over Kafka; structured, binary and batch over
HTTP. Takes a record or a request apart into its events, each with its own bytes. Pure.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice
from urllib.parse import unquote_to_bytes

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
# Where an element can end; what is in it is judged element by element. A string that does not end
# reaches to the end, so that none is looked at twice.
_TOKENS = re.compile(rb'"(?:[^"\\]+|\\.)*"?|[\[\]{},]', re.DOTALL)
MOST_TOKENS = 300_000
_SPACE = b" \t\n\r"


def from_kafka(
    headers: Sequence[tuple[str, bytes]], value: bytes | None, *, now: datetime, currency: str
) -> Event | Refusal:
    """The event of one Kafka record; a tombstone is refused as empty."""
    if value is None:
        return Refusal("empty", None, "the record has no value")
    named = {name.lower(): content for name, content in headers}
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
        try:
            attributes = attributes_of(headers)
        except UnicodeError:
            return [(Refusal("bad_characters", None, "a ce- header is no UTF-8"), body)]
        return [(decode_binary(attributes, body, now=now, currency=currency), body)]
    if body.lstrip(b" \t\n\r").startswith(b"["):
        return _batch(body, now, currency)
    return [(decode_structured(body, now=now, currency=currency), body)]


def attributes_of(headers: Mapping[str, str]) -> dict[str, str]:
    """The attributes in the headers of a request, which percent-encode them; ones that are sent
    as they are must be UTF-8. `headers` are as HTTP libraries have them, a character a byte.

    Raises UnicodeError for what is no text: replacing it would make two deliveries one.
    """
    return {
        name.removeprefix(HTTP_PREFIX): unquote_to_bytes(value.encode("latin-1")).decode("utf-8")
        for name, value in headers.items()
        if name.startswith(HTTP_PREFIX)
    }


def _batch(body: bytes, now: datetime, currency: str) -> list[tuple[Event | Refusal, bytes]]:
    events = elements(body)
    if isinstance(events, Refusal):
        return [(events, body)]
    if len(events) > MOST_EVENTS:
        raise TooLarge(f"the batch has {len(events)} events, at most {MOST_EVENTS} fit")
    return [(decode_structured(raw, now=now, currency=currency), raw) for raw in events]


def elements(body: bytes) -> list[bytes] | Refusal:
    """The bytes of each element of a JSON array; elements that are no events stay apart."""
    wrong = Refusal("not_json", None, "the batch is no JSON array")
    try:
        return [bytes(raw) for raw in _raws.decode(body)]
    except RecursionError:
        wrong = Refusal("too_deep", None, "the JSON is nested too deeply to read")
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass  # something in it msgspec will not have: that is for its element to answer
    found = _cut(body)
    return wrong if found is None else found


def _cut(body: bytes) -> list[bytes] | None:
    """Cut what looks like a JSON array at its own commas, whatever stands between them; None
    where it does not begin and end like one, or holds more than events would. Raises `TooLarge`
    over 1,000 elements."""
    text = body.strip(_SPACE)
    if not text.startswith(b"["):
        return None
    found: list[bytes] = []
    depth = begin = 0
    for token in islice(_TOKENS.finditer(text), MOST_TOKENS):
        match token[0]:
            case b"[" | b"{":
                depth += 1
                begin = begin or token.end()
            case b"]" | b"}":
                depth -= 1
            case b",":
                if depth == 1:
                    found.append(text[begin : token.start()].strip(_SPACE))
                    begin = token.end()
        if len(found) > MOST_EVENTS:
            raise TooLarge(f"the batch has more than {MOST_EVENTS} events")
        if depth == 0:
            last = text[begin : token.start()].strip(_SPACE)
            whole = token[0] == b"]" and token.end() == len(text)
            return ([*found, last] if found or last else []) if whole else None
    return None
