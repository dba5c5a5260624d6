"""Twilio: the status callbacks of a call's legs become call legs. Pure.

A parent leg and its children are one call. What a rep did is told best by the leg between Twilio
and the other side of it: the rep's own leg into Twilio is answered by Twilio at once, so of that
nothing but its being dialed is taken, until the customer's leg says more.
"""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_tz
from typing import Any, NamedTuple
from urllib.parse import unquote

from app.events.refusals import Invalid, shown
from app.feeds.delivery import recorded
from app.feeds.feed import CloudEvent, Feed, Hook, Ignored
from app.feeds.twilio_signature import BODY_HASH, form, genuine, query
from app.settings import Settings

FINAL = {
    "completed": "connected", "busy": "busy", "no-answer": "no_answer", "failed": "failed",
    "canceled": "canceled",
}  # fmt: skip
RUNNING = ("queued", "initiated", "ringing", "in-progress")
# What names these is no leg's status: recordings, conferences, machine detection, messages.
OTHERS = ("RecordingSid", "ConferenceSid", "TranscriptionSid", "MachineDetectionDuration",
          "MessageSid")  # fmt: skip
# Carriers spell a withheld number on the keypad, and so it looks like one.
WITHHELD = {"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"}
# Parameters of the callback's address: who the rep is where From and To do not say, and whether
# the customer called where a leg to a plain number could be either's.
REP, DIRECTION = "rep", "direction"
ZONE = re.compile(r" (?:[+-][0-9]{4}|UTC|GMT|Etc/UTC)$")
# Which word on a rep's part stands: the answered leg, one that was not, the rep's own into Twilio.
ANSWERED, UNANSWERED, OWN = 2, 1, 0


class _Part(NamedTuple):
    """A rep's part in a leg; `own` is the rep's leg into Twilio, of which only the start counts."""

    rep: str
    direction: str
    other: str
    own: bool


def translate(hook: Hook, _settings: Settings) -> list[CloudEvent] | Ignored:
    """The leg of a callback; raises `Invalid` for one that cannot be read."""
    if BODY_HASH in query(hook):
        return Ignored("kind", "json")
    fields = dict(form(hook.body))
    call = fields.get("ParentCallSid") or _needed(fields, "CallSid")
    status = fields.get("CallStatus", "")
    if status == "" and any(name in fields for name in OTHERS):
        return Ignored("kind", "no status of a call")
    if status in RUNNING:
        return Ignored("not_final", status)
    if status not in FINAL:
        code = "unknown_value" if status else "missing"
        raise Invalid(code, "CallStatus", f"CallStatus is {shown(status)}, e.g. completed is known")
    part = _part(fields, query(hook))
    if isinstance(part, Ignored):
        return part
    ended = _moment(_needed(fields, "Timestamp"))
    leg = {
        "call_id": f"twilio:{call}",
        "rep_id": f"twilio:{part.rep}",
        "direction": part.direction,
        "customer": _customer(part),
        "ended_at": ended.isoformat(),
        "hold_seconds": None,
        **_told(fields, part, ended),
    }
    return [recorded("twilio", "call.ended", leg, time=ended.isoformat())]


def _part(fields: dict[str, str], address: dict[str, str]) -> _Part | Ignored:
    """Whose part it is, and who was on the other side."""
    named, direction = address.get(REP, ""), _direction(fields, address)
    status = fields["CallStatus"]
    child = bool(fields.get("ParentCallSid"))
    from_, to = fields.get("From", ""), fields.get("To", "")
    caller, called = _identity(from_), _identity(to)
    if caller and called:
        return _Part(named or (called if child else caller), "internal", "", own=False)
    if called:
        # Rung by our own application, the caller is a number of ours: the other leg has the
        # customer's.
        if not child and direction == "outbound":
            return Ignored("partial", status)
        return _Part(named or called, "inbound", from_, own=False)
    if caller:
        if not child and _number(to) is None:
            return Ignored("partial", status)
        return _Part(named or caller, "outbound", to, own=not child)
    if not named:
        return Ignored("no_rep", status)
    return _Part(named, direction, from_ if direction == "inbound" else to, own=False)


def _direction(fields: dict[str, str], address: dict[str, str]) -> str:
    """Which way the leg goes: as the address has it, else as seen from Twilio."""
    told = address.get(DIRECTION)
    if told is None:
        return "inbound" if fields.get("Direction", "") == "inbound" else "outbound"
    if told not in ("inbound", "outbound"):
        detail = f"{shown(told)} in the address is neither inbound nor outbound"
        raise Invalid("unknown_value", DIRECTION, detail)
    return told


def _told(fields: dict[str, str], part: _Part, ended: datetime) -> dict[str, Any]:
    """The times and the outcome, as far as this leg knows them."""
    outcome = FINAL[fields["CallStatus"]]
    if outcome != "connected":
        if part.direction == "inbound" and outcome == "no_answer":
            outcome = "missed"
        return {"started_at": ended.isoformat(), "talk_seconds": 0, "outcome": outcome,
                "revision": OWN if part.own else UNANSWERED}  # fmt: skip
    # The ringing is not told: the leg starts with its answer.
    seconds = _seconds(fields)
    started = (ended - timedelta(seconds=seconds)).isoformat()
    if part.own:
        return {"started_at": started, "talk_seconds": None, "outcome": outcome, "revision": OWN}
    machine = fields.get("AnsweredBy", "")
    answered_by = "human" if machine == "human" else None
    if machine.startswith(("machine", "fax")):
        outcome, answered_by = "voicemail", "machine"
    return {"started_at": started, "answered_at": started, "talk_seconds": seconds,
            "outcome": outcome, "answered_by": answered_by, "revision": ANSWERED}  # fmt: skip


def _identity(address: str) -> str | None:
    """Who is at `client:alice` or `sip:alice@…`; None for a number, or nobody in particular."""
    scheme, _, rest = address.partition(":")
    if scheme.lower() not in ("client", "sip", "sips"):
        return None
    if scheme.lower() == "client":
        who = rest
    else:
        # The user of a trunk is a number, and no desk phone of ours.
        user = unquote(rest.partition("@")[0])
        who = "" if re.fullmatch(r"\+?[0-9]+", user) else user
    return None if who.lower() in ("", "anonymous") else who


def _number(address: str) -> str | None:
    """The number at an address, as the carrier spells it; None where it is withheld or none."""
    scheme, colon, rest = address.strip().partition(":")
    plain = re.split(r"[@;]", rest)[0] if colon and scheme.lower() != "client" else address.strip()
    if not re.search(r"[0-9]", plain):
        return None
    # Some carriers leave the plus out; a national number starts with 0 or is shorter.
    if re.fullmatch(r"[1-9][0-9]{10,14}", plain):
        plain = f"+{plain}"
    return None if plain in WITHHELD else plain


def _customer(part: _Part) -> dict[str, str] | None:
    number = _number(part.other)
    return None if number is None else {"phone": number}


def _needed(fields: dict[str, str], name: str) -> str:
    value = fields.get(name, "")
    if value == "":
        raise Invalid("missing", name, f"{name} is required")
    return value


def _seconds(fields: dict[str, str]) -> int:
    """`CallDuration`; the `Duration` beside it is minutes that are billed."""
    text = _needed(fields, "CallDuration")
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise Invalid("bad_number", "CallDuration", f"{shown(text)} is no number of seconds")
    return int(text)


def _moment(text: str) -> datetime:
    """An RFC 2822 time; carriers write `Etc/UTC` for its zone, which that standard has not."""
    try:
        read = parsedate_tz(text)
        moment = None if read is None else datetime(*read[:6], tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        read = moment = None
    if read is None or moment is None:
        raise Invalid("bad_timestamp", "Timestamp", f"{shown(text)} is no RFC 2822 time")
    if not ZONE.search(text):
        raise Invalid("naive_timestamp", "Timestamp", f"{shown(text)} has no offset")
    return moment - timedelta(seconds=read[9] or 0)


FEED = Feed("twilio", "twilio_token", genuine, translate)
