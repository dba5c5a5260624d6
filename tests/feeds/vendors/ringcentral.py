"""RingCentral: live sessions and call-log records, the token in a header."""

import json
from typing import Any

from tests.feeds.vendor import NOT_FINAL, Delivery, Outcome, Seed, Vendor

TOKEN = "ringcentral_0123456789abcdef"
SESSION = "s-b1f0e2"
ADA, BEN, QUEUE = "5001", "5002", "5900"  # two reps, and the queue that rings them
CUSTOMER = {"phoneNumber": "+13035550142", "name": "WIRELESS CALLER"}

OUTCOMES = {
    # 18 s, taken by the extension; its legs were cut to the master one.
    "ringcentral-calllog-queue-ended-says-inbound": Outcome(1),
    "ringcentral-calllog-queue-inprogress-says-outbound": NOT_FINAL,
    "ringcentral-session-consult-leg-answered": NOT_FINAL,
    "ringcentral-session-direct-setup": NOT_FINAL,
    "ringcentral-session-internal-answered": NOT_FINAL,
    "ringcentral-session-queue-proceeding": NOT_FINAL,
}


def party(extension: str | None = ADA, code: str = "Disconnected", **over: Any) -> dict[str, Any]:
    """The part of an extension that the customer called, as it is over."""
    status = {"code": code, "rcc": False, "reason": over.pop("reason", None)}
    made = {
        "id": f"p-{extension}", "accountId": "8001", "extensionId": extension,
        "direction": "Inbound", "from": CUSTOMER, "status": status, "missedCall": False,
        "to": {"phoneNumber": "+13035550000", "extensionId": extension}, "muted": False,
        **over,
    }  # fmt: skip
    return {name: value for name, value in made.items() if value is not None}


def session(
    *parties: dict[str, Any], at: str = "2025-11-18T10:01:30.500Z", sequence: int = 9, **over: Any
) -> bytes:
    told = {
        "sequence": sequence, "sessionId": "77", "telephonySessionId": SESSION, "eventTime": at,
        "origin": {"type": "Call"}, "parties": list(parties), **over,
    }  # fmt: skip
    event = "/restapi/v1.0/account/8001/telephony/sessions"
    return json.dumps({"uuid": f"{sequence}", "event": event, "body": told,
                       "subscriptionId": "41ce", "ownerId": ADA}).encode()  # fmt: skip


def leg(extension: str | None = ADA, **over: Any) -> dict[str, Any]:
    """The part of an extension within a call of the log: taken after 4 s, for 86 s."""
    made = {
        "startTime": "2025-11-18T10:00:04.000Z", "duration": 86, "type": "Voice",
        "direction": "Inbound", "action": "Phone Call", "result": "Accepted", "legType": "Accept",
        "extension": {"id": int(extension)} if extension else None, **over,
    }  # fmt: skip
    return {name: value for name, value in made.items() if value is not None}


def record(*legs: dict[str, Any], extension: str | None = ADA, **over: Any) -> dict[str, Any]:
    """A customer's call of 90 s, with the 4 s that it rang."""
    whole = {
        "startTime": "2025-11-18T10:00:00.000Z", "duration": 90, "type": "Voice",
        "direction": "Inbound", "action": "Phone Call", "result": "Accepted",
        "from": CUSTOMER, "to": {"phoneNumber": "+13035550000"},
        "extension": {"id": int(extension)} if extension else None,
    }  # fmt: skip
    made = {
        "id": "LIx1", "sessionId": "77", "telephonySessionId": SESSION, **whole,
        "legs": [{**whole, "master": True}, *legs],
        "lastModifiedTime": "2025-11-18T10:02:10.000Z", **over,
    }  # fmt: skip
    return {name: value for name, value in made.items() if value is not None}


def sign(_name: str, body: bytes, _headers: dict[str, str]) -> Delivery:
    return Delivery(body, {"verification-token": TOKEN})


VENDOR = Vendor(
    environ={"RINGSIDE_RINGCENTRAL_TOKEN": TOKEN},
    captured="ringcentral-",
    outcomes=OUTCOMES,
    sign=sign,
    seeds=[
        Seed(json.dumps(record(leg())).encode()),
        Seed(json.dumps(record(leg(), leg(BEN, result="Missed"))).encode()),
        Seed(json.dumps({"records": [record(leg()), record(result="Voicemail")]}).encode()),
        Seed(session(party(missedCall=True), party(BEN, "Answered"))),
    ],
)
