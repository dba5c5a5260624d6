"""Pipedrive as it would post (version 2): deals that are added, changed, won or lost."""

import base64
import json
from datetime import datetime, timedelta
from typing import Any

from app.simulate.vendors.hook import Payload, Story, Vendor


def tell(story: Story) -> list[Payload]:
    """A deal, and what becomes of it; few are deleted."""
    deal: dict[str, Any] = {
        "id": story.id, "title": f"Deal {story.number}", "status": "open", "currency": "USD",
        "value": story.chance.choice((480, 1250.5, 3100, 899.9)), "owner_id": 70 + story.agent,
        "creator_user_id": 99, "person_id": 31 + story.number % 90, "org_id": None, "stage_id": 2,
        "add_time": _z(story.at), "update_time": None, "close_time": None, "won_time": None,
        "lost_time": None, "first_won_time": None, "custom_fields": {},
    }  # fmt: skip
    told = [_hook(story, "create", deal, 0)]
    fate, then = story.chance.random(), _z(story.at)
    if fate < 0.4:
        won = {"status": "won", "won_time": then, "first_won_time": then, "close_time": then}
        told.append(_hook(story, "change", {**deal, **won}, 1))
    elif fate < 0.6:
        told.append(_hook(story, "change", {**deal, "status": "lost", "lost_time": then}, 1))
    elif fate > 0.97:
        told.append(_hook(story, "delete", None, 1))
    return told


def _z(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _hook(story: Story, action: str, data: dict[str, Any] | None, place: int) -> Payload:
    at = story.at + timedelta(milliseconds=place)
    meta = {
        "action": action, "entity": "deal", "entity_id": str(story.id), "company_id": "11",
        "id": f"{story.id}-{place}", "attempt": 1, "type": "general", "user_id": "99",
        "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z",
        "version": "2.0", "webhook_id": "1", "change_source": "app", "is_bulk_edit": False,
    }  # fmt: skip
    body = {"data": data, "previous": None, "meta": meta}
    return Payload(json.dumps(body).encode(), {"content-type": "application/json"})


def sign(secret: str, _address: str, payload: Payload, _at: datetime) -> Payload:
    """HTTP Basic."""
    authorized = f"Basic {base64.b64encode(secret.encode()).decode()}"
    return payload._replace(headers={**payload.headers, "authorization": authorized})


VENDOR = Vendor(tell, sign)
