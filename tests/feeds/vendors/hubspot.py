"""HubSpot: signed over method, address, body and moment."""

import json

from tests.feeds import hubspot_payloads as payloads
from tests.feeds.hubspot_payloads import SECRET, reading, signed, told
from tests.feeds.vendor import NOW, Delivery, Outcome, Seed, Vendor

URL = "http://ringside.test/v1/webhooks/hubspot"


def sign(_name: str, body: bytes, _headers: dict[str, str]) -> Delivery:
    return Delivery(body, signed(body, round(NOW.timestamp() * 1000), URL))


VENDOR = Vendor(
    environ={"RINGSIDE_HUBSPOT_SECRET": SECRET},
    captured="hubspot-",
    outcomes={
        # Objects of the API: as they are, nothing says of which kind.
        "hubspot-object-call": Outcome(refused="missing"),
        "hubspot-object-line_item": Outcome(refused="missing"),
        # In its first stage: a draft, and no order whatever was said of it before.
        "hubspot-workflow-deal": Outcome(2),
    },
    sign=sign,
    seeds=[
        Seed(json.dumps([told("deal.deletion"), told("contact.propertyChange")]).encode()),
        Seed(json.dumps([told("company.merge", mergedObjectIds=[5, 6], newObjectId=7)]).encode()),
        Seed(json.dumps(payloads.workflow()).encode()),
        Seed(
            reading(
                "deals", payloads.deal(), contacts=[31], companies=[8],
                lines=[payloads.item(1, "2", "25.50", amount="49"), payloads.item(2, "1", "9")],
            )
        ),
        Seed(reading("calls", payloads.call(history=["51", "52"]), contacts=["31"])),
        Seed(reading("contacts", payloads.thing(31, firstname="Ada", phone="+13035550142"))),
    ],
)  # fmt: skip
