"""Asterisk and FreePBX: a call detail record becomes the leg of the extension in it. Pure.

Records come as AMI's `Cdr` events in text, or as JSON by AMI's names or the columns of the `cdr`
table. Times are the switch's own, without a zone: a setting says which. Hold is not recorded.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from app.events.refusals import Invalid, shown
from app.feeds.delivery import recorded
from app.feeds.feed import MOST_MEMBERS, CloudEvent, Feed, Hook, Ignored, bearer, members, parse
from app.settings import Settings

# The columns of the table and of cdr_csv, by the names that AMI has for the same.
_NAMES = {
    "src": "source",
    "dst": "destination",
    "dstchannel": "destinationchannel",
    "lastapp": "lastapplication",
    "start": "starttime",
    "calldate": "starttime",
    "billsec": "billableseconds",
}
_OUTCOMES = {
    "ANSWERED": "connected",
    "NO ANSWER": "no_answer",
    "NOANSWER": "no_answer",
    "BUSY": "busy",
    "FAILED": "failed",
    "CONGESTION": "failed",
}
# PJSIP/201-0000002a, SIP/201-0000002a, Local/201@from-queue-0000002a;1
_CHANNEL = re.compile(r"([A-Za-z0-9]+)/([^@]+?)(?:@.*)?-[0-9a-f]+(?:;[12])?")
# When the first channel of the call was made, in epoch seconds: 1763459940.12, pbx-1763459940.12
_UNIQUE = re.compile(r"(?:.*-)?([0-9]{9,10})\.[0-9]+")
_AMI = re.compile(rb"\s*[A-Za-z]+:")

_record = msgspec.json.Decoder(dict[str, str | int | float | bool | None])


def records(hook: Hook) -> list[bytes]:
    """The records of a body: of a JSON list, or of text the blocks parted by empty lines."""
    start = hook.body.lstrip()[:1]
    if start in (b"[", b"{"):
        return members(hook)
    blocks = re.split(rb"(?:\r?\n){2,}", hook.body.strip())
    if len(blocks) > MOST_MEMBERS:
        raise Invalid("too_large", None, f"{len(blocks)} records, at most {MOST_MEMBERS} fit")
    return blocks if len(blocks) > 1 else [hook.body]


def translate(hook: Hook, settings: Settings) -> list[CloudEvent] | Ignored:
    """The leg of one record; raises `Invalid` for one that cannot be read."""
    record = _Record(_read(hook.body))
    kind = record.text("event")
    if kind not in ("", "Cdr"):
        return Ignored("kind", kind)
    parties = _parties(record, settings)
    if parties is None:
        return Ignored("no_rep", "Cdr")
    leg = _leg(record, parties, settings)
    return [recorded("asterisk", "call.ended", leg, time=leg["ended_at"])]


class _Record:
    """The fields of one record, by AMI's names in lower case."""

    def __init__(self, fields: dict[str, Any]) -> None:
        named: dict[str, Any] = {}
        for name, value in fields.items():
            plain = name.lower().replace("_", "")
            named[_NAMES.get(plain, plain)] = value
        self._fields = named

    def text(self, name: str) -> str:
        """The field as text; empty where there is none."""
        value = self._fields.get(name)
        return "" if value is None else str(value).strip()

    def needed(self, name: str, spelt: str) -> str:
        """The field as text; raises `Invalid` where there is none."""
        found = self.text(name)
        if not found:
            raise Invalid("missing", spelt, f"{spelt} is required")
        return found

    def seconds(self, name: str, spelt: str) -> int:
        """The field as whole seconds."""
        found = self.needed(name, spelt)
        if not re.fullmatch(r"[0-9]{1,9}", found):
            raise Invalid("out_of_range", spelt, f"{spelt} is {shown(found)}, seconds are needed")
        return int(found)


def _read(body: bytes) -> dict[str, Any]:
    if not _AMI.match(body):
        return parse(_record, body)
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise Invalid("not_json", None, f"no UTF-8 at byte {error.start}") from error
    found: dict[str, Any] = {}
    for line in text.replace("\r\n", "\n").split("\n"):
        name, colon, value = line.partition(":")
        if colon and name.strip() == "Event" and "Event" in found:
            raise Invalid("inconsistent", "Event", "an empty line is needed between two events")
        if colon:
            found[name.strip()] = value
    if "Event" not in found:
        raise Invalid("missing", "Event", "Event is required: an AMI event begins with it")
    return found


def _channel(text: str, pattern: str) -> tuple[bool, str | None]:
    """Whether a channel is only passed on (Local), and the extension it is of, if a rep's."""
    match = _CHANNEL.fullmatch(text)
    if match is None:
        return False, None
    return match[1] == "Local", match[2] if re.fullmatch(pattern, match[2]) else None


def _parties(record: _Record, settings: Settings) -> tuple[str, str, str] | None:
    """Rep, direction and the other's number; None for a record without an extension."""
    pattern = settings.asterisk_extensions
    passed_on, caller = _channel(record.text("channel"), pattern)
    onwards = record.text("destinationchannel")
    _, called = _channel(onwards, pattern)
    source, dialled = record.text("source"), record.text("destination")
    if caller and not passed_on:
        # What reached no other channel was a service of the switch, or nobody's extension.
        short = dialled.startswith("*") or re.fullmatch(pattern, dialled)
        if called or (short and not onwards):
            return caller, "internal", ""
        return caller, "outbound", dialled.removeprefix(settings.asterisk_prefix)
    if called:
        # From a queue, a ring group or a follow-me it may be a colleague who calls.
        if passed_on and re.fullmatch(pattern, source):
            return called, "internal", ""
        return called, "inbound", source
    return None


def _leg(record: _Record, parties: tuple[str, str, str], settings: Settings) -> dict[str, Any]:
    rep, direction, number = parties
    unique = record.needed("uniqueid", "UniqueID")
    spoken = record.needed("disposition", "Disposition").upper()
    if spoken not in _OUTCOMES:
        known = ", ".join(_OUTCOMES)
        raise Invalid(
            "unknown_value", "Disposition", f"Disposition is {shown(spoken)}, one of {known} is"
        )
    whole = record.seconds("duration", "Duration")
    talk = record.seconds("billableseconds", "BillableSeconds")
    outcome = _outcome(_OUTCOMES[spoken], direction, record.text("lastapplication"))
    started = _instant(record.needed("starttime", "StartTime"), unique, settings)
    ended = started + timedelta(seconds=whole)
    connected = outcome == "connected"
    return {
        "call_id": f"asterisk:{record.text('linkedid') or unique}",
        "rep_id": f"asterisk:{rep}",
        "direction": direction,
        "customer": {"phone": number} if number else None,
        "started_at": started.isoformat(),
        # Lengths are exact where clocks change; the local times within the record are not.
        "answered_at": (ended - timedelta(seconds=talk)).isoformat() if connected else None,
        "ended_at": ended.isoformat(),
        "ring_seconds": max(0, whole - talk) if connected else whole,
        "talk_seconds": talk if connected else 0,
        "hold_seconds": None,
        "outcome": outcome,
        "revision": connected * 100_000 + min(talk, 99_999),
    }


def _outcome(outcome: str, direction: str, application: str) -> str:
    if outcome == "connected" and application.lower() == "voicemail":
        return "voicemail"
    return "missed" if outcome != "connected" and direction == "inbound" else outcome


def _instant(text: str, unique: str, settings: Settings) -> datetime:
    """The switch's local time as an instant.

    An hour that happens twice is the one nearer to the epoch second in the unique id, else the
    first; one that the clocks leave out is read by the offset before.
    """
    try:
        local = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid("bad_timestamp", "StartTime", f"{shown(text)} is no moment") from error
    if local.tzinfo is not None:
        return local.astimezone(UTC)
    zone = ZoneInfo(settings.asterisk_zone or settings.default_zone)
    first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    made = _UNIQUE.fullmatch(unique)
    if first >= second or made is None:
        return first
    epoch = int(made[1])
    return min((first, second), key=lambda moment: abs(moment.timestamp() - epoch))


FEED = Feed("asterisk", "asterisk_secret", bearer, translate, parts=records)
