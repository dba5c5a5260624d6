"""RingCentral's live sessions and its call log tell one call, in any order."""

import json
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import httpx2
import pytest

from app.events.refusals import Refusal
from app.events.types import CallEnded, Customer, Event
from app.feeds import ringcentral
from app.feeds.feed import Hook, Ignored
from tests.feeds import given
from tests.feeds.given import NOW
from tests.feeds.vendors.ringcentral import (
    ADA,
    BEN,
    CUSTOMER,
    QUEUE,
    SESSION,
    TOKEN,
    leg,
    party,
    record,
    session,
)

START = datetime(2025, 11, 18, 10, tzinfo=UTC)
HUNG_UP = datetime(2025, 11, 18, 10, 1, 30, 500_000, tzinfo=UTC)
PHONE = Customer(phone="+13035550142")
OUT: dict[str, Any] = {"direction": "Outbound", "to": CUSTOMER, "from": {"extensionId": ADA}}


def at(seconds: int) -> datetime:
    return START + timedelta(seconds=seconds)


def read(body: bytes | dict[str, Any]) -> list[Event | Refusal | Ignored]:
    return given.read(
        ringcentral.FEED, body if isinstance(body, bytes) else json.dumps(body).encode()
    )


def told(body: bytes | dict[str, Any]) -> list[CallEnded]:
    found = read(body)
    legs = [e.data for e in found if isinstance(e, Event) and isinstance(e.data, CallEnded)]
    assert len(legs) == len(found), found
    return legs


def logged(**over: Any) -> CallEnded:
    plain: dict[str, Any] = {
        "call_id": f"ringcentral:{SESSION}", "rep_id": f"ringcentral:{ADA}",
        "direction": "inbound", "customer": PHONE, "started_at": at(0), "answered_at": at(4),
        "ended_at": at(90), "talk_seconds": 86, "outcome": "connected", "revision": 2,
    }  # fmt: skip
    return CallEnded(**{**plain, **over})


def live(**over: Any) -> CallEnded:
    plain: dict[str, Any] = {
        "started_at": HUNG_UP, "ended_at": HUNG_UP, "answered_at": None, "talk_seconds": 0,
        "outcome": "missed", "revision": 0,
    }  # fmt: skip
    return logged(**{**plain, **over})


def test_talk_is_of_the_accepted_leg_and_the_master_leg_has_the_ringing() -> None:
    assert told(record(leg())) == [logged()]


def test_an_event_is_ordered_by_the_last_change() -> None:
    for over, moment in (({}, at(130)), ({"lastModifiedTime": None}, at(90))):
        (one,) = read(record(leg(), **over))
        assert isinstance(one, Event)
        assert one.time == moment
    (one,) = read(session(party(missedCall=True)))
    assert isinstance(one, Event)
    assert one.time == HUNG_UP


def test_legs_name_the_rep_or_the_record_does() -> None:
    unnamed = leg(None)
    assert told(record(unnamed)) == [logged()]
    # Beside legs that name their extension, one that does not is the line's.
    line = leg(None, startTime="2025-11-18T09:59:00.000Z", duration=900)
    nobody = {"startTime": "2025-11-18T10:00:04.000Z", "duration": 1, "extension": {"id": None}}
    assert told(record(line, leg(), nobody, extension=None)) == [logged()]
    # The master leg alone.
    whole = {**record(), "extension": {"id": ""}}
    assert told(whole) == [logged(answered_at=None, talk_seconds=90, revision=1)]


def test_an_older_record_has_only_a_session_id() -> None:
    (one,) = told(record(leg(), telephonySessionId=None))
    assert one.call_id == "ringcentral:77"


def test_legs_of_one_part_overlap_and_count_once() -> None:
    phone = leg(startTime="2025-11-18T10:00:10.000Z", duration=80, legType="SipToPstn")
    assert told(record(leg(), phone)) == [logged()]


def test_a_brief_record_knows_the_answer_but_not_the_ringing() -> None:
    brief = logged(answered_at=None, talk_seconds=90, revision=1)
    assert told(record(legs=None)) == [brief]
    assert told(record()) == [brief]
    # Its legs, where they come later, stand.
    found = read(record(legs=None, lastModifiedTime="2025-11-18T12:00:00Z")) + read(record(leg()))
    assert list(given.standing(found).values()) == [logged()]


def test_the_call_log_stands_over_the_session_whichever_comes_first() -> None:
    found = [
        *read(session(party(missedCall=True), sequence=7)),
        *read(session(party(reason="Timeout"), at="2025-11-18T10:01:31Z", sequence=8)),
        *read(record(leg())),
    ]
    for order in permutations(found):
        assert list(given.standing(order).values()) == [logged()]


def test_a_running_call_says_the_wrong_direction_and_is_not_read() -> None:
    running = record(direction="Outbound", result="In Progress", duration=None)
    assert read(running) == [Ignored("not_final", "In Progress")]
    assert read(record(result="In Progress")) == [Ignored("not_final", "In Progress")]
    assert read(record(duration=None)) == [Ignored("not_final", "Accepted")]


def test_a_queues_call_is_of_the_agents_it_rang_and_not_of_the_queue() -> None:
    rang = leg(BEN, result="Missed", startTime="2025-11-18T10:00:00.000Z", duration=4)
    assert told(record(leg(), rang, extension=QUEUE)) == [
        logged(started_at=at(4)),
        logged(rep_id=f"ringcentral:{BEN}", answered_at=None, ended_at=at(4), talk_seconds=0,
               outcome="missed"),
    ]  # fmt: skip


def test_a_transferred_call_is_a_leg_for_each_rep() -> None:
    first = leg(duration=26)
    second = leg(BEN, startTime="2025-11-18T10:00:30.000Z", duration=60, action="Transfer")
    assert told(record(first, second)) == [
        logged(started_at=at(4), ended_at=at(30), talk_seconds=26),
        logged(rep_id=f"ringcentral:{BEN}", started_at=at(30), answered_at=at(30),
               talk_seconds=60),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("result", "inbound", "outbound"),
    [
        ("Voicemail", "voicemail", "voicemail"),
        ("Missed", "missed", "no_answer"),
        ("No Answer", "missed", "no_answer"),
        ("Busy", "missed", "busy"),
        ("Hang Up", "missed", "canceled"),
        ("Wrong Number", "failed", "failed"),
    ],
)
def test_what_became_of_a_call_that_was_not_answered(
    result: str, inbound: str, outbound: str
) -> None:
    inwards: dict[str, Any] = {}
    for over, outcome in ((inwards, inbound), (OUT, outbound)):
        (one,) = told(record(result=result, **over))
        assert (one.outcome, one.talk_seconds, one.answered_at) == (outcome, 0, None)


def test_hold_and_wrap_up_are_never_told() -> None:
    (one,) = told(record(leg()))
    assert (one.hold_seconds, one.wrap_up_seconds, one.ring_seconds) == (None, None, None)


@pytest.mark.parametrize(
    "other",
    [
        {"extensionId": BEN, "phoneNumber": "102"},
        {"phoneNumber": "101", "name": "Caller C"},
        {"extensionNumber": 102, "phoneNumber": "+13035550102"},
    ],
)
def test_a_call_between_extensions_is_no_customers(other: dict[str, Any]) -> None:
    sides: dict[str, Any] = {"from": other}
    (one,) = told(record(leg(), **sides))
    assert one == logged(direction="internal", customer=None)
    # So is a consult: a session of its own, that ends answered.
    consult = party(**{**OUT, "to": other})
    (one,) = told(session(consult, telephonySessionId="s-consult"))
    assert (one.direction, one.call_id) == ("internal", "ringcentral:s-consult")


@pytest.mark.parametrize(
    ("ended", "want"),
    [
        (party(missedCall=True), {}),
        (party(reason="NoAnswer"), {}),
        (party(reason="Rejected", queueCall=True, to={"extensionId": QUEUE}), {}),
        (party(**OUT, reason="NoAnswer"), {"direction": "outbound", "outcome": "no_answer"}),
        (party(**OUT, reason="TargetBusy"), {"direction": "outbound", "outcome": "busy"}),
        (party(**OUT, reason="InvalidNumber"), {"direction": "outbound", "outcome": "failed"}),
        # It was dialed; whether it was answered only the call log knows.
        (party(**OUT), {"direction": "outbound", "outcome": "connected", "talk_seconds": None}),
    ],
)
def test_the_end_of_a_party_says_what_it_knows(ended: dict[str, Any], want: dict[str, Any]) -> None:
    assert told(session(ended)) == [live(**want)]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (session(party(code="Setup")), "not_final"),
        (session(party(code="Answered")), "not_final"),
        (session(party(code="Hold")), "not_final"),
        (session(party(code="Gone", reason="AttendedTransfer")), "partial"),
        # Answered, but when is not told: as it is it would count as missed.
        (session(party()), "partial"),
        (session(party(None)), "no_rep"),  # the customer's own party
        (session(party(QUEUE, queueCall=True, missedCall=True)), "no_rep"),
        (session(), "no_rep"),
        (json.dumps({"event": "/restapi/v1.0/account/8001/extension/5001/presence",
                     "body": {}}).encode(), "kind"),
        (json.dumps({"event": "/restapi/v1.0/subscription/~?threshold=60"}).encode(), "kind"),
        (json.dumps(record(type="Fax", result="Sent")).encode(), "kind"),
        (json.dumps(record(extension=None)).encode(), "no_rep"),
        (b'{"records": []}', "kind"),
    ],
)  # fmt: skip
def test_what_is_no_reps_finished_call_is_ignored_by_name(body: bytes, reason: str) -> None:
    (one,) = read(body)
    assert isinstance(one, Ignored)
    assert one.reason == reason


def test_a_page_of_the_call_log_is_read_record_by_record() -> None:
    bad = record(leg(), telephonySessionId="s-2", result=None)
    found = read({"records": [record(leg()), bad, record(leg(), telephonySessionId="s-3")],
                  "paging": {"page": 1}})  # fmt: skip
    assert [type(one) for one in found] == [Event, Refusal, Event]
    (one,) = read({"records": [{}] * 1001})
    assert isinstance(one, Refusal)
    assert one.code == "too_large"


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (record(result="Vanished"), "unknown_value", "result"),
        (record(result=None), "missing", "result"),
        (record(startTime=None), "missing", "startTime"),
        (record(leg(startTime="2025-11-18T10:00:04")), "naive_timestamp", "startTime"),
        (record(direction="Sideways"), "unknown_value", "direction"),
        (record(telephonySessionId=None, sessionId=None), "missing", "telephonySessionId"),
        (record(leg(duration=-9), duration=-9), "inconsistent", "data.ended_at"),
        (record(duration="90"), "wrong_type", "duration"),
        (session(party(missedCall=True), eventTime="later"), "bad_timestamp", "time"),
        (session(party(direction="Sideways")), "unknown_value", "direction"),
        ({"event": "/restapi/v1.0/account/1/telephony/sessions"}, "missing", "body"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(
    body: bytes | dict[str, Any], code: str, field: str
) -> None:
    (one,) = read(body)
    assert isinstance(one, Refusal)
    assert (one.code, one.field, one.source) == (code, field, "ringcentral")


def test_the_same_word_by_two_subscriptions_is_one_event() -> None:
    def named(body: bytes) -> str:
        (one,) = read(body)
        assert isinstance(one, Event)
        return one.id

    again = json.loads(session(party(missedCall=True)))
    again |= {"uuid": "another", "ownerId": BEN, "subscriptionId": "77"}
    assert named(session(party(missedCall=True))) == named(json.dumps(again).encode())
    assert named(session(party(missedCall=True), at="2025-11-18T10:02:00Z")) != named(
        session(party(missedCall=True))
    )


def test_only_the_verification_token_makes_a_payload_genuine() -> None:
    def held(**headers: str) -> bool:
        return ringcentral.genuine(TOKEN, Hook(headers, session(party())), NOW)

    assert held(**{"verification-token": TOKEN})
    for wrong in ("", TOKEN[:-1], TOKEN.upper(), "\ud800"):
        assert not held(**{"verification-token": wrong})
    assert not held()


async def test_a_new_subscription_is_confirmed_with_its_own_token(
    service: httpx2.AsyncClient,
) -> None:
    asked = {"Validation-Token": "v-0123"}
    for body in (b"", b"{}"):
        response = await service.post("/v1/webhooks/ringcentral", content=body, headers=asked)
        assert response.status_code == 200
        assert response.headers["validation-token"] == "v-0123"
    # A payload is not let in by asking.
    response = await service.post(
        "/v1/webhooks/ringcentral", content=session(party()), headers=asked
    )
    assert response.status_code == 401
    assert "validation-token" not in response.headers
