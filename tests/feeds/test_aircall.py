"""Aircall's finished calls become legs; what is not told stays unknown."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from app.events.refusals import Refusal
from app.events.types import CallEnded, Customer, Event
from app.feeds import aircall
from app.feeds.feed import Hook, Ignored
from tests.feeds import given, payloads
from tests.feeds.payloads import STARTED, TOKEN, user

NOW = datetime(2025, 11, 18, 11, tzinfo=UTC)


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(STARTED + seconds, UTC)


def read(body: bytes) -> list[Event | Refusal | Ignored]:
    return given.read(aircall.FEED, body, now=NOW)


def legs(body: bytes) -> list[CallEnded]:
    found = read(body)
    return [e.data for e in found if isinstance(e, Event) and isinstance(e.data, CallEnded)]


def leg(**over: Any) -> CallEnded:
    plain: dict[str, Any] = {
        "call_id": "aircall:910000001", "rep_id": "aircall:11", "direction": "outbound",
        "customer": Customer(phone="+1 303 555 0142"), "started_at": at(0),
        "answered_at": at(12), "ended_at": at(200), "talk_seconds": 188, "outcome": "connected",
    }  # fmt: skip
    return CallEnded(**{**plain, **over})


def test_talk_is_from_the_answer_and_never_the_duration_with_its_ringing() -> None:
    assert legs(payloads.aircall()) == [leg()]


def test_a_call_nobody_answered() -> None:
    body = payloads.aircall(answered_at=None, ended_at=STARTED + 17, duration=17)
    unanswered = {"answered_at": None, "ended_at": at(17), "talk_seconds": 0}
    assert legs(body) == [leg(**unanswered, outcome="no_answer")]
    body = payloads.aircall(
        direction="inbound", answered_at=None, ended_at=STARTED + 17, duration=17
    )
    assert legs(body) == [leg(**unanswered, direction="inbound", outcome="missed")]


def test_a_voicemail_tells_the_missed_call_anew_and_later_wins() -> None:
    missed: dict[str, Any] = {"direction": "inbound", "answered_at": None, "user": user(12)}
    left_one = {**missed, "voicemail": "https://x.test/v.mp3"}
    first = read(payloads.aircall("call.ended", timestamp=STARTED + 230, **missed))
    second = read(payloads.aircall("call.voicemail_left", timestamp=STARTED + 233, **left_one))
    (ended,), (left,) = first, second
    assert isinstance(ended, Event)
    assert isinstance(left, Event)
    assert isinstance(ended.data, CallEnded)
    assert isinstance(left.data, CallEnded)
    assert (ended.data.outcome, left.data.outcome) == ("missed", "voicemail")
    assert (ended.data.call_id, ended.data.rep_id) == (left.data.call_id, left.data.rep_id)
    assert ended.time is not None
    assert left.time is not None
    assert (ended.data.revision, ended.time) < (left.data.revision, left.time)


def test_a_missed_call_is_whose_it_was_given_to_or_nobodys() -> None:
    missed: dict[str, Any] = {"direction": "inbound", "answered_at": None, "user": ...}
    nobodies: tuple[dict[str, Any], ...] = ({}, {"user": None}, {"user": {}})
    (given,) = legs(payloads.aircall(**missed, assigned_to=user(13)))
    assert given.rep_id == "aircall:13"
    for nobody in nobodies:
        assert read(payloads.aircall(**{**missed, **nobody})) == [Ignored("no_rep", "call.ended")]


def test_of_a_transferred_call_the_time_is_with_whom_it_ended() -> None:
    body = payloads.aircall(
        direction="inbound", user=user(12), transferred_by=user(11), transferred_to=user(12)
    )
    assert legs(body) == [
        leg(rep_id="aircall:12", direction="inbound"),
        leg(rep_id="aircall:11", direction="inbound", answered_at=None, talk_seconds=None),
    ]


def test_a_transfer_that_failed_leaves_the_call_with_its_agent() -> None:
    body = payloads.aircall(user=user(11), transferred_by=user(11), transferred_to=user(12))
    assert legs(body) == [leg()]


@pytest.mark.parametrize(
    ("digits", "customer"),
    [
        ("+44 330 818 6690", Customer(phone="+44 330 818 6690")),
        ("anonymous", Customer(phone="anonymous")),
        (13035550142, Customer(phone="13035550142")),
        ("", None),
        (None, None),
    ],
)
def test_the_number_is_kept_as_it_comes(digits: object, customer: Customer | None) -> None:
    assert legs(payloads.aircall(raw_digits=digits)) == [leg(customer=customer)]


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ("call.created", "not_final"),
        ("call.ringing_on_agent", "not_final"),
        ("call.answered", "not_final"),
        ("call.hold", "not_final"),
        ("call.unhold", "not_final"),
        ("call.transferred", "not_final"),
        ("call.unsuccessful_transfer", "not_final"),
        ("call.hungup", "not_final"),
        ("call.tagged", "kind"),
        ("call.commented", "kind"),
        ("call.archived", "kind"),
        ("call.assigned", "kind"),
        ("user.opened", "kind"),
        ("contact.created", "kind"),
        ("something.new", "kind"),
    ],
)
def test_everything_but_the_end_of_a_call_is_ignored_by_name(event: str, reason: str) -> None:
    assert read(payloads.aircall(event)) == [Ignored(reason, event)]


def test_the_same_delivery_has_the_same_id_and_a_changed_one_another() -> None:
    def named(body: bytes) -> str:
        found = read(body)
        assert isinstance(found[0], Event)
        return found[0].id

    once = payloads.aircall()
    assert named(once) == named(json.dumps(json.loads(once), indent=3, sort_keys=True).encode())
    # What is not ours to tell makes no other event.
    assert named(once) == named(payloads.aircall(tags=[{"id": 1}]))
    others = {
        named(payloads.aircall(timestamp=STARTED + 241)),
        named(payloads.aircall(ended_at=STARTED + 201)),
        named(payloads.aircall(raw_digits="+1 303 555 0143")),
    }
    assert len(others | {named(once)}) == 4


@pytest.mark.parametrize(
    ("bent", "code", "field"),
    [
        ({"started_at": None}, "missing", "data.started_at"),
        ({"ended_at": None}, "missing", "data.ended_at"),
        ({"ended_at": STARTED - 5}, "inconsistent", "data.ended_at"),
        ({"answered_at": "soon"}, "wrong_type", "answered_at"),
        ({"started_at": 1e30}, "timestamp_out_of_range", "data.started_at"),
        ({"started_at": 12}, "timestamp_out_of_range", "data.started_at"),
        ({"direction": "sideways"}, "unknown_value", "data.direction"),
        ({"direction": None}, "wrong_type", "direction"),
        ({"id": ...}, "missing", "id"),
        ({"id": "x" * 300}, "too_long", "id"),
        ({"user": {"id": [1]}}, "wrong_type", "user.id"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(
    bent: dict[str, Any], code: str, field: str
) -> None:
    found = read(payloads.aircall(**bent))
    (refusal,) = found
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.field, refusal.source) == (code, field, "aircall")


def test_only_the_token_makes_a_payload_genuine() -> None:
    body = payloads.aircall()
    assert aircall.genuine(TOKEN, Hook({}, body), NOW)
    assert not aircall.genuine("another", Hook({}, body), NOW)
    forged = json.loads(body)
    for token in ("", "tok", TOKEN.upper(), None, 7, "tök", "\ud800"):
        assert not aircall.genuine(
            TOKEN, Hook({}, json.dumps({**forged, "token": token}).encode()), NOW
        )
    for rubbish in (b"", b"[]", b"{", b"\xff", b'{"data": {}}', b"[" * 100_000):
        assert not aircall.genuine(TOKEN, Hook({}, rubbish), NOW)
