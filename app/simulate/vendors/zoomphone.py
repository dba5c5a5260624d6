"""Zoom Phone as it would post: the end of a caller's call, and its history a little later."""

import hmac
import json
from datetime import datetime, timedelta
from typing import Any

from app.simulate.vendors.hook import OFFICE, Payload, Story, Vendor


def tell(story: Story) -> list[Payload]:
    """A call that a user makes: ringing, then its end."""
    ring, talk = story.lengths()
    started = story.at - timedelta(seconds=ring + (talk or 0))
    call: dict[str, Any] = {
        "call_id": str(story.id), "ringing_start_time": _z(started),
        "caller": {"user_id": f"U{story.agent}", "extension_number": 1_000 + story.agent,
                   "extension_type": "user", "phone_number": OFFICE},
        "callee": {"phone_number": story.customer(), "connection_type": "pstn_off_net"},
    }  # fmt: skip
    told = [_hook("phone.caller_ringing", call, started)]
    over = {**call, "call_end_time": _z(story.at), "handup_result": "No Answer"}
    if talk is not None:
        answered = started + timedelta(seconds=ring)
        over |= {"answer_start_time": _z(answered), "handup_result": "Call connected"}
    told.append(_hook("phone.caller_ended", over, story.at))
    if story.chance.random() < 0.05:
        told.append(told[-1])  # sent again
    return told


def _z(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _hook(event: str, told: dict[str, Any], at: datetime) -> Payload:
    stamp = int(at.timestamp() * 1000)
    payload = {"account_id": "Acc1", "object": told}
    body = {"event": event, "event_ts": stamp, "payload": payload}
    return Payload(json.dumps(body).encode(), {"content-type": "application/json"})


def sign(secret: str, _address: str, payload: Payload, at: datetime) -> Payload:
    """Version 0: the timestamp and the body."""
    stamp = str(int(at.timestamp()))
    said = b"v0:" + stamp.encode() + b":" + payload.body
    digest = hmac.digest(secret.encode(), said, "sha256").hex()
    signed = {"x-zm-request-timestamp": stamp, "x-zm-signature": f"v0={digest}"}
    return payload._replace(headers={**payload.headers, **signed})


VENDOR = Vendor(tell, sign)
