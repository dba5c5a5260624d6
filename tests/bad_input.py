"""What goes wrong on the wire, as bytes, with the code that must come of it; None: it is taken.

Each is a whole event in structured mode. `data_of` is the same in binary mode, for those that are
whole enough to be taken apart.
"""

import json
from typing import Any

from tests.events.given import event

MANY = {"quantity": 1, "unit_price": 1}


def spoiled(field: str, raw: bytes, kind: str = "call.ended", **over: Any) -> bytes:
    """A good event whose field (of its data, or `time`) holds these very bytes."""
    whole = event(kind, **over)
    place = whole if field == "time" else whole["data"]
    place[field] = "@@"
    return json.dumps(whole).encode().replace(b'"@@"', raw)


def lines(count: int) -> bytes:
    return json.dumps([{**MANY, "line_id": str(n)} for n in range(count)]).encode()


def text(length: int) -> bytes:
    return json.dumps("é" * length, ensure_ascii=False).encode()


GOOD = json.dumps(event("call.ended")).encode()
NESTED = b"[" * 100_000 + b"]" * 100_000

BAD: dict[str, tuple[bytes, str | None]] = {
    "NaN": (spoiled("talk_seconds", b"NaN"), "not_json"),
    "Infinity": (spoiled("talk_seconds", b"-Infinity"), "not_json"),
    "1e400": (spoiled("talk_seconds", b"1e400"), "wrong_type"),
    "1e400 as money": (spoiled("amount", b"1e400", "quote.recorded"), "out_of_range"),
    "10^30": (spoiled("talk_seconds", b"1" + b"0" * 30), "out_of_range"),
    "10^30 as money": (spoiled("amount", b"1" + b"0" * 30, "quote.recorded"), "out_of_range"),
    "past bigint": (spoiled("revision", b"9223372036854775808"), "out_of_range"),
    "revision 2^53": (spoiled("revision", b"9007199254740992"), "out_of_range"),
    "revision 2^53-1": (spoiled("revision", b"9007199254740991"), None),
    "a text for an integer": (spoiled("talk_seconds", b'"12"'), "wrong_type"),
    "true for an integer": (spoiled("talk_seconds", b"true"), "wrong_type"),
    "1.0 for an integer": (spoiled("talk_seconds", b"1.0"), "wrong_type"),
    "a key twice": (spoiled("talk_seconds", b'"x", "talk_seconds": 5'), None),
    "a key twice, the last one wrong": (
        spoiled("talk_seconds", b'5, "talk_seconds": "x"'), "wrong_type"),
    "U+0000": (spoiled("rep_id", b'"a\\u0000b"'), "bad_characters"),
    "a raw U+0000": (spoiled("rep_id", b'"a\x00b"'), "not_json"),
    "a raw line break": (spoiled("rep_id", b'"a\nb"'), "not_json"),
    "a lone surrogate": (spoiled("rep_id", b'"\\ud800"'), "bad_characters"),
    "a surrogate pair": (spoiled("rep_id", b'"\\ud83d\\ude00"'), None),
    "no UTF-8": (spoiled("rep_id", b'"\xff"'), "not_json"),
    "a surrogate in UTF-8": (spoiled("rep_id", b'"\xed\xa0\x80"'), "not_json"),
    "nested 1,000 deep": (spoiled("talk_seconds", NESTED[99_000:101_000]), "too_deep"),
    "nested 100,000 deep": (spoiled("newer", NESTED), "too_deep"),
    "a byte order mark": (b"\xef\xbb\xbf" + GOOD, "not_json"),
    "null": (b"null", "empty"),
    "a naive time": (spoiled("started_at", b'"2026-11-20T18:00:00"'), "naive_timestamp"),
    "the year 0": (spoiled("started_at", b'"0000-01-01T00:00:00Z"'), "bad_timestamp"),
    "the year 9999": (spoiled("started_at", b'"9999-12-31T23:59:59Z"'),
                      "timestamp_out_of_range"),
    "24:00": (spoiled("started_at", b'"2026-11-20T24:00:00Z"'), "bad_timestamp"),
    "+25:00": (spoiled("started_at", b'"2026-11-20T18:00:00+25:00"'), "bad_timestamp"),
    "an epoch": (spoiled("started_at", b'"1763661600"'), "bad_timestamp"),
    "an epoch as a number": (spoiled("started_at", b"1763661600"), "wrong_type"),
    "far future": (spoiled("time", b'"2027-01-01T00:00:00Z"'), "timestamp_out_of_range"),
    "ended before started": (spoiled("ended_at", b'"2026-11-20T17:00:00Z"'), "inconsistent"),
    "talk longer than the call": (spoiled("talk_seconds", b"5000"), "inconsistent"),
    "a negative duration": (spoiled("ring_seconds", b"-1"), "out_of_range"),
    "an unknown type": (GOOD.replace(b"ringside.call.ended.v1", b"com.acme.call"), "unknown_type"),
    "an unknown direction": (spoiled("direction", b'"sideways"'), "unknown_value"),
    "an unknown outcome": (spoiled("outcome", b'"Connected"'), "unknown_value"),
    "an unknown currency": (spoiled("currency", b'"usd"', "order.recorded"), "unknown_currency"),
    "an unknown time zone": (spoiled("time_zone", b'"Mars/Base"', "rep.recorded"),
                             "unknown_time_zone"),
    "a text at its limit": (spoiled("rep_id", text(200)), None),
    "a text over its limit": (spoiled("rep_id", text(201)), "too_long"),
    "an empty id": (spoiled("rep_id", b'""'), "empty_string"),
    "1,000 lines": (spoiled("lines", lines(1_000), "order.recorded"), None),
    "1,001 lines": (spoiled("lines", lines(1_001), "order.recorded"), "bad_lines"),
    "over 256 KiB": (spoiled("newer", b'"' + b"x" * (256 << 10) + b'"'), "too_large"),
    "256 KiB": (GOOD[:-1] + b" " * ((256 << 10) - len(GOOD)) + b"}", None),
    "SQL": (spoiled("name", b'"\'); DROP TABLE legs; --"', "rep.recorded", rep_id="sql"), None),
    "HTML": (spoiled("name", b'"<script>alert(1)</script>"', "rep.recorded", rep_id="html"), None),
    "a log line": (spoiled("name", b'"a\\nCRITICAL: all is lost"', "rep.recorded", rep_id="log"),
                   None),
    "a return without an order": (spoiled("order_id", b'"never"', "order.returned"), None),
    "a rep from the future": (spoiled("effective_from", b'"2099-01-01"', "rep.recorded"), None),
}  # fmt: skip
# Bodies that are no element of anything.
BODIES: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "empty"),
    "a body of brackets": (b"[" * (1 << 20), "too_large"),
    "UTF-16": (GOOD.decode().encode("utf-16"), "not_json"),
    "cut off": (GOOD[:-20], "not_json"),
    "twice": (GOOD + GOOD, "not_json"),
}


def as_sent(name: str, body: bytes) -> bytes:
    """With an id of its own, so that none is another's duplicate; what is padded stays as long."""
    named = body.replace(b'"id": "e1"', json.dumps({"id": name}).encode()[1:-1])
    return named[: len(body) - 1] + b"}" if body.endswith(b"  }") else named


def data_of(body: bytes) -> bytes | None:
    """The bytes of the event's data, where it is cut as we made it."""
    _, found, data = body.partition(b'"data": ')
    return data[:-1] if found and body.startswith(b"{") else None
