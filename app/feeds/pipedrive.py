"""Pipedrive: deals become quotes and orders, persons customers, done calls conversations. Pure.

Webhooks of version 2 and 1 carry the whole record as it is now, and what it was: in version 2 only
what changed. A deletion carries no record. The moment of a change is its revision, in microseconds.
"""

import base64
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from app.events.refusals import Invalid, shown
from app.feeds.delivery import recorded, voided
from app.feeds.feed import CloudEvent, Feed, Hook, Ignored, moment, parse
from app.feeds.pipedrive_records import ENTITIES, Gone, Told
from app.settings import Settings

_GONE = ("delete", "deleted")
# Version 2 tells milliseconds: a deletion comes after all that happened within its own.
_AFTER = 999
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Meta(Struct):
    """What a webhook says of itself; ids are text in version 2 and numbers in version 1."""

    action: str
    entity: str | None = None  # version 2
    entity_id: int | str | None = None
    object: str | None = None  # version 1
    id: int | str | None = None  # of the delivery in version 2, of the record in version 1
    timestamp: int | str | None = None
    timestamp_micro: int | None = None


class _Hook(Struct):
    meta: _Meta
    data: msgspec.Raw = msgspec.Raw(b"null")
    current: msgspec.Raw = msgspec.Raw(b"null")
    previous: dict[str, Any] | None = None


_hook = msgspec.json.Decoder(_Hook)


def genuine(secret: str, hook: Hook, _now: datetime) -> bool:
    """Whether HTTP Basic names the user and password; compared in constant time."""
    scheme, _, given = hook.headers.get("authorization", "").partition(" ")
    mine = base64.b64encode(secret.encode())
    same = hmac.compare_digest(given.strip().encode(errors="replace"), mine)
    return same and scheme.lower() == "basic"


def translate(given: Hook, settings: Settings) -> list[CloudEvent] | Ignored:
    """The records of one webhook; raises `Invalid` for one that cannot be read."""
    hook = parse(_hook, given.body)
    meta = hook.meta
    name = meta.entity or meta.object
    if not name:
        raise Invalid("missing", "meta.entity", "meta.entity is required")
    kind = f"{meta.action}.{name}"
    entity = ENTITIES.get(name)
    if entity is None:
        return Ignored("kind", kind)
    micros = _micros(meta)
    told = hook.data if meta.entity else hook.current
    if meta.action in _GONE or bytes(told) == b"null":
        record = meta.entity_id if meta.entity else meta.id
        if record in (None, ""):
            raise Invalid("missing", "meta.entity_id", "meta.entity_id is required")
        key = f"pipedrive:{entity.prefix}{record}"
        return [
            _voided(Gone(gone, key, "deleted"), micros + _AFTER) for gone in entity.kinds(settings)
        ]
    found = entity.read(told, Told(_moment(micros), hook.previous or {}), settings)
    if isinstance(found, str):
        return Ignored(found, kind)
    return [
        _voided(one, micros) if isinstance(one, Gone) else _recorded(*one, micros) for one in found
    ]


def _micros(meta: _Meta) -> int:
    """Microseconds since 1970 of the change."""
    if meta.timestamp_micro is not None:
        return meta.timestamp_micro
    if isinstance(meta.timestamp, int):
        return meta.timestamp * 1_000_000
    if not meta.timestamp:
        raise Invalid("missing", "meta.timestamp", "meta.timestamp is required")
    return (moment(meta.timestamp, "meta.timestamp") - _EPOCH) // timedelta(microseconds=1)


def _moment(micros: int) -> datetime:
    if not 0 <= micros < 2**53:
        raise Invalid("timestamp_out_of_range", "meta.timestamp", f"{shown(micros)} is no moment")
    return _EPOCH + timedelta(microseconds=micros)


def _recorded(kind: str, data: dict[str, Any], micros: int) -> CloudEvent:
    time = _moment(micros).isoformat()
    return recorded("pipedrive", kind, {**data, "revision": micros}, time=time)


def _voided(gone: Gone, micros: int) -> CloudEvent:
    time = _moment(micros).isoformat()
    return voided("pipedrive", gone.kind, gone.key, micros, gone.reason, time=time)


FEED = Feed("pipedrive", "pipedrive_secret", genuine, translate)
