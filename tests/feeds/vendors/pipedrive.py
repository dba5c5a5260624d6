"""Pipedrive: HTTP Basic; webhooks of both versions in the shape of Pipedrive's."""

import base64
import json
from typing import Any

from tests.feeds.vendor import NOT_FINAL, Delivery, Outcome, Seed, Vendor

PIPEDRIVE_SECRET = "ringside:pd_0123456789abcdef"
AUTHORIZED = {"authorization": f"Basic {base64.b64encode(PIPEDRIVE_SECRET.encode()).decode()}"}
CHANGED = "2025-11-18T10:00:00.123Z"
MICROS = 1_763_460_000_123_000

OUTCOMES = {
    "pipedrive-v1-added.activity": NOT_FINAL,  # a call yet to be made
    "pipedrive-v1-added.deal": Outcome(1),
    "pipedrive-v1-deleted.activity": Outcome(1),
    # A call that was ticked off without a duration: what it may have been is withdrawn.
    "pipedrive-v1-updated.activity": Outcome(1),
    "pipedrive-v1-updated.deal": Outcome(1),
    "pipedrive-v2-create.deal": Outcome(1),
}


def v2(entity: str, data: dict[str, Any] | None, action: str = "change", **over: Any) -> bytes:
    meta = {
        "action": action, "entity": entity, "entity_id": str((data or {"id": 8})["id"]),
        "company_id": "11", "correlation_id": "c0ffee", "id": "8818e477", "attempt": 1,
        "is_bulk_edit": False, "timestamp": CHANGED, "type": "general", "user_id": "99",
        "version": "2.0", "webhook_id": "1", "change_source": "app",
    }  # fmt: skip
    previous = over.pop("previous", None)
    return json.dumps({"data": data, "previous": previous, "meta": {**meta, **over}}).encode()


def v1(entity: str, data: dict[str, Any] | None, action: str = "updated", **over: Any) -> bytes:
    meta = {
        "action": action, "object": entity, "id": (data or {"id": 8})["id"], "company_id": 11,
        "timestamp": MICROS // 1_000_000, "timestamp_micro": MICROS, "user_id": 99, "v": 1,
    }  # fmt: skip
    previous = over.pop("previous", None)
    return json.dumps({
        "v": 1, "meta": {**meta, **over}, "current": data, "previous": previous,
        "event": f"{action}.{entity}", "retry": 0,
    }).encode()  # fmt: skip


def deal(**over: Any) -> dict[str, Any]:
    """A deal of 4000.50 that user 77 has on offer."""
    return {
        "id": 8, "title": "400 lamps", "status": "open", "value": 4000.5, "currency": "EUR",
        "owner_id": 77, "creator_user_id": 99, "person_id": 31, "org_id": 5, "stage_id": 2,
        "add_time": "2025-11-17T10:00:00Z", "update_time": None, "close_time": None,
        "won_time": None, "lost_time": None, "first_won_time": None, "custom_fields": {}, **over,
    }  # fmt: skip


def old(record: dict[str, Any]) -> dict[str, Any]:
    """The record as version 1 has it: owners are users, and times have no zone."""
    told = {name: value for name, value in record.items() if name != "owner_id"}
    for name, value in told.items():
        if name.endswith("_time") and isinstance(value, str):
            told[name] = value.replace("T", " ").removesuffix("Z")
    return {**told, "user_id": record["owner_id"]}


def activity(**over: Any) -> dict[str, Any]:
    """A call of ten minutes that is done."""
    return {
        "id": 4, "subject": "Call", "type": "call", "done": True, "active_flag": True,
        "due_date": "2025-11-18", "due_time": {"timezone_id": None, "value": "09:30"},
        "duration": {"timezone_id": None, "value": "00:10"}, "owner_id": 77, "person_id": 31,
        "org_id": 5, "deal_id": 8, **over,
    }  # fmt: skip


def person(**over: Any) -> dict[str, Any]:
    return {
        "id": 31, "name": "Grace Brown", "owner_id": 77, "org_id": 5, "emails": [],
        "phones": [{"label": "work", "value": "303 555 0142", "primary": True}, {"value": ""}],
        **over,
    }  # fmt: skip


def sign(_name: str, body: bytes, _headers: dict[str, str]) -> Delivery:
    return Delivery(body, AUTHORIZED)


WON = {"status": "won", "won_time": "2025-11-18T09:59:00Z",
       "first_won_time": "2025-11-18T09:59:00Z"}  # fmt: skip
VENDOR = Vendor(
    environ={"RINGSIDE_PIPEDRIVE_SECRET": PIPEDRIVE_SECRET},
    captured="pipedrive-",
    outcomes=OUTCOMES,
    sign=sign,
    seeds=[
        Seed(v2("deal", deal(**WON), previous={"status": "open"})),
        Seed(v1("deal", old(deal(**WON)), previous=old(deal()))),
        Seed(v2("deal", None, "delete", previous=deal())),
        Seed(v2("activity", activity(), previous={"done": False})),
        Seed(v1("activity", activity(duration="00:10", due_time="", done=False))),
        Seed(v2("person", person())),
    ],
)
