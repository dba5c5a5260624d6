"""Changes in the shape of Debezium's, written by us, and the mapping that tests read them by."""

import base64
import hmac
import json
from typing import Any

SECRET = "whsec_" + base64.b64encode(b"ringside of the tests, 32 bytes!").decode()
LSN = 24_023_128
AT = 1_763_459_940_000  # 2025-11-18T09:59:00Z

# Local times of Denver (-7 h in November), in microseconds as if they were UTC's.
STARTED = 1_763_434_740_000_000  # 02:59:00 there, 09:59:00Z

MAPPING: dict[str, Any] = {
    "tables": [
        {
            "table": "pbx.public.calls",
            "type": "call.ended",
            "needs": ["ended"],
            "gone": ["deleted_at"],
            "fields": {
                "call_id": {"column": "id", "prefix": "pbx:"},
                "rep_id": {"column": "agent", "prefix": "pbx:"},
                "direction": {"column": "dir", "values": {"1": "inbound", "2": "outbound"}},
                "customer.phone": "number",
                "started_at": {"column": "started", "time": "us", "zone": "America/Denver"},
                "ended_at": {"column": "ended", "time": "us", "zone": "America/Denver"},
                "talk_seconds": {"column": "talk_ms", "divide": 1000},
                "outcome": {
                    "column": "result", "values": {"OK": "connected"}, "otherwise": "no_answer",
                },
                "test": "is_test",
            },
        },
        {
            "table": "shop.orders",
            "type": "order.recorded",
            "fields": {
                "order_id": {"column": "no", "prefix": "shop:"},
                "rep_id": "rep",
                "customer.customer_id": {"column": "customer", "prefix": "shop:"},
                "status": {"constant": "confirmed"},
                "currency": {"constant": "USD"},
                "placed_at": {"column": "placed", "time": "iso"},
            },
            "lines": [
                {"line_id": {"constant": "goods"}, "quantity": {"constant": 1},
                 "unit_price": {"column": "total", "decimal": 2}, "unit_cost": "cost"},
            ],
        },
        {
            "table": "days_off",
            "type": "time_off.recorded",
            "fields": {"rep_id": "rep", "date": "day", "fraction": {"constant": "1"}},
        },
        {
            "table": "offers",
            "type": "quote.recorded",
            "fields": {
                "quote_id": "id", "rep_id": "rep", "status": "state", "amount": "amount",
                "currency": {"constant": "USD"},
                "issued_at": {"column": "issued", "time": "ms"}, "revision": "version",
            },
        },
    ]
}  # fmt: skip


def place(table: str, **over: Any) -> dict[str, Any]:
    """Where in PostgreSQL's log a change was."""
    db, _, name = table.rpartition(".")
    schema = db.rpartition(".")[2]
    return {
        "version": "2.7.3.Final", "connector": "postgresql", "name": "inhouse", "ts_ms": AT,
        "snapshot": "false", "db": db.partition(".")[0], "schema": schema, "table": name,
        "txId": 555, "lsn": LSN, "xmin": None, **over,
    }  # fmt: skip


def change(
    table: str, op: str, *, before: Any = None, after: Any = None, **over: Any
) -> dict[str, Any]:
    """One change, without its schema."""
    return {
        "before": before, "after": after, "source": place(table, **over), "op": op,
        "ts_ms": AT + 140, "transaction": None,
    }  # fmt: skip


def enveloped(inner: Any) -> dict[str, Any]:
    """The same with its schema around it."""
    return {"schema": {"type": "struct", "name": "inhouse.Envelope"}, "payload": inner}


def call(**over: Any) -> dict[str, Any]:
    """A row of the in-house table of calls: 200 s, of which 188.7 were talk."""
    return {
        "id": 77, "agent": 11, "dir": 2, "number": "303 555 0142", "started": STARTED,
        "ended": STARTED + 200_000_000, "talk_ms": 188_700, "result": "OK", "is_test": False,
        "deleted_at": None, **over,
    }  # fmt: skip


def order(**over: Any) -> dict[str, Any]:
    """A row of the in-house table of orders; 1234.50 as base64 of 123450."""
    return {
        "no": 5001, "rep": "ada", "customer": 31, "placed": "2025-11-18T04:00:00-05:00",
        "total": base64.b64encode((123_450).to_bytes(3, "big")).decode(), "cost": "801.25", **over,
    }  # fmt: skip


def signed(body: bytes, seconds: int, secret: str = SECRET) -> dict[str, str]:
    """The headers of Debezium Server's HTTP sink, by Standard Webhooks."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"msg_1.{seconds}.".encode() + body, "sha256")
    return {"webhook-id": "msg_1", "webhook-timestamp": str(seconds),
            "webhook-signature": f"v1,{base64.b64encode(digest).decode()}"}  # fmt: skip


def encoded(payload: Any) -> bytes:
    return json.dumps(payload).encode()
