"""Twilio as it would post: the status callbacks of the legs to customers, signed forms."""

import base64
import hmac
from datetime import datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qsl, urlencode

from app.simulate.vendors.hook import OFFICE, Payload, Story, Vendor


def tell(story: Story) -> list[Payload]:
    """A customer's leg: ringing, then its end."""
    ring, talk = story.lengths()
    started = story.at - timedelta(seconds=ring + (talk or 0))
    status = "completed" if talk is not None else story.chance.choice(("no-answer", "busy"))
    customer = story.customer()
    told = [
        _callback(story, customer, "ringing", started),
        _callback(story, customer, status, story.at, talk or 0),
    ]
    if story.chance.random() < 0.05:
        told.append(told[-1])  # sent again
    return told


def _callback(story: Story, customer: str, status: str, at: datetime, seconds: int = 0) -> Payload:
    fields = {
        "CallSid": f"CA{story.id:032x}", "ParentCallSid": f"CA{story.id + (1 << 96):032x}",
        "AccountSid": "AC" + "0" * 32, "From": customer, "ApiVersion": "2010-04-01",
        "To": f"client:agent-{story.agent}", "Called": OFFICE, "CallStatus": status,
        "CallDuration": str(seconds), "Duration": str(-(-seconds // 60)),
        "Direction": "outbound-dial", "Timestamp": format_datetime(at),
        "CallbackSource": "call-progress-events", "SequenceNumber": "0" if seconds else "1",
    }  # fmt: skip
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return Payload(urlencode(fields).encode(), headers)


def sign(secret: str, address: str, payload: Payload, _at: datetime) -> Payload:
    """HMAC-SHA-1 of the address and the form's fields in order."""
    fields = sorted(parse_qsl(payload.body.decode(), keep_blank_values=True))
    said = address + "".join(name + value for name, value in fields)
    digest = base64.b64encode(hmac.digest(secret.encode(), said.encode(), "sha1")).decode()
    return payload._replace(headers={**payload.headers, "x-twilio-signature": digest})


VENDOR = Vendor(tell, sign)
