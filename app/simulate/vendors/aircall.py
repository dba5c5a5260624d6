"""Aircall as it would post: a call's events while it runs, and its end with the webhook's token."""

import json
from datetime import datetime
from typing import Any

from app.simulate.vendors.hook import OFFICE, Payload, Story, Vendor


def tell(story: Story) -> list[Payload]:
    """A call that somebody takes or nobody does; some leave a message."""
    chance, (ring, talk) = story.chance, story.lengths()
    ended = int(story.at.timestamp()) - 30
    started = ended - ring - (talk or 0)
    inbound = chance.random() < 0.25
    call: dict[str, Any] = {
        "id": story.id, "direction": "inbound" if inbound else "outbound", "status": "done",
        "started_at": started, "answered_at": None if talk is None else started + ring,
        "ended_at": ended, "duration": ended - started, "voicemail": None,
        "raw_digits": story.customer(), "archived": False, "tags": [], "comments": [],
        "user": {"id": 7_000 + story.agent, "name": f"Agent {story.agent}"},
        "number": {"id": 5, "digits": OFFICE},
    }  # fmt: skip
    told = [_hook("call.created", {**call, "ended_at": None}, started), _ended(call, ended)]
    if inbound and talk is None and chance.random() < 0.5:
        left = {**call, "voicemail": "https://voicemail.example.com/1"}
        told.append(_hook("call.voicemail_left", left, ended + 40))
    if chance.random() < 0.05:
        told.append(_ended(call, ended))  # sent again
    return told


def _ended(call: dict[str, Any], ended: int) -> Payload:
    return _hook("call.ended", call, ended + 30)


def _hook(event: str, call: dict[str, Any], at: int) -> Payload:
    body = {"resource": "call", "event": event, "timestamp": at, "token": "", "data": call}
    return Payload(json.dumps(body).encode())


def sign(secret: str, _address: str, payload: Payload, _at: datetime) -> Payload:
    """The token in the body."""
    body = {**json.loads(payload.body), "token": secret}
    return Payload(json.dumps(body).encode(), {"content-type": "application/json"})


VENDOR = Vendor(tell, sign)
