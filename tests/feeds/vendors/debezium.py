"""Debezium: signed by Debezium Server's HTTP sink, read by a mapping."""

import json

from tests.feeds.debezium_payloads import (
    MAPPING,
    SECRET,
    call,
    change,
    encoded,
    enveloped,
    order,
    signed,
)
from tests.feeds.vendor import NOW, Delivery, Outcome, Seed, Vendor

# The captured tables, too: people of one, and links of another that were deleted.
CUSTOMERS = {
    "table": "postgres.public.customers", "type": "customer.recorded",
    "fields": {"customer_id": {"column": "id", "prefix": "inhouse:"}, "name": "last_name"},
}  # fmt: skip
LINKS = {
    "table": "public.LINKS", "type": "customer.recorded",
    "fields": {"customer_id": {"column": "customerId", "prefix": "links:"},
               "name": "customerLName"},
}  # fmt: skip


def sign(_name: str, body: bytes, _headers: dict[str, str]) -> Delivery:
    return Delivery(body, signed(body, round(NOW.timestamp())))


VENDOR = Vendor(
    environ={
        "RINGSIDE_DEBEZIUM_SECRET": SECRET,
        "RINGSIDE_DEBEZIUM_MAPPING": json.dumps({"tables": [*MAPPING["tables"], CUSTOMERS, LINKS]}),
    },
    captured="debezium-",
    outcomes={
        "debezium-postgres-create-1.9": Outcome(1),
        "debezium-postgres-delete": Outcome(1),
        "debezium-postgres-snapshot-read": Outcome(ignored="unmapped"),
    },
    sign=sign,
    seeds=[
        Seed(encoded(change("pbx.public.calls", "c", after=call()))),
        Seed(encoded(enveloped(change("pbx.public.calls", "u", before=call(agent=12),
                                      after=call())))),
        Seed(encoded(change("pbx.public.calls", "d", before=call()))),
        Seed(encoded(change("shop.orders", "r", after=order(), snapshot="last"))),
        Seed(encoded([change("shop.orders", "u", after=order(total={"scale": 1, "value": "ew=="})),
                      change("pbx.public.calls", "c", after=call(ended=None))])),
    ],
)  # fmt: skip
