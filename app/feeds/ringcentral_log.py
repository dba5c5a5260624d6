"""What a record of RingCentral's call log says in our words. Pure.

The master leg is the call as a whole, with its ringing (and may be a queue's); the legs within it
are the parts of the extensions. The direction of a running call may be wrong, so only finished
ones are read.
"""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct, field

from app.events.refusals import Invalid, shown
from app.feeds.feed import Ignored, moment
from app.feeds.ringcentral_session import DIRECTIONS, Side, outbound

# The call log stands over the live session; with its legs it says more than without.
BRIEF, DETAILED = 1, 2
RUNNING = "in progress"
ANSWERED = ("accepted", "call connected")
# What became of a call that was not answered, for who called and for who was called.
RESULTS = {
    "voicemail": ("voicemail", "voicemail"), "missed": ("no_answer", "missed"),
    "no answer": ("no_answer", "missed"), "busy": ("busy", "missed"),
    "rejected": ("busy", "missed"), "declined": ("busy", "missed"),
    "hang up": ("canceled", "missed"), "abandoned": ("canceled", "missed"),
    "stopped": ("canceled", "missed"), "cancelled": ("canceled", "missed"),
    "reply": ("no_answer", "missed"),
    **dict.fromkeys((
        "wrong number", "call failed", "call failure", "blocked", "unknown", "internal error",
        "ip phone offline", "restricted number", "suspended account", "no calling credit",
        "not allowed", "international disabled", "international restricted",
    ), ("failed", "failed")),
}  # fmt: skip


class Extension(Struct):
    """Whose part a leg is."""

    id: int | str | None = None


class Leg(Struct, rename="camel"):
    """A stretch of a call."""

    start_time: str
    duration: int | None = None
    result: str | None = None
    extension: Extension | None = None
    master: bool | None = False

    @property
    def answered(self) -> bool:
        """Whether somebody took it."""
        return (self.result or "").lower() in ANSWERED

    @property
    def span(self) -> tuple[datetime, datetime]:
        """From when to when; raises `Invalid`."""
        start = moment(self.start_time, "startTime")
        return start, start + timedelta(seconds=self.duration or 0)


class Record(Leg, rename="camel"):
    """A call; brief records have no legs."""

    type: str | None = "Voice"
    direction: str = ""
    telephony_session_id: str | None = None
    session_id: int | str | None = None
    last_modified_time: str | None = None
    from_: Side = field(default_factory=Side, name="from")
    to: Side = field(default_factory=Side)
    legs: list[Leg] | None = None

    @property
    def changed_at(self) -> str:
        """When it was last written, else its end."""
        return self.last_modified_time or self.span[1].isoformat()


def parts_of_record(record: Record) -> list[dict[str, Any]] | Ignored:
    """The legs of a finished call, or why there is none; raises `Invalid`."""
    if record.type != "Voice":
        return Ignored("kind", str(record.type))
    if record.result is None:
        raise Invalid("missing", "result", "result is required")
    if record.result.lower() == RUNNING or record.duration is None:
        return Ignored("not_final", record.result)
    session = record.telephony_session_id or record.session_id
    if session in (None, ""):
        raise Invalid("missing", "telephonySessionId", "telephonySessionId is required")
    reps = _reps(record)
    if not reps:
        return Ignored("no_rep", record.result)
    return [_part(record, f"{session}", rep, legs, alone=len(reps) == 1)
            for rep, legs in reps.items()]  # fmt: skip


def _reps(record: Record) -> dict[str, list[Leg]]:
    """Each extension's own legs; the record itself where it has none."""
    inner = [leg for leg in record.legs or () if not leg.master]
    found: dict[str, list[Leg]] = defaultdict(list)
    for leg in inner:
        if leg.extension is not None and leg.extension.id not in (None, ""):
            found[f"{leg.extension.id}"].append(leg)
    if found:
        return found
    whose = [record.extension, *(leg.extension for leg in record.legs or ())]
    ids = [f"{one.id}" for one in whose if one is not None and one.id not in (None, "")]
    return {ids[0]: inner or [record]} if ids else {}


def _part(
    record: Record, session: str, rep: str, legs: list[Leg], *, alone: bool
) -> dict[str, Any]:
    out = outbound(record.direction)
    other = record.to if out else record.from_
    spans = [leg.span for leg in legs]
    # Who is alone on it has all of the call, with its ringing.
    whole = [*spans, record.span] if alone else spans
    talks = sorted(leg.span for leg in legs if leg.answered)
    within = record not in legs
    return {
        "call_id": f"ringcentral:{session}",
        "rep_id": f"ringcentral:{rep}",
        "direction": "internal" if other.internal else DIRECTIONS[record.direction],
        "customer": other.customer,
        "started_at": min(start for start, _ in whole).isoformat(),
        "answered_at": talks[0][0].isoformat() if talks and within else None,
        "ended_at": max(end for _, end in whole).isoformat(),
        "talk_seconds": _covered(talks),
        "hold_seconds": None,
        "outcome": "connected" if talks else _unanswered(record if alone else legs[-1], out=out),
        "revision": DETAILED if within else BRIEF,
    }


def _covered(spans: list[tuple[datetime, datetime]]) -> int:
    """Seconds within any of the spans, which are in order: legs of one call overlap."""
    total, until = timedelta(), None
    for start, end in spans:
        begins = start if until is None else max(start, until)
        total += max(end - begins, timedelta())
        until = end if until is None else max(until, end)
    return int(total.total_seconds())


def _unanswered(leg: Leg, *, out: bool) -> str:
    outcomes = RESULTS.get((leg.result or "").lower())
    if outcomes is None:
        # The record may say Accepted of a call whose legs nobody took.
        if leg.answered:
            return "no_answer" if out else "missed"
        known = ", ".join(sorted(RESULTS))
        raise Invalid("unknown_value", "result", f"{shown(leg.result)} is none of {known}")
    return outcomes[0 if out else 1]
