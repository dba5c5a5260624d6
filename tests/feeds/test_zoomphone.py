"""Zoom's ends, logs and histories are one leg of each user, and what knows most of it stands."""

import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from app.db import Database
from app.events.refusals import Refusal
from app.events.types import CallEnded, Customer, Event
from app.feeds import zoomphone
from app.feeds.feed import Hook, Ignored
from tests.feeds import given
from tests.feeds.vendors.zoomphone import (
    SENT,
    ZOOM_SECRET,
    ended,
    entry,
    history,
    hook,
    log,
    signed,
)

PATH = "/v1/webhooks/zoomphone"


def at(seconds: int) -> datetime:
    return datetime(2025, 11, 18, 10, tzinfo=UTC) + timedelta(seconds=seconds)


def read(body: bytes) -> list[Event | Refusal | Ignored]:
    return given.read(zoomphone.FEED, body)


def legs(body: bytes) -> list[CallEnded]:
    found = read(body)
    assert all(isinstance(e, Event) for e in found), found
    return [e.data for e in found if isinstance(e, Event) and isinstance(e.data, CallEnded)]


def leg(**over: Any) -> CallEnded:
    plain: dict[str, Any] = {
        "call_id": "zoomphone:7001", "rep_id": "zoomphone:U1", "direction": "outbound",
        "customer": Customer(phone="+13035550142"), "started_at": at(0), "answered_at": at(10),
        "ended_at": at(200), "ring_seconds": 10, "outcome": "connected",
    }  # fmt: skip
    return CallEnded(**{**plain, **over})


def test_each_record_of_a_call_says_what_it_knows() -> None:
    assert legs(ended()) == [leg(talk_seconds=190, revision=500_190)]
    assert legs(log()) == [leg(talk_seconds=175, hold_seconds=15, revision=600_190)]
    assert legs(history()) == [leg(talk_seconds=174, hold_seconds=16, revision=700_190)]
    element = history("phone.caller_call_element_completed")
    assert legs(element) == legs(history())


UNANSWERED: dict[str, Any] = {"answer_start_time": ..., "handup_result": "No Answer"}


@pytest.mark.parametrize(
    ("event", "result", "direction", "outcome"),
    [
        ("phone.caller_ended", "No Answer", "outbound", "no_answer"),
        ("phone.caller_ended", "Busy", "outbound", "busy"),
        ("phone.caller_ended", "Call Cancel", "outbound", "canceled"),
        ("phone.caller_ended", "Call failed", "outbound", "failed"),
        ("phone.caller_ended", "Rejected", "outbound", "no_answer"),
        ("phone.caller_ended", "Something new", "outbound", "no_answer"),
        ("phone.callee_missed", "No Answer", "inbound", "missed"),
        ("phone.callee_missed", "Voicemail", "inbound", "voicemail"),
        ("phone.callee_ended", "Answered by Other Member", "inbound", "missed"),
        ("phone.callee_rejected", ..., "inbound", "missed"),
    ],
)
def test_a_call_that_nobody_answered(event: str, result: Any, direction: str, outcome: str) -> None:
    body = ended(event, answer_start_time=..., handup_result=result)
    assert legs(body) == [
        leg(direction=direction, outcome=outcome, answered_at=None, ring_seconds=200,
            talk_seconds=0, revision=100_000)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("other", "customer", "direction"),
    [
        ({"phone_number": "+13035550142"}, Customer(phone="+13035550142"), "inbound"),
        ({"phone_number": 13035550142, "extension_type": "pstn"},
         Customer(phone="13035550142"), "inbound"),
        # A colleague, however Zoom writes the extension.
        ({"extension_number": 1004, "phone_number": "+13035550001"}, None, "internal"),
        ({"extension_number": "1004", "extension_type": "user"}, None, "internal"),
        ({"user_id": "U2"}, None, "internal"),
        # Relayed by a receptionist of ours: from outside, but the number is our own.
        ({"extension_type": "autoReceptionist", "extension_number": 13035550000,
          "phone_number": "+13035550000"}, None, "inbound"),
        ({"phone_number": ""}, None, "inbound"),
    ],
)  # fmt: skip
def test_who_was_at_the_other_end(
    other: dict[str, Any], customer: Customer | None, direction: str
) -> None:
    (found,) = legs(ended("phone.callee_ended", caller=other))
    assert (found.customer, found.direction) == (customer, direction)


def test_a_colleagues_call_is_internal_in_log_and_history() -> None:
    inside = history("phone.caller_call_history_completed", entry(connect_type="internal"))
    for body in (log(callee_number_type=1), log(callee_number_type="1"), inside):
        (found,) = legs(body)
        assert (found.direction, found.customer) == ("internal", None)
    (calling,) = legs(log("phone.callee_call_log_completed", caller_number_type=2,
                          caller_did_number=None, caller_number="13035550142"))  # fmt: skip
    assert (calling.direction, calling.customer) == ("inbound", Customer(phone="13035550142"))


def test_a_call_to_a_queue_of_our_own_is_internal_and_a_queue_is_nobody() -> None:
    queue = {"extension_type": "callQueue", "extension_number": "1022"}
    (found,) = legs(ended(callee=queue))
    assert (found.direction, found.customer) == ("internal", None)
    (nobody,) = read(ended("phone.callee_ended", callee=queue))
    assert nobody == Ignored("no_rep", "phone.callee_ended")
    (nobody,) = read(hook("phone.callee_call_log_completed", {"call_logs": []}))
    assert nobody == Ignored("no_rep", "phone.callee_call_log_completed")


def test_a_queue_call_is_the_agents_who_answered_and_missed_by_the_others() -> None:
    queue = {"name": "Sales", "extension_type": "callQueue", "extension_number": "1022"}
    (mine,) = legs(ended("phone.callee_ended", forwarded_by=queue))
    assert (mine.outcome, mine.talk_seconds, mine.customer) == (
        "connected", 190, Customer(phone="+13035550142"),
    )  # fmt: skip
    other = entry(result="answered", result_reason="answered_by_other",
                  caller_did_number="+13035550142")  # fmt: skip
    (elsewhere,) = legs(history("phone.callee_call_history_completed", other))
    assert elsewhere == leg(
        direction="inbound", outcome="missed", answered_at=None, talk_seconds=0, revision=300_000
    )
    # To him who called it is answered all the same.
    (calling,) = legs(history("phone.caller_call_element_completed", other))
    assert calling.outcome == "connected"


def test_of_several_entries_of_one_call_the_best_stands() -> None:
    rang = entry(id="1", answer_time=None, result="ring_timeout", talk_time=0, hold_time=0)
    short = entry(id="2", end_time="2025-11-18T10:00:40Z", talk_time=30, hold_time=0)
    another = entry(id="4", call_id="7002")
    for order in itertools.permutations([rang, short, entry(id="3"), another]):
        found = {one.call_id: one for one in legs(history("phone.caller_call_history_completed",
                                                          *order))}  # fmt: skip
        assert {key: one.talk_seconds for key, one in found.items()} == {
            "zoomphone:7001": 174, "zoomphone:7002": 174,
        }  # fmt: skip


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ("phone.caller_ringing", "not_final"),
        ("phone.callee_answered", "not_final"),
        ("phone.caller_connected", "not_final"),
        ("phone.callee_hold", "not_final"),
        ("phone.caller_unhold", "not_final"),
        ("phone.warm_transfer_accepted", "not_final"),
        ("phone.voicemail_received", "partial"),
        ("phone.recording_completed", "partial"),
        ("phone.call_history_deleted", "kind"),
        ("phone.call_log_deleted", "kind"),
        ("phone.sms_sent", "kind"),
        ("meeting.ended", "kind"),
        ("endpoint.url_validation", "kind"),
    ],
)
def test_everything_else_is_ignored_by_name(event: str, reason: str) -> None:
    assert read(hook(event, {"call_id": "7001"})) == [Ignored(reason, event)]


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (ended(call_id=...), "missing", "call_id"),
        (ended(call_id=""), "empty_string", "call_id"),
        (ended(call_end_time=...), "missing", "call_end_time"),
        (ended(call_end_time="2025-11-18T10:03:20"), "naive_timestamp", "call_end_time"),
        (ended(answer_start_time="soon"), "bad_timestamp", "answer_start_time"),
        (ended(call_end_time="2025-11-18T09:00:00Z"), "inconsistent", "data.ended_at"),
        (history("phone.caller_call_history_completed", entry(talk_time=300)),
         "inconsistent", "data.talk_seconds"),
        (history("phone.caller_call_history_completed", entry(talk_time="174")),
         "wrong_type", "[0].talk_time"),
        (hook("phone.caller_call_log_completed", {"user_id": "U1"}),
         "missing", "payload.object.call_logs"),
        (b'{"event": "phone.caller_ended"}', "missing", "payload"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_by_name(body: bytes, code: str, field: str) -> None:
    (refusal,) = read(body)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.field, refusal.source) == (code, field, "zoomphone")


def test_only_a_fresh_signature_of_these_bytes_is_genuine() -> None:
    body = ended()
    fresh = Hook(signed(body), body)
    assert zoomphone.genuine(ZOOM_SECRET, fresh, SENT)
    # Tries of Zoom's come up to 85 minutes later.
    assert zoomphone.genuine(ZOOM_SECRET, fresh, SENT + timedelta(minutes=86))
    assert not zoomphone.genuine(ZOOM_SECRET, fresh, SENT + timedelta(minutes=91))
    assert not zoomphone.genuine(ZOOM_SECRET, fresh, SENT - timedelta(minutes=6))
    assert not zoomphone.genuine("another", fresh, SENT)
    assert not zoomphone.genuine(ZOOM_SECRET, Hook(signed(body), body + b" "), SENT)
    for name, value in (
        ("x-zm-signature", ""),
        ("x-zm-signature", "v0="),
        ("x-zm-signature", "ü"),
        ("x-zm-request-timestamp", ""),
        ("x-zm-request-timestamp", "٣"),
        ("x-zm-request-timestamp", "9" * 4000),
        ("x-zm-request-timestamp", str(int(SENT.timestamp()) + 1)),
    ):
        assert not zoomphone.genuine(ZOOM_SECRET, Hook({**fresh.headers, name: value}, body), SENT)


def asking(token: Any) -> bytes:
    return json.dumps({"event": "endpoint.url_validation", "event_ts": 1_763_460_200_123,
                       "payload": {"plainToken": token}}).encode()  # fmt: skip


async def test_zoom_hears_that_we_know_the_secret(service: httpx2.AsyncClient) -> None:
    body = asking("qgg8vlvZRS6UYooatFL8Aw")
    response = await service.post(PATH, content=body, headers=signed(body))
    assert response.status_code == 200
    assert response.json() == {
        "plainToken": "qgg8vlvZRS6UYooatFL8Aw",
        "encryptedToken": "3a10789cd8500e8eb702ba90cbd8e36be9100247d7bf86887e9a4ed347bc1c04",
    }


async def test_nobody_else_has_a_text_signed(service: httpx2.AsyncClient) -> None:
    """Whoever could have `v0:…` signed could sign a payload of his own."""
    forged = f"v0:{int(SENT.timestamp())}:{ended().decode()}"
    for body in (asking("token"), asking(forged)):
        assert (await service.post(PATH, content=body)).status_code == 401
    for token in (forged, "", "x" * 101, 7, None):
        body = asking(token)
        response = await service.post(PATH, content=body, headers=signed(body))
        assert "encryptedToken" not in response.text


async def test_in_whatever_order_a_call_counts_once(
    service: httpx2.AsyncClient, database: Database
) -> None:
    missed = ended("phone.callee_missed", call_id="7009", **UNANSWERED)
    answered = ended("phone.callee_ended", call_id="7009")
    for number, order in enumerate(itertools.permutations([ended(), log(), history()])):
        for body in (*order, order[0]):
            body = body.replace(b'"7001"', b'"71%02d"' % number)  # noqa: PLW2901
            response = await service.post(PATH, content=body, headers=signed(body))
            assert response.json()["rejected"] == []
        assert response.json()["duplicates"] == 1
    for body in (answered, missed):
        await service.post(PATH, content=body, headers=signed(body))
    async with database.reading() as reading:
        rows = await reading.fetch("SELECT call_id, talk, hold, outcome FROM legs ORDER BY call_id")
    assert [tuple(row) for row in rows] == [
        ("zoomphone:7009", 190, None, "connected"),
        *[(f"zoomphone:71{number:02}", 174, 16, "connected") for number in range(6)],
    ]
