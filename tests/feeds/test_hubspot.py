"""HubSpot: what changed is to be read again; deals, calls and customers in our words."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app import settings
from app.events.refusals import Refusal
from app.events.types import (
    CallEnded,
    Customer,
    CustomerRecorded,
    Data,
    Event,
    OrderLine,
    OrderRecorded,
    QuoteRecorded,
    RecordVoided,
)
from app.feeds import hubspot
from app.feeds.feed import Found, Hook, Ignored, ReadAgain, read_hook
from tests.feeds.hubspot_payloads import (
    CHANGED,
    READ_AT,
    call,
    deal,
    item,
    reading,
    thing,
    told,
    workflow,
)

NOW = datetime(2025, 12, 1, tzinfo=UTC)
AT = datetime(2025, 11, 18, 10, tzinfo=UTC)
PLAIN = settings.read({})
WITH_TOKEN = settings.read({"RINGSIDE_HUBSPOT_TOKEN": "pat-of-the-tests"})
DEAL = "hubspot:9400000001"


def read(payload: Any, chosen: settings.Settings = WITH_TOKEN) -> list[Found]:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    found = read_hook(hubspot.FEED, Hook({}, body), now=NOW, settings=chosen)
    return [one for one, _ in found]


def data(payload: Any, chosen: settings.Settings = WITH_TOKEN) -> list[Data]:
    found = read(payload, chosen)
    assert all(isinstance(one, Event) for one in found), found
    return [one.data for one in found if isinstance(one, Event)]


def refused(payload: Any) -> tuple[str, str | None]:
    (found,) = read(payload)
    assert isinstance(found, Refusal), found
    assert found.source == "hubspot"
    return found.code, found.field


def void(kind: str, key: str = DEAL, why: str = "deleted", **more: Any) -> RecordVoided:
    return RecordVoided(kind=kind, key=key, reason=why, revision=CHANGED, **more)  # type: ignore[arg-type]


# -- what changed -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "kind", "key"),
    [
        (told("deal.creation"), "deals", "9400000001"),
        (told("deal.propertyChange", propertyName="amount"), "deals", "9400000001"),
        (told("contact.restore", objectId="31"), "contacts", "31"),
        (told("line_item.propertyChange", objectId=1), "line_items", "1"),
        (told("object.propertyChange", objectTypeId="0-48", objectId=7), "calls", "7"),
        (told("object.deletion", objectTypeId="0-48", objectId=7), "calls", "7"),
        (told("deal.associationChange", objectId=None, fromObjectId=8), "deals", "8"),
        (
            told("object.associationChange", objectId=None, fromObjectId=8,
                 fromObjectTypeId="0-3"),
            "deals", "8",
        ),
    ],
)  # fmt: skip
def test_what_changed_is_to_be_read_again(event: dict[str, Any], kind: str, key: str) -> None:
    assert read([event]) == [ReadAgain("hubspot", kind, key, AT)]
    # Without a token nothing can be read.
    (ignored,) = read([event], PLAIN)
    assert ignored == Ignored("unread", event["subscriptionType"])


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (told("ticket.creation"), "kind"),
        (told("object.creation", objectTypeId="0-5"), "kind"),
        (told("object.creation"), "kind"),
        (told("conversation.newMessage"), "kind"),
        (told("deal.somethingNew"), "kind"),
        (told("contact.associationChange", fromObjectId=8), "partial"),
        (told("line_item.deletion"), "partial"),
    ],
)
def test_what_says_nothing_measured_is_ignored_by_name(event: dict[str, Any], reason: str) -> None:
    (found,) = read([event])
    assert isinstance(found, Ignored)
    assert found.reason == reason


def test_each_event_of_a_webhook_is_judged_by_itself() -> None:
    events = [told("deal.deletion"), 7, told("deal.creation", occurredAt="soon"),
              told("ticket.creation"), told("deal.creation", objectId=5)]  # fmt: skip
    found = read(events)
    assert [type(one) for one in found] == [Event, Event, Refusal, Refusal, Ignored, ReadAgain]
    assert len(read([told("deal.creation", objectId=n) for n in range(1, 101)])) == 100


def test_what_is_deleted_is_withdrawn() -> None:
    assert data([told("deal.deletion")]) == [void("quote"), void("order")]
    assert data([told("contact.privacyDeletion", objectId=31)]) == [void("customer", "hubspot:31")]
    assert data([told("company.deletion", objectId=8)]) == [void("customer", "hubspot:company-8")]


def test_the_same_deletion_again_is_a_duplicate_whatever_its_event_id() -> None:
    def ids(**over: Any) -> list[str]:
        return [e.id for e in read([told("deal.deletion", **over)]) if isinstance(e, Event)]

    assert ids() == ids(eventId=7, attemptNumber=3)
    assert not set(ids()) & set(ids(occurredAt=CHANGED + 1))


def test_of_merged_objects_one_is_left() -> None:
    merge = told("deal.merge", primaryObjectId=5, mergedObjectIds=[5, 6], newObjectId=7)
    gone = [void(kind, f"hubspot:{key}") for key in (5, 6) for kind in ("quote", "order")]
    found = read([merge])
    assert [one.data for one in found if isinstance(one, Event)] == gone
    assert found[-1] == ReadAgain("hubspot", "deals", "7", AT)
    assert data([merge], PLAIN) == gone
    kept = told("contact.merge", primaryObjectId=5, mergedObjectIds=[5, 6])
    assert [one.data for one in read([kept]) if isinstance(one, Event)] == [
        void("customer", "hubspot:6")
    ]


@pytest.mark.parametrize(
    ("event", "code", "field"),
    [
        (told("deal.creation", objectId=None), "missing", "objectId"),
        (told("deal.creation", objectId="../x"), "unknown_value", "objectId"),
        (told("deal.merge", objectId=None), "missing", "newObjectId"),
        (told("deal.deletion", occurredAt=-62), "timestamp_out_of_range", "time"),
        (told("deal.deletion", occurredAt=10**30), "bad_timestamp", "occurredAt"),
        ({"portalId": 1}, "missing", "subscriptionType"),
    ],
)
def test_an_event_that_cannot_be_read_is_refused_by_name(
    event: dict[str, Any], code: str, field: str
) -> None:
    found = read([event])
    assert {(one.code, one.field) for one in found if isinstance(one, Refusal)} == {(code, field)}


# -- deals --------------------------------------------------------------------------------------


def quote(**over: Any) -> QuoteRecorded:
    plain: dict[str, Any] = {
        "quote_id": DEAL, "rep_id": "hubspot:51", "customer": None, "status": "accepted",
        "amount": Decimal("1250.5000"), "currency": "USD", "revision": CHANGED,
        "issued_at": datetime(2025, 11, 12, 16, 30, tzinfo=UTC),
    }  # fmt: skip
    return QuoteRecorded(**{**plain, **over})


def order(*lines: OrderLine, **over: Any) -> OrderRecorded:
    plain: dict[str, Any] = {
        "order_id": DEAL, "rep_id": "hubspot:51", "status": "confirmed", "currency": "USD",
        "placed_at": datetime(2025, 11, 18, 9, 59, tzinfo=UTC), "quote_id": DEAL,
        "lines": lines, "revision": CHANGED,
    }  # fmt: skip
    return OrderRecorded(**{**plain, **over})


def test_a_won_deal_is_an_accepted_quote_and_an_order_that_names_it() -> None:
    line = OrderLine(line_id="deal", quantity=Decimal(1), unit_price=Decimal("1250.5"))
    assert data(reading("deals", deal())) == [quote(), order(line)]


def test_line_items_say_what_was_sold_and_what_it_cost() -> None:
    lines = [
        item(1, "3", "25.50", amount="70.00", hs_cost_of_goods_sold="11.25"),
        item(2, "1", "9"),
        item(3, "2", "10", amount="20.000000000000000555"),
        thing(4, amount="33"),
    ]
    (_, found) = data(reading("deals", deal(), lines=lines, contacts=["310", "44"], companies=[8]))
    customer = Customer(customer_id="hubspot:44")
    assert found == order(
        OrderLine(line_id="1", sku="SKU-1", quantity=Decimal(3), unit_price=Decimal("25.5"),
                  discount=Decimal("6.5"), unit_cost=Decimal("11.25")),
        OrderLine(line_id="2", sku="SKU-2", quantity=Decimal(1), unit_price=Decimal(9)),
        OrderLine(line_id="3", sku="SKU-3", quantity=Decimal(2), unit_price=Decimal(10)),
        OrderLine(line_id="4", quantity=Decimal(1), unit_price=Decimal(33)),
        customer=customer,
    )  # fmt: skip
    (said, _) = data(reading("deals", deal(), companies=[8, 12]))
    assert isinstance(said, QuoteRecorded)
    assert said.customer == Customer(customer_id="hubspot:company-8")


OPEN: dict[str, Any] = {"hs_is_closed": "false", "hs_is_closed_won": "false"}
LOST: dict[str, Any] = {"hs_is_closed": "true", "hs_is_closed_won": "false"}


@pytest.mark.parametrize(
    ("values", "stages", "status", "won"),
    [
        ({"dealstage": "contractsent", **OPEN}, None, "issued", False),
        ({"dealstage": "appointmentscheduled", **OPEN}, None, "draft", False),
        ({"dealstage": "771", **OPEN}, None, "draft", False),
        ({"dealstage": "771", **OPEN}, "771=issued", "issued", False),
        ({"dealstage": "closedlost", **LOST}, None, "declined", False),
        ({"dealstage": "772", **LOST}, None, "declined", False),
        ({"dealstage": "773"}, None, "accepted", True),  # closed as won, in any pipeline
        ({"dealstage": "774", **OPEN}, "774=won", "accepted", True),
        ({"dealstage": "closedwon"}, "closedwon=lost", "declined", False),
    ],
)
def test_a_stage_means_what_the_setting_says_else_what_hubspot_calls_it(
    values: dict[str, Any], stages: str | None, status: str, won: bool
) -> None:
    chosen = settings.read({"RINGSIDE_HUBSPOT_STAGES": stages} if stages else {})
    found = data(reading("deals", deal(**values)), chosen)
    assert isinstance(found[0], QuoteRecorded)
    assert found[0].status == status
    assert isinstance(found[1], OrderRecorded) is won
    if not won:  # it may have been won before
        assert found[1] == void("order", why="it is not won")


def test_a_deal_given_up_before_anything_was_offered_was_no_quote() -> None:
    never = {**LOST, "dealstage": "closedlost", "hs_v2_date_entered_contractsent": None}
    (found, _) = data(reading("deals", deal(**never)))
    assert found == quote(status="draft", issued_at=datetime(2025, 11, 10, 8, tzinfo=UTC))


def test_an_early_deal_has_no_amount_yet_and_a_late_one_needs_it() -> None:
    early = {**OPEN, "amount": None, "dealstage": "qualifiedtobuy"}
    (found, _) = data(reading("deals", deal(**early)))
    assert isinstance(found, QuoteRecorded)
    assert found.status == "draft"
    assert found.amount == Decimal(0)
    assert refused(reading("deals", deal(amount=""))) == ("missing", "properties.amount")


@pytest.mark.parametrize(
    ("values", "code", "field"),
    [
        ({"amount": "a lot"}, "bad_number", "properties.amount"),
        ({"amount": "1e9"}, "bad_number", "properties.amount"),
        ({"amount": "9" * 29}, "out_of_range", "properties.amount"),
        ({"amount": "1" + "0" * 15}, "out_of_range", "data.amount"),
        ({"amount": "-3"}, "out_of_range", "data.amount"),
        ({"closedate": None}, "missing", "properties.closedate"),
        ({"closedate": "2025-11-18"}, "naive_timestamp", "properties.closedate"),
        ({"createdate": "?", "hs_v2_date_entered_contractsent": None},
         "bad_timestamp", "properties.createdate"),
        ({"deal_currency_code": "EURO"}, "unknown_currency", "data.currency"),
    ],
)  # fmt: skip
def test_a_deal_that_cannot_be_read_is_refused_by_name(
    values: dict[str, Any], code: str, field: str
) -> None:
    found = read(reading("deals", deal(**values)))
    assert (code, field) in {(one.code, one.field) for one in found if isinstance(one, Refusal)}


def test_a_deal_without_an_owner_is_nobodys_and_one_that_had_one_no_longer() -> None:
    nobodys = thing(9_400_000_001, history=[], dealstage="closedwon", hubspot_owner_id=None)
    assert read(reading("deals", nobodys)) == [Ignored("no_rep", "deals")]
    orphan = deal(hubspot_owner_id="")
    why = "it has no owner"
    assert data(reading("deals", orphan)) == [void("quote", why=why), void("order", why=why)]


@pytest.mark.parametrize("found", [None, {**deal(), "archived": True}])
def test_a_deal_that_is_not_there_is_withdrawn(found: dict[str, Any] | None) -> None:
    assert data(reading("deals", found, 9_400_000_001)) == [void("quote"), void("order")]


def test_a_later_reading_stands_and_no_change_is_older_than_its_notice() -> None:
    (early, *_), (late, *_) = (
        read(reading("deals", deal())),
        read(reading("deals", deal()).replace(READ_AT.encode(), b"2025-11-18T10:09:00Z")),
    )
    assert isinstance(early, Event)
    assert isinstance(late, Event)
    assert early.time is not None
    assert late.time is not None
    assert early.id != late.id
    assert early.time < late.time
    newer = {**deal(), "updatedAt": "2025-11-18T10:00:01Z"}
    (said, _) = data(reading("deals", newer))
    assert said == quote(revision=CHANGED + 1000)


def test_a_workflow_carries_the_deal_whole() -> None:
    plain: dict[str, Any] = {
        "quote_id": "hubspot:9400000002", "status": "draft", "amount": Decimal(480),
        "issued_at": datetime(2025, 11, 17, 9, tzinfo=UTC),
    }  # fmt: skip
    no_order = void("order", "hubspot:9400000002", "it is not won")
    assert data(workflow(), PLAIN) == [quote(**plain), no_order]
    # Where there is a token, it is read with its lines and its customer.
    assert read(workflow()) == [ReadAgain("hubspot", "deals", "9400000002", AT)]
    deleted = {**workflow(), "isDeleted": True}
    assert data(deleted, PLAIN)[0] == void("quote", "hubspot:9400000002")
    assert read({**workflow(), "objectTypeId": "0-5"}, PLAIN) == [Ignored("kind", "0-5")]
    assert refused({**workflow(hs_lastmodifieddate=None)}) == (
        "bad_timestamp", "properties.hs_lastmodifieddate",
    )  # fmt: skip


# -- calls --------------------------------------------------------------------------------------


def leg(**over: Any) -> CallEnded:
    started = datetime(2025, 11, 18, 9, 30, tzinfo=UTC)
    plain: dict[str, Any] = {
        "call_id": "hubspot:7300000001", "rep_id": "hubspot:51", "direction": "outbound",
        "customer": Customer(phone="+1 303 555 0142"), "started_at": started,
        "ended_at": started + timedelta(milliseconds=130_400), "talk_seconds": 130,
        "outcome": "connected", "revision": CHANGED,
    }  # fmt: skip
    return CallEnded(**{**plain, **over})


def test_a_call_is_its_owners_and_lasts_milliseconds() -> None:
    assert data(reading("calls", call())) == [leg()]
    customer = Customer("hubspot:31", "+1 303 555 0000")
    inbound = reading("calls", call(hs_call_direction="INBOUND"), contacts=[31])
    assert data(inbound) == [leg(direction="inbound", customer=customer)]


@pytest.mark.parametrize(
    ("status", "disposition", "outcome"),
    [
        ("COMPLETED", None, "connected"),
        ("COMPLETED", "b2cf5968-551e-4856-9783-52b3da59a7d0", "voicemail"),
        ("COMPLETED", "73a0d17f-1163-4015-bdd5-ec830791da20", "no_answer"),
        ("COMPLETED", "17b47fee-58de-441e-a44c-c6300d46f273", "connected"),
        ("COMPLETED", "an outcome of the account's own", "connected"),
        (None, "f240bbac-87c9-4f6e-bf70-924b57d47db7", "connected"),
        (None, "9d9162e7-6cf3-4944-bf63-4dff82258764", "busy"),
        ("NO_ANSWER", "f240bbac-87c9-4f6e-bf70-924b57d47db7", "no_answer"),
        ("BUSY", None, "busy"),
        ("FAILED", None, "failed"),
        ("CANCELED", None, "canceled"),
    ],
)
def test_how_a_call_ended(status: str | None, disposition: str | None, outcome: str) -> None:
    values: dict[str, Any] = {"hs_call_status": status, "hs_call_disposition": disposition}
    talk = 130 if outcome == "connected" else 0
    assert data(reading("calls", call(**values))) == [leg(outcome=outcome, talk_seconds=talk)]


def test_an_inbound_call_that_nobody_took_is_missed() -> None:
    values: dict[str, Any] = {"hs_call_status": "NO_ANSWER", "hs_call_direction": "INBOUND"}
    (found,) = data(reading("calls", call(**values)))
    assert isinstance(found, CallEnded)
    assert (found.outcome, found.talk_seconds) == ("missed", 0)


def test_how_long_a_logged_call_lasted_may_not_be_known() -> None:
    (found,) = data(reading("calls", call(hs_call_duration=None)))
    assert found == leg(ended_at=leg().started_at, talk_seconds=None)


def test_a_call_that_runs_is_told_again_when_it_is_over() -> None:
    for status in ("IN_PROGRESS", "RINGING", "QUEUED", "CONNECTING", "CALLING_CRM_USER"):
        assert read(reading("calls", call(hs_call_status=status))) == [
            Ignored("not_final", "calls")
        ]


def test_a_call_that_changed_hands_is_its_former_owners_no_more() -> None:
    mine = void("call", "hubspot:7300000001", "another's", rep_id="hubspot:49")
    assert data(reading("calls", call(history=["51", "49"]))) == [leg(), mine]
    orphan = call(history=["49"], hubspot_owner_id=None)
    assert data(reading("calls", orphan)) == [mine]
    nobodys = call(history=[], hubspot_owner_id=None)
    assert read(reading("calls", nobodys)) == [Ignored("no_rep", "calls")]


def test_a_deleted_call_is_withdrawn_from_all_who_had_it() -> None:
    gone = {**call(history=["49", "51"]), "archived": True}
    assert data(reading("calls", gone)) == [
        void("call", "hubspot:7300000001", rep_id="hubspot:49"),
        void("call", "hubspot:7300000001", rep_id="hubspot:51"),
    ]
    assert read(reading("calls", None, 7_300_000_001)) == [Ignored("no_rep", "calls")]


@pytest.mark.parametrize(
    ("values", "code", "field"),
    [
        ({"hs_call_direction": None}, "missing", "properties.hs_call_direction"),
        ({"hs_call_direction": "UP"}, "unknown_value", "properties.hs_call_direction"),
        ({"hs_call_status": None}, "missing", "properties.hs_call_status"),
        ({"hs_call_status": "LOST"}, "unknown_value", "properties.hs_call_status"),
        ({"hs_timestamp": None}, "missing", "properties.hs_timestamp"),
        ({"hs_call_duration": "-5"}, "inconsistent", "data.ended_at"),
        ({"hs_call_duration": "86401000"}, "out_of_range", "data.talk_seconds"),
        ({"hs_call_to_number": "+1" * 150}, "too_long", "data.customer.phone"),
    ],
)
def test_a_call_that_cannot_be_read_is_refused_by_name(
    values: dict[str, Any], code: str, field: str
) -> None:
    assert refused(reading("calls", call(**values))) == (code, field)


# -- customers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "values", "customer"),
    [
        ("contacts", {"firstname": "Ada", "lastname": "Byron", "phone": "2", "mobilephone": "1"},
         CustomerRecorded(customer_id="hubspot:31", name="Ada Byron", phones=("1", "2"),
                          revision=CHANGED)),
        ("contacts", {"firstname": "", "email": "ada@example.com", "phone": None},
         CustomerRecorded(customer_id="hubspot:31", name="ada@example.com", revision=CHANGED)),
        ("contacts", {},
         CustomerRecorded(customer_id="hubspot:31", name="hubspot:31", revision=CHANGED)),
        ("companies", {"name": "N" * 300, "phone": "+13035550100"},
         CustomerRecorded(customer_id="hubspot:company-31", name="N" * 200,
                          phones=("+13035550100",), revision=CHANGED)),
    ],
)  # fmt: skip
def test_contacts_and_companies_are_customers(
    kind: str, values: dict[str, Any], customer: CustomerRecorded
) -> None:
    assert data(reading(kind, thing(31, **values))) == [customer]
    key = customer.customer_id
    assert data(reading(kind, None, 31)) == [void("customer", key)]
