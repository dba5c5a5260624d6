"""The wire contract: what is taken, whole, and what is refused, with its code and field."""

import json
import random
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.events.decode import MOST_BYTES, _careful, _careful_data, decode_binary
from app.events.entry import Rules
from app.events.quick import read_data_quickly, read_quickly
from app.events.refusals import CODES, Refusal
from app.events.types import (
    CallEnded,
    Customer,
    Event,
    FxRateRecorded,
    OrderLine,
    OrderRecorded,
    RecordVoided,
)
from tests.events.given import DATA, NOW, decoded, event, refusal

D = Decimal
RULES = Rules(NOW, "USD")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_call_whole() -> None:
    assert decoded(event("call.ended")) == Event(
        "e1", "pbx", at("2026-11-20T18:05:00"),
        CallEnded(
            call_id="c1", rep_id="r1", direction="outbound",
            customer=Customer("k1", "+13035550101"), started_at=at("2026-11-20T18:00:00"),
            answered_at=at("2026-11-20T18:00:10"), ended_at=at("2026-11-20T18:03:20.500000"),
            ring_seconds=10, talk_seconds=170, hold_seconds=20, wrap_up_seconds=None,
            outcome="connected", answered_by="human", test=False, revision=3,
        ),
    )  # fmt: skip


def test_money_is_exact_and_defaults_are_filled_in() -> None:
    order = decoded(event("order.recorded"))
    assert isinstance(order, Event)
    assert isinstance(order.data, OrderRecorded)
    assert order.data.lines == (
        OrderLine(line_id="1", sku="A", kind="goods", quantity=D(2), unit_price=D("10.25"),
                  discount=D("0.5"), unit_cost=D(4)),
        OrderLine(line_id="2", kind="service", quantity=D("1.5"), unit_price=D(0)),
    )  # fmt: skip
    rate = decoded(event("fx_rate.recorded"))
    assert isinstance(rate, Event)
    assert rate.data == FxRateRecorded(
        currency="EUR", day=date(2026, 11, 20), rate=D("1.123456789012")
    )
    void = decoded(event("record.voided"))
    assert isinstance(void, Event)
    assert void.data == RecordVoided(
        kind="rep", key="2026-01-01", rep_id="r1", reason="typo", revision=1
    )


@pytest.mark.parametrize("kind", DATA)
def test_every_type_is_taken_and_only_its_required_fields_are_needed(kind: str) -> None:
    assert isinstance(decoded(event(kind)), Event)
    for name, value in DATA[kind].items():
        answer = decoded(event(kind, **{name: ...}))
        null = decoded(event(kind, **{name: None}))
        if isinstance(answer, Refusal):
            assert (answer.code, answer.field) == ("missing", f"data.{name}")
            may_be_null = (kind, name) == ("quote.recorded", "customer")
            assert isinstance(null, Event) == may_be_null
        else:
            assert null == answer, (name, value)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-20T18:00:00.123456789Z", "2026-11-20T18:00:00.123456"),
        ("2026-11-20T17:59:59.9999999Z", "2026-11-20T17:59:59.999999"),
        ("2026-11-20t11:00:00-07:00", "2026-11-20T18:00:00"),
        ("2026-11-20T18:00:00z", "2026-11-20T18:00:00"),
        ("2026-11-20T17:59:60Z", "2026-11-20T17:59:59"),
        ("2000-01-01T00:00:00Z", "2000-01-01T00:00:00"),
        # a day ahead of the receiver's clock, read quickly and with care
        ("2026-11-21T20:00:00Z", "2026-11-21T20:00:00"),
        ("2026-11-21T20:00:00.0000009Z", "2026-11-21T20:00:00"),
    ],
)
def test_timestamps_that_are_read(text: str, instant: str) -> None:
    answer = decoded(event("talktime.recorded", started_at=text))
    assert isinstance(answer, Event)
    assert answer.data.started_at == at(instant)  # type: ignore[union-attr]


TIMES: dict[str, str] = {
    "2026-11-20T18:00:00": "naive_timestamp",
    "2026-11-20": "bad_timestamp",
    "0000-01-01T00:00:00Z": "bad_timestamp",
    "2026-02-30T00:00:00Z": "bad_timestamp",
    "2026-11-20T24:00:00Z": "bad_timestamp",
    "2026-11-20T18:00:00+25:00": "bad_timestamp",
    "2026-11-20T18:00:00+0700": "bad_timestamp",
    "2026-11-20T18:00:61Z": "bad_timestamp",
    "1763661600": "bad_timestamp",
    "": "bad_timestamp",
    "9999-12-31T23:59:59Z": "timestamp_out_of_range",
    "1999-12-31T23:59:59.999999Z": "timestamp_out_of_range",
    "2026-11-21T20:00:00.000001Z": "timestamp_out_of_range",
}


@pytest.mark.parametrize(("text", "code"), TIMES.items())
def test_timestamps_that_are_refused(text: str, code: str) -> None:
    assert refusal(event("call.ended", started_at=text)) == (code, "data.started_at")
    assert refusal({**event("call.ended"), "time": text}) == (code, "time")


BAD: list[tuple[str, dict[str, Any], str, str]] = [
    ("call.ended", {"ring_seconds": "12"}, "wrong_type", "data.ring_seconds"),
    ("call.ended", {"ring_seconds": True}, "wrong_type", "data.ring_seconds"),
    ("call.ended", {"ring_seconds": 1.0}, "wrong_type", "data.ring_seconds"),
    ("call.ended", {"ring_seconds": -1}, "out_of_range", "data.ring_seconds"),
    ("call.ended", {"ring_seconds": 86_401}, "out_of_range", "data.ring_seconds"),
    ("call.ended", {"ring_seconds": 10**60}, "out_of_range", "data.ring_seconds"),
    ("call.ended", {"revision": 2**53}, "out_of_range", "data.revision"),
    ("call.ended", {"rep_id": ""}, "empty_string", "data.rep_id"),
    ("call.ended", {"rep_id": "x" * 201}, "too_long", "data.rep_id"),
    ("call.ended", {"rep_id": "a\0b"}, "bad_characters", "data.rep_id"),
    ("call.ended", {"rep_id": "a\ud800"}, "bad_characters", "data.rep_id"),
    ("call.ended", {"rep_id": 7}, "wrong_type", "data.rep_id"),
    ("call.ended", {"direction": "sideways"}, "unknown_value", "data.direction"),
    ("call.ended", {"outcome": "Connected"}, "unknown_value", "data.outcome"),
    ("call.ended", {"test": 1}, "wrong_type", "data.test"),
    ("call.ended", {"customer": "k1"}, "not_an_object", "data.customer"),
    ("call.ended", {"customer": {"customer_id": ""}}, "empty_string",
     "data.customer.customer_id"),
    ("call.ended", {"ended_at": "2026-11-20T17:59:59Z"}, "inconsistent", "data.ended_at"),
    ("call.ended", {"answered_at": "2026-11-20T17:59:59Z"}, "inconsistent", "data.answered_at"),
    ("call.ended", {"answered_at": "2026-11-20T18:03:21Z"}, "inconsistent", "data.answered_at"),
    # 200.5 s long: 205 s of talk and hold are 4.5 s longer, 206 are 5.5 s
    ("call.ended", {"talk_seconds": 186}, "inconsistent", "data.talk_seconds"),
    ("quote.recorded", {"amount": "1,5"}, "bad_number", "data.amount"),
    ("quote.recorded", {"amount": "NaN"}, "bad_number", "data.amount"),
    ("quote.recorded", {"amount": "1e3"}, "bad_number", "data.amount"),
    ("quote.recorded", {"amount": " 1"}, "bad_number", "data.amount"),
    ("quote.recorded", {"amount": "1_000"}, "bad_number", "data.amount"),
    ("quote.recorded", {"amount": "1.00001"}, "too_precise", "data.amount"),
    ("quote.recorded", {"amount": "1234567890123456"}, "out_of_range", "data.amount"),
    ("quote.recorded", {"amount": 10**30}, "out_of_range", "data.amount"),
    ("quote.recorded", {"amount": "-0.01"}, "out_of_range", "data.amount"),
    ("quote.recorded", {"amount": True}, "wrong_type", "data.amount"),
    ("quote.recorded", {"amount": []}, "wrong_type", "data.amount"),
    ("quote.recorded", {"currency": "eur"}, "unknown_currency", "data.currency"),
    ("quote.recorded", {"currency": "ZZZ"}, "unknown_currency", "data.currency"),
    ("order.recorded", {"lines": []}, "bad_lines", "data.lines"),
    ("order.recorded", {"lines": [DATA["order.recorded"]["lines"][0]] * 2}, "bad_lines",
     "data.lines"),
    ("order.recorded", {"lines": [7]}, "not_an_object", "data.lines[0]"),
    ("order.recorded", {"lines": [{"line_id": "1", "quantity": 0, "unit_price": 1}]},
     "out_of_range", "data.lines[0].quantity"),
    ("order.recorded", {"lines": [{"line_id": "1", "quantity": 2, "unit_price": 1,
                                   "discount": "2.0001"}]}, "inconsistent",
     "data.lines[0].discount"),
    ("rep.recorded", {"time_zone": "america/denver"}, "unknown_time_zone", "data.time_zone"),
    ("rep.recorded", {"team": ""}, "empty_string", "data.team"),
    ("rep.recorded", {"effective_from": "2026-2-1"}, "bad_date", "data.effective_from"),
    ("rep.recorded", {"effective_from": "2101-01-01"}, "date_out_of_range",
     "data.effective_from"),
    ("rep.recorded", {"aliases": {}}, "wrong_type", "data.aliases"),
    ("rep.recorded", {"aliases": ["pbx:7"]}, "not_an_object", "data.aliases[0]"),
    ("rep.recorded", {"aliases": [{"source": "pbx"}]}, "missing", "data.aliases[0].id"),
    ("rep.recorded", {"aliases": [{"source": "pbx", "id": 7}]}, "wrong_type",
     "data.aliases[0].id"),
    ("customer.recorded", {"phones": "303"}, "wrong_type", "data.phones"),
    ("time_off.recorded", {"fraction": "1.01"}, "out_of_range", "data.fraction"),
    ("fx_rate.recorded", {"currency": "USD"}, "not_allowed", "data.currency"),
    ("fx_rate.recorded", {"rate": 0}, "out_of_range", "data.rate"),
    ("record.voided", {"rep_id": None}, "missing", "data.rep_id"),
    ("record.voided", {"kind": "order"}, "not_allowed", "data.rep_id"),
    ("record.voided", {"key": "always"}, "bad_date", "data.key"),
    ("record.voided", {"kind": "time_off"}, "unknown_value", "data.kind"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "over", "code", "field"), BAD)
def test_bad_data(kind: str, over: dict[str, Any], code: str, field: str) -> None:
    answer = decoded(event(kind, **over))
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.field) == (code, field)
    assert (answer.id, answer.source, answer.type) == ("e1", "pbx", f"ringside.{kind}.v1")
    assert field in answer.detail


def test_the_longest_that_fit() -> None:
    for over in ({"rep_id": "é" * 200}, {"talk_seconds": 185}, {"revision": 2**53 - 1}):
        assert isinstance(decoded(event("call.ended", **over)), Event), over
    for amount in ("999999999999999.9999", 0, "0.0000", "00012.50", 1e2):
        assert isinstance(decoded(event("quote.recorded", amount=amount)), Event), amount
    line = {"quantity": 1, "unit_price": 1}
    lines = [{**line, "line_id": str(n)} for n in range(1_001)]
    assert isinstance(decoded(event("order.recorded", lines=lines[:1_000])), Event)
    assert refusal(event("order.recorded", lines=lines)) == ("bad_lines", "data.lines")


RAW: list[tuple[bytes, str, str | None]] = [
    (b"", "empty", None),
    (b"null", "empty", None),
    (b"[]", "not_an_object", None),
    (b"7", "not_an_object", None),
    (b"{", "not_json", None),
    (b"\xef\xbb\xbf{}", "not_json", None),
    (b'{"id": "\xff"}', "not_json", None),
    (b'{"id": NaN}', "not_json", None),
    (b'{"id": Infinity}', "not_json", None),
    (b'{"x":' + b"[" * 100_000, "too_deep", None),
    (b" " * (MOST_BYTES + 1), "too_large", None),
    (b'{"specversion": "0.3"}', "unsupported_version", "specversion"),
    (b'{"specversion": 1.0}', "wrong_type", "specversion"),
    (b'{"specversion": "1.0", "id": "", "source": "s"}', "empty_string", "id"),
    (b'{"specversion": "1.0", "id": "1", "source": "s", "type": "ringside.call.ended.v2"}',
     "unknown_type", "type"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "code", "field"), RAW)
def test_what_is_no_event_at_all(body: bytes, code: str, field: str | None) -> None:
    assert refusal(body) == (code, field)


def test_every_code_is_met_somewhere() -> None:
    met = {code for *_, code, _ in BAD} | {code for _, code, _ in RAW} | set(TIMES.values())
    assert met | {"missing", "unsupported_mode"} == set(CODES)


@pytest.mark.parametrize(
    "unknown",
    [b'"\\ud800"', b"1e400", b"[[[[[[]]]]]]", b'"\\u0000"', b"9" * 5_000, b"-0", b"{}"],
)
def test_unknown_fields_are_ignored_whatever_they_hold(unknown: bytes) -> None:
    body = json.dumps(event("call.ended")).encode()
    spoiled = body[:-1] + b', "newer": ' + unknown + b"}"
    assert decoded(spoiled) == decoded(body)


def test_of_a_field_given_twice_the_last_one_stands() -> None:
    body = json.dumps(event("call.ended")).encode().replace(b'"rep_id"', b'"rep_id": 7, "rep_id"')
    assert decoded(body) == decoded(event("call.ended"))


def test_binary_mode_is_the_same_event() -> None:
    whole = event("order.recorded")
    attributes = {name: value for name, value in whole.items() if name != "data"}
    body = json.dumps(whole["data"]).encode()
    assert decode_binary(attributes, body, now=NOW, currency="USD") == decoded(whole)
    missing = decode_binary({"id": "e1"}, body, now=NOW, currency="USD")
    assert isinstance(missing, Refusal)
    assert (missing.code, missing.field, missing.id) == ("missing", "specversion", "e1")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**20) | st.text(max_size=5)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["2026-11-20T18:00:00Z", "2026-11-20T18:00:00.1234567+01:00", "talk"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=3,
)  # fmt: skip


SPELLED = (
    "", " ", "1.0", "x" * 200, "x" * 201, "a\0b", "2026-11-20T18:00:00Z", "2026-11-20 18:00:00z",
    "2026-11-20T18:00:00", "2026-11-20T18:00:00+0000", "2026-11-20T18:00:60Z",
    "2026-11-20T18:00:00.1234567Z", "2026-11-20T18:00:00-0000",
    "2026-11-20T18:00:00.123456+02:00", "2026-11-20", "20261120T180000Z", "1999-12-31T23:59:59Z",
    "2026-11-20T24:00:00Z", "1763661600", "2126-11-20T18:00:00Z", "ringside.order.recorded.v1",
)  # fmt: skip
ATTRIBUTES = st.text(max_size=5) | st.sampled_from(SPELLED)


@settings(max_examples=1_500, deadline=None)
@given(st.sampled_from(list(DATA)), st.data())
def test_the_quick_path_reads_as_the_careful_one_does(kind: str, data: st.DataObject) -> None:
    spoiled = event(kind)
    for _ in range(data.draw(st.integers(0, 2))):
        name = data.draw(st.sampled_from([*spoiled["data"], "newer"]))
        spoiled["data"][name] = data.draw(VALUES)
    body = json.dumps(spoiled).encode()
    careful = _careful(body, RULES)
    quick = read_quickly(body, NOW)
    assert quick is None or repr(quick) == repr(careful)  # an amount keeps its digits
    assert decoded(body) == careful


@settings(max_examples=1_500, deadline=None)
@given(st.sampled_from(list(DATA)), st.data())
def test_in_binary_mode_too(kind: str, data: st.DataObject) -> None:
    whole = event(kind)
    attributes = {name: str(value) for name, value in whole.items() if name != "data"}
    for _ in range(data.draw(st.integers(0, 1))):
        name = data.draw(st.sampled_from([*attributes, "newer"]))
        attributes[name] = data.draw(ATTRIBUTES)
    for _ in range(data.draw(st.integers(0, 1))):
        name = data.draw(st.sampled_from([*whole["data"], "newer"]))
        whole["data"][name] = data.draw(VALUES)
    body = json.dumps(whole["data"]).encode()
    careful = _careful_data(attributes, body, RULES)
    quick = read_data_quickly(attributes, body, NOW)
    assert quick is None or repr(quick) == repr(careful)
    assert decode_binary(attributes, body, now=NOW, currency="USD") == careful


@pytest.mark.parametrize("attribute", ["id", "source", "time", "type", "specversion"])
def test_an_attribute_is_read_quickly_as_with_care(attribute: str) -> None:
    whole = event("call.ended")
    body = json.dumps(whole.pop("data")).encode()
    for written in SPELLED:
        attributes = {**whole, attribute: written}
        careful = _careful_data(attributes, body, RULES)
        quick = read_data_quickly(attributes, body, NOW)
        assert quick is None or repr(quick) == repr(careful)
    assert isinstance(read_data_quickly(whole, body, NOW), Event)


@pytest.mark.parametrize("kind", list(DATA)[:5])
@pytest.mark.parametrize(
    ("plain", "written"),
    [
        (b'00Z"', b'00+0000"'),
        (b'00Z"', b'00-0000"'),
        (b'00Z"', b'00.123456\\u0039Z"'),
        (b'00Z"', b'00\\u002e1234569Z"'),
        (b"{", b'{"newer": "caf\xe9", '),
        (b"{", b'{"newer": "caf\\u00e9", '),
        (b"{", b'{"caf\xe9": 1, '),
    ],
)
def test_what_is_written_oddly_is_read_quickly_as_with_care(
    kind: str, plain: bytes, written: bytes
) -> None:
    whole = event(kind)
    body = json.dumps(whole).encode().replace(plain, written, 1)
    quick = read_quickly(body, NOW)
    assert quick is None or repr(quick) == repr(_careful(body, RULES))
    attributes = {name: str(value) for name, value in whole.items() if name != "data"}
    data = json.dumps(whole["data"]).encode().replace(plain, written, 1)
    alone = read_data_quickly(attributes, data, NOW)
    assert alone is None or repr(alone) == repr(_careful_data(attributes, data, RULES))


WRITTEN = (
    "12.50", '"12.50"', "0", '"0"', "0.0000", '"0.00"', "-0", '"-0"', "-0.0", "1e2", '"1e2"',
    "1.50e1", "1E-2", '"00012.50"', '"007"', "-1", '"-1"', '"+1"', '" 1"', '"1 "', '"1_0"', '"1."',
    '".5"', "1.1234", "1.12345", '"1.12345"', "999999999999999.9999", "1000000000000000",
    '"1000000000000000"', "true", "null", '""', "[]", "{}", '"NaN"', '"Infinity"', '"\\u0031"',
    '"\u0661"', "12345678901234567890",
)  # fmt: skip


@pytest.mark.parametrize("written", WRITTEN)
def test_an_amount_is_read_quickly_as_with_care(written: str) -> None:
    marked = json.dumps("here")
    line = {"line_id": "1", "quantity": "2", "unit_price": "10.25", "unit_cost": "4"}
    bodies = [json.dumps(event("quote.recorded", amount="here"))]
    for name in ("quantity", "unit_price", "discount", "unit_cost"):
        bodies.append(json.dumps(event("order.recorded", lines=[{**line, name: "here"}])))
    for body in bodies:
        spoiled = body.replace(marked, written).encode()
        careful = _careful(spoiled, RULES)
        quick = read_quickly(spoiled, NOW)
        assert quick is None or repr(quick) == repr(careful)


@pytest.mark.parametrize("kind", list(DATA)[:5])
def test_a_plain_event_of_a_frequent_type_is_read_quickly(kind: str) -> None:
    assert isinstance(read_quickly(json.dumps(event(kind)).encode(), NOW), Event)


@settings(max_examples=1_500, deadline=None)
@given(st.sampled_from(list(DATA)), st.integers(0, 2**32))
def test_nothing_but_an_event_or_a_refusal_comes_of_any_bytes(kind: str, seed: int) -> None:
    rng = random.Random(seed)
    body = bytearray(json.dumps(event(kind)).encode())
    for _ in range(rng.randint(1, 4)):
        at_byte = rng.randrange(len(body))
        body[at_byte : at_byte + rng.randint(0, 3)] = rng.randbytes(rng.randint(0, 3))
    assert isinstance(decoded(bytes(body)), Event | Refusal)
