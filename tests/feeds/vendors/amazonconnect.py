"""Amazon Connect: contact records in batches of Firehose, the access key in a header."""

import base64
import json
from typing import Any

from tests.feeds.vendor import Delivery, Outcome, Seed, Vendor

KEY = "firehose_0123456789abcdef"
FIRST, SECOND = "11111111-aaaa", "22222222-bbbb"

OUTCOMES = {
    "amazonconnect-ctr-inbound-answered": Outcome(1),
}


def agent(name: str = "ada", **over: Any) -> dict[str, Any]:
    """Ten minutes of talk, four of hold, and a minute and a half of work after it."""
    return {
        "ARN": f"arn:aws:connect:us-east-1:1:instance/i/agent/id-of-{name}", "Username": name,
        "ConnectedToAgentTimestamp": "2025-11-18T10:01:00Z", "AgentInteractionDuration": 600,
        "CustomerHoldDuration": 240, "LongestHoldDuration": 200, "NumberOfHolds": 2,
        "AfterContactWorkDuration": 90, "AfterContactWorkStartTimestamp": "2025-11-18T10:15:05Z",
        "AfterContactWorkEndTimestamp": "2025-11-18T10:16:35Z", **over,
    }  # fmt: skip


def contact(**over: Any) -> dict[str, Any]:
    """A customer's call that waited a minute for Ada."""
    return {
        "AWSAccountId": "1", "AWSContactTraceRecordFormatVersion": "2017-03-10", "Agent": agent(),
        "Channel": "VOICE", "ContactId": FIRST, "InitialContactId": None,
        "PreviousContactId": None, "NextContactId": None, "InitiationMethod": "INBOUND",
        "CustomerEndpoint": {"Address": "+13035550142", "Type": "TELEPHONE_NUMBER"},
        "SystemEndpoint": {"Address": "+13035550000", "Type": "TELEPHONE_NUMBER"},
        "InitiationTimestamp": "2025-11-18T10:00:00Z",
        "ConnectedToSystemTimestamp": "2025-11-18T10:00:00Z",
        "DisconnectTimestamp": "2025-11-18T10:15:00Z", "DisconnectReason": "CUSTOMER_DISCONNECT",
        "LastUpdateTimestamp": "2025-11-18T10:17:00Z", "Attributes": {"vip": "1"},
        "AnsweringMachineDetectionStatus": None, **over,
    }  # fmt: skip


def batch(*contacts: bytes, request: str = "r-1") -> bytes:
    records = [{"data": base64.b64encode(one).decode()} for one in contacts]
    return json.dumps({"requestId": request, "timestamp": 1, "records": records}).encode()


def sign(_name: str, body: bytes, _headers: dict[str, str]) -> Delivery:
    return Delivery(
        batch(body), {"x-amz-firehose-access-key": KEY, "x-amz-firehose-request-id": "r-1"}
    )


VENDOR = Vendor(
    environ={"RINGSIDE_AMAZONCONNECT_KEY": KEY},
    captured="amazonconnect-",
    outcomes=OUTCOMES,
    sign=sign,
    seeds=[
        Seed(json.dumps(contact()).encode()),
        Seed(json.dumps(contact(InitiationMethod="OUTBOUND", Agent=None)).encode()),
        Seed(batch(json.dumps(contact()).encode(), b"{")),
    ],
    seal=lambda body: body if b'"records"' in body else batch(body),
)
