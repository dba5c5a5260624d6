"""Zoom Phone: v0 signatures over timestamp and body; payloads in the shape of Zoom's."""

import hmac
import json
from datetime import UTC, datetime
from typing import Any

from tests.feeds.vendor import KIND, NOT_FINAL, Delivery, Outcome, Seed, Vendor

ZOOM_SECRET = "zm_0123456789abcdef"
SENT = datetime(2026, 12, 1, 12, tzinfo=UTC)  # when the tests' deliveries come

OUTCOMES = {
    "zoomphone-blind_transfer_initiated": NOT_FINAL,
    # A user clears the list; the call took place. It names entries, no calls.
    "zoomphone-call_history_deleted": KIND,
    "zoomphone-callee_answered": NOT_FINAL,
    "zoomphone-callee_call_history_completed": Outcome(1),  # answered by another member
    "zoomphone-callee_call_log_completed": Outcome(1),  # rejected
    "zoomphone-callee_ended-via-queue": Outcome(1),
    "zoomphone-callee_missed": Outcome(1),
    "zoomphone-callee_rejected": Outcome(1),
    "zoomphone-callee_ringing": NOT_FINAL,
    # Zoom's example has 31 s of talk and 20 of hold in a call of 16.
    "zoomphone-caller_call_element_completed": Outcome(refused="inconsistent"),
    "zoomphone-caller_call_log_completed": Outcome(1),
    "zoomphone-caller_connected": NOT_FINAL,
    "zoomphone-caller_ended": Outcome(1),
    "zoomphone-caller_hold": NOT_FINAL,
    "zoomphone-caller_ringing": NOT_FINAL,
    "zoomphone-caller_unhold": NOT_FINAL,
    # Answers of Zoom's API, no webhooks: they name no event.
    "zoomphone-rest-call_history": Outcome(refused="missing"),
    "zoomphone-rest-call_logs": Outcome(refused="missing"),
    # No start of a call; the missed call is told by itself.
    "zoomphone-voicemail_received": Outcome(ignored="partial"),
}


def signed(body: bytes, secret: str = ZOOM_SECRET, sent: datetime = SENT) -> dict[str, str]:
    """The headers of a genuine delivery."""
    stamp = str(int(sent.timestamp()))
    digest = hmac.digest(secret.encode(), b"v0:" + stamp.encode() + b":" + body, "sha256")
    return {"x-zm-request-timestamp": stamp, "x-zm-signature": f"v0={digest.hex()}"}


def hook(event: str, told: dict[str, Any], *, event_ts: int = 1_763_460_200_123) -> bytes:
    told = {name: value for name, value in told.items() if value is not ...}
    payload = {"account_id": "Acc1", "object": told}
    return json.dumps({"event": event, "event_ts": event_ts, "payload": payload}).encode()


def ended(event: str = "phone.caller_ended", **over: Any) -> bytes:
    """User U1 called 303 555 0142: rang 10 s, talked 190."""
    own = {"user_id": "U1", "extension_number": 1002, "extension_type": "user",
           "phone_number": "+13035550000"}  # fmt: skip
    other = {"phone_number": "+13035550142", "connection_type": "pstn_off_net"}
    sides = ("caller", "callee") if ".caller_" in event else ("callee", "caller")
    return hook(event, {
        "call_id": "7001", **dict(zip(sides, (own, other), strict=True)),
        "ringing_start_time": "2025-11-18T10:00:00Z", "answer_start_time": "2025-11-18T10:00:10Z",
        "call_end_time": "2025-11-18T10:03:20Z", "handup_result": "Call connected", **over,
    })  # fmt: skip


def log(event: str = "phone.caller_call_log_completed", **over: Any) -> bytes:
    """The same call as the older log has it: 15 of the 190 s were hold."""
    entry = {
        "id": "4a4e", "call_id": "7001", "direction": "outbound", "duration": 190,
        "caller_number": "1002", "caller_number_type": 1, "caller_did_number": "+13035550000",
        "callee_number": "13035550142", "callee_number_type": 2,
        "callee_did_number": "+13035550142", "result": "Call connected",
        "date_time": "2025-11-18T10:00:00Z", "answer_start_time": "2025-11-18T10:00:10Z",
        "call_end_time": "2025-11-18T10:03:20Z", "hold_time": 15, "waiting_time": 10, **over,
    }  # fmt: skip
    return hook(event, {"user_id": "U1", "call_logs": [entry]})


def entry(**over: Any) -> dict[str, Any]:
    """The same call as the history has it."""
    return {
        "id": "20251118-1", "call_id": "7001", "connect_type": "external", "direction": "outbound",
        "caller_ext_number": "1002", "caller_did_number": "+13035550000",
        "callee_did_number": "+13035550142", "start_time": "2025-11-18T10:00:00Z",
        "answer_time": "2025-11-18T10:00:10Z", "end_time": "2025-11-18T10:03:20Z",
        "result": "answered", "talk_time": 174, "hold_time": 16, "wait_time": 10, **over,
    }  # fmt: skip


def history(event: str = "phone.caller_call_history_completed", *entries: dict[str, Any]) -> bytes:
    name = "call_elements" if "element" in event else "call_logs"
    return hook(event, {"user_id": "U1", name: list(entries) or [entry()]})


def sign(_name: str, body: bytes, _headers: dict[str, str]) -> Delivery:
    return Delivery(body, signed(body))


VENDOR = Vendor(
    environ={"RINGSIDE_ZOOMPHONE_SECRET": ZOOM_SECRET},
    captured="zoomphone-",
    outcomes=OUTCOMES,
    sign=sign,
    seeds=[
        Seed(ended()),
        Seed(ended("phone.callee_missed", answer_start_time=..., handup_result="No Answer")),
        Seed(log()),
        Seed(history()),
        Seed(history("phone.callee_call_element_completed")),
        Seed(ended("phone.caller_ringing")),
    ],
)
