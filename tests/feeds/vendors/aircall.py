"""Aircall: the token in the body is the signature."""

import json

from tests.feeds import payloads
from tests.feeds.payloads import TOKEN
from tests.feeds.vendor import KIND, NO_REP, NOT_FINAL, Delivery, Outcome, Seed, Vendor

OUTCOMES = {
    "aircall-call.answered-inbound": NOT_FINAL,
    "aircall-call.answered-outbound": NOT_FINAL,
    "aircall-call.archived-inbound": KIND,
    "aircall-call.commented-inbound": KIND,
    "aircall-call.created-inbound": NOT_FINAL,
    "aircall-call.created-outbound": NOT_FINAL,
    "aircall-call.ended-inbound": NO_REP,  # missed by a whole team
    "aircall-call.ended-outbound": Outcome(1),
    "aircall-call.hold-inbound": NOT_FINAL,
    "aircall-call.hold-outbound": NOT_FINAL,
    "aircall-call.hungup-inbound": NOT_FINAL,
    "aircall-call.hungup-outbound": NOT_FINAL,
    "aircall-call.ringing_on_agent-inbound": NOT_FINAL,
    "aircall-call.tagged-inbound": KIND,
    "aircall-call.unhold-inbound": NOT_FINAL,
    "aircall-call.unhold-outbound": NOT_FINAL,
    "aircall-call.unsuccessful_transfer-inbound": NOT_FINAL,
    "aircall-call.voicemail_left-inbound": NO_REP,
}


def sign(_name: str, body: bytes, _headers: dict[str, str]) -> Delivery:
    return Delivery(json.dumps({**json.loads(body), "token": TOKEN}).encode(), {})


VENDOR = Vendor(
    environ={"RINGSIDE_AIRCALL_TOKEN": TOKEN},
    captured="aircall-",
    outcomes=OUTCOMES,
    sign=sign,
    seeds=[
        Seed(payloads.aircall()),
        Seed(payloads.aircall(transferred_by=payloads.user(12), direction="inbound")),
        Seed(payloads.aircall("call.voicemail_left", answered_at=None, voicemail="x")),
    ],
)
