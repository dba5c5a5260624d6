"""Dialpad as it would post: a call's states, each event a JWT."""

import json
from datetime import datetime
from typing import Any

from jwt.api_jws import PyJWS

from app.simulate.vendors.hook import OFFICE, Payload, Story, Vendor


def tell(story: Story) -> list[Payload]:
    """A call that a user makes: ringing, then its end."""
    ring, talk = story.lengths()
    ended = int(story.at.timestamp() * 1000)
    started = ended - 1000 * (ring + (talk or 0))
    call = {
        "call_id": story.id, "direction": "outbound", "entry_point_call_id": None,
        "target": {"type": "user", "id": 70 + story.agent, "name": f"Agent {story.agent}"},
        "external_number": story.customer(), "internal_number": OFFICE, "date_started": started,
        "date_connected": None, "date_ended": None, "duration": 0.0, "labels": [],
    }  # fmt: skip
    told = [_event("ringing", call, started)]
    over: dict[str, Any] = {"date_ended": ended, "total_duration": float(ended - started)}
    if talk is not None:
        over |= {"date_connected": started + 1000 * ring, "duration": 1000.0 * talk}
    told.append(_event("hangup", {**call, **over}, ended))
    if story.chance.random() < 0.05:
        told.append(told[-1])  # sent again
    return told


def _event(state: str, call: dict[str, Any], at: int) -> Payload:
    return Payload(json.dumps({**call, "state": state, "event_timestamp": at}).encode())


def sign(secret: str, _address: str, payload: Payload, _at: datetime) -> Payload:
    """A JWT of the event, HS256."""
    # The key is as long as the algorithm's block: zeros at its end make no other signature.
    key = secret.encode().ljust(64, b"\0")
    body = PyJWS().encode(payload.body, key, algorithm="HS256").encode()
    return Payload(body, {"content-type": "application/jwt"})


VENDOR = Vendor(tell, sign)
