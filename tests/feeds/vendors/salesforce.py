"""Salesforce: a relay's token in a header; change events in the shape of Salesforce's."""

import json
from typing import Any

from tests.feeds.vendor import KIND, Delivery, Outcome, Seed, Vendor

SALESFORCE_SECRET = "sf_0123456789abcdef"
AUTHORIZED = {"authorization": f"Bearer {SALESFORCE_SECRET}"}
COMMITTED = 1_763_460_000_000  # 2025-11-18T10:00:00Z
COMMIT = 1_763_460_000_433_528_321  # no binary float holds it
DEAL, TASK = "006SM0000001Tb3YAE", "00TSM0000001Tb3YAE"

OUTCOMES = {
    "salesforce-cdc-account-create-pubsub": Outcome(1),
    # A new address: neither name nor phone is said.
    "salesforce-cdc-account-update-bitmap": Outcome(ignored="partial"),
    "salesforce-cdc-customobject-update-cometd": KIND,
    "salesforce-cdc-opportunity-create-pubsub": Outcome(1),
}


def header(entity: str, change: str = "CREATE", **over: Any) -> dict[str, Any]:
    plain = {
        "entityName": entity, "recordIds": [DEAL], "changeType": change, "changeOrigin": "",
        "transactionKey": "0001ade9", "sequenceNumber": 1, "commitTimestamp": COMMITTED,
        "commitNumber": COMMIT, "commitUser": "005EDITOR", "nulledFields": [], "diffFields": [],
        "changedFields": [],
    }  # fmt: skip
    return {**plain, **over}


def change(fields: dict[str, Any], entity: str, kind: str = "CREATE", **over: Any) -> bytes:
    """As the Pub/Sub API's records are decoded: every field is there."""
    told = {name: value for name, value in fields.items() if value is not ...}
    return json.dumps({"ChangeEventHeader": header(entity, kind, **over), **told}).encode()


def cometd(fields: dict[str, Any], entity: str, kind: str = "UPDATE", **over: Any) -> bytes:
    """As CometD tells it: what is not said is left out."""
    told = {name: value for name, value in fields.items() if value is not ...}
    payload = {"ChangeEventHeader": header(entity, kind, **over), **told}
    return json.dumps({"schema": "s", "payload": payload, "event": {"replayId": 7}}).encode()


def deal(**over: Any) -> dict[str, Any]:
    """An opportunity of 4000.50 that user 005OWNER was offered for."""
    return {
        "AccountId": "001ACCOUNT", "Name": "400 widgets", "StageName": "Proposal/Price Quote",
        "Amount": 4000.5, "CloseDate": 1_764_460_800_000, "IsClosed": False, "IsWon": False,
        "OwnerId": "005OWNER", "CreatedDate": 1_763_373_600_000, "LastStageChangeDate": None,
        **over,
    }  # fmt: skip


def task(**over: Any) -> dict[str, Any]:
    """A logged call of 125 seconds."""
    return {
        "TaskSubtype": "Call", "CallType": "Outbound", "CallDurationInSeconds": 125,
        "IsClosed": True, "OwnerId": "005OWNER", "AccountId": "001ACCOUNT", "WhoId": "003PERSON",
        "CreatedDate": 1_763_459_940_000, "Status": "Completed", **over,
    }  # fmt: skip


def sign(_name: str, body: bytes, _headers: dict[str, str]) -> Delivery:
    return Delivery(body, AUTHORIZED)


VENDOR = Vendor(
    environ={"RINGSIDE_SALESFORCE_SECRET": SALESFORCE_SECRET},
    captured="salesforce-",
    outcomes=OUTCOMES,
    sign=sign,
    seeds=[
        Seed(change(deal(StageName="Closed Won", CurrencyIsoCode="EUR"), "Opportunity")),
        Seed(cometd(deal(CloseDate="2025-11-30"), "Opportunity")),
        Seed(change({"Name": {"FirstName": "A", "LastName": "B"}, "Phone": "1"}, "Account")),
        Seed(change(task(), "Task", recordIds=[TASK, DEAL])),
        Seed(change({}, "Opportunity", "DELETE")),
        Seed(change({}, "Opportunity", "GAP_UPDATE")),
    ],
)
