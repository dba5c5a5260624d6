"""How events travel: the modes over Kafka and HTTP, and batches whose elements stay apart."""

import json
from typing import Any

import pytest

from app.errors import TooLarge
from app.events.cloudevents import elements, from_http, from_kafka
from app.events.refusals import Refusal
from app.events.types import Event
from tests.events.given import NOW, decoded, event

GOOD = event("call.ended")
BODY = json.dumps(GOOD).encode()
STRUCTURED = [("Content-Type", b"application/CloudEvents+json; charset=utf-8")]
BINARY = [(f"ce_{name}", str(value).encode()) for name, value in GOOD.items() if name != "data"]


def kafka(headers: list[tuple[str, bytes]], value: bytes | None) -> Event | Refusal:
    return from_kafka(headers, value, now=NOW, currency="USD")


def http(kind: str | None, body: bytes, **headers: str) -> list[tuple[Event | Refusal, bytes]]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return from_http(kind, named, body, now=NOW, currency="USD")


def test_kafka_carries_structured_and_binary() -> None:
    assert kafka(STRUCTURED, BODY) == decoded(GOOD)
    assert kafka(BINARY, json.dumps(GOOD["data"]).encode()) == decoded(GOOD)


@pytest.mark.parametrize(
    ("headers", "value", "code"),
    [
        (STRUCTURED, None, "empty"),
        (STRUCTURED, b"", "empty"),
        (STRUCTURED, b"null", "empty"),
        ([], BODY, "unsupported_mode"),
        ([("content-type", b"application/cloudevents-batch+json")], BODY, "unsupported_mode"),
        ([("ce_id", b"\xff")], BODY, "bad_characters"),
    ],
)
def test_what_kafka_cannot_carry(
    headers: list[tuple[str, bytes]], value: bytes | None, code: str
) -> None:
    answer = kafka(headers, value)
    assert isinstance(answer, Refusal)
    assert answer.code == code


def test_http_carries_structured_binary_and_batches() -> None:
    assert http("application/cloudevents+json", BODY) == [(decoded(GOOD), BODY)]
    assert http(None, BODY) == [(decoded(GOOD), BODY)]
    data = json.dumps(GOOD["data"]).encode()
    attributes = {f"ce_{name}": value for name, value in GOOD.items() if name != "data"}
    assert http("application/json", data, **attributes) == [(decoded(GOOD), data)]
    assert http("application/cloudevents-batch+json", b"[]") == []


def test_a_bad_element_leaves_its_neighbours_alone() -> None:
    lone = BODY.replace(b'"r1"', b'"\\ud800"')
    nan = BODY.replace(b"170", b"NaN")
    answers = http("application/json", b"[" + b" , ".join([BODY, lone, nan, b"7", BODY]) + b"]")
    assert [raw for _, raw in answers] == [BODY, lone, nan, b"7", BODY]
    codes = [a.code if isinstance(a, Refusal) else "taken" for a, _ in answers]
    assert codes == ["taken", "bad_characters", "not_json", "not_an_object", "taken"]


@pytest.mark.parametrize("body", [b"[1, 2", b"[1],", b"{}", b"", b"[NaN", b'["', b"[1]]", b"[1}"])
def test_what_is_no_array_is_one_refusal(body: bytes) -> None:
    answer = elements(body)
    assert isinstance(answer, Refusal)
    assert answer.code == "not_json"


def test_sizes() -> None:
    with pytest.raises(TooLarge, match="1001"):
        http("application/json", json.dumps([1] * 1_001).encode())
    with pytest.raises(TooLarge):
        http("application/json", b" " * (1024 * 1024 + 1))
    deep: Any = elements(b"[" * 1_000_000)
    assert deep.code == "too_deep"
    large = json.dumps({**GOOD, "x": "y" * 300_000}).encode()
    assert [a.code for a, _ in http(None, large) if isinstance(a, Refusal)] == ["too_large"]
