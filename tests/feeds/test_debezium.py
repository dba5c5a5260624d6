"""Changes of in-house tables become events by a mapping, in the order of the database's log."""

import base64
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app import settings
from app.errors import BadConfiguration
from app.events.refusals import Refusal
from app.events.types import (
    CallEnded,
    Customer,
    Data,
    Event,
    OrderLine,
    OrderRecorded,
    QuoteRecorded,
    RecordVoided,
    TimeOffRecorded,
)
from app.feeds import debezium
from app.feeds.debezium_values import UNAVAILABLE
from app.feeds.feed import Hook, Ignored
from app.feeds.registry import opened
from tests.feeds import given
from tests.feeds.debezium_payloads import (
    AT,
    LSN,
    MAPPING,
    SECRET,
    call,
    change,
    encoded,
    enveloped,
    order,
    signed,
)

CHOSEN = settings.read({"RINGSIDE_DEBEZIUM_MAPPING": json.dumps(MAPPING)})
CALLS, ORDERS = "pbx.public.calls", "shop.orders"
START = datetime(2025, 11, 18, 9, 59, tzinfo=UTC)


def read(payload: Any, chosen: settings.Settings = CHOSEN) -> list[Event | Refusal | Ignored]:
    return given.read(debezium.FEED, encoded(payload), settings=chosen)


def event(payload: Any) -> Event:
    (found,) = read(payload)
    assert isinstance(found, Event), found
    assert found.source == "debezium"
    return found


def data(payload: Any) -> list[Data]:
    found = read(payload)
    assert all(isinstance(one, Event) for one in found), found
    return [one.data for one in found if isinstance(one, Event)]


def refused(payload: Any) -> tuple[str, str | None]:
    (found,) = read(payload)
    assert isinstance(found, Refusal), found
    return found.code, found.field


def leg(**over: Any) -> CallEnded:
    plain: dict[str, Any] = {
        "call_id": "pbx:77", "rep_id": "pbx:11", "direction": "outbound",
        "customer": Customer(phone="303 555 0142"), "started_at": START,
        "ended_at": START + timedelta(seconds=200), "talk_seconds": 188, "outcome": "connected",
        "revision": LSN,
    }  # fmt: skip
    return CallEnded(**{**plain, **over})


def void(kind: str, key: str, why: str = "deleted", revision: int = LSN, **more: Any) -> Data:
    return RecordVoided(kind=kind, key=key, reason=why, revision=revision, **more)  # type: ignore[arg-type]


# -- rows ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("op", ["c", "u", "r"])
@pytest.mark.parametrize("snapshot", [True, False, "true", "false", "last", "first"])
def test_a_row_is_its_record_with_or_without_the_schema(op: str, snapshot: bool | str) -> None:
    plain = change(CALLS, op, after=call(), snapshot=snapshot)
    assert data(plain) == data(enveloped(plain)) == [leg()]
    assert event(plain).time == datetime.fromtimestamp(AT / 1000, UTC)


def test_an_order_with_its_decimals_in_every_coding() -> None:
    def ordered(**over: Any) -> Data:
        (found,) = data(change(ORDERS, "c", after=order(**over)))
        return found

    line = OrderLine(line_id="goods", quantity=Decimal(1), unit_price=Decimal("1234.5"),
                     unit_cost=Decimal("801.25"))  # fmt: skip
    expected = OrderRecorded(
        order_id="shop:5001", rep_id="ada", customer=Customer("shop:31"), status="confirmed",
        currency="USD", placed_at=datetime(2025, 11, 18, 9, tzinfo=UTC), lines=(line,),
        revision=LSN,
    )  # fmt: skip
    assert ordered() == expected
    struct = {"scale": 3, "value": base64.b64encode((1_234_500).to_bytes(4, "big")).decode()}
    for total in (struct, 1234.5, 1234.50):
        assert ordered(total=total) == expected
    assert ordered(cost=801.25) == expected
    noisy = order(cost=801.2500000000001)
    assert data(change(ORDERS, "c", after=noisy)) == [expected]


def test_other_types_dates_flags_and_a_version_of_its_own() -> None:
    assert data(change("x.days_off", "c", after={"rep": "ada", "day": 20_410})) == [
        TimeOffRecorded(rep_id="ada", date=datetime(2025, 11, 18, tzinfo=UTC).date(),
                        fraction=Decimal(1), revision=LSN)
    ]  # fmt: skip
    offer = {"id": "q1", "rep": "ada", "state": "issued", "amount": "12.5", "issued": AT,
             "version": 7}  # fmt: skip
    quote = QuoteRecorded(quote_id="q1", rep_id="ada", customer=None, status="issued",
                          amount=Decimal("12.5"), currency="USD", issued_at=START,
                          revision=7)  # fmt: skip
    assert data(change("x.offers", "c", after=offer)) == [quote]
    assert data(change("x.offers", "d", before={"id": "q1"})) == [
        void("quote", "q1", revision=2**53 - 1)
    ]
    assert data(change(CALLS, "c", after=call(is_test=1))) == [leg(test=True)]


def test_values_and_what_stands_for_the_others() -> None:
    assert data(change(CALLS, "c", after=call(result="BUSY", dir=1))) == [
        leg(outcome="no_answer", direction="inbound")
    ]
    assert refused(change(CALLS, "c", after=call(dir=3))) == ("unknown_value", "dir")


def test_local_times_are_of_their_zone_whatever_the_season() -> None:
    july = 1_752_800_340_000_000  # 2025-07-18T00:59:00 in Denver, where it is -6 h
    (found,) = data(change(CALLS, "c", after=call(started=july, ended=july + 10**6, talk_ms=0)))
    assert isinstance(found, CallEnded)
    assert found.started_at == datetime(2025, 7, 18, 6, 59, tzinfo=UTC)
    # The hour that comes twice on 2 November is taken as it is the first time.
    twice = 1_762_046_940_000_000  # 01:29:00 there
    (found,) = data(change(CALLS, "c", after=call(started=twice, ended=twice, talk_ms=0)))
    assert isinstance(found, CallEnded)
    assert found.started_at == datetime(2025, 11, 2, 7, 29, tzinfo=UTC)


def test_a_row_that_is_not_finished_is_ignored_and_one_marked_as_gone_withdrawn() -> None:
    assert read(change(CALLS, "c", after=call(ended=None))) == [Ignored("not_final", "call.ended")]
    gone = void("call", "pbx:77", "marked as gone", rep_id="pbx:11")
    assert data(change(CALLS, "u", after=call(deleted_at=AT))) == [gone]


def test_a_row_without_a_rep_is_nobodys() -> None:
    ignored = [Ignored("no_rep", "call.ended")]
    assert read(change(CALLS, "c", after=call(agent=None))) == ignored
    assert read(change(CALLS, "u", after=call(agent=None))) == ignored
    was_mine = change(CALLS, "u", before=call(), after=call(agent=None))
    assert data(was_mine) == [void("call", "pbx:77", "it names no rep", rep_id="pbx:11")]
    assert data(change(ORDERS, "u", after=order(rep=None))) == [
        void("order", "shop:5001", "it names no rep")
    ]


def test_a_call_that_changes_hands_is_withdrawn_from_the_first() -> None:
    moved = change(CALLS, "u", before=call(agent=12), after=call())
    assert data(moved) == [
        leg(), void("call", "pbx:77", "it is another record now", rep_id="pbx:12"),
    ]  # fmt: skip
    assert data(change(CALLS, "u", before=call(number="1"), after=call())) == [leg()]
    # Where only the key comes before, nobody can tell.
    only_key = dict.fromkeys(call()) | {"id": 77}
    assert data(change(CALLS, "u", before=only_key, after=call())) == [leg()]


# -- deletions and what says nothing ------------------------------------------------------------


def test_a_deleted_row_is_withdrawn_even_if_only_its_key_came() -> None:
    only_key = dict.fromkeys(order()) | {"no": 5001}
    for before in (order(), only_key):
        assert data(change(ORDERS, "d", before=before)) == [void("order", "shop:5001")]
    assert data(change(CALLS, "d", before=call())) == [
        void("call", "pbx:77", rep_id="pbx:11")
    ]  # fmt: skip
    only_key = dict.fromkeys(call()) | {"id": 77}
    assert refused(change(CALLS, "d", before=only_key)) == ("missing", "agent")
    assert refused(change(CALLS, "d")) == ("missing", "before")
    assert refused(change("x.days_off", "d", before={"rep": "a", "day": 1})) == (
        "not_allowed", "op",
    )  # fmt: skip


def test_what_says_nothing_is_ignored_by_name() -> None:
    assert read(change("x.elsewhere", "c", after={})) == [Ignored("unmapped", "elsewhere")]
    assert read({"op": "t", "source": {}}) == [Ignored("kind", "op t")]
    assert read({"schema": None, "payload": None}) == [Ignored("kind", "tombstone")]


def test_many_changes_of_one_request_are_read_one_by_one() -> None:
    found = read([change(CALLS, "c", after=call()), {"op": "x"},
                  change("x.elsewhere", "c", after={})])  # fmt: skip
    assert [type(one) for one in found] == [Event, Refusal, Ignored]


# -- the order of the log -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "revision"),
    [
        ({"lsn": 24_023_129}, 24_023_129),
        ({"lsn": 24_023_129, "ts_ms": 0}, 24_023_129),
        ({"lsn": None, "snapshot": "incremental"}, 0),
        ({"lsn": ..., "file": "mysql-bin.000003", "pos": 154}, (3 << 32) + 154),
        ({"lsn": ..., "file": "", "pos": 0, "snapshot": "incremental"}, 0),
        ({"lsn": ...}, AT * 1000),
        ({"lsn": ..., "ts_us": AT * 1000 + 7}, AT * 1000 + 7),
    ],
)
def test_the_place_in_the_log_is_the_revision(place: dict[str, Any], revision: int) -> None:
    given_ = change(CALLS, "c", after=call(), **place)
    given_["source"] = {k: v for k, v in given_["source"].items() if v is not ...}
    assert data(given_) == [leg(revision=revision)]


def test_the_same_change_again_is_a_duplicate_and_another_none() -> None:
    once = event(change(CALLS, "c", after=call())).id
    again = change(CALLS, "c", after=call())
    again["ts_ms"] += 9
    assert event(enveloped(again)).id == once
    others = {
        event(change(CALLS, "c", after=call(), lsn=LSN + 1)).id,
        event(change(CALLS, "r", after=call())).id,
        event(change(CALLS, "c", after=call(id=78))).id,
        event(change(CALLS, "c", after=call(), name="another")).id,
    }
    assert len(others | {once}) == 5


@pytest.mark.parametrize(
    ("payload", "code", "field"),
    [
        ({}, "missing", "op"),
        ({"op": "z"}, "unknown_value", "op"),
        ({"op": "c", "source": 7}, "not_an_object", "source"),
        ({"op": "c", "source": {"db": "x"}}, "missing", "source.table"),
        (change(CALLS, "c"), "missing", "after"),
        (change(CALLS, "c", after=[1]), "not_an_object", "after"),
        (change(CALLS, "c", after={"id": 1}), "missing", "deleted_at"),
        (change(CALLS, "c", after=call(id=None)), "missing", "data.call_id"),
        (change(CALLS, "c", after=call(id=[1])), "wrong_type", "id"),
        (change(CALLS, "c", after=call(number=UNAVAILABLE)), "missing", "number"),
        (change(CALLS, "c", after=call(started="soon")), "wrong_type", "started"),
        (change(CALLS, "c", after=call(started=10**30)), "bad_timestamp", "started"),
        (change(CALLS, "c", after=call(started=0)), "timestamp_out_of_range", "data.started_at"),
        (change(CALLS, "c", after=call(talk_ms="NaN")), "bad_number", "talk_ms"),
        (change(CALLS, "c", after=call(talk_ms=-1)), "out_of_range", "data.talk_seconds"),
        (change(CALLS, "c", after=call(is_test="no")), "wrong_type", "is_test"),
        (change(ORDERS, "c", after=order(total="!!")), "bad_number", "total"),
        (change(ORDERS, "c", after=order(placed="2025-11-18T04:00:00")),
         "naive_timestamp", "placed"),
        (change(CALLS, "c", after=call(), lsn=2**53), "out_of_range", "data.revision"),
    ],
)  # fmt: skip
def test_a_change_that_cannot_be_read_is_refused_by_name(
    payload: Any, code: str, field: str
) -> None:
    assert refused(payload) == (code, field)


# -- the mapping --------------------------------------------------------------------------------


def bent(place: str, value: Any) -> dict[str, Any]:
    """The mapping with one thing changed, `place` being the path to it; ... takes it out."""
    mapping = json.loads(json.dumps(MAPPING))
    holder: Any = mapping
    *path, last = [int(part) if part.isdigit() else part for part in place.split("/")]
    for part in path:
        holder = holder[part]
    if value is ...:
        del holder[last]
    else:
        holder[last] = value
    return mapping  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        ("tables", [], "tables: Tuple should have at least 1 item"),
        ("tables/0/type", "call.began", "tables[0].type: 'call.began' is none of call.ended,"),
        ("tables/0/type", ..., "tables[0].type: Field required"),
        ("tables/1/table", "pbx.public.calls", "tables[1].table: 'pbx.public.calls' is mapped"),
        ("tables/0/fields/rep_id", ..., "tables[0].fields.rep_id: the field is required"),
        ("tables/0/fields/colour", "c", "tables[0].fields.colour: there is no such field"),
        ("tables/0/fields/started_at/time", ..., "tables[0].fields.started_at.time: how"),
        ("tables/0/fields/started_at/time", "h", "tables[0].fields.started_at.time: Input"),
        ("tables/0/fields/started_at/zone", "Denver", "tables[0].fields.started_at.zone: 'Denver'"),
        ("tables/0/fields/started_at/colum", "x", "tables[0].fields.started_at.colum: Extra"),
        ("tables/0/fields/direction/constant", "inbound",
         "tables[0].fields.direction: either column or constant is needed"),
        ("tables/0/lines", [{}], "tables[0].lines: a call.ended has no lines"),
        ("tables/1/lines", [], "tables[1].lines: a order.recorded needs one line or more"),
        ("tables/1/lines/0/unit_price", ..., "tables[1].lines[0].unit_price: the field"),
    ],
)  # fmt: skip
def test_a_wrong_mapping_ends_the_start_and_names_the_key(
    place: str, value: Any, told: str
) -> None:
    environ = {"RINGSIDE_DEBEZIUM_SECRET": SECRET,
               "RINGSIDE_DEBEZIUM_MAPPING": json.dumps(bent(place, value))}  # fmt: skip
    with pytest.raises(BadConfiguration) as error:
        opened(settings.read(environ))
    assert str(error.value).startswith(f"RINGSIDE_DEBEZIUM_MAPPING: {told}")


def test_the_feed_needs_a_mapping_and_a_secret_that_is_one() -> None:
    with pytest.raises(BadConfiguration, match="RINGSIDE_DEBEZIUM_MAPPING: the feed debezium"):
        opened(settings.read({"RINGSIDE_DEBEZIUM_SECRET": SECRET}))
    environ = {"RINGSIDE_DEBEZIUM_MAPPING": json.dumps(MAPPING)}
    with pytest.raises(BadConfiguration, match="RINGSIDE_DEBEZIUM_SECRET: whsec_ and base64"):
        opened(settings.read({**environ, "RINGSIDE_DEBEZIUM_SECRET": "secret"}))


def test_the_mapping_is_a_file_in_toml_or_json(tmp_path: Path) -> None:
    toml = tmp_path / "tables.toml"
    toml.write_text(
        '[[tables]]\ntable = "days_off"\ntype = "time_off.recorded"\n'
        '[tables.fields]\nrep_id = "rep"\ndate = "day"\nfraction = {constant = "1"}\n'
    )
    (tmp_path / "tables.json").write_text(json.dumps(MAPPING))
    for name in ("tables.toml", "tables.json"):
        chosen = settings.read({"RINGSIDE_DEBEZIUM_MAPPING": str(tmp_path / name)})
        (found,) = read(change("x.days_off", "c", after={"rep": "a", "day": "2025-11-18Z"}), chosen)
        assert isinstance(found, Event)
    for bad, why in (("gone.toml", "No such file"), ("bad.toml", "cannot be read as TOML or JSON")):
        (tmp_path / "bad.toml").write_text("tables = [")
        with pytest.raises(BadConfiguration, match=f"RINGSIDE_DEBEZIUM_MAPPING: .*{why}"):
            settings.read({"RINGSIDE_DEBEZIUM_MAPPING": str(tmp_path / bad)})


# -- the signature ------------------------------------------------------------------------------


@pytest.mark.parametrize(("late", "good"), [(0, True), (299, True), (301, False), (-301, False)])
def test_the_sinks_signature_holds_for_five_minutes(late: int, good: bool) -> None:
    headers = signed(b"{}", round(START.timestamp()))
    now = START + timedelta(seconds=late)
    assert debezium.genuine(SECRET, Hook(headers, b"{}"), now) is good
    assert not debezium.genuine(SECRET, Hook(headers, b"{ }"), now)
    assert not debezium.genuine("whsec_AAAA", Hook(headers, b"{}"), now)
    assert not debezium.genuine("no base64", Hook(headers, b"{}"), now)
    two = {**headers, "webhook-signature": "v1,AAAA " + headers["webhook-signature"]}
    assert debezium.genuine(SECRET, Hook(two, b"{}"), now) is good
    assert not debezium.genuine(SECRET, Hook({**headers, "webhook-id": "msg_2"}, b"{}"), now)
    assert not debezium.genuine(SECRET, Hook({**headers, "webhook-timestamp": "x"}, b"{}"), now)
