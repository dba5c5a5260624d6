"""The AsyncAPI 3 document: topics, messages in both modes, their schemas, and what comes back.

Made from the types, the topics and the codes themselves. Pure.
"""

from typing import Any

from app.events.cloudevents import KAFKA_PREFIX, STRUCTURED
from app.events.refusals import CODES
from app.events.schema import TYPES, data_schema, event_schema
from app.events.shapes import NO_NUL, RULES
from app.topics import CONSUMED, DEAD_LETTERS, named, topics_of_type

VERSION = "3.0.0"
_BINDING = "0.5.0"

ABOUT = """What Ringside takes over Kafka, as CloudEvents 1.0 with JSON data: structured (the
event is the value) or binary (its attributes are headers that start with ce_, its data is the
value). Any topic takes any type; the messages of an operation are those usually sent there. An
event holds its whole record: the greatest (revision, time, id, source) stands. What cannot be
taken goes to the dead letters. Unknown fields are ignored, null in an optional field means absent.

Beyond the schemas:
{rules}"""

TITLES = {
    "calls": "Ended calls",
    "talk-time": "Stretches of time within calls",
    "conversations": "What contacts really were",
    "orders": "Quotes, orders and returns",
    "directory": "Reps, customers, time off and rates",
}


def document(prefix: str, partitions: int, version: str) -> dict[str, Any]:
    """The document of a deployment with this prefix and number of partitions of its topics."""
    rules = "\n".join(f"- {rule} (`{code}`)" for code, rule in RULES.items())
    return {
        "asyncapi": VERSION,
        "info": {
            "title": "Ringside events",
            "version": version,
            "description": ABOUT.format(rules=rules),
        },
        "defaultContentType": f"{STRUCTURED}+json",
        "channels": {
            **{_id(topic): _channel(prefix, topic, partitions) for topic in CONSUMED},
            _id(DEAD_LETTERS): _dead_letters(prefix, partitions),
        },
        "operations": {
            **{f"receive{_id(topic, upper=True)}": _receive(topic) for topic in CONSUMED},
            "sendDeadLetters": _send(),
        },
        "components": {"messages": _messages(), "schemas": _schemas()},
    }


def _id(name: str, *, upper: bool = False) -> str:
    first, *rest = name.replace(".", "-").replace("_", "-").split("-")
    return "".join((first.capitalize() if upper else first, *(part.capitalize() for part in rest)))


def _of(type_name: str) -> str:
    return _id(type_name.removeprefix("ringside.").removesuffix(".v1"))


def _ref(*path: str) -> dict[str, str]:
    return {"$ref": "/".join(("#", *path))}


_KEYED = {
    "kafka": {
        "key": {
            "type": "string",
            "description": "the rep_id, or the record's id where there is none",
        },
        "bindingVersion": _BINDING,
    }
}


def _channel(prefix: str, topic: str, partitions: int) -> dict[str, Any]:
    names = [name for type_name in TYPES for name in (_of(type_name), f"{_of(type_name)}Binary")]
    return {
        "address": named(prefix, topic),
        "title": TITLES[topic],
        "messages": {name: _ref("components", "messages", name) for name in names},
        "bindings": {"kafka": {"partitions": partitions, "bindingVersion": _BINDING}},
    }


def _dead_letters(prefix: str, partitions: int) -> dict[str, Any]:
    return {
        "address": named(prefix, DEAD_LETTERS),
        "title": "What could not be taken",
        "messages": {"deadLetter": _ref("components", "messages", "deadLetter")},
        "bindings": {"kafka": {"partitions": partitions, "bindingVersion": _BINDING}},
    }


def _receive(topic: str) -> dict[str, Any]:
    usual = [type_name for type_name in TYPES if topic in topics_of_type(TYPES[type_name])]
    names = [name for type_name in usual for name in (_of(type_name), f"{_of(type_name)}Binary")]
    return {
        "action": "receive",
        "channel": _ref("channels", _id(topic)),
        "summary": TITLES[topic],
        "messages": [_ref("channels", _id(topic), "messages", name) for name in names],
    }


def _send() -> dict[str, Any]:
    return {
        "action": "send",
        "channel": _ref("channels", _id(DEAD_LETTERS)),
        "summary": "A record that cannot be taken, as it came, with why and whence",
        "messages": [_ref("channels", _id(DEAD_LETTERS), "messages", "deadLetter")],
    }


def _messages() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for type_name in TYPES:
        name = _of(type_name)
        about = {"title": type_name, "summary": (TYPES[type_name].__doc__ or "").strip()}
        found[name] = {
            "name": type_name,
            **about,
            "contentType": f"{STRUCTURED}+json",
            "headers": _ref("components", "schemas", "structuredHeaders"),
            "payload": _ref("components", "schemas", name),
            "bindings": _KEYED,
        }
        found[f"{name}Binary"] = {
            "name": f"{type_name} (binary)",
            **about,
            "contentType": "application/json",
            "headers": _binary_headers(type_name),
            "payload": _ref("components", "schemas", f"{name}Data"),
            "bindings": _KEYED,
        }
    found["deadLetter"] = {
        "name": "dead letter",
        "title": "A record that could not be taken",
        "summary": "Key, value and headers as they were, and behind them these",
        "headers": _ref("components", "schemas", "deadLetterHeaders"),
        "payload": {"description": "the record's value, byte for byte"},
    }
    return found


def _binary_headers(type_name: str) -> dict[str, Any]:
    whole = event_schema(type_name)
    names = [name for name in whole["properties"] if name != "data"]
    properties = {f"{KAFKA_PREFIX}{name}": whole["properties"][name] for name in names}
    needed = [f"{KAFKA_PREFIX}{name}" for name in whole["required"] if name != "data"]
    return {"type": "object", "required": needed, "properties": properties}


def _schemas() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for type_name in TYPES:
        name = _of(type_name)
        found[name] = event_schema(type_name, data=_ref("components", "schemas", f"{name}Data"))
        found[f"{name}Data"] = data_schema(type_name)
    code = _ref("components", "schemas", "refusalCode")
    text = {"type": "string", "pattern": NO_NUL}
    found["structuredHeaders"] = {
        "type": "object",
        "required": ["content-type"],
        "properties": {"content-type": {"type": "string", "pattern": f"^{STRUCTURED}"}},
    }
    found["refusalCode"] = {
        "type": "string",
        "description": "why a record was refused: a closed list",
        "oneOf": [{"const": one, "description": meaning} for one, meaning in CODES.items()],
    }
    found["deadLetterHeaders"] = {
        "type": "object",
        "required": ["code", "detail", "topic", "partition", "offset", "received_at"],
        "properties": {
            "code": code,
            "detail": {**text, "description": "the field, what came, and what would be right"},
            "topic": text,
            "partition": {"type": "string", "pattern": "^[0-9]+$"},
            "offset": {"type": "string", "pattern": "^[0-9]+$"},
            "received_at": {"type": "string", "format": "date-time"},
        },
    }
    return found
