"""Bad input in every mode: a code, the very bytes, and neighbours that land."""

import pytest

from app.events.cloudevents import from_http, from_kafka
from app.events.refusals import Refusal
from app.events.types import Event
from tests.bad_input import BAD, BODIES, GOOD, data_of
from tests.events.given import NOW, event

BATCH = "application/cloudevents-batch+json"
STRUCTURED = "application/cloudevents+json"
ATTRIBUTES = {name: value for name, value in event("call.ended").items() if name != "data"}


def code(answer: Event | Refusal) -> str | None:
    return answer.code if isinstance(answer, Refusal) else None


def http(kind: str | None, body: bytes, **headers: str) -> list[tuple[Event | Refusal, bytes]]:
    return from_http(kind, headers, body, now=NOW, currency="USD")


@pytest.mark.parametrize("name", BAD)
def test_in_a_batch_its_neighbours_land_and_it_keeps_its_bytes(name: str) -> None:
    bad, wanted = BAD[name]
    answers = http(BATCH, b"[" + GOOD + b", " + bad + b" ,\n" + GOOD + b"]")
    assert [code(answer) for answer, _ in answers] == [None, wanted, None]
    assert [raw for _, raw in answers] == [GOOD, bad, GOOD]


@pytest.mark.parametrize("name", [*BAD, *BODIES])
def test_structured_it_is_the_same_over_http_and_kafka(name: str) -> None:
    bad, wanted = (BAD | BODIES)[name]
    assert [(code(answer), raw) for answer, raw in http(STRUCTURED, bad)] == [(wanted, bad)]
    sent = [("content-type", STRUCTURED.encode())]
    assert code(from_kafka(sent, bad, now=NOW, currency="USD")) == wanted


@pytest.mark.parametrize("name", BAD)
def test_binary_it_is_the_same_over_http_and_kafka(name: str) -> None:
    bad, wanted = BAD[name]
    data = data_of(bad)
    if data is None or wanted == "too_large" or b'"time": "2027' in bad:
        return  # not of its data
    attributes = dict(ATTRIBUTES)
    attributes["type"] = bad.split(b'"type": "')[1].split(b'"')[0].decode()
    attributes.pop("time")
    headers = {f"ce-{name}": value for name, value in attributes.items()}
    ((answer, raw),) = http("application/json", data, **headers)
    assert (code(answer), raw) == (wanted, data)
    sent = [(f"ce_{name}", value.encode()) for name, value in attributes.items()]
    assert from_kafka(sent, data, now=NOW, currency="USD") == answer


@pytest.mark.parametrize(
    ("attribute", "value", "wanted"),
    [
        ("specversion", "0.3", "unsupported_version"), ("specversion", "", "unsupported_version"),
        ("id", "", "empty_string"), ("id", "x" * 201, "too_long"),
        ("id", "a%00b", "bad_characters"),
        ("type", "com.acme.call", "unknown_type"), ("time", "2026-11-20", "bad_timestamp"),
        ("time", "2026-11-20T18:00:00", "naive_timestamp"),
        ("source", "%FF", "bad_characters"), ("source", "\xff", "bad_characters"),
        ("source", "h%C3%A9", None), ("source", "h\xc3\xa9", None), ("source", "50%", None),
    ],
)  # fmt: skip
def test_attributes_in_headers(attribute: str, value: str, wanted: str | None) -> None:
    headers = {f"ce-{name}": text for name, text in (ATTRIBUTES | {attribute: value}).items()}
    data = data_of(GOOD)
    assert data is not None
    ((answer, _),) = http("application/json", data, **headers)
    assert code(answer) == wanted


@pytest.mark.parametrize(
    ("kind", "taken"),
    [
        (STRUCTURED, 1), ("Application/CloudEvents+JSON; charset=utf-8", 1), (None, 1), ("", 1),
        ("text/plain", 1), ("application/json;x", 1), (BATCH, 0), ("\0\xff", 1),
    ],
)  # fmt: skip
def test_content_types_of_one_event(kind: str | None, taken: int) -> None:
    assert sum(isinstance(answer, Event) for answer, _ in http(kind, GOOD)) == taken


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        (b"[" + GOOD + b",]", [None, "empty"]),
        (b"[" + GOOD + b",," + GOOD + b"]", [None, "empty", None]),
        (b"[" + GOOD + GOOD + b"]", ["not_json"]),
        (b"[" + GOOD + b"] []", ["not_json"]),
        (b"[" + GOOD, ["not_json"]),
        (b"\xef\xbb\xbf[" + GOOD + b"]", ["not_json"]),
        (b" [\n] ", []),
        (b'["' + b'\\"' * 500_000, ["not_json"]),  # a string without an end is looked at once
        (b"[[" + b"1," * 500_000 + b"NaN]]", ["not_json"]),
    ],
)
def test_batches_that_are_no_json(body: bytes, codes: list[str | None]) -> None:
    assert [code(answer) for answer, _ in http(BATCH, body)] == codes
