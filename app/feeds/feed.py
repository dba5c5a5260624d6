"""What a feed is: a vendor's webhook turned into events of the wire contract. Pure.

Whatever an adapter makes goes through the contract's own decoder, so a vendor can send nothing
past its bounds: there are events, a named reason to ignore the payload, or a refusal.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from app.events.decode import decode_structured
from app.events.refusals import Invalid, Refusal, shown
from app.events.types import Event

Headers = Mapping[str, str]  # names in lower case
CloudEvent = dict[str, Any]
T = TypeVar("T")

# Why a genuine payload makes no event: a closed list, counted by name.
REASONS = {
    "kind": "this kind of payload says nothing that is measured here",
    "not_final": "the call is not over; its end will be told",
    "no_rep": "no rep is named, so it is nobody's",
    "partial": "it tells a change only; the whole record comes with another payload",
    "no_goods": "money alone went back, no goods",
}


class Ignored(Struct, frozen=True):
    """A genuine payload that means nothing here; `reason` is one of `REASONS`."""

    reason: str
    kind: str


class Feed(Struct, frozen=True):
    """One vendor: its name in the path, the setting that holds its secret, its two functions.

    `topic` is the header that says what the payload is, where the payload does not say it itself.
    """

    name: str
    setting: str
    genuine: Callable[[str, Headers, bytes], bool]
    translate: Callable[[Headers, bytes], list[CloudEvent] | Ignored]
    topic: str = ""


def read_hook(
    feed: Feed, headers: Headers, body: bytes, *, now: datetime, currency: str
) -> list[tuple[Event | Refusal, bytes]] | Ignored:
    """The events of a genuine payload, each with its own bytes as structured JSON.

    A payload that cannot be read is one refusal, with the payload as its bytes.
    """
    try:
        made = feed.translate(headers, body)
        if isinstance(made, Ignored):
            return made
        raws = [msgspec.json.encode(event) for event in made]
    except Invalid as error:
        code, field, detail = error.code, error.field, error.detail
    except (ArithmeticError, ValueError, OSError) as error:
        # Numbers and dates beyond what can be reckoned with; text that is no text.
        code, field, detail = "out_of_range", None, shown(str(error))
    else:
        return [(decode_structured(raw, now=now, currency=currency), raw) for raw in raws]
    kind = headers.get(feed.topic, "").replace("\0", "")[:200] or None
    return [(Refusal(code, field, detail, source=feed.name, type=kind), body)]


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


def instant(epoch: float | None, field: str) -> str | None:
    """Epoch seconds as RFC 3339; raises `Invalid` for what is no moment."""
    if epoch is None:
        return None
    try:
        return datetime.fromtimestamp(epoch, UTC).isoformat()
    except (ValueError, OverflowError, OSError) as error:
        raise Invalid("timestamp_out_of_range", field, f"{shown(epoch)} is no moment") from error
