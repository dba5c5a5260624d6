"""Aircall: `call.ended` becomes call legs. Pure.

The token in the body is the signature. The end of a call is told about 30 seconds after the
hang-up, in whole; a voicemail may follow and tells the same call anew. What is known of a call is
known for all of it: there is no hold, and no time between two agents.
"""

import hashlib
import hmac
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from app.feeds.feed import CloudEvent, Feed, Hook, Ignored, instant, parse
from app.settings import Settings

FINAL = ("call.ended", "call.voicemail_left")
# Told while the call runs: its end will say more.
RUNNING = (
    "call.created", "call.ringing_on_agent", "call.agent_declined", "call.answered",
    "call.transferred", "call.external_transferred", "call.unsuccessful_transfer", "call.hold",
    "call.unhold", "call.hungup",
)  # fmt: skip


class _User(Struct):
    id: int | str | None = None


class _Call(Struct):
    id: int | str
    direction: str
    started_at: float | None = None
    answered_at: float | None = None
    ended_at: float | None = None
    raw_digits: str | int | None = None
    voicemail: str | None = None
    user: _User | None = None
    assigned_to: _User | None = None
    transferred_by: _User | None = None


class _Hook(Struct):
    event: str
    data: msgspec.Raw
    timestamp: float | None = None


class _Signed(Struct):
    token: str


_signed = msgspec.json.Decoder(_Signed)
_hook = msgspec.json.Decoder(_Hook)
_call = msgspec.json.Decoder(_Call)


def genuine(secret: str, hook: Hook, _now: datetime) -> bool:
    """Whether the body holds the webhook's token; compared in constant time."""
    try:
        token = _signed.decode(hook.body).token
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return hmac.compare_digest(token.encode(errors="replace"), secret.encode())


def translate(given: Hook, _settings: Settings) -> list[CloudEvent] | Ignored:
    """The legs of a finished call; raises `Invalid` for one that cannot be read."""
    hook = parse(_hook, given.body)
    if hook.event not in FINAL:
        return Ignored("not_final" if hook.event in RUNNING else "kind", hook.event)
    call = parse(_call, hook.data)
    # A missed call is whose it was given to; nobody's if it rang a whole team.
    rep = _id(call.user) or _id(call.assigned_to)
    if rep is None:
        return Ignored("no_rep", hook.event)
    legs = [_leg(call, rep, whole=True)]
    # Who passed the call on had a part in it, but how long is not told: the time is with whom it
    # ended. Naming a transfer proves none: one that failed names the agent who still has the call.
    passed = _id(call.transferred_by)
    if passed is not None and passed != rep and call.answered_at is not None:
        legs.append(_leg(call, passed, whole=False))
    return [_event(hook, leg) for leg in legs]


def _id(user: _User | None) -> str | None:
    return None if user is None or user.id in (None, "") else f"aircall:{user.id}"


def _leg(call: _Call, rep: str, *, whole: bool) -> dict[str, Any]:
    """One rep's part; where it is not the `whole`, nothing is known of its times within."""
    answered = call.answered_at if whole else None
    talk: int | None = None
    if whole and call.answered_at is None:
        talk = 0
    elif whole and call.answered_at is not None and call.ended_at is not None:
        talk = max(0, int(call.ended_at) - int(call.answered_at))
    digits = call.raw_digits
    return {
        "call_id": f"aircall:{call.id}",
        "rep_id": rep,
        "direction": call.direction,
        "customer": None if digits in (None, "") else {"phone": str(digits)},
        "started_at": instant(call.started_at, "data.started_at"),
        "answered_at": instant(answered, "data.answered_at"),
        "ended_at": instant(call.ended_at, "data.ended_at"),
        "talk_seconds": talk,
        "hold_seconds": None,
        "outcome": _outcome(call),
    }


def _outcome(call: _Call) -> str:
    if call.answered_at is not None:
        return "connected"
    if call.direction != "inbound":
        return "no_answer"
    return "voicemail" if call.voicemail else "missed"


def _event(hook: _Hook, leg: dict[str, Any]) -> CloudEvent:
    """A delivery is named by what it says and when: the same again is a duplicate."""
    when = instant(hook.timestamp, "timestamp")
    said = hashlib.sha256(msgspec.json.encode(leg)).hexdigest()[:16]
    return {
        "specversion": "1.0",
        "id": f"{hook.event}:{leg['call_id']}:{leg['rep_id']}:{when}:{said}",
        "source": "aircall",
        "type": "ringside.call.ended.v1",
        "time": when,
        "partitionkey": leg["rep_id"],
        "data": leg,
    }


FEED = Feed("aircall", "aircall_token", genuine, translate)
