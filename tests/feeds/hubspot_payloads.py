"""Payloads in the shape of HubSpot's, written by us: the plain ones that tests bend."""

import json
from typing import Any

from app.feeds import hubspot_signature
from app.feeds.feed import Hook

SECRET = "0c1f6a52-ringside-of-the-tests"
CHANGED = 1_763_460_000_000  # 2025-11-18T10:00:00Z
READ_AT = "2025-11-18T10:00:07+00:00"


def told(what: str, **more: Any) -> dict[str, Any]:
    """One event of a webhook."""
    return {
        "eventId": 100, "subscriptionId": 71, "portalId": 6_200_001, "appId": 90_210,
        "occurredAt": CHANGED, "subscriptionType": what, "attemptNumber": 0,
        "objectId": 9_400_000_001, "changeSource": "CRM_UI", **more,
    }  # fmt: skip


def thing(key: int | str, *, history: list[str] | None = None, **properties: Any) -> dict[str, Any]:
    """An object as the API gives it, all values text."""
    found: dict[str, Any] = {
        "id": str(key), "properties": properties, "archived": False,
        "createdAt": "2025-11-10T08:00:00Z", "updatedAt": "2025-11-18T09:59:58.250Z",
    }  # fmt: skip
    if history is not None:
        found["propertiesWithHistory"] = {
            "hubspot_owner_id": [{"value": one, "timestamp": "2025-11-10T08:00:00Z"}
                                 for one in history]
        }  # fmt: skip
    return found


def deal(key: int = 9_400_000_001, **over: Any) -> dict[str, Any]:
    """A won deal of owner 51, offered on 12 November."""
    values = {
        "amount": "1250.50", "closedate": "2025-11-18T09:59:00Z", "deal_currency_code": "USD",
        "createdate": "2025-11-10T08:00:00Z", "dealstage": "closedwon", "hs_is_closed": "true",
        "hs_is_closed_won": "true", "hubspot_owner_id": "51",
        "hs_v2_date_entered_contractsent": "2025-11-12T16:30:00Z", **over,
    }  # fmt: skip
    return thing(key, history=["51"], **values)


def call(key: int = 7_300_000_001, *, history: list[str] | None = None, **over: Any) -> Any:
    """An outbound call of owner 51 that lasted 130 s."""
    values = {
        "hs_timestamp": "2025-11-18T09:30:00Z", "hs_call_duration": "130400",
        "hs_call_direction": "OUTBOUND", "hs_call_status": "COMPLETED",
        "hs_call_disposition": None, "hs_call_to_number": "+1 303 555 0142",
        "hs_call_from_number": "+1 303 555 0000", "hubspot_owner_id": "51", **over,
    }  # fmt: skip
    return thing(key, history=["51"] if history is None else history, **values)


def item(key: int, quantity: str, price: str, **over: Any) -> dict[str, Any]:
    """A line item of a deal."""
    values = {"quantity": quantity, "price": price, "hs_sku": f"SKU-{key}", **over}
    return thing(key, **values)


NUMBERS = {"deals": "0-3", "calls": "0-48", "contacts": "0-1", "companies": "0-2"}


def reading(kind: str, found: dict[str, Any] | None, key: Any = None, **beside: Any) -> bytes:
    """What asking for an object came to."""
    return json.dumps({
        "objectTypeId": NUMBERS[kind], "objectId": key or (found or {})["id"],
        "readAt": READ_AT, "changedAt": CHANGED, "object": found, **beside,
    }).encode()  # fmt: skip


def workflow(**over: Any) -> dict[str, Any]:
    """A deal that a workflow tells whole, in the first stage."""
    values = {
        "amount": "480", "createdate": "1763370000000", "dealstage": "appointmentscheduled",
        "hs_is_closed": "false", "hs_is_closed_won": "false", "hubspot_owner_id": "51",
        "hs_lastmodifieddate": str(CHANGED), **over,
    }  # fmt: skip
    return {
        "portalId": 6_200_001, "objectType": "DEAL", "objectTypeId": "0-3", "version": 3,
        "objectId": 9_400_000_002, "isDeleted": False,
        "properties": {
            name: {"value": value, "versions": [{"name": name, "value": value}]}
            for name, value in values.items()
        },
    }  # fmt: skip


def signed(body: bytes, stamp: int, url: str, secret: str = SECRET) -> dict[str, str]:
    """The headers of a genuine delivery, signed at `stamp` (milliseconds)."""
    mine = hubspot_signature.v3(secret, Hook({}, body, url), str(stamp))
    return {"x-hubspot-signature-v3": mine, "x-hubspot-request-timestamp": str(stamp)}
