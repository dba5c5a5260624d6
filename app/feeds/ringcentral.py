"""RingCentral: live telephony sessions and call-log records become call legs. Pure.

Both tell the same call under one `telephonySessionId`. A live event tells a party's state at one
moment, so it says when a part ended, not when it began or was answered; the call log says it
whole, and what it says stands, whichever comes first.
"""

import hmac
from datetime import datetime

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from app.events.refusals import Invalid
from app.feeds.delivery import recorded
from app.feeds.feed import MOST_MEMBERS, Answer, CloudEvent, Feed, Hook, Ignored, parse
from app.feeds.ringcentral_log import Record, parts_of_record
from app.feeds.ringcentral_session import Session, parts_of_session
from app.settings import Settings

SESSIONS = "/telephony/sessions"


class _Payload(Struct):
    event: str | UnsetType = UNSET
    body: Raw | UnsetType = UNSET
    records: list[Raw] | UnsetType = UNSET


_payload = msgspec.json.Decoder(_Payload)
_session = msgspec.json.Decoder(Session)
_record = msgspec.json.Decoder(Record)


def question(_secret: str, hook: Hook, _now: datetime) -> Answer | None:
    """A new subscription is confirmed by saying its token again; it comes without a payload."""
    token = hook.headers.get("validation-token", "")
    if token == "" or hook.body.strip() not in (b"", b"{}"):
        return None
    return Answer({}, {"Validation-Token": token[:256]})


def genuine(secret: str, hook: Hook, _now: datetime) -> bool:
    """Whether the header holds the subscription's token; compared in constant time."""
    given = hook.headers.get("verification-token", "")
    return hmac.compare_digest(given.encode(errors="replace"), secret.encode())


def parts(hook: Hook) -> list[bytes]:
    """The records of a page of the call log, else the payload itself."""
    records = parse(_payload, hook.body).records
    if records and len(records) > MOST_MEMBERS:
        raise Invalid("too_large", "records", f"{len(records)} records, at most {MOST_MEMBERS} fit")
    return [bytes(record) for record in records] if records else [hook.body]


def translate(hook: Hook, _settings: Settings) -> list[CloudEvent] | Ignored:
    """The legs of one payload; raises `Invalid` for one that cannot be read."""
    payload = parse(_payload, hook.body)
    if payload.records is not UNSET:
        return Ignored("kind", "an empty page")
    if payload.event is UNSET:
        record = parse(_record, hook.body)
        made, time = parts_of_record(record), record.changed_at
    elif not payload.event.partition("?")[0].endswith(SESSIONS):
        return Ignored("kind", payload.event)
    elif payload.body is UNSET:
        raise Invalid("missing", "body", "body is required")
    else:
        session = parse(_session, payload.body)
        made, time = parts_of_session(session), session.event_time
    if isinstance(made, Ignored):
        return made
    return [recorded("ringcentral", "call.ended", leg, time=time) for leg in made]


FEED = Feed("ringcentral", "ringcentral_token", genuine, translate, parts=parts, question=question)
