"""What a contact record of Amazon Connect says in our words. Pure.

Talk is without hold, both are of the agent; what the record leaves null is not known, and a 0 in it
is a 0.
"""

from typing import Any

from msgspec import Struct, field

from app.events.refusals import Invalid, shown
from app.feeds.feed import Ignored, moment

# Who began the contact. A transfer's own direction is not told: it comes to the agent.
DIRECTIONS = {
    "INBOUND": "inbound", "TRANSFER": "inbound", "QUEUE_TRANSFER": "inbound",
    "DISCONNECT": "inbound", "WEBRTC_API": "inbound", "OUTBOUND": "outbound",
    "CALLBACK": "outbound", "API": "outbound",
}  # fmt: skip
# What heard the call: answering machines and network tones.
DETECTED = {
    "HUMAN_ANSWERED": ("connected", "human"), "VOICEMAIL_BEEP": ("voicemail", "machine"),
    "VOICEMAIL_NO_BEEP": ("voicemail", "machine"), "FAX_MACHINE_DETECTED": ("voicemail", "machine"),
    "AMD_UNANSWERED": ("no_answer", None), "SIT_TONE_BUSY": ("busy", None),
    "SIT_TONE_INVALID_NUMBER": ("failed", None), "SIT_TONE_DETECTED": ("failed", None),
}  # fmt: skip
# Why an outbound call came to nothing; of any other reason nobody answered.
REASONS = {
    "TELECOM_BUSY": "busy", "TELECOM_NUMBER_INVALID": "failed", "TELECOM_PROBLEM": "failed",
    "TELECOM_POTENTIAL_BLOCKING": "failed", "OUTBOUND_DESTINATION_ENDPOINT_ERROR": "failed",
    "OUTBOUND_RESOURCE_ERROR": "failed", "OUTBOUND_ATTEMPT_FAILED": "failed",
    "TELECOM_ORIGINATOR_CANCEL": "canceled", "AGENT_DISCONNECT": "canceled",
    "OUTBOUND_PREVIEW_DISCARDED": "canceled",
}  # fmt: skip
# A supervisor who listens; an agent who brings somebody else in: no customer's call, and no part
# of the one it belongs to.
ASIDE = ("MONITOR", "EXTERNAL_OUTBOUND")


class _Agent(Struct, rename="pascal"):
    username: str | None = None
    arn: str | None = field(default=None, name="ARN")
    connected_to_agent_timestamp: str | None = None
    agent_interaction_duration: int | None = None
    customer_hold_duration: int | None = None
    after_contact_work_duration: int | None = None


class _Endpoint(Struct, rename="pascal"):
    address: str | None = None
    type: str | None = None


class Contact(Struct, rename="pascal"):
    """A contact as it is now, of those fields that are read."""

    contact_id: str
    channel: str
    initiation_method: str
    initiation_timestamp: str
    initial_contact_id: str | None = None
    agent: _Agent | None = None
    customer_endpoint: _Endpoint | None = None
    connected_to_system_timestamp: str | None = None
    disconnect_timestamp: str | None = None
    disconnect_reason: str | None = None
    last_update_timestamp: str | None = None
    answering_machine_detection_status: str | None = None


def leg_of(contact: Contact) -> dict[str, Any] | Ignored:
    """The agent's leg, or why there is none; raises `Invalid`."""
    if contact.channel != "VOICE":
        return Ignored("kind", contact.channel)
    if contact.initiation_method in ASIDE:
        return Ignored("kind", contact.initiation_method)
    if contact.disconnect_timestamp is None:
        return Ignored("not_final", contact.initiation_method)
    agent = contact.agent
    rep = _rep(agent)
    if agent is None or rep is None:
        return Ignored("no_rep", contact.initiation_method)
    direction = DIRECTIONS.get(contact.initiation_method)
    if direction is None:
        known = ", ".join(DIRECTIONS)
        said = f"{shown(contact.initiation_method)} is none of {known}"
        raise Invalid("unknown_value", "InitiationMethod", said)
    answered = _answered(contact, agent, direction)
    outcome, answered_by = _outcome(contact, direction, answered=answered is not None)
    return {
        "call_id": f"amazonconnect:{contact.initial_contact_id or contact.contact_id}",
        "rep_id": f"amazonconnect:{rep}",
        "direction": direction,
        "customer": _customer(contact.customer_endpoint),
        "started_at": contact.initiation_timestamp,
        "answered_at": answered,
        "ended_at": contact.disconnect_timestamp,
        "talk_seconds": 0 if answered is None else agent.agent_interaction_duration,
        "hold_seconds": agent.customer_hold_duration,
        "wrap_up_seconds": agent.after_contact_work_duration,
        "outcome": outcome,
        "answered_by": answered_by,
        "revision": _revision(contact.last_update_timestamp),
    }


def _rep(agent: _Agent | None) -> str | None:
    """The login name, which never changes; else the id at the end of the ARN."""
    if agent is None:
        return None
    return agent.username or (agent.arn or "").rpartition("/")[2] or None


def _answered(contact: Contact, agent: _Agent, direction: str) -> str | None:
    """When customer and agent were both there; None where they never were.

    Of a call that goes out the agent may be there first, and the customer when the far end
    answers, which is what `ConnectedToSystemTimestamp` tells of those.
    """
    times = [agent.connected_to_agent_timestamp]
    if direction == "outbound":
        times.append(contact.connected_to_system_timestamp)
    there = [time for time in times if time is not None]
    if len(there) < len(times):
        return None
    return max(there, key=lambda time: moment(time, "ConnectedToAgentTimestamp"))


def _outcome(contact: Contact, direction: str, *, answered: bool) -> tuple[str, str | None]:
    detected = DETECTED.get(contact.answering_machine_detection_status or "")
    if detected is not None and (answered or detected[0] != "connected"):
        return detected
    if answered:
        return "connected", None
    if direction != "outbound":
        return "missed", None
    return REASONS.get(contact.disconnect_reason or "", "no_answer"), None


def _customer(endpoint: _Endpoint | None) -> dict[str, str] | None:
    if endpoint is None or endpoint.type != "TELEPHONE_NUMBER" or not endpoint.address:
        return None
    return {"phone": endpoint.address}


def _revision(updated_at: str | None) -> int:
    """Milliseconds of the last change, 0 where it does not say."""
    if updated_at is None:
        return 0
    return int(moment(updated_at, "LastUpdateTimestamp").timestamp() * 1000)
