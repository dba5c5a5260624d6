"""Dialpad: the body is a JWT."""

import json
from typing import Any

from jwt.api_jws import PyJWS

from tests.feeds.vendor import Delivery, Outcome, Seed, Vendor

SECRET = "dialpad_0123456789abcdef_0123456789abcdef"
STARTED = 1_763_460_000_000  # 2025-11-18T10:00:00Z, in milliseconds

OUTCOMES = {
    # Its author cut the times short: they are of 1970.
    "dialpad-hangup-outbound-ms-durations": Outcome(refused="timestamp_out_of_range"),
}


def event(state: str = "hangup", **over: Any) -> bytes:
    """An outbound call of user 71: 8 s until the answer, 120 s connected."""
    call = {
        "state": state, "call_id": 5_635_304_278_851_584, "direction": "outbound",
        "entry_point_call_id": None, "master_call_id": None, "operator_call_id": None,
        "target": {"type": "user", "id": 71, "name": "Ada", "email": "ada@example.com"},
        "contact": {"type": "local", "id": 9, "phone": "+13035550142"},
        "external_number": "+13035550142", "internal_number": "+13035550000",
        "date_started": STARTED, "date_rang": None, "date_connected": STARTED + 8_000,
        "date_ended": STARTED + 128_417, "event_timestamp": STARTED + 128_900,
        "duration": 120_417.25, "total_duration": 128_417.5, "is_transferred": False,
        "voicemail_link": None, "voicemail_recording_id": None, "labels": [], **over,
    }  # fmt: skip
    return json.dumps({name: value for name, value in call.items() if value is not ...}).encode()


def sealed(payload: bytes, secret: str = SECRET, algorithm: str = "HS256") -> bytes:
    key = secret.encode().ljust(64, b"\0") if algorithm != "none" else None
    return PyJWS().encode(payload, key, algorithm=algorithm).encode()


def sign(_name: str, body: bytes, _headers: dict[str, str]) -> Delivery:
    return Delivery(sealed(body), {"content-type": "application/jwt"})


VENDOR = Vendor(
    environ={"RINGSIDE_DIALPAD_SECRET": SECRET},
    captured="dialpad-",
    outcomes=OUTCOMES,
    sign=sign,
    seeds=[
        Seed(event()),
        Seed(event(date_connected=None, duration=0, hold_time=1_000)),
        Seed(event("voicemail", direction="inbound", voicemail_link="https://x.test/v")),
    ],
    seal=sealed,
)
