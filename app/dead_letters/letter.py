"""A dead letter: what could not be taken, byte for byte, with why and whence; and how it is read
again. Pure.

What is kept beside the bytes is what reading them needs, and no more: of a request its content
type and CloudEvents attributes, of a webhook its address and the headers that its adapter reads.
Keys, signatures and tokens are no part of it.
"""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote, quote_plus

import msgspec

from app.events.cloudevents import HTTP_PREFIX, STRUCTURED, from_http, from_kafka
from app.events.refusals import Refusal
from app.events.types import Event
from app.exact import encode
from app.feeds.feed import (
    Feed,
    Found,
    Hook,
    ReadAgain,
    is_tombstone,
    kept_headers,
    read_hook,
    read_letter,
    record_hook,
)
from app.feeds.registry import FEEDS, feed_topics
from app.producer import Record
from app.settings import Settings

State = Literal["waiting", "replayed", "discarded"]


class Envelope(msgspec.Struct, frozen=True):
    """A dead letter without its bytes.

    `topic` is `http` for what did not come over Kafka. `size` is that of the bytes; they are gone
    since `emptied_at`, if that is set.
    """

    id: int
    state: State
    source: str
    event_id: str | None
    type: str | None
    code: str
    field: str | None
    detail: str
    topic: str
    partition: int
    offset: int
    size: int
    received_at: datetime
    replayed_at: datetime | None
    discarded_at: datetime | None
    emptied_at: datetime | None


class DeadLetter(Envelope, frozen=True):
    """A dead letter whole: with the `payload`, and the `headers` that say how it is read."""

    headers: dict[str, Any]
    payload: bytes


def pack(
    key: bytes | None, headers: Sequence[tuple[str, bytes]], *, tombstone: bool = False
) -> str:
    """The JSON kept with a Kafka record, from which `unpack` makes the same record again.

    Values are base64 (they are bytes), names plain but for U+0000, which PostgreSQL cannot keep.
    """
    kept: dict[str, Any] = {
        "key": None if key is None else _text(key),
        "headers": [[name.replace("\0", "\\0"), _text(value or b"")] for name, value in headers],
    }
    if tombstone:
        kept["tombstone"] = True
    return encode(kept).decode()


def pack_request(headers: Mapping[str, str]) -> str:
    """The JSON kept with what came to `POST /v1/events`: what its events were read by."""
    kept = {
        name: value
        for name, value in headers.items()
        if name == "content-type" or name.startswith(HTTP_PREFIX)
    }
    return encode(kept).decode()


def pack_hook(feed: Feed, hook: Hook, secrets: Sequence[str]) -> str:
    """The JSON kept with a webhook's payload: what its adapter reads besides the bytes."""

    def plain(text: str) -> str:
        return masked(text.encode(), secrets).decode()

    headers = kept_headers(feed, hook.headers)
    kept = {
        "feed": feed.name,
        "method": hook.method,
        "url": plain(hook.url),
        "headers": {name: plain(value) for name, value in headers.items()},
    }
    return encode(kept).decode()


def masked(data: bytes, secrets: Iterable[str]) -> bytes:
    """The bytes with every secret in them blotted out, however it is escaped."""
    for secret in secrets:
        as_json = json.dumps(secret)[1:-1]
        forms = {secret, quote(secret, safe=""), quote_plus(secret), as_json}
        forms.add(as_json.replace("/", "\\/"))
        for form in sorted(forms, key=len, reverse=True):
            data = data.replace(form.encode(), b"***")
    return data


def over_kafka(letter: DeadLetter) -> bool:
    """Whether it came as a Kafka record."""
    return "key" in letter.headers


def unpack(letter: DeadLetter) -> Record:
    """The Kafka record a dead letter came as."""
    kept = letter.headers
    headers = tuple((str(name), base64.b64decode(value)) for name, value in kept["headers"])
    key = None if kept["key"] is None else base64.b64decode(kept["key"])
    return Record(letter.topic, key, None if kept.get("tombstone") else letter.payload, headers)


def _text(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).decode()


def read_again(
    letter: DeadLetter, settings: Settings, now: datetime
) -> list[Event | ReadAgain] | Refusal:
    """What it comes to by today's rules: its events, and objects to be read from the vendor;
    nothing where it means nothing; or a refusal of any part of it."""
    found: Sequence[Found]
    if "feed" in letter.headers:
        found = _from_hook(letter, settings, now)
    elif over_kafka(letter):
        found = _from_record(letter, settings, now)
    else:
        found = [_from_request(letter, settings, now)]
    refusals = [one for one in found if isinstance(one, Refusal)]
    return refusals[0] if refusals else [one for one in found if isinstance(one, Event | ReadAgain)]


def _from_record(letter: DeadLetter, settings: Settings, now: datetime) -> Sequence[Found]:
    record = unpack(letter)
    feed = feed_topics(settings).get(record.topic)
    if feed is None:
        return [from_kafka(record.headers, record.value, now=now, currency=settings.currency)]
    if record.value is None or is_tombstone(record.value):
        return []
    hook = record_hook(record.headers, record.value)
    return [one for one, _ in read_hook(feed, hook, now=now, settings=settings)]


def _from_request(letter: DeadLetter, settings: Settings, now: datetime) -> Event | Refusal:
    headers = {str(name).lower(): str(value) for name, value in letter.headers.items()}
    kind = headers.get("content-type", "")
    binary = any(name.startswith(HTTP_PREFIX) for name in headers)
    if not binary or kind.lower().startswith(STRUCTURED):
        kind = f"{STRUCTURED}+json"  # one element of a batch is structured by itself
    ((event, _),) = from_http(kind, headers, letter.payload, now=now, currency=settings.currency)
    return event


def _from_hook(letter: DeadLetter, settings: Settings, now: datetime) -> list[Found]:
    kept = letter.headers
    feed = FEEDS.get(kept["feed"])
    if feed is None:
        return [Refusal("unsupported_mode", None, f"there is no feed {kept['feed']!a} any more")]
    hook = Hook(kept["headers"], letter.payload, kept["url"], kept["method"])
    return [one for one, _ in read_letter(feed, hook, now=now, settings=settings)]
