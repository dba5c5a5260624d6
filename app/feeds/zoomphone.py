"""Zoom Phone: the end of a call, its call log and its call history become legs. Pure.

All of them tell of the same leg, `call_id` and user, and none is sure to come: each is taken, and
what knows more stands, whatever the order. An answered record beats one that is not, history beats
the older log, and both beat the bare end, which has no hold.
"""

import hmac
import re
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from app.events.refusals import Invalid
from app.feeds.delivery import recorded
from app.feeds.feed import Answer, CloudEvent, Feed, Hook, Ignored, instant, parse
from app.feeds.zoomphone_calls import Entry, Live, Log, leg_of_entry, leg_of_live, leg_of_log
from app.settings import Settings

_FINAL = re.compile(
    r"phone\.(caller|callee)_(ended|missed|rejected|call_(?:log|history|element)_completed)"
)
_RUNNING = re.compile(
    r"phone\.(?:(?:caller|callee)_(?:ringing|connected|answered|hold|unhold|mute|unmute)"
    r"|(?:blind|warm)_transfer_.*|transfer_.*|.*_meeting_inviting)"
)
# Told of a call beside its end, which is told by itself.
_BESIDE = re.compile(r"phone\.(?:voicemail_received.*|.*_transcript_completed|.*recording_.*)")
# Zoom tries again after 5, 20 and 60 minutes; whether it signs anew it does not say. To play a
# payload again within the window changes nothing: it is the same event.
OLDEST_SECONDS, AHEAD_SECONDS = 90 * 60, 5 * 60
_TOKEN = re.compile(r"[A-Za-z0-9_\-+/=]{1,100}")


class _Question(Struct, rename={"plain": "plainToken"}):
    plain: str = ""


class _Body(Struct):
    object: msgspec.Raw


class _Hook(Struct):
    event: str
    payload: msgspec.Raw
    event_ts: int | None = None


class _Records(Struct):
    user_id: str | None = None
    call_logs: msgspec.Raw | UnsetType = UNSET
    call_elements: msgspec.Raw | UnsetType = UNSET


_hook = msgspec.json.Decoder(_Hook)
_question = msgspec.json.Decoder(_Question)
_body = msgspec.json.Decoder(_Body)
_live = msgspec.json.Decoder(Live)
_records = msgspec.json.Decoder(_Records)
_logs = msgspec.json.Decoder(list[Log])
_entries = msgspec.json.Decoder(list[Entry])


def genuine(secret: str, hook: Hook, now: datetime) -> bool:
    """Whether the v0 signature is of this body and of a moment not long ago."""
    sent = hook.headers.get("x-zm-request-timestamp", "")
    if not re.fullmatch(r"[0-9]{1,12}", sent):
        return False
    if not -AHEAD_SECONDS <= now.timestamp() - int(sent) <= OLDEST_SECONDS:
        return False
    mine = "v0=" + hmac.digest(secret.encode(), f"v0:{sent}:".encode() + hook.body, "sha256").hex()
    given = hook.headers.get("x-zm-signature", "")
    return hmac.compare_digest(mine.encode(), given.encode(errors="replace"))


def question(secret: str, hook: Hook, now: datetime) -> Answer | None:
    """The answer to `endpoint.url_validation`, where it is genuine.

    Who may have any text signed could sign payloads of his own: only a signed question is
    answered, and only a plain token.
    """
    if b"endpoint.url_validation" not in hook.body or not genuine(secret, hook, now):
        return None
    try:
        asked = parse(_hook, hook.body)
        token = parse(_question, asked.payload).plain
    except Invalid:
        return None
    if asked.event != "endpoint.url_validation" or not _TOKEN.fullmatch(token):
        return None
    signed = hmac.digest(secret.encode(), token.encode(), "sha256").hex()
    return Answer({"plainToken": token, "encryptedToken": signed})


def translate(given: Hook, _settings: Settings) -> list[CloudEvent] | Ignored:
    """The legs that a finished call's payload tells of; raises `Invalid`."""
    hook = parse(_hook, given.body)
    final = _FINAL.fullmatch(hook.event)
    if final is None:
        return Ignored(_why(hook.event), hook.event)
    side: Literal["caller", "callee"] = "caller" if final[1] == "caller" else "callee"
    told = parse(_body, hook.payload).object
    if final[2].startswith("call_"):
        legs = _recorded_legs(final[2], side, parse(_records, told))
    else:
        leg = leg_of_live(parse(_live, told), side)
        legs = [leg] if leg else []
    if not legs:
        return Ignored("no_rep", hook.event)
    time = None if hook.event_ts is None else instant(hook.event_ts / 1000, "event_ts")
    return [recorded("zoomphone", "call.ended", leg, time=time) for leg in legs]


def _why(event: str) -> str:
    if _RUNNING.fullmatch(event):
        return "not_final"
    return "partial" if _BESIDE.fullmatch(event) else "kind"


def _recorded_legs(
    kind: str, side: Literal["caller", "callee"], records: _Records
) -> list[dict[str, Any]]:
    """The legs of the user whose log or history it is; of several of one call the best stands."""
    if not records.user_id:
        return []
    told = records.call_elements if kind == "call_element_completed" else records.call_logs
    if isinstance(told, UnsetType):
        name = "call_elements" if kind == "call_element_completed" else "call_logs"
        raise Invalid("missing", f"payload.object.{name}", f"{name} is required")
    rep = f"zoomphone:{records.user_id}"
    if kind == "call_log_completed":
        legs = [leg_of_log(log, side, rep) for log in parse(_logs, told)]
    else:
        legs = [leg_of_entry(entry, side, rep) for entry in parse(_entries, told)]
    best: dict[str, dict[str, Any]] = {}
    for leg in sorted(legs, key=lambda leg: leg["revision"]):
        best[leg["call_id"]] = leg
    return list(best.values())


FEED = Feed("zoomphone", "zoomphone_secret", genuine, translate, question=question)
