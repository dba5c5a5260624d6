"""What a feed is: a vendor's webhook turned into events of the wire contract. Pure.

Whatever an adapter makes goes through the contract's own decoder, so a vendor can send nothing
past its bounds: there are events, a named reason to ignore the payload, or a refusal.
"""

import hmac
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, structs

from app.events.decode import decode_structured
from app.events.refusals import Invalid, Refusal, shown
from app.events.types import Event
from app.settings import Settings

Headers = Mapping[str, str]  # names in lower case
CloudEvent = dict[str, Any]
T = TypeVar("T")

MOST_MEMBERS = 1_000

# Why a genuine payload makes no event: a closed list, counted by name.
REASONS = {
    "kind": "this kind of payload says nothing that is measured here",
    "not_final": "the call is not over; its end will be told",
    "no_rep": "no rep is named, so it is nobody's",
    "partial": "it tells a change only; the whole record comes with another payload",
    "no_goods": "money alone went back, no goods",
    "unmapped": "the mapping names no such table",
    "unread": "it says only that something changed, and no token is set to read that with",
    "no_talk": "no call in which somebody is known to have talked",
}


class Ignored(Struct, frozen=True):
    """A genuine payload that means nothing here; `reason` is one of `REASONS`."""

    reason: str
    kind: str


class ReadAgain(Struct, frozen=True):
    """A vendor says only that an object changed at `at`: it has to be asked for the object.

    `kind` is the vendor's name of the object's kind, `key` the object's id there.
    """

    source: str
    kind: str
    key: str
    at: datetime


Made = Sequence[CloudEvent | ReadAgain] | Ignored
Found = Event | Refusal | Ignored | ReadAgain


class Hook(Struct, frozen=True):
    """A payload as it came: by a request to `url` (the public one, with its query), or as the
    record of a topic that carries such payloads; then it has no `url`."""

    headers: Headers
    body: bytes
    url: str = ""
    method: str = "POST"


def record_hook(headers: Iterable[tuple[str, bytes | None]], value: bytes) -> Hook:
    """The hook that is a record of a topic: whoever may write there is trusted."""
    named = {name.lower(): (content or b"").decode(errors="replace") for name, content in headers}
    return Hook(named, value)


def is_tombstone(value: bytes | None) -> bool:
    """Whether a record of a topic says only that an earlier one may be forgotten."""
    return value is None or value.strip() == b"null"


class Answer(Struct, frozen=True):
    """What a vendor's question is answered with, in place of what became of its payload."""

    body: dict[str, Any]
    headers: dict[str, str] = {}


def _whole(hook: Hook) -> list[bytes]:
    return [hook.body]


def _no_question(_secret: str, _hook: Hook, _now: datetime) -> Answer | None:
    return None


def _no_receipt(_hook: Hook, _now: datetime) -> dict[str, Any]:
    return {}


def _ready(_settings: Settings) -> None:
    return


class Feed(Struct, frozen=True):
    """One vendor: its name in the path, the setting that holds its secret, and what it means.

    `genuine` says whether a hook is signed with a secret; `translate` makes events of one payload,
    a reason to ignore it, or raises `Invalid`. `topic` is the header that says what the payload
    is, where the payload does not say it itself. `reads` are the other headers that `translate`
    reads (names in lower case): it sees no others, and a dead letter keeps these and no others, so
    that it can be read again. A signature is not among them. `parts` are the payloads of a hook
    that carries several; `question` answers a vendor that asks who we are (called before the
    signature is looked at); `receipt` is what it wants to read in an answer.
    `ready` raises `BadConfiguration` where the feed cannot work with these settings.
    """

    name: str
    setting: str
    genuine: Callable[[str, Hook, datetime], bool]
    translate: Callable[[Hook, Settings], Made]
    topic: str = ""
    reads: tuple[str, ...] = ()
    parts: Callable[[Hook], list[bytes]] = _whole
    question: Callable[[str, Hook, datetime], Answer | None] = _no_question
    receipt: Callable[[Hook, datetime], dict[str, Any]] = _no_receipt
    ready: Callable[[Settings], None] = _ready


def bearer(secret: str, hook: Hook, _now: datetime) -> bool:
    """Whether `Authorization: Bearer` holds the secret, where a vendor signs nothing itself."""
    scheme, _, token = hook.headers.get("authorization", "").partition(" ")
    same = hmac.compare_digest(token.strip().encode(errors="replace"), secret.encode())
    return same and scheme.lower() == "bearer"


def members(hook: Hook) -> list[bytes]:
    """The payloads of a hook whose body is a JSON list of them, or is one itself."""
    if hook.body.lstrip()[:1] != b"[":
        return [hook.body]
    found = [bytes(one) for one in parse(_list, hook.body)]
    if len(found) > MOST_MEMBERS:
        raise Invalid("too_large", None, f"{len(found)} payloads, at most {MOST_MEMBERS} fit")
    return found or [hook.body]


def read_hook(
    feed: Feed, hook: Hook, *, now: datetime, settings: Settings
) -> list[tuple[Found, bytes]]:
    """What a genuine hook comes to: events, each with its own bytes as structured JSON.

    A payload of which anything is refused is one refusal, with the whole payload as its bytes;
    what is right in it is taken, and the payloads beside it are read all the same.
    """
    try:
        parts = feed.parts(hook)
    except Invalid as error:
        return [(_refusal(feed, hook, error), hook.body)]
    return _read_parts(feed, hook, parts, now, settings)


def read_letter(
    feed: Feed, hook: Hook, *, now: datetime, settings: Settings
) -> list[tuple[Found, bytes]]:
    """What a dead letter of the feed comes to: it holds one payload of a hook, or, where the hook
    could not be taken apart, all of it."""
    try:
        parts = feed.parts(hook)
    except Invalid:
        parts = [hook.body]
    return _read_parts(feed, hook, parts, now, settings)


def kept_headers(feed: Feed, headers: Headers) -> dict[str, str]:
    """The headers by which the feed's payloads are read."""
    names = ("content-type", feed.topic, *feed.reads)
    return {name: headers[name] for name in names if name in headers}


def _read_parts(
    feed: Feed, hook: Hook, parts: list[bytes], now: datetime, settings: Settings
) -> list[tuple[Found, bytes]]:
    headers = kept_headers(feed, hook.headers)
    found: list[tuple[Found, bytes]] = []
    for part in parts:
        found += _read(feed, structs.replace(hook, body=part, headers=headers), now, settings)
    return found


def _read(feed: Feed, hook: Hook, now: datetime, settings: Settings) -> list[tuple[Found, bytes]]:
    try:
        made = feed.translate(hook, settings)
        if isinstance(made, Ignored):
            return [(made, hook.body)]
        raws = [one if isinstance(one, ReadAgain) else msgspec.json.encode(one) for one in made]
    except Invalid as error:
        return [(_refusal(feed, hook, error), hook.body)]
    except (ArithmeticError, ValueError, OSError) as error:
        # Numbers and dates beyond what can be reckoned with; text that is no text.
        beyond = Invalid("out_of_range", None, shown(str(error)))
        return [(_refusal(feed, hook, beyond), hook.body)]
    read: list[tuple[Found, bytes]] = [
        (raw, hook.body)
        if isinstance(raw, ReadAgain)
        else (decode_structured(raw, now=now, currency=settings.currency), raw)
        for raw in raws
    ]
    refusals = [one for one, _ in read if isinstance(one, Refusal)]
    right = [(one, raw) for one, raw in read if not isinstance(one, Refusal)]
    return right + [(refusal, hook.body) for refusal in refusals[:1]]


def _refusal(feed: Feed, hook: Hook, error: Invalid) -> Refusal:
    kind = hook.headers.get(feed.topic, "").replace("\0", "")[:200] or None
    return Refusal(error.code, error.field, error.detail, source=feed.name, type=kind)


def parse(decoder: "msgspec.json.Decoder[T]", body: bytes | msgspec.Raw) -> T:
    """The payload as the adapter's struct; raises `Invalid` naming the first field that is not."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        words, _, path = str(error).partition(" - at ")
        field = path.strip("`$.") or None
        missing = re.search(r"missing required field `(\w+)`", words)
        if missing:
            name = ".".join(filter(None, (field, missing[1])))
            raise Invalid("missing", name, f"{name} is required") from error
        raise Invalid("wrong_type", field, words) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid("not_json", None, shown(str(error))) from error
    except RecursionError as error:
        raise Invalid("too_deep", None, "the JSON is nested too deeply to read") from error


_list = msgspec.json.Decoder(list[msgspec.Raw])


def moment(text: str, field: str) -> datetime:
    """An RFC 3339 text as an aware datetime, to reckon with; raises `Invalid`."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid("bad_timestamp", field, f"{shown(text)} is no moment") from error
    if read.tzinfo is None:
        raise Invalid("naive_timestamp", field, f"{shown(text)} has no offset")
    return read


def instant(epoch: float | None, field: str) -> str | None:
    """Epoch seconds as RFC 3339; raises `Invalid` for what is no moment."""
    if epoch is None:
        return None
    try:
        return datetime.fromtimestamp(epoch, UTC).isoformat()
    except (ValueError, OverflowError, OSError) as error:
        raise Invalid("timestamp_out_of_range", field, f"{shown(epoch)} is no moment") from error
