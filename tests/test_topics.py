"""Topics and keys: the table of the wire contract, for every type."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from app.events.types import (
    CustomerRecorded,
    Data,
    Event,
    FxRateRecorded,
    OrderReturned,
    RecordVoided,
    RepRecorded,
    TalktimeRecorded,
    TimeOffRecorded,
)
from app.topics import _BY_TYPE, key_of, topic_of

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
TALK = TalktimeRecorded(
    segment_id="s1", call_id="c1", rep_id="r1", kind="talk", started_at=NOON, seconds=5
)
OFF = TimeOffRecorded(rep_id="r1", date=date(2026, 1, 1), fraction=Decimal(1))
RETURN = OrderReturned(return_id="x1", order_id="o1", returned_at=NOON, lines=())
RATE = FxRateRecorded(currency="EUR", day=date(2026, 1, 1), rate=Decimal("1.1"))


@pytest.mark.parametrize(
    ("data", "topic", "key"),
    [
        (TALK, "talk-time", b"r1"),
        (RepRecorded(rep_id="r1", name="Ada", time_zone="UTC"), "directory", b"r1"),
        (OFF, "directory", b"r1"),
        (RETURN, "orders", b"x1"),
        (CustomerRecorded(customer_id="k1", name="Acme"), "directory", b"k1"),
        (RATE, "directory", b"EUR"),
        (RecordVoided(kind="call", key="c1", rep_id="r1", revision=1), "calls", b"r1"),
        (RecordVoided(kind="return", key="x1", revision=1), "orders", b"x1"),
        (RecordVoided(kind="customer", key="k1", revision=1), "directory", b"k1"),
    ],
)
def test_topic_and_key(data: Data, topic: str, key: bytes) -> None:
    assert topic_of(data) == topic
    assert key_of(Event("e1", "crm", None, data)) == key


def test_every_type_has_a_topic() -> None:
    wires = {struct.wire for struct in Data.__args__} - {RecordVoided.wire}
    assert set(_BY_TYPE) == wires
