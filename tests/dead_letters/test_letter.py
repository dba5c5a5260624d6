"""What is kept with a dead letter: enough to make the same record again, and no secret."""

import msgspec
import pytest

from app.dead_letters.letter import DeadLetter, masked, pack, pack_hook, pack_request, unpack
from app.feeds.feed import Hook
from app.feeds.registry import FEEDS
from app.producer import Record
from tests.dead_letters.given import NOW

SECRET = 'tok/en+"1"'


def letter(headers: str, payload: bytes = b"", topic: str = "http") -> DeadLetter:
    return DeadLetter(
        id=1, state="waiting", source="s", event_id=None, type=None, code="empty", field=None,
        detail="", topic=topic, partition=0, offset=0, size=len(payload), received_at=NOW,
        replayed_at=None, discarded_at=None, emptied_at=None,
        headers=msgspec.json.decode(headers), payload=payload,
    )  # fmt: skip


@pytest.mark.parametrize(
    "record",
    [
        Record("t.calls", b"\xff\x00", b"\x00body",
               (("trace", b"\x00\xff"), ("trace", b"again"), ("", b""))),
        Record("t.calls", None, None, ()),
        Record("t.calls", b"", b"", ()),
    ],
)  # fmt: skip
def test_what_is_kept_makes_the_same_record_again(record: Record) -> None:
    kept = pack(record.key, record.headers, tombstone=record.value is None)
    assert unpack(letter(kept, record.value or b"", record.topic)) == record


def test_a_header_name_with_a_nul_can_be_kept() -> None:
    assert "\0" not in pack(None, [("a\0b", b"")])


def test_of_a_request_only_what_its_events_are_read_by_is_kept() -> None:
    headers = {"authorization": "Bearer rs_1", "cookie": "k", "content-type": "a/b", "ce-id": "1"}
    assert msgspec.json.decode(pack_request(headers)) == {"content-type": "a/b", "ce-id": "1"}


def test_of_a_webhook_only_what_its_adapter_reads_is_kept() -> None:
    headers = {
        "authorization": "Basic x", "x-shopify-hmac-sha256": "signed", "cookie": "k",
        "x-shopify-topic": "orders/create", "content-type": "application/json",
        "x-shopify-webhook-id": f"w {SECRET}",
    }  # fmt: skip
    hook = Hook(headers, b"", "https://x.test/v1/webhooks/shopify?rep=1&k=tok%2Fen%2B%221%22")
    assert msgspec.json.decode(pack_hook(FEEDS["shopify"], hook, (SECRET,))) == {
        "feed": "shopify", "method": "POST",
        "url": "https://x.test/v1/webhooks/shopify?rep=1&k=***",
        "headers": {"content-type": "application/json", "x-shopify-topic": "orders/create",
                    "x-shopify-webhook-id": "w ***"},
    }  # fmt: skip


@pytest.mark.parametrize(
    "written", ['tok/en+"1"', 'tok/en+\\"1\\"', 'tok\\/en+\\"1\\"', "tok%2Fen%2B%221%22"]
)
def test_a_secret_is_blotted_out_however_it_is_escaped(written: str) -> None:
    assert masked(f"<{written}>".encode(), (SECRET, "other")) == b"<***>"
