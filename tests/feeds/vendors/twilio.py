"""Twilio: forms, signed over the address and their fields in order."""

import base64
import hmac
import json
from typing import Any
from urllib.parse import parse_qsl, urlencode

from tests.feeds.vendor import NO_REP, NOT_FINAL, Delivery, Seed, Vendor

TOKEN = "twilio_0123456789abcdef"
ADDRESS = "http://ringside.test/v1/webhooks/twilio"
PARENT, CHILD = "CA" + "a" * 32, "CA" + "c" * 32

OUTCOMES = {
    "twilio-compatible-telin-ringing": NOT_FINAL,
    "twilio-status-callback-child-leg": NOT_FINAL,  # in-progress
    # A call of the API from a number of the company: nobody is named, in it or in the address.
    "twilio-status-callback-completed-minutes-vs-seconds": NO_REP,
}


def callback(**over: Any) -> dict[str, Any]:
    """A customer's call, taken by the client alice: 95 s, which are 2 minutes on the bill."""
    fields = {
        "CallSid": CHILD, "ParentCallSid": PARENT, "AccountSid": "AC" + "0" * 32,
        "From": "+13035550142", "To": "client:alice", "Called": "client:alice",
        "CallStatus": "completed", "CallDuration": "95", "Duration": "2",
        "Direction": "outbound-dial", "Timestamp": "Tue, 18 Nov 2025 10:03:20 +0000",
        "CallbackSource": "call-progress-events", "SequenceNumber": "3", "ApiVersion": "2010-04-01",
        **over,
    }  # fmt: skip
    return {name: value for name, value in fields.items() if value is not ...}


def body(**over: Any) -> bytes:
    return urlencode(callback(**over)).encode()


def signature(address: str, posted: bytes, secret: str = TOKEN) -> str:
    said = address + "".join(
        name + value for name, value in sorted(parse_qsl(posted.decode(), keep_blank_values=True))
    )
    return base64.b64encode(hmac.digest(secret.encode(), said.encode(), "sha1")).decode()


def sign(_name: str, posted: bytes, _headers: dict[str, str]) -> Delivery:
    posted = posted.strip()
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-twilio-signature": signature(ADDRESS, posted),
    }
    return Delivery(posted, headers)


def seal(fields: bytes) -> bytes:
    """A form of what is still an object of fields; the rest as it is."""
    try:
        read = json.loads(fields)
    except ValueError:
        return fields
    if not isinstance(read, dict):
        return fields
    return urlencode({k: str(v) for k, v in read.items()}, errors="surrogatepass").encode()


VENDOR = Vendor(
    environ={"RINGSIDE_TWILIO_TOKEN": TOKEN},
    captured="twilio-",
    outcomes=OUTCOMES,
    sign=sign,
    seeds=[
        Seed(json.dumps(callback()).encode()),
        Seed(json.dumps(callback(CallStatus="no-answer", CallDuration="0")).encode()),
        Seed(json.dumps(callback(From="client:alice", To="+13035550142", ParentCallSid="",
                                 Direction="inbound")).encode()),
    ],
    seal=seal,
)  # fmt: skip
