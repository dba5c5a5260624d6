"""Amazon Connect: contact records, by way of Amazon Data Firehose, become call legs. Pure.

Firehose posts batches of records and shows the access key that its stream was given. A record is
the whole of a contact; it is sent again whenever something in it changes, and the latest stands. A
transferred call is a chain of contacts, one for each agent, under the first one's id.
"""

import base64
import binascii
import hmac
import zlib
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from app.events.refusals import Invalid
from app.feeds.amazonconnect_contact import Contact, leg_of
from app.feeds.delivery import recorded
from app.feeds.feed import CloudEvent, Feed, Hook, Ignored, parse
from app.settings import Settings

GZIP = b"\x1f\x8b"
# What a compressed batch may come to.
MOST_BATCH = 16 << 20
MOST_RECORDS = 5_000


class _Record(Struct):
    data: str


class _Batch(Struct):
    records: list[_Record] | UnsetType = UNSET


class _Notice(Struct):
    """An event of EventBridge, which is no contact record."""

    detail_type: str | UnsetType = msgspec.field(default=UNSET, name="detail-type")


_batch = msgspec.json.Decoder(_Batch)
_notice = msgspec.json.Decoder(_Notice)
_contact = msgspec.json.Decoder(Contact)


def genuine(secret: str, hook: Hook, _now: datetime) -> bool:
    """Whether the header holds the stream's access key; compared in constant time."""
    given = hook.headers.get("x-amz-firehose-access-key", "")
    return hmac.compare_digest(given.encode(errors="replace"), secret.encode())


def parts(hook: Hook) -> list[bytes]:
    """The contact records of a batch; a body that is no batch is one. Raises `Invalid`."""
    body = hook.body
    # No JSON begins so; a dead letter has no header left that would say it.
    if body.startswith(GZIP):
        body = _unzipped(body)
    records = parse(_batch, body).records
    if records and len(records) > MOST_RECORDS:
        raise Invalid("too_large", "records", f"{len(records)} records, at most {MOST_RECORDS} fit")
    return [_decoded(record.data) for record in records] if records else [body]


def translate(hook: Hook, _settings: Settings) -> list[CloudEvent] | Ignored:
    """The leg of one contact record; raises `Invalid` for one that cannot be read."""
    notice = parse(_notice, hook.body).detail_type
    if notice is not UNSET:
        return Ignored("kind", notice)
    if parse(_batch, hook.body).records is not UNSET:
        return Ignored("kind", "an empty batch")
    contact = parse(_contact, hook.body)
    leg = leg_of(contact)
    if isinstance(leg, Ignored):
        return leg
    time = contact.last_update_timestamp or contact.disconnect_timestamp
    return [recorded("amazonconnect", "call.ended", leg, time=time)]


def receipt(hook: Hook, now: datetime) -> dict[str, Any]:
    """What Firehose needs to read to take a batch for delivered."""
    request = hook.headers.get("x-amz-firehose-request-id")
    if request is None:
        return {}
    return {"requestId": request, "timestamp": int(now.timestamp() * 1000)}


def _unzipped(body: bytes) -> bytes:
    reader = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        plain = reader.decompress(body, MOST_BATCH)
    except zlib.error as error:
        raise Invalid("not_json", None, f"the body is no gzip: {error}") from error
    if reader.unconsumed_tail or not reader.eof:
        raise Invalid("too_large", None, f"unzipped, the body is cut or over {MOST_BATCH} bytes")
    return plain


def _decoded(data: str) -> bytes:
    """A record's bytes; what is no base64 is kept as it is, to be refused by itself."""
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return data.encode(errors="replace")


FEED = Feed("amazonconnect", "amazonconnect_key", genuine, translate, parts=parts, receipt=receipt)
