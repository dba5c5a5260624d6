"""The AsyncAPI document: whole, true to the code; the consumer takes what its messages say."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from app.asyncapi import VERSION, document
from app.events.cloudevents import from_kafka
from app.events.refusals import CODES
from app.events.schema import TYPES
from app.events.shapes import RULES
from app.events.types import Event
from app.topics import CONSUMED, DEAD_LETTERS, named, topic_of
from tests.events.given import DATA, NOW, decoded, event

DOCUMENT = document("acme", 7, "1.2.3")
# What the specification lets stand in each object, and what must.
FORM: dict[str, tuple[set[str], set[str]]] = {
    "document": ({"asyncapi", "info"},
                 {"channels", "operations", "components", "defaultContentType"}),
    "info": ({"title", "version"}, {"description"}),
    "channel": (set(), {"address", "title", "summary", "messages", "bindings"}),
    "operation": ({"action", "channel"}, {"summary", "messages"}),
    "message": (set(), {"name", "title", "summary", "contentType", "headers", "payload",
                        "bindings"}),
    "components": (set(), {"messages", "schemas"}),
}  # fmt: skip


def check(form: str, what: dict[str, Any]) -> None:
    needed, known = FORM[form]
    assert needed <= set(what) <= needed | known, (form, what)


def references(what: Any) -> Iterator[str]:
    if isinstance(what, dict):
        if set(what) == {"$ref"}:
            yield what["$ref"]
        for value in what.values():
            yield from references(value)
    elif isinstance(what, list):
        for value in what:
            yield from references(value)


def follow(reference: str) -> Any:
    found: Any = DOCUMENT
    start, *steps = reference.split("/")
    assert start == "#"
    for step in steps:
        found = found[step]
    return found


def whole(what: Any) -> Any:
    """The same with every reference followed."""
    if isinstance(what, dict):
        if set(what) == {"$ref"}:
            return whole(follow(what["$ref"]))
        return {name: whole(value) for name, value in what.items()}
    return [whole(value) for value in what] if isinstance(what, list) else what


def test_it_has_the_form_that_the_specification_asks_for() -> None:
    check("document", DOCUMENT)
    check("info", DOCUMENT["info"])
    check("components", DOCUMENT["components"])
    assert (DOCUMENT["asyncapi"], VERSION) == ("3.0.0", "3.0.0")
    for channel in DOCUMENT["channels"].values():
        check("channel", channel)
    for operation in DOCUMENT["operations"].values():
        check("operation", operation)
        assert operation["action"] in ("send", "receive")
        # An operation's messages are of its channel, and said by way of it.
        channel = operation["channel"]["$ref"]
        assert all(one["$ref"].startswith(f"{channel}/messages/") for one in operation["messages"])
    for message in DOCUMENT["components"]["messages"].values():
        check("message", message)
        assert whole(message["headers"])["type"] == "object"
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft202012Validator.check_schema(whole(schema))
    assert len({json.dumps(follow(one)) for one in references(DOCUMENT)}) > 40


def test_its_topics_are_those_of_the_deployment() -> None:
    channels = DOCUMENT["channels"].values()
    assert [one["address"] for one in channels] == [
        named("acme", topic) for topic in (*CONSUMED, DEAD_LETTERS)
    ]
    assert {one["bindings"]["kafka"]["partitions"] for one in channels} == {7}
    *consumed, dead = channels
    assert all(len(one["messages"]) == 2 * len(TYPES) for one in consumed)
    assert list(dead["messages"]) == ["deadLetter"]


@pytest.mark.parametrize("kind", DATA)
def test_each_type_is_received_where_it_is_sent(kind: str) -> None:
    given = decoded(event(kind))
    assert isinstance(given, Event)
    receivers = [
        whole(operation["channel"])["address"]
        for operation in DOCUMENT["operations"].values()
        for message in operation["messages"]
        if whole(message)["name"] == f"ringside.{kind}.v1"
    ]
    assert named("acme", topic_of(given.data)) in receivers


@pytest.mark.parametrize("kind", DATA)
def test_the_consumer_takes_what_both_messages_say(kind: str) -> None:
    one = event(kind)
    structured = ({"content-type": "application/cloudevents+json"}, one)
    binary = ({f"ce_{name}": value for name, value in one.items() if name != "data"}, one["data"])
    for name, (headers, payload) in (("", structured), ("Binary", binary)):
        message = whole(messages(f"ringside.{kind}.v1")[name])
        assert Draft202012Validator(message["headers"]).is_valid(headers)
        assert Draft202012Validator(message["payload"]).is_valid(payload)
        assert not Draft202012Validator(message["headers"]).is_valid({})
        assert not Draft202012Validator(message["payload"]).is_valid({})
        sent = [(key, value.encode()) for key, value in headers.items()]
        taken = from_kafka(sent, json.dumps(payload).encode(), now=NOW, currency="USD")
        assert taken == decoded(one)


def messages(type_name: str) -> dict[str, Any]:
    """The structured and the binary message of a type."""
    found = DOCUMENT["components"]["messages"]
    name = next(key for key, one in found.items() if one["name"] == type_name)
    return {"": found[name], "Binary": found[f"{name}Binary"]}


def test_codes_and_rules_are_all_in_it() -> None:
    codes = DOCUMENT["components"]["schemas"]["refusalCode"]["oneOf"]
    assert {one["const"]: one["description"] for one in codes} == CODES
    assert all(f"(`{code}`)" in DOCUMENT["info"]["description"] for code in RULES)
