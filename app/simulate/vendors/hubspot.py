"""HubSpot as its workflows would post: deals that move from stage to stage, each time whole."""

import base64
import hmac
import json
from datetime import datetime, timedelta
from typing import Any

from app.simulate.vendors.hook import Payload, Story, Vendor

CENTS = (48_000, 125_050, 310_000, 89_990, 1_250_000)


def tell(story: Story) -> list[Payload]:
    """A deal from its first stage to its end, or as far as it has come; few are deleted."""
    fate = story.chance.random()
    stages = ["appointmentscheduled", "contractsent"]
    if fate < 0.4:
        stages.append("closedwon")
    elif fate < 0.6:
        stages.append("closedlost")
    values = {
        "amount": f"{story.chance.choice(CENTS) / 100:.2f}", "deal_currency_code": "USD",
        "createdate": _millis(story.at - timedelta(days=5)), "closedate": _millis(story.at),
        "hubspot_owner_id": str(51_000 + story.agent), "dealname": f"Deal {story.number}",
    }  # fmt: skip
    told = [_deal(story, place, stage, values) for place, stage in enumerate(stages)]
    if fate > 0.97:
        told.append(_deleted(story, len(stages)))
    return told


def _deal(story: Story, place: int, stage: str, values: dict[str, str]) -> Payload:
    closed = stage.startswith("closed")
    changed = _millis(story.at + timedelta(milliseconds=place))
    now = {
        **values, "dealstage": stage, "hs_is_closed": str(closed).lower(),
        "hs_is_closed_won": str(stage == "closedwon").lower(), "hs_lastmodifieddate": changed,
    }  # fmt: skip
    return _hook({
        "portalId": 6_200_001, "objectType": "DEAL", "objectTypeId": "0-3", "version": place + 1,
        "objectId": story.id, "isDeleted": False,
        "properties": {
            name: {"value": value, "timestamp": int(changed), "versions": []}
            for name, value in now.items()
        },
    })  # fmt: skip


def _deleted(story: Story, place: int) -> Payload:
    at = int(_millis(story.at + timedelta(milliseconds=place)))
    return _hook([{
        "eventId": story.number, "subscriptionId": 71, "portalId": 6_200_001, "appId": 90_210,
        "occurredAt": at, "subscriptionType": "deal.deletion", "attemptNumber": 0,
        "objectId": story.id, "changeSource": "CRM_UI",
    }])  # fmt: skip


def _hook(payload: Any) -> Payload:
    return Payload(json.dumps(payload).encode(), {"content-type": "application/json"})


def _millis(at: datetime) -> str:
    return str(int(at.timestamp() * 1000))


def sign(secret: str, address: str, payload: Payload, at: datetime) -> Payload:
    """Version 3: method, address, body and the moment."""
    stamp = _millis(at)
    said = b"POST" + address.encode() + payload.body + stamp.encode()
    digest = base64.b64encode(hmac.digest(secret.encode(), said, "sha256")).decode()
    signed = {"x-hubspot-signature-v3": digest, "x-hubspot-request-timestamp": stamp}
    return payload._replace(headers={**payload.headers, **signed})


VENDOR = Vendor(tell, sign)
