"""Asterisk: a token in a header; records in AMI's text and in JSON, in the shape of Asterisk's."""

import json
from typing import Any

from tests.feeds.vendor import Delivery, Outcome, Seed, Vendor

ASTERISK_SECRET = "ast_0123456789abcdef"
AUTHORIZED = {"authorization": f"Bearer {ASTERISK_SECRET}"}

OUTCOMES = {
    "asterisk-ami-cdr-answered-outbound.ami": Outcome(1),
    # A line of somebody's log, no form that Asterisk sends.
    "asterisk-ami-cdr-parsed-line": Outcome(refused="not_json"),
}


def cdr(**over: Any) -> dict[str, str]:
    """Extension 201 called out by the trunk: rang 12 s, talked 188."""
    record = {
        "Event": "Cdr", "Privilege": "cdr,all", "AccountCode": "", "Source": "201",
        "Destination": "3035550142", "DestinationContext": "from-internal",
        "CallerID": '"Ada" <201>', "Channel": "PJSIP/201-0000002a",
        "DestinationChannel": "PJSIP/trunk-one-0000002b", "LastApplication": "Dial",
        "LastData": "PJSIP/3035550142@trunk-one,300,T", "StartTime": "2025-11-18 03:00:00",
        "AnswerTime": "2025-11-18 03:00:12", "EndTime": "2025-11-18 03:03:20",
        "Duration": "200", "BillableSeconds": "188", "Disposition": "ANSWERED",
        "AMAFlags": "DOCUMENTATION", "UniqueID": "1763460000.42", "UserField": "",
    }  # fmt: skip
    return {name: value for name, value in {**record, **over}.items() if value is not ...}


def inbound(**over: Any) -> dict[str, str]:
    """A call by the trunk that 201 took."""
    return cdr(**{
        "Source": "3035550142", "Destination": "201", "Channel": "PJSIP/trunk-one-0000002a",
        "DestinationChannel": "PJSIP/201-0000002b", **over,
    })  # fmt: skip


def ami(*records: dict[str, str]) -> bytes:
    """As the manager interface writes events."""
    return b"".join(
        "".join(f"{name}: {value}\r\n" for name, value in record.items()).encode() + b"\r\n"
        for record in records
    )


def sign(_name: str, body: bytes, _headers: dict[str, str]) -> Delivery:
    return Delivery(body, AUTHORIZED)


def seal(body: bytes) -> bytes:
    """A record alone as AMI writes it; lists stay JSON."""
    try:
        record = json.loads(body)
    except ValueError:
        return body
    if not isinstance(record, dict):
        return body
    texts = {name: str(value) for name, value in record.items()}
    return b"\r\n".join(
        f"{name}: {value}".encode(errors="surrogatepass") for name, value in texts.items()
    )


VENDOR = Vendor(
    environ={"RINGSIDE_ASTERISK_SECRET": ASTERISK_SECRET},
    captured="asterisk-",
    outcomes=OUTCOMES,
    sign=sign,
    seeds=[
        Seed(json.dumps(cdr()).encode()),
        Seed(json.dumps(inbound(Linkedid="1763459990.1")).encode()),
        Seed(json.dumps([cdr(Event=...)]).encode()),
        Seed(json.dumps([cdr(), cdr(Event="Newchannel"), inbound(DestinationChannel="")]).encode()),
    ],
    seal=seal,
)
