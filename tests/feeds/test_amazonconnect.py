"""Amazon Connect's contact records become legs; the newest word on a contact stands."""

import base64
import gzip
import json
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import httpx2
import pytest

from app.events.refusals import Refusal
from app.events.types import CallEnded, Customer, Event
from app.feeds import amazonconnect
from app.feeds.feed import Hook, Ignored
from tests.feeds import given
from tests.feeds.given import NOW
from tests.feeds.vendor import NOW as SERVED
from tests.feeds.vendors.amazonconnect import FIRST, KEY, SECOND, agent, batch, contact

START = datetime(2025, 11, 18, 10, tzinfo=UTC)
UPDATED = int(datetime(2025, 11, 18, 10, 17, tzinfo=UTC).timestamp() * 1000)


def at(seconds: int) -> datetime:
    return START + timedelta(seconds=seconds)


def read(**over: Any) -> Event | Refusal | Ignored:
    (one,) = given.read(amazonconnect.FEED, batch(json.dumps(contact(**over)).encode()))
    return one


def told(**over: Any) -> CallEnded:
    one = read(**over)
    assert isinstance(one, Event), one
    assert isinstance(one.data, CallEnded)
    return one.data


def leg(**over: Any) -> CallEnded:
    plain: dict[str, Any] = {
        "call_id": f"amazonconnect:{FIRST}", "rep_id": "amazonconnect:ada", "direction": "inbound",
        "customer": Customer(phone="+13035550142"), "started_at": at(0), "answered_at": at(60),
        "ended_at": at(900), "talk_seconds": 600, "hold_seconds": 240, "wrap_up_seconds": 90,
        "outcome": "connected", "revision": UPDATED,
    }  # fmt: skip
    return CallEnded(**{**plain, **over})


def test_talk_is_without_the_hold_and_the_wrap_up_may_be_after_the_call() -> None:
    assert told() == leg()


def test_what_is_not_told_is_unknown_and_a_0_is_a_0() -> None:
    zero = agent(CustomerHoldDuration=0, AfterContactWorkDuration=0)
    assert told(Agent=zero) == leg(hold_seconds=0, wrap_up_seconds=0)
    unknown = agent(CustomerHoldDuration=None, AfterContactWorkDuration=None,
                    AgentInteractionDuration=None)  # fmt: skip
    assert told(Agent=unknown) == leg(hold_seconds=None, wrap_up_seconds=None, talk_seconds=None)


def test_the_newest_word_on_a_contact_stands_whichever_comes_first() -> None:
    found = [
        read(Agent=agent(AfterContactWorkDuration=None)),
        read(LastUpdateTimestamp="2025-11-18T12:00:00Z", Attributes={"vip": "2"}),
        read(LastUpdateTimestamp="2025-11-18T11:00:00Z", Agent=agent(CustomerHoldDuration=1)),
    ]
    newest = found[1]
    assert isinstance(newest, Event)
    for order in permutations(found):
        assert list(given.standing(order).values()) == [newest.data]


def test_an_event_is_ordered_by_the_last_change() -> None:
    for over, moment in (({}, at(1020)), ({"LastUpdateTimestamp": None}, at(900))):
        one = read(**over)
        assert isinstance(one, Event)
        assert one.time == moment


def test_a_transferred_call_is_one_call_with_a_leg_for_each_agent() -> None:
    second = told(
        ContactId=SECOND, InitialContactId=FIRST, PreviousContactId=FIRST,
        InitiationMethod="TRANSFER", Agent=agent("ben"),
    )  # fmt: skip
    assert second == leg(rep_id="amazonconnect:ben")


@pytest.mark.parametrize(
    ("over", "want"),
    [
        # The agent is there first, the customer when the far end answers.
        ({"InitiationMethod": "OUTBOUND", "ConnectedToSystemTimestamp": "2025-11-18T10:02:00Z"},
         {"direction": "outbound", "answered_at": at(120)}),
        ({"InitiationMethod": "CALLBACK"}, {"direction": "outbound"}),
        ({"InitiationMethod": "API", "AnsweringMachineDetectionStatus": "HUMAN_ANSWERED"},
         {"direction": "outbound", "answered_by": "human"}),
        ({"InitiationMethod": "API", "AnsweringMachineDetectionStatus": "VOICEMAIL_BEEP"},
         {"direction": "outbound", "outcome": "voicemail", "answered_by": "machine"}),
        ({"Agent": agent(Username=None)}, {"rep_id": "amazonconnect:id-of-ada"}),
        ({"CustomerEndpoint": {"Address": "sip:x@y", "Type": "VOIP"}}, {"customer": None}),
        ({"CustomerEndpoint": None}, {"customer": None}),
        ({"CustomerEndpoint": {"Address": "", "Type": "TELEPHONE_NUMBER"}}, {"customer": None}),
        ({"CustomerEndpoint": {"Address": "anonymous", "Type": "TELEPHONE_NUMBER"}},
         {"customer": Customer(phone="anonymous")}),
        ({"LastUpdateTimestamp": None}, {"revision": 0}),
    ],
)  # fmt: skip
def test_who_called_whom_and_what_answered(over: dict[str, Any], want: dict[str, Any]) -> None:
    assert told(**over) == leg(**want)


@pytest.mark.parametrize(
    ("over", "outcome"),
    [
        ({"DisconnectReason": "TELECOM_BUSY"}, "busy"),
        ({"DisconnectReason": "TELECOM_NUMBER_INVALID"}, "failed"),
        ({"DisconnectReason": "AGENT_DISCONNECT"}, "canceled"),
        ({"DisconnectReason": "TELECOM_UNANSWERED"}, "no_answer"),
        ({"DisconnectReason": None}, "no_answer"),
        ({"AnsweringMachineDetectionStatus": "SIT_TONE_BUSY"}, "busy"),
        # A person said hello and was gone before there was an agent.
        ({"AnsweringMachineDetectionStatus": "HUMAN_ANSWERED"}, "no_answer"),
        ({"AnsweringMachineDetectionStatus": "AMD_UNRESOLVED"}, "no_answer"),
    ],
)
def test_a_call_out_that_nobody_answered(over: dict[str, Any], outcome: str) -> None:
    one = told(InitiationMethod="OUTBOUND", ConnectedToSystemTimestamp=None, **over)
    assert (one.outcome, one.answered_at, one.talk_seconds) == (outcome, None, 0)


def test_an_agent_who_was_offered_a_call_and_did_not_take_it_missed_it() -> None:
    one = told(Agent=agent(ConnectedToAgentTimestamp=None, AgentInteractionDuration=None))
    assert (one.outcome, one.talk_seconds) == ("missed", 0)


@pytest.mark.parametrize(
    ("over", "reason", "kind"),
    [
        ({"Channel": "CHAT"}, "kind", "CHAT"),
        ({"Channel": "TASK"}, "kind", "TASK"),
        ({"InitiationMethod": "MONITOR"}, "kind", "MONITOR"),
        ({"InitiationMethod": "EXTERNAL_OUTBOUND"}, "kind", "EXTERNAL_OUTBOUND"),
        ({"Agent": None}, "no_rep", "INBOUND"),  # given up in the queue
        ({"Agent": {"Username": None, "ARN": None}}, "no_rep", "INBOUND"),
        ({"DisconnectTimestamp": None}, "not_final", "INBOUND"),
        ({"detail-type": "Amazon Connect Contact Event"}, "kind", "Amazon Connect Contact Event"),
    ],
)
def test_what_is_no_agents_finished_call_is_ignored_by_name(
    over: dict[str, Any], reason: str, kind: str
) -> None:
    assert read(**over) == Ignored(reason, kind)


@pytest.mark.parametrize(
    ("over", "code", "field"),
    [
        ({"ContactId": None}, "wrong_type", "ContactId"),
        ({"InitiationMethod": "TELEPATHY"}, "unknown_value", "InitiationMethod"),
        ({"InitiationTimestamp": "2025-11-18T10:00:00"}, "naive_timestamp", "data.started_at"),
        ({"LastUpdateTimestamp": "later"}, "bad_timestamp", "LastUpdateTimestamp"),
        ({"DisconnectTimestamp": "2025-11-18T09:00:00Z"}, "inconsistent", "data.ended_at"),
        ({"Agent": agent(CustomerHoldDuration=-1)}, "out_of_range", "data.hold_seconds"),
        ({"Agent": agent(CustomerHoldDuration="9")}, "wrong_type", "Agent.CustomerHoldDuration"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(
    over: dict[str, Any], code: str, field: str
) -> None:
    one = read(**over)
    assert isinstance(one, Refusal)
    assert (one.code, one.field, one.source) == (code, field, "amazonconnect")


def test_one_bad_record_of_a_batch_leaves_its_neighbours() -> None:
    good = json.dumps(contact()).encode()
    other = json.dumps(contact(ContactId=SECOND)).encode()
    found = given.read(amazonconnect.FEED, batch(good, b"{", other))
    assert [type(one) for one in found] == [Event, Refusal, Event]
    records = [{"data": "no base64"}, {"data": base64.b64encode(good).decode()}]
    body = json.dumps({"requestId": "r-1", "records": records}).encode()
    found = given.read(amazonconnect.FEED, body)
    assert [type(one) for one in found] == [Refusal, Event]


def test_a_batch_may_be_zipped_and_an_empty_one_means_nothing() -> None:
    zipped = gzip.compress(batch(json.dumps(contact()).encode()))
    (one,) = given.read(amazonconnect.FEED, zipped)
    assert isinstance(one, Event)
    for broken, code in (
        (zipped[:-9], "too_large"),
        (zipped[:2], "too_large"),
        (b"\x1f\x8bno", "not_json"),
        (gzip.compress(b" " * (17 << 20)), "too_large"),
        (batch(*[b""] * 5001), "too_large"),
    ):
        (refused,) = given.read(amazonconnect.FEED, broken)
        assert isinstance(refused, Refusal)
        assert refused.code == code
    assert given.read(amazonconnect.FEED, batch()) == [Ignored("kind", "an empty batch")]


def test_a_record_may_come_by_itself() -> None:
    (one,) = given.read(amazonconnect.FEED, json.dumps(contact()).encode())
    assert isinstance(one, Event)
    assert one.data == leg()


def test_only_the_access_key_makes_a_batch_genuine() -> None:
    def held(**headers: str) -> bool:
        return amazonconnect.genuine(KEY, Hook(headers, batch()), NOW)

    assert held(**{"x-amz-firehose-access-key": KEY})
    for wrong in ("", KEY[:-1], KEY.upper(), "\ud800"):
        assert not held(**{"x-amz-firehose-access-key": wrong})
    assert not held()


async def test_firehose_reads_the_receipt_that_it_needs(service: httpx2.AsyncClient) -> None:
    body = batch(json.dumps(contact()).encode(), request="r-77")
    headers = {"X-Amz-Firehose-Access-Key": KEY, "X-Amz-Firehose-Request-Id": "r-77"}
    for accepted in (1, 0):
        response = await service.post("/v1/webhooks/amazonconnect", content=body, headers=headers)
        said = response.json()
        assert response.status_code == 200
        assert (said["requestId"], said["accepted"]) == ("r-77", accepted)
        assert said["timestamp"] == int(SERVED.timestamp() * 1000)
    headers["X-Amz-Firehose-Access-Key"] = "another"
    response = await service.post("/v1/webhooks/amazonconnect", content=body, headers=headers)
    assert response.status_code == 401
