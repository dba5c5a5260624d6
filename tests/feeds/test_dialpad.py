"""Dialpad's events become legs: milliseconds, groups that ring, words that come out of order."""

import json
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from app.events.refusals import Refusal
from app.events.types import CallEnded, Customer, Event
from app.feeds import dialpad
from app.feeds.feed import Hook, Ignored
from tests.feeds import given
from tests.feeds.given import NOW
from tests.feeds.vendors.dialpad import SECRET, STARTED, event, sealed

START = datetime(2025, 11, 18, 10, tzinfo=UTC)


def at(milliseconds: int) -> datetime:
    return START + timedelta(milliseconds=milliseconds)


def read(state: str = "hangup", **over: Any) -> Event | Refusal | Ignored:
    (one,) = given.read(dialpad.FEED, sealed(event(state, **over)))
    return one


def told(state: str = "hangup", **over: Any) -> CallEnded:
    one = read(state, **over)
    assert isinstance(one, Event), one
    assert isinstance(one.data, CallEnded)
    return one.data


def leg(**over: Any) -> CallEnded:
    plain: dict[str, Any] = {
        "call_id": "dialpad:5635304278851584", "rep_id": "dialpad:71", "direction": "outbound",
        "customer": Customer(phone="+13035550142"), "started_at": at(0),
        "answered_at": at(8_000), "ended_at": at(128_417), "talk_seconds": 120,
        "outcome": "connected", "revision": 1,
    }  # fmt: skip
    return CallEnded(**{**plain, **over})


def test_an_event_is_ordered_by_when_it_was_told() -> None:
    for told_at, moment in ((STARTED + 128_900, at(128_900)), (None, at(128_417))):
        one = read(event_timestamp=told_at)
        assert isinstance(one, Event)
        assert one.time == moment


def test_durations_are_milliseconds_and_talk_is_without_the_ringing() -> None:
    assert told() == leg()
    assert told(total_duration=999_999.9) == leg()


def test_hold_is_known_only_where_it_is_told() -> None:
    assert told().hold_seconds is None
    assert told(hold_time=0) == leg(hold_seconds=0)
    assert told(hold_time=20_500.5) == leg(hold_seconds=20, talk_seconds=100)
    assert told(hold_time=121_000, duration=120_000) == leg(hold_seconds=121, talk_seconds=0)


def test_without_a_duration_talk_is_not_known() -> None:
    assert told(duration=None) == leg(talk_seconds=None)


@pytest.mark.parametrize(
    ("over", "want"),
    [
        ({"call_id": "5635304278851584"}, {}),
        ({"call_id": 2**63 - 1}, {"call_id": f"dialpad:{2**63 - 1}"}),
        ({"target": {"type": "user", "id": f"{2**60 + 1}"}}, {"rep_id": f"dialpad:{2**60 + 1}"}),
        ({"date_started": f"{STARTED}", "date_ended": f"{STARTED + 128_417}.0",
          "duration": "120417.25"}, {}),
        ({"external_number": 13035550142}, {"customer": Customer(phone="13035550142")}),
        ({"external_number": "blocked"}, {"customer": Customer(phone="blocked")}),
        ({"external_number": ""}, {"customer": None}),
        ({"date_ended": None}, {"ended_at": at(128_900)}),
        ({"is_internal": True}, {"direction": "internal", "customer": None}),
        ({"is_internal": "TRUE"}, {"direction": "internal", "customer": None}),
        ({"is_internal": "FALSE", "is_transferred": "FALSE"}, {}),
    ],
)  # fmt: skip
def test_fields_as_they_really_come(over: dict[str, Any], want: dict[str, Any]) -> None:
    assert told(**over) == leg(**want)


def test_who_was_not_answered() -> None:
    none: dict[str, Any] = {"date_connected": None, "duration": 0}
    quiet: dict[str, Any] = {"answered_at": None, "talk_seconds": 0, "revision": 0}
    assert told(**none) == leg(**quiet, outcome="no_answer")
    assert told("missed", **none, direction="inbound") == leg(
        **quiet, direction="inbound", outcome="missed"
    )


def test_a_voicemail_stands_over_the_missed_call_and_its_hangup_in_any_order() -> None:
    inbound: dict[str, Any] = {"direction": "inbound", "date_connected": None, "duration": 0}
    found = [
        read("missed", **inbound, event_timestamp=STARTED + 30_000),
        read("voicemail", **inbound, event_timestamp=STARTED + 40_000),
        read("hangup", **inbound, event_timestamp=STARTED + 50_000),
    ]
    for order in permutations(found):
        ((key, one),) = given.standing(order).items()
        assert key == ("dialpad:5635304278851584", "dialpad:71")
        assert (one.outcome, one.talk_seconds, one.answered_by) == ("voicemail", 0, None)


def test_leaving_a_voicemail_is_a_machines_answer() -> None:
    left: tuple[dict[str, Any], ...] = (
        {"voicemail_link": "https://x.test/v"}, {"voicemail_recording_id": 7},
    )  # fmt: skip
    for over in left:
        one = told("hangup", **over)
        assert (one.outcome, one.answered_by, one.answered_at) == ("voicemail", "machine", None)
    # It stands over an answer told later, which was the machine's.
    found = [read("voicemail"), read(event_timestamp=STARTED + 500_000)]
    for order in permutations(found):
        assert [one.outcome for one in given.standing(order).values()] == ["voicemail"]


def test_ringing_all_is_one_call_with_a_leg_for_each_user() -> None:
    def rung(call_id: int, user: int, **over: Any) -> Event | Refusal | Ignored:
        target = {"type": "user", "id": user}
        inbound: dict[str, Any] = {"direction": "inbound", "entry_point_call_id": 500}
        return read(call_id=call_id, target=target, **inbound, **over)

    group = {"type": "call_center", "id": 9}
    found = [
        read(call_id=500, target=group, direction="inbound", operator_call_id=502),
        rung(501, 71, date_connected=None, duration=0),
        rung(502, 72),
        rung(503, 73, date_connected=None, duration=0),
    ]
    assert found[0] == Ignored("no_rep", "hangup")
    outcomes = {key: one.outcome for key, one in given.standing(found).items()}
    assert outcomes == {
        ("dialpad:500", "dialpad:71"): "missed",
        ("dialpad:500", "dialpad:72"): "connected",
        ("dialpad:500", "dialpad:73"): "missed",
    }


def test_a_transferred_call_keeps_the_id_that_it_began_with() -> None:
    first = told(call_id=600)
    second = told(call_id=601, master_call_id=600, target={"type": "user", "id": 72})
    assert {first.call_id, second.call_id} == {"dialpad:600"}


@pytest.mark.parametrize(
    ("state", "over", "reason"),
    [
        ("ringing", {"date_ended": None}, "not_final"),
        ("connected", {}, "not_final"),
        ("hold", {}, "not_final"),
        ("transcription", {}, "kind"),
        ("recording", {}, "kind"),
        ("csat", {}, "kind"),
        ("something_new", {}, "kind"),
        ("hangup", {"target": {"type": "department", "id": 4}}, "no_rep"),
        ("hangup", {"target": {}}, "no_rep"),
        ("hangup", {"target": {"type": "user", "id": None}}, "no_rep"),
        ("missed", {"target": None}, "no_rep"),
    ],
)
def test_what_is_no_users_finished_call_is_ignored_by_name(
    state: str, over: dict[str, Any], reason: str
) -> None:
    assert read(state, **over) == Ignored(reason, state)


@pytest.mark.parametrize(
    ("over", "code", "field"),
    [
        ({"date_started": None}, "missing", "data.started_at"),
        ({"date_started": "soon"}, "bad_number", "date_started"),
        ({"date_started": 16_884}, "timestamp_out_of_range", "data.started_at"),
        ({"date_ended": 1e300}, "timestamp_out_of_range", "date_ended"),
        ({"date_ended": STARTED - 10_000, "date_connected": None}, "inconsistent", "data.ended_at"),
        ({"direction": "sideways"}, "unknown_value", "data.direction"),
        ({"call_id": ...}, "missing", "call_id"),
        ({"call_id": None}, "wrong_type", "call_id"),
        ({"duration": 900_000.0}, "inconsistent", "data.talk_seconds"),
        ({"duration": -5_000.0, "hold_time": -1}, "out_of_range", "data.hold_seconds"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(
    over: dict[str, Any], code: str, field: str
) -> None:
    one = read(**over)
    assert isinstance(one, Refusal)
    assert (one.code, one.field, one.source) == (code, field, "dialpad")


def test_only_a_jwt_signed_with_the_secret_is_genuine() -> None:
    def held(body: bytes, secret: str = SECRET) -> bool:
        return dialpad.genuine(secret, Hook({}, body), NOW)

    payload = event()
    good = sealed(payload)
    assert held(good)
    assert held(sealed(payload, "short"), "short")
    assert not held(good, "another")
    assert not held(sealed(payload, "another"))
    assert not held(sealed(payload, algorithm="none"))
    assert not held(sealed(payload, algorithm="HS512"))
    head, body, signature = good.split(b".")
    other = sealed(event(call_id=1)).split(b".")[1]
    for forged in (b"", b"..", payload, b".".join((head, other, signature)), good[:-4],
                   b".".join((head, body, b"")), b"\xff.\xff.\xff", b"[" * 100_000):  # fmt: skip
        assert not held(forged)


def test_the_same_event_has_the_same_id_however_it_comes() -> None:
    def named(body: bytes) -> str:
        (one,) = given.read(dialpad.FEED, body)
        assert isinstance(one, Event)
        return one.id

    plain = json.dumps(json.loads(event()), indent=2).encode()
    assert named(plain) == named(sealed(event()))
    assert named(event(labels=["a"])) == named(event())
    assert named(event(duration=119_000)) != named(event())
