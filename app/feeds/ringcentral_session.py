"""What the end of a party in a live telephony session says in our words. Pure.

It does not say when the part began, nor whether and when it was answered, so a part that may have
been is left to the call log unless its being dialed counts by itself.
"""

from typing import Any

from msgspec import Struct, field

from app.events.refusals import Invalid, shown
from app.feeds.feed import Ignored

LIVE = 0  # the revision of what a session says; the call log's is greater
DIRECTIONS = {"Inbound": "inbound", "Outbound": "outbound"}
# Why a party ended that nobody had answered, as a caller and as the called one hear it.
UNANSWERED = {
    "NoAnswer": ("no_answer", "missed"), "Timeout": ("no_answer", "missed"),
    "TargetBusy": ("busy", "missed"), "Rejected": ("busy", "missed"),
    "Cancelled": ("canceled", "missed"), "InternalError": ("failed", "failed"),
    "InvalidNumber": ("failed", "failed"), "InternationalDisabled": ("failed", "failed"),
    "DestinationBlocked": ("failed", "failed"), "NotEnoughFunds": ("failed", "failed"),
    "NoSuchUser": ("failed", "failed"),
}  # fmt: skip


class Side(Struct, rename="camel"):
    """One side of a call: a number, or an extension, whose number is short."""

    phone_number: str | None = None
    extension_id: int | str | None = None
    extension_number: int | str | None = None

    @property
    def internal(self) -> bool:
        """Whether it is one of the company's own extensions."""
        if self.extension_id not in (None, "") or self.extension_number not in (None, ""):
            return True
        number = self.phone_number or ""
        return number.isdecimal() and len(number) <= 6

    @property
    def customer(self) -> dict[str, str] | None:
        """Who is there, seen from a rep."""
        if self.internal or not self.phone_number:
            return None
        return {"phone": self.phone_number}


class Status(Struct):
    """A party's state, and why it ended."""

    code: str
    reason: str | None = None


class Party(Struct, rename="camel"):
    """One extension's part in a session; the other side's party has none."""

    direction: str
    status: Status
    extension_id: int | str | None = None
    from_: Side = field(default_factory=Side, name="from")
    to: Side = field(default_factory=Side)
    missed_call: bool | None = False
    queue_call: bool | None = False


class Session(Struct, rename="camel"):
    """The parties of a session whose state changed at `event_time`."""

    telephony_session_id: str
    event_time: str
    parties: list[Party]


def parts_of_session(session: Session) -> list[dict[str, Any]] | Ignored:
    """The legs that ended by it, or why there is none; raises `Invalid`."""
    found = [_part(session, party) for party in session.parties]
    legs = [leg for leg in found if not isinstance(leg, Ignored)]
    if legs:
        return legs
    # Of several parties, the one that says most.
    why = sorted(
        (one for one in found if isinstance(one, Ignored)),
        key=lambda one: ("partial", "not_final", "no_rep").index(one.reason),
    )
    return why[0] if why else Ignored("no_rep", "no party")


def outbound(direction: str) -> bool:
    """Whether a call goes out; raises `Invalid` for what is neither out nor in."""
    if direction not in DIRECTIONS:
        raise Invalid("unknown_value", "direction", f"{shown(direction)} is neither Inbound nor "
                      "Outbound")  # fmt: skip
    return direction == "Outbound"


def _part(session: Session, party: Party) -> dict[str, Any] | Ignored:
    code = party.status.code
    if party.extension_id in (None, "") or _is_queue(party):
        return Ignored("no_rep", code)
    if code != "Disconnected":
        # Gone: it goes on in another session, which a transfer or a conference joined it to.
        return Ignored("partial" if code == "Gone" else "not_final", code)
    out = outbound(party.direction)
    other = party.to if out else party.from_
    outcome = _unanswered(party, out=out)
    if outcome is None and not out and not other.internal:
        # Answered, but not known when: said so it would count as missed.
        return Ignored("partial", code)
    return {
        "call_id": f"ringcentral:{session.telephony_session_id}",
        "rep_id": f"ringcentral:{party.extension_id}",
        "direction": "internal" if other.internal else DIRECTIONS[party.direction],
        "customer": other.customer,
        "started_at": session.event_time,
        "ended_at": session.event_time,
        "talk_seconds": None if outcome is None else 0,
        "hold_seconds": None,
        "outcome": outcome or "connected",
        "revision": LIVE,
    }


def _is_queue(party: Party) -> bool:
    """Whether the party is the queue, and not one of the agents that it rings."""
    called = party.to.extension_id
    return bool(party.queue_call) and called is not None and str(called) == str(party.extension_id)


def _unanswered(party: Party, *, out: bool) -> str | None:
    """What became of a part that was not answered; None where it may have been."""
    outcomes = UNANSWERED.get(party.status.reason or "")
    if outcomes is not None:
        return outcomes[0 if out else 1]
    return "missed" if party.missed_call and not out else None
