"""Dialpad: call events become call legs. Pure.

The body is a JWT whose HS256 signature is the key; without a secret Dialpad sends the same event
as plain JSON. One call rings many: each has an event of its own, under the call that they entered
by. Durations are milliseconds with fractions, ids may be over 2^53.
"""

import re
from datetime import datetime
from typing import Any

import msgspec
from jwt.api_jws import PyJWS
from jwt.exceptions import PyJWTError
from msgspec import Struct

from app.events.refusals import Invalid, shown
from app.feeds.delivery import recorded
from app.feeds.feed import CloudEvent, Feed, Hook, Ignored, instant, parse
from app.settings import Settings

FINAL = ("hangup", "missed", "voicemail", "voicemail_uploaded")
RUNNING = ("preanswer", "calling", "ringing", "queued", "parked", "connected", "hold", "merged",
           "takeover", "barge", "monitor", "eavesdrop", "callback", "transferred",
           "queue_full")  # fmt: skip
# Which word on a rep's part stands: a voicemail over an answer (it is what answered) over none.
VOICEMAIL, ANSWERED, UNANSWERED = 2, 1, 0


class _Target(Struct):
    """Whose line the event is about: a `user`, or a group whose members have their own events."""

    type: str | None = None
    id: int | str | None = None


class _Call(Struct):
    state: str
    call_id: int | str
    direction: str
    entry_point_call_id: int | str | None = None
    master_call_id: int | str | None = None
    target: _Target | None = None
    external_number: int | str | None = None
    is_internal: bool | str | None = False
    date_started: float | str | None = None
    date_connected: float | str | None = None
    date_ended: float | str | None = None
    event_timestamp: float | str | None = None
    duration: float | str | None = None
    hold_time: float | str | None = None
    voicemail_link: str | None = None
    voicemail_recording_id: int | str | None = None


_jws = PyJWS(algorithms=["HS256"])
_call = msgspec.json.Decoder(_Call)


def genuine(secret: str, hook: Hook, _now: datetime) -> bool:
    """Whether the JWT is signed with the secret; by HS256, whatever its header would like."""
    # HMAC pads a short key with zeros itself; the library would warn of it with every event.
    key = secret.encode().ljust(32, b"\0")
    try:
        _jws.decode(hook.body, key, algorithms=["HS256"])
    except (PyJWTError, ValueError, RecursionError):
        return False
    return True


def translate(hook: Hook, _settings: Settings) -> list[CloudEvent] | Ignored:
    """The leg of a call that ended; raises `Invalid` for one that cannot be read."""
    call = parse(_call, _payload(hook.body))
    if call.state not in FINAL:
        return Ignored("not_final" if call.state in RUNNING else "kind", call.state)
    target = call.target
    if target is None or target.type != "user" or target.id in (None, ""):
        return Ignored("no_rep", call.state)
    whole = call.entry_point_call_id or call.master_call_id or call.call_id
    told_at = _instant(call.event_timestamp, "event_timestamp")
    ended = _instant(call.date_ended, "date_ended") or told_at
    leg = {
        "call_id": f"dialpad:{whole}",
        "rep_id": f"dialpad:{target.id}",
        "direction": "internal" if _true(call.is_internal) else call.direction,
        "customer": _customer(call),
        "started_at": _instant(call.date_started, "date_started"),
        "ended_at": ended,
        **_told(call),
    }
    return [recorded("dialpad", "call.ended", leg, time=told_at or ended)]


def _told(call: _Call) -> dict[str, Any]:
    """What became of the part, and its times as far as they are told."""
    left = call.state.startswith("voicemail") or bool(
        call.voicemail_link or call.voicemail_recording_id
    )
    answered = None if left else _instant(call.date_connected, "date_connected")
    hold = _seconds(call.hold_time, "hold_time")
    if answered is not None:
        # The duration is that of the connection, with its hold.
        connected = _seconds(call.duration, "duration")
        talk = None if connected is None else max(0, connected - (hold or 0))
        return {"answered_at": answered, "talk_seconds": talk, "hold_seconds": hold,
                "outcome": "connected", "revision": ANSWERED}  # fmt: skip
    out = call.direction == "outbound"
    outcome = "voicemail" if left else "no_answer" if out else "missed"
    return {"talk_seconds": 0, "hold_seconds": None, "outcome": outcome,
            "answered_by": "machine" if left and out else None,
            "revision": VOICEMAIL if left else UNANSWERED}  # fmt: skip


def _customer(call: _Call) -> dict[str, str] | None:
    number = call.external_number
    if number in (None, "") or _true(call.is_internal):
        return None
    return {"phone": f"{number}"}


def _payload(body: bytes) -> bytes:
    """The event in a JWT, or the body where it is plain; the signature is not looked at here."""
    # So begins every JWT, and no JSON.
    if not body.startswith(b"ey"):
        return body
    try:
        payload = _jws.decode_complete(body, options={"verify_signature": False})["payload"]
    except (PyJWTError, ValueError, RecursionError) as error:
        raise Invalid("not_json", None, f"neither a JWT nor JSON: {shown(str(error))}") from error
    return bytes(payload)


def _true(value: bool | str | None) -> bool:
    """A flag, which some relays write as text."""
    return value is True or (isinstance(value, str) and value.lower() == "true")


def _number(value: float | str | None, field: str) -> float | None:
    """A number that may have come as text; raises `Invalid`."""
    if isinstance(value, str):
        if value == "":
            return None
        if not re.fullmatch(r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?", value):
            raise Invalid("bad_number", field, f"{shown(value)} is no number")
        return float(value)
    return value


def _instant(value: float | str | None, field: str) -> str | None:
    """Epoch milliseconds as RFC 3339; 0 stands for never."""
    milliseconds = _number(value, field)
    return instant(milliseconds / 1000, field) if milliseconds else None


def _seconds(value: float | str | None, field: str) -> int | None:
    """Milliseconds as whole seconds."""
    milliseconds = _number(value, field)
    return None if milliseconds is None else int(milliseconds // 1000)


FEED = Feed("dialpad", "dialpad_secret", genuine, translate)
