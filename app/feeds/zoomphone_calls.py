"""What Zoom's records of a call say of one user's part in it, in our words. Pure.

A bare end has moments only; the older call log has hold besides; call history and call elements
have talk, hold and waiting in seconds. The revision says how much a record knows.
"""

import re
from typing import Any, Literal

from msgspec import Struct

from app.feeds.feed import moment

Side = Literal["caller", "callee"]

LIVE, LOG, HISTORY = 1, 2, 3
# What Zoom calls a call that was talked in, in the words of ends, logs and history.
_CONNECTED = {
    "answered", "accepted", "connected", "call_connected", "picked_up", "succeeded", "recorded",
    "auto_recorded",
}  # fmt: skip
# What it calls one that was not, and what that is to him who called.
_NOT_CONNECTED = {
    "voicemail": "voicemail",
    "busy": "busy",
    "rejected": "no_answer",
    "no_answer": "no_answer",
    "ring_timeout": "no_answer",
    "unconnected": "no_answer",
    "missed": "no_answer",
    "overflowed": "no_answer",
    "abandoned": "no_answer",
    "answered_by_other_member": "no_answer",
    "answered_by_other": "no_answer",
    "call_cancel": "canceled",
    "call_canceled": "canceled",
    "canceled": "canceled",
    "hang_up": "canceled",
    "call_failed": "failed",
    "system_blocked": "failed",
    "blocked": "failed",
    "service_unavailable": "failed",
    "invalid_key": "failed",
    "invalid_operation": "failed",
}
# Extensions with a person behind them; the others pass a call on.
_PEOPLE = {"user", "commonarea", "commonareaphone", "zoomroom", "sharedlinegroup"}
_OUTSIDE = {"", "pstn", "externalcontact"}


class Party(Struct):
    """One end of a call."""

    user_id: str | None = None
    phone_number: str | int | None = None
    extension_number: int | str | None = None
    extension_type: str | None = None

    @property
    def sort(self) -> str:
        """The type of its extension; Zoom writes `callQueue` here and `call_queue` there."""
        return (self.extension_type or "").replace("_", "").lower()


class Live(Struct):
    """A call that ended, was missed or rejected, as told at that moment."""

    call_id: str | int
    caller: Party
    callee: Party
    ringing_start_time: str
    call_end_time: str
    answer_start_time: str | None = None
    handup_result: str | None = None  # so Zoom spells it


class Log(Struct):
    """An entry of the older call log."""

    call_id: str | int
    date_time: str
    call_end_time: str
    answer_start_time: str | None = None
    result: str | None = None
    hold_time: int | None = None
    waiting_time: int | None = None
    caller_number: str | int | None = None
    caller_did_number: str | int | None = None
    caller_number_type: int | str | None = None
    callee_number: str | int | None = None
    callee_did_number: str | int | None = None
    callee_number_type: int | str | None = None


class Entry(Struct):
    """An entry of the call history, also called a call element."""

    call_id: str | int
    start_time: str
    end_time: str
    answer_time: str | None = None
    connect_type: str | None = None
    result: str | None = None
    result_reason: str | None = None
    talk_time: int | None = None
    hold_time: int | None = None
    wait_time: int | None = None
    caller_did_number: str | int | None = None
    caller_ext_number: str | int | None = None
    callee_did_number: str | int | None = None
    callee_ext_number: str | int | None = None


def leg_of_live(call: Live, side: Side) -> dict[str, Any] | None:
    """The leg of the user on `side`; None where no user is there: a queue, a receptionist."""
    own, other = (call.caller, call.callee) if side == "caller" else (call.callee, call.caller)
    if not own.user_id:
        return None
    answered = call.answer_start_time or None
    outcome = _outcome(side, call.handup_result, answered=answered is not None)
    talk = None
    if answered and outcome == "connected":
        talk = _between(answered, call.call_end_time, "answer_start_time", "call_end_time")
    inside = _inside(other, side)
    return _leg(
        call.call_id,
        f"zoomphone:{own.user_id}",
        direction="internal" if inside else _DIRECTION[side],
        number=other.phone_number if other.sort in _OUTSIDE and not inside else None,
        moments=(call.ringing_start_time, answered, call.call_end_time),
        seconds=(
            _between(
                call.ringing_start_time,
                answered or call.call_end_time,
                "ringing_start_time",
                "answer_start_time" if answered else "call_end_time",
            ),
            talk,
            None,
        ),
        outcome=outcome,
        rank=LIVE,
    )


def leg_of_log(log: Log, side: Side, rep: str) -> dict[str, Any]:
    """The leg of the user whose log it is in: talk is from the answer on, without hold."""
    answered = log.answer_start_time or None
    outcome = _outcome(side, log.result, answered=answered is not None)
    talk = None
    if answered and outcome == "connected":
        whole = _between(answered, log.call_end_time, "answer_start_time", "call_end_time")
        talk = max(0, whole - (log.hold_time or 0))
    if side == "caller":
        kind, number = log.callee_number_type, log.callee_did_number or log.callee_number
    else:
        kind, number = log.caller_number_type, log.caller_did_number or log.caller_number
    inside = str(kind) == "1"
    return _leg(
        log.call_id,
        rep,
        direction="internal" if inside else _DIRECTION[side],
        number=None if inside else number,
        moments=(log.date_time, answered, log.call_end_time),
        seconds=(log.waiting_time, talk, log.hold_time),
        outcome=outcome,
        rank=LOG,
    )


def leg_of_entry(entry: Entry, side: Side, rep: str) -> dict[str, Any]:
    """The leg of the user whose history it is in, with the seconds that Zoom counted."""
    answered = entry.answer_time or None
    # In a queue the call is answered, but for this member by somebody else.
    elsewhere = side == "callee" and _word(entry.result_reason) == "answered_by_other"
    result = entry.result_reason if elsewhere else entry.result
    outcome = _outcome(side, result, answered=answered is not None)
    if side == "caller":
        number = entry.callee_did_number or entry.callee_ext_number
    else:
        number = entry.caller_did_number or entry.caller_ext_number
    inside = entry.connect_type == "internal"
    return _leg(
        entry.call_id,
        rep,
        direction="internal" if inside else _DIRECTION[side],
        number=None if inside else number,
        moments=(entry.start_time, answered, entry.end_time),
        seconds=(entry.wait_time, entry.talk_time, entry.hold_time),
        outcome=outcome,
        rank=HISTORY,
    )


_DIRECTION = {"caller": "outbound", "callee": "inbound"}


def _inside(other: Party, side: Side) -> bool:
    """Whether the other end is our own: not only relayed by a queue or a receptionist of ours."""
    if other.user_id or other.sort in _PEOPLE:
        return True
    if other.sort == "":
        return other.extension_number not in (None, "")
    return side == "caller" and other.sort not in _OUTSIDE


def _word(result: str | None) -> str:
    return re.sub(r"[^a-z]+", "_", (result or "").lower()).strip("_")


def _outcome(side: Side, result: str | None, *, answered: bool) -> str:
    word = _word(result)
    failed = _NOT_CONNECTED.get(word)
    if failed is None and (answered or word in _CONNECTED):
        return "connected"
    if side == "caller":
        return failed or "no_answer"
    return "voicemail" if failed == "voicemail" else "missed"


def _between(start: str, end: str, start_field: str, end_field: str) -> int:
    """Whole seconds from one moment to another, never less than 0."""
    return max(0, int((moment(end, end_field) - moment(start, start_field)).total_seconds()))


def _leg(
    call_id: str | int,
    rep: str,
    *,
    direction: str,
    number: str | int | None,
    moments: tuple[str, str | None, str],
    seconds: tuple[int | None, int | None, int | None],
    outcome: str,
    rank: int,
) -> dict[str, Any]:
    """`moments` are start, answer and end; `seconds` ringing, talk and hold."""
    connected = outcome == "connected"
    ring, talk, hold = seconds
    talk, hold = (talk, hold) if connected else (0, None)
    known = min(99_999, max(0, (talk or 0) + (hold or 0)))
    return {
        "call_id": f"zoomphone:{call_id}",
        "rep_id": rep,
        "direction": direction,
        "customer": None if number in (None, "") else {"phone": str(number)},
        "started_at": moments[0],
        "answered_at": moments[1] if connected else None,
        "ended_at": moments[2],
        "ring_seconds": ring,
        "talk_seconds": talk,
        "hold_seconds": hold,
        "outcome": outcome,
        "revision": (4 * connected + rank) * 100_000 + known,
    }
