"""Twilio's legs become one call; what a leg cannot know of it is left open."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import httpx2
import pytest

from app import settings
from app.db import Database
from app.events.refusals import Refusal
from app.events.types import CallEnded, Customer, Event
from app.feeds import twilio
from app.feeds.feed import Hook, Ignored
from app.feeds.twilio_signature import genuine
from app.main import create_app
from tests.feeds import given
from tests.feeds.given import NOW
from tests.feeds.vendors.twilio import CHILD, PARENT, TOKEN, body, signature

ENDED = datetime(2025, 11, 18, 10, 3, 20, tzinfo=UTC)
ANSWERED = ENDED - timedelta(seconds=95)
PHONE = "+13035550142"


def read(url: str = "", **over: Any) -> Event | Refusal | Ignored:
    (one,) = given.read(twilio.FEED, body(**over), url=url)
    return one


def leg(**over: Any) -> CallEnded:
    plain: dict[str, Any] = {
        "call_id": f"twilio:{PARENT}", "rep_id": "twilio:alice", "direction": "inbound",
        "customer": Customer(phone=PHONE), "started_at": ANSWERED, "answered_at": ANSWERED,
        "ended_at": ENDED, "talk_seconds": 95, "outcome": "connected", "revision": 2,
    }  # fmt: skip
    return CallEnded(**{**plain, **over})


def told(url: str = "", **over: Any) -> CallEnded:
    one = read(url, **over)
    assert isinstance(one, Event), one
    assert isinstance(one.data, CallEnded)
    return one.data


def test_talk_is_in_seconds_and_never_the_minutes_of_the_bill() -> None:
    assert told() == leg()
    assert told(Duration="99") == leg()
    assert told(CallDuration="0", Duration="0").talk_seconds == 0


def test_parent_and_child_are_one_call_and_the_customers_leg_stands_in_any_order() -> None:
    own: dict[str, Any] = {
        "From": "client:alice", "To": PHONE, "CallSid": PARENT, "ParentCallSid": ...,
        "Direction": "inbound", "CallDuration": "110",
    }  # fmt: skip
    rang: dict[str, Any] = {"From": "+13035550000", "To": PHONE, "url": "https://x.test/?rep=alice"}
    found = [
        read(**own),
        read(**rang, CallStatus="no-answer", CallDuration="0", SequenceNumber="2"),
        read(**rang),
    ]
    want = leg(direction="outbound")
    for order in permutations(found):
        assert given.standing(order) == {(want.call_id, want.rep_id): want}


def test_the_reps_own_leg_into_twilio_is_a_dialed_call_of_unknown_talk() -> None:
    own: dict[str, Any] = {"From": "client:alice", "To": PHONE, "Direction": "inbound"}
    assert told(**own, CallSid=PARENT, ParentCallSid=...) == leg(
        direction="outbound", answered_at=None, talk_seconds=None, revision=0
    )
    canceled = told(**own, ParentCallSid="", CallStatus="canceled")
    assert (canceled.outcome, canceled.talk_seconds, canceled.revision) == ("canceled", 0, 0)


def test_ringing_all_makes_a_leg_for_each_client_of_one_call() -> None:
    found = [
        read(CallSid="CA1", To="client:alice", CallStatus="no-answer", CallDuration="0"),
        read(CallSid="CA2", To="client:ben"),
        read(CallSid="CA3", To="client:cleo", CallStatus="canceled", CallDuration="0"),
        # The customer's own leg names no rep.
        read(CallSid=PARENT, ParentCallSid=..., To="+13035550000", Direction="inbound"),
    ]
    assert found[3] == Ignored("no_rep", "completed")
    outcomes = {rep: one.outcome for (_, rep), one in given.standing(found).items()}
    assert outcomes == {"twilio:alice": "missed", "twilio:ben": "connected",
                        "twilio:cleo": "canceled"}  # fmt: skip
    assert {call for call, _ in given.standing(found)} == {f"twilio:{PARENT}"}


def test_an_answered_leg_stands_over_a_later_one_that_was_not() -> None:
    later = read(CallSid="CA9", CallStatus="busy", CallDuration="0",
                 Timestamp="Tue, 18 Nov 2025 10:30:00 +0000")  # fmt: skip
    assert isinstance(later, Event)
    assert isinstance(later.data, CallEnded)
    assert (later.data.outcome, later.data.talk_seconds) == ("busy", 0)
    for order in permutations([read(), later]):
        assert list(given.standing(order).values()) == [leg()]


@pytest.mark.parametrize(
    ("over", "url", "want"),
    [
        # The callback's address names the rep where the numbers do not.
        ({"From": "+13035550000", "To": PHONE, "Direction": "outbound-api", "ParentCallSid": ...},
         "?rep=ada%40x.test", {"rep_id": "twilio:ada@x.test", "direction": "outbound",
                               "call_id": f"twilio:{CHILD}"}),
        ({"To": "+13035550000", "Direction": "inbound"}, "?rep=ada", {"rep_id": "twilio:ada"}),
        # A customer's call that is passed on to the rep's own phone.
        ({"To": "+13035559999"}, "?rep=ada&direction=inbound", {"rep_id": "twilio:ada"}),
        # A desk phone is a SIP user; a SIP trunk's user is a number.
        ({"To": "sip:ada@acme.sip.twilio.com"}, "", {"rep_id": "twilio:ada"}),
        ({"To": "client:42"}, "", {"rep_id": "twilio:42"}),
        ({"From": "sip:ada@acme.sip.twilio.com", "To": PHONE}, "",
         {"rep_id": "twilio:ada", "direction": "outbound"}),
        ({"From": "sip:+13035550142@trunk.test;user=phone"}, "", {}),
        ({"From": "tel:+13035550142;ext=7"}, "", {}),
        ({"From": "13035550142"}, "", {}),
        ({"From": "622180602341"}, "", {"customer": Customer(phone="+622180602341")}),
        ({"From": "02071234567"}, "", {"customer": Customer(phone="02071234567")}),
        ({"From": "201"}, "", {"customer": Customer(phone="201")}),
        # Nobody: in words, and spelled on the keypad.
        ({"From": "Anonymous"}, "", {"customer": None}),
        ({"From": "+266696687"}, "", {"customer": None}),
        ({"From": "86282452253"}, "", {"customer": None}),
        ({"From": ""}, "", {"customer": None}),
        ({"From": "client:ben", "To": "client:alice"}, "",
         {"direction": "internal", "customer": None}),
    ],
)  # fmt: skip
def test_who_was_on_either_side(over: dict[str, Any], url: str, want: dict[str, Any]) -> None:
    assert told(f"https://x.test/{url}", **over) == leg(**want)


@pytest.mark.parametrize(
    ("by", "outcome", "answered_by"),
    [
        ("human", "connected", "human"),
        ("unknown", "connected", None),
        ("machine_start", "voicemail", "machine"),
        ("machine_end_beep", "voicemail", "machine"),
        ("fax", "voicemail", "machine"),
    ],
)
def test_a_machine_answers_as_one(by: str, outcome: str, answered_by: str | None) -> None:
    one = told(From="+13035550000", To=PHONE, AnsweredBy=by, url="https://x.test/?rep=alice")
    assert (one.outcome, one.answered_by) == (outcome, answered_by)


@pytest.mark.parametrize(
    ("over", "reason"),
    [
        ({"CallStatus": "ringing"}, "not_final"),
        ({"CallStatus": "in-progress"}, "not_final"),
        ({"CallStatus": "initiated", "Timestamp": ...}, "not_final"),
        ({"CallStatus": ..., "RecordingSid": "RE1"}, "kind"),
        ({"CallStatus": ..., "ConferenceSid": "CF1"}, "kind"),
        ({"From": "+13035550000", "To": PHONE}, "no_rep"),
        ({"To": "client:anonymous"}, "no_rep"),
        # Our own application rings the rep first: the customer is on the other leg.
        ({"ParentCallSid": "", "Direction": "outbound-api"}, "partial"),
        ({"From": "client:alice", "To": "", "ParentCallSid": ...}, "partial"),
    ],
)
def test_what_is_no_reps_finished_call_is_ignored_by_name(
    over: dict[str, Any], reason: str
) -> None:
    one = read(**over)
    assert isinstance(one, Ignored)
    assert one.reason == reason


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Tue, 18 Nov 2025 10:03:20 +0000", ENDED),
        ("Tue, 18 Nov 2025 10:03:20 Etc/UTC", ENDED),
        ("Tue, 18 Nov 2025 10:03:20 GMT", ENDED),
        ("Tue, 18 Nov 2025 03:03:20 -0700", ENDED),
        ("18 Nov 2025 10:03:20 UTC", ENDED),
    ],
)
def test_times_are_read_with_their_zone(text: str, moment: datetime) -> None:
    assert told(Timestamp=text).ended_at == moment


@pytest.mark.parametrize(
    ("over", "code", "field"),
    [
        ({"Timestamp": "Tue, 18 Nov 2025 10:03:20"}, "naive_timestamp", "Timestamp"),
        ({"Timestamp": "Tue, 18 Nov 2025 10:03:20 Mars/Base"}, "naive_timestamp", "Timestamp"),
        ({"Timestamp": "soon"}, "bad_timestamp", "Timestamp"),
        ({"Timestamp": ...}, "missing", "Timestamp"),
        ({"CallSid": "", "ParentCallSid": ...}, "missing", "CallSid"),
        ({"CallStatus": ...}, "missing", "CallStatus"),
        ({"CallStatus": "finished"}, "unknown_value", "CallStatus"),
        ({"CallDuration": ...}, "missing", "CallDuration"),
        ({"CallDuration": "1.5"}, "bad_number", "CallDuration"),
        ({"CallDuration": "999999999"}, "timestamp_out_of_range", "data.started_at"),
        ({"ParentCallSid": "C" * 300}, "too_long", "id"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(
    over: dict[str, Any], code: str, field: str
) -> None:
    one = read(**over)
    assert isinstance(one, Refusal)
    assert (one.code, one.field, one.source) == (code, field, "twilio")


def test_a_form_as_carriers_send_it() -> None:
    # A key without `=`, and one that comes twice.
    found = given.legs(twilio.FEED, body() + b"&ForwardedFrom&Tag=a&Tag=b")
    assert found == [leg()]
    (one,) = given.read(twilio.FEED, b"CallSid=%ff&CallStatus=completed")
    assert isinstance(one, Refusal)
    assert one.code == "bad_characters"
    over = {"From": "+13035550000", "To": PHONE, "url": "https://x.test/?rep=a&direction=up"}
    one = read(**over)
    assert isinstance(one, Refusal)
    assert (one.code, one.field) == ("unknown_value", "direction")
    (one,) = given.read(twilio.FEED, b"a=1&" * 2000)
    assert isinstance(one, Refusal)
    assert one.code == "too_large"


def test_the_same_callback_has_the_same_id_and_a_changed_one_another() -> None:
    def named(**over: Any) -> str:
        one = read(**over)
        assert isinstance(one, Event)
        return one.id

    assert named() == named(ApiVersion="2030-01-01")
    assert len({named(), named(CallDuration="96"), named(To="client:ben")}) == 3


@pytest.mark.parametrize(
    ("public", "called", "status"),
    [
        ("https://ring.test", "https://ring.test", 200),
        ("https://ring.test:8443/in", "https://ring.test/in", 200),
        ("https://ring.test/", "https://ring.test:443", 200),
        ("https://ring.test", "http://inside.test", 401),
        ("", "http://inside.test:80", 200),
    ],
)
async def test_the_address_is_the_one_that_twilio_called(
    database: Database, public: str, called: str, status: int
) -> None:
    environ = {"RINGSIDE_SECRET": "a secret of the tests", "RINGSIDE_TWILIO_TOKEN": f"old {TOKEN}"}
    app = create_app(
        settings.read({**environ, "RINGSIDE_PUBLIC_URL": public}), database, clock=lambda: NOW
    )
    path = "/v1/webhooks/twilio?rep=ada%40x.test"
    headers = {"x-twilio-signature": signature(f"{called}{path}", body())}
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://inside.test") as client:
        response = await client.post(path, content=body(), headers=headers)
    assert response.status_code == status


# What Twilio's own libraries are held to.
ADDRESS = "https://mycompany.com/myapp.php?foo=1&bar=2"
FORM = (
    b"CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309&To=%2B18005551212"
    b"&Caller=%2B14158675309"
)
JSON = b'{"property": "value", "boolean": true}'
HASH = hashlib.sha256(JSON).hexdigest()


@pytest.mark.parametrize(
    ("url", "posted", "said"),
    [
        (ADDRESS, FORM, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (ADDRESS.replace(".com", ".com:443"), FORM, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (ADDRESS, FORM, "kvajT1Ptam85bY51eRf/AJRuM3w="),  # signed with :443
        (ADDRESS.replace("https", "http"), FORM, "0ZXoZLH/DfblKGATFgpif+LLRf4="),  # with :80
        (ADDRESS, b"Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=5678",
         "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
        (f"{ADDRESS}&bodySHA256={HASH}", JSON, "a9nBmqA0ju/hNViExpshrM61xv4="),
    ],
)  # fmt: skip
def test_signatures_are_those_of_the_official_vectors(url: str, posted: bytes, said: str) -> None:
    def held(
        secret: str = "12345", url: str = url, posted: bytes = posted, said: str = said
    ) -> bool:
        return genuine(secret, Hook({"x-twilio-signature": said}, posted, url), NOW)

    assert held()
    assert not held(secret="12346")
    assert not held(posted=posted + b"1")
    assert not held(url=url + "1")
    assert not held(url=url.replace(".com", ".org"))
    assert not held(said="")
    assert not held(said="\ud800")
    assert not genuine("12345", Hook({}, posted, url), NOW)


def test_a_json_body_is_held_to_the_hash_in_its_address_and_means_nothing_here() -> None:
    url = f"https://x.test/v1/webhooks/twilio?bodySHA256={HASH}"
    digest = hmac.digest(TOKEN.encode(), url.encode(), "sha1")
    headers = {"x-twilio-signature": base64.b64encode(digest).decode()}
    assert genuine(TOKEN, Hook(headers, JSON, url), NOW)
    assert not genuine(TOKEN, Hook(headers, JSON + b" ", url), NOW)
    assert given.read(twilio.FEED, JSON, url=url) == [Ignored("kind", "json")]
