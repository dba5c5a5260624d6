"""Pipedrive's deals are quotes and, while they are won, orders; both versions say the same."""

import base64
import itertools
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx2
import pytest

from app import settings
from app.db import Database
from app.events.refusals import Refusal
from app.events.types import (
    ConversationRecorded,
    Customer,
    CustomerRecorded,
    Event,
    OrderLine,
    OrderRecorded,
    QuoteRecorded,
    RecordVoided,
)
from app.feeds import pipedrive
from app.feeds.feed import Hook, Ignored
from tests.feeds import given
from tests.feeds.vendors.pipedrive import (
    AUTHORIZED,
    MICROS,
    PIPEDRIVE_SECRET,
    WON,
    activity,
    deal,
    old,
    person,
    v1,
    v2,
)

PATH = "/v1/webhooks/pipedrive"
CREATED = datetime(2025, 11, 17, 10, tzinfo=UTC)


def read(body: bytes, **environ: str) -> list[Event | Refusal | Ignored]:
    chosen = settings.read({"RINGSIDE_SECRET": "a secret of the tests", **environ})
    return given.read(pipedrive.FEED, body, settings=chosen)


def data(body: bytes, **environ: str) -> list[Any]:
    found = read(body, **environ)
    assert all(isinstance(e, Event) and e.time is not None for e in found), found
    return [e.data for e in found if isinstance(e, Event)]


def both(record: dict[str, Any], **environ: str) -> list[Any]:
    """What a deal comes to, which is the same in both versions."""
    found = data(v2("deal", record), **environ)
    assert found == data(v1("deal", old(record)), **environ)
    return found


def quote(**over: Any) -> QuoteRecorded:
    plain: dict[str, Any] = {
        "quote_id": "pipedrive:8", "rep_id": "pipedrive:77", "status": "issued",
        "customer": Customer("pipedrive:31"), "amount": Decimal("4000.5"), "currency": "EUR",
        "issued_at": CREATED, "revision": MICROS,
    }  # fmt: skip
    return QuoteRecorded(**{**plain, **over})


def order(**over: Any) -> OrderRecorded:
    plain: dict[str, Any] = {
        "order_id": "pipedrive:8", "rep_id": "pipedrive:77", "status": "confirmed",
        "customer": Customer("pipedrive:31"), "currency": "EUR", "quote_id": "pipedrive:8",
        "placed_at": datetime(2025, 11, 18, 9, 59, tzinfo=UTC), "revision": MICROS,
        "lines": (OrderLine(line_id="1", quantity=Decimal(1), unit_price=Decimal("4000.5")),),
    }  # fmt: skip
    return OrderRecorded(**{**plain, **over})


def gone(kind: str, key: str, reason: str = "deleted", revision: int = MICROS) -> RecordVoided:
    return RecordVoided(
        kind=kind, key=f"pipedrive:{key}", reason=reason, revision=revision  # type: ignore[arg-type]
    )  # fmt: skip


NOT_WON = gone("order", "8", "the deal is not won any more, or for nothing")


def test_a_deal_is_a_quote_and_while_it_is_won_an_order() -> None:
    assert both(deal()) == [quote()]
    assert both(deal(**WON)) == [quote(status="accepted"), order()]
    assert both(deal(**WON), RINGSIDE_CRM_ORDERS="false") == [quote(status="accepted")]
    lost = deal(status="lost", lost_time="2025-11-18T09:59:00Z")
    assert both(lost) == [quote(status="declined")]


def test_a_deal_that_is_reopened_takes_its_order_back_and_is_won_when_it_is_won_again() -> None:
    reopened = deal(first_won_time="2025-11-10T09:00:00Z")
    assert both(reopened) == [quote(), NOT_WON]
    again = deal(**{**WON, "first_won_time": "2025-11-10T09:00:00Z"})
    assert both(again) == [quote(status="accepted"), order()]


def test_without_a_value_nothing_is_offered_nor_ordered() -> None:
    for value in (0, None):
        assert both(deal(value=value)) == [quote(status="draft", amount=Decimal(0))]
        assert both(deal(**WON, value=value)) == [
            quote(status="accepted", amount=Decimal(0)), NOT_WON,
        ]  # fmt: skip


def test_with_whom_it_is() -> None:
    assert both(deal(person_id=None)) == [quote(customer=Customer("pipedrive:org-5"))]
    assert both(deal(person_id=None, org_id=None)) == [quote(customer=None)]


def test_the_owner_sells_and_not_who_made_or_changed_it() -> None:
    assert both(deal(owner_id=78)) == [quote(rep_id="pipedrive:78")]
    assert read(v2("deal", deal(owner_id=None))) == [Ignored("no_rep", "change.deal")]


@pytest.mark.parametrize(
    ("entity", "kinds"),
    [
        ("deal", [("quote", "8"), ("order", "8")]),
        ("activity", [("conversation", "8")]),
        ("person", [("customer", "8")]),
        ("organization", [("customer", "org-8")]),
    ],
)
def test_what_is_deleted_is_withdrawn_after_all_of_its_moment(
    entity: str, kinds: list[tuple[str, str]]
) -> None:
    withdrawn = [gone(kind, key, revision=MICROS + 999) for kind, key in kinds]
    assert data(v2(entity, None, "delete", previous={"id": 8})) == withdrawn
    assert data(v1(entity, None, "deleted", previous={"id": 8})) == withdrawn


def test_a_deal_that_is_told_as_deleted_is_withdrawn() -> None:
    assert both(deal(status="deleted")) == [gone("quote", "8"), gone("order", "8")]


def talked(**over: Any) -> ConversationRecorded:
    plain: dict[str, Any] = {
        "conversation_id": "pipedrive:4", "rep_id": "pipedrive:77", "channel": "phone",
        "customer": Customer("pipedrive:31"), "duration_seconds": 600, "kind": "customer",
        "started_at": datetime(2025, 11, 18, 9, 30, tzinfo=UTC), "revision": MICROS,
    }  # fmt: skip
    return ConversationRecorded(**{**plain, **over})


def test_a_call_that_is_done_is_a_conversation() -> None:
    assert data(v2("activity", activity(), "create")) == [talked()]
    texts = {"duration": "00:10", "due_time": "09:30"}
    assert data(v1("activity", old(activity(**texts)), "added")) == [talked()]
    exact = activity(duration="01:02:03")
    assert data(v2("activity", exact, "create")) == [talked(duration_seconds=3723)]


@pytest.mark.parametrize(
    ("over", "started"),
    [
        # Ticked off at ten, after ten minutes.
        ({"due_time": "", "marked_as_done_time": "2025-11-18 10:00:00"}, "2025-11-18T09:50:00Z"),
        # A date alone: noon in the default zone.
        ({"due_date": "2025-11-17", "due_time": None}, "2025-11-17T19:00:00Z"),
        # Put in the calendar for later: it was before it was told.
        ({"due_date": "2025-12-24"}, "2025-11-18T10:00:00.123Z"),
        ({"due_date": "2025-11-18", "due_time": None}, "2025-11-18T10:00:00.123Z"),
    ],
)
def test_when_a_call_was(over: dict[str, Any], started: str) -> None:
    body = v2("activity", activity(**over), "create")
    (found,) = data(body, RINGSIDE_DEFAULT_ZONE="America/Denver")
    assert found.started_at == datetime.fromisoformat(started)


@pytest.mark.parametrize(
    ("over", "reason"),
    [
        ({"type": "meeting"}, "kind"),
        ({"done": False}, "not_final"),
        ({"duration": None}, "no_talk"),
        ({"duration": {"timezone_id": None, "value": ""}}, "no_talk"),
        ({"duration": "00:00"}, "no_talk"),
    ],
)
def test_what_is_no_talk_is_ignored_and_withdrawn_if_it_may_have_been(
    over: dict[str, Any], reason: str
) -> None:
    record = activity(**over)
    created = v2("activity", record, "create")
    assert read(created) == [Ignored(reason, "create.activity")]
    renamed = v2("activity", record, previous={"subject": "Call"})
    assert read(renamed) == [Ignored(reason, "change.activity")]
    withdrawn = [gone("conversation", "4", "it is no call that was talked in")]
    assert data(v2("activity", record, previous={next(iter(over)): "x"})) == withdrawn
    assert data(v1("activity", old(record), previous=old(activity()))) == withdrawn


def test_a_person_is_a_customer_and_so_is_an_organization() -> None:
    known = CustomerRecorded(
        customer_id="pipedrive:31", name="Grace Brown", phones=("303 555 0142",), revision=MICROS
    )
    assert data(v2("person", person())) == [known]
    listed = person(phone=person()["phones"], phones=None)
    assert data(v1("person", old(listed))) == [known]
    assert data(v2("organization", {"id": 5, "name": "Lamps", "owner_id": 77})) == [
        CustomerRecorded(customer_id="pipedrive:org-5", name="Lamps", revision=MICROS)
    ]


@pytest.mark.parametrize("entity", ["lead", "note", "product", "stage", "user", "deal_product"])
def test_other_objects_are_ignored_by_name(entity: str) -> None:
    assert read(v2(entity, {"id": 1})) == [Ignored("kind", f"change.{entity}")]
    assert read(v1(entity, {"id": 1})) == [Ignored("kind", f"updated.{entity}")]


def test_tried_again_it_is_the_same_event() -> None:
    once = read(v2("deal", deal(**WON)))
    assert once == read(v2("deal", deal(**WON), attempt=3, webhook_id="2"))
    assert once != read(v2("deal", deal(**WON), timestamp="2025-11-18T10:00:00.124Z"))


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (b"{}", "missing", "meta"),
        (b'{"meta": {"action": "change"}}', "missing", "meta.entity"),
        (v2("deal", None, "delete", entity_id=None), "missing", "meta.entity_id"),
        (v2("deal", deal(), timestamp=None), "missing", "meta.timestamp"),
        (v2("deal", deal(), timestamp="now"), "bad_timestamp", "meta.timestamp"),
        (v2("deal", deal(), timestamp=10**14), "timestamp_out_of_range", "meta.timestamp"),
        (v1("deal", old(deal()), timestamp_micro=-1), "timestamp_out_of_range", "meta.timestamp"),
        (v2("deal", deal(status="stalled")), "unknown_value", "status"),
        (v2("deal", deal(value=-5)), "out_of_range", "data.amount"),
        (v2("deal", deal(value="NaN")), "bad_number", "value"),
        (v2("deal", deal(currency="XXQ")), "unknown_currency", "data.currency"),
        (v2("deal", deal(add_time="soon")), "bad_timestamp", "add_time"),
        (v2("deal", deal(**{**WON, "won_time": None})), "missing", "data.placed_at"),
        (v2("activity", activity(duration="10 min")), "bad_number", "duration"),
        (v2("activity", activity(due_date=None)), "missing", "data.started_at"),
        (v2("activity", activity(due_date="soon")), "bad_timestamp", "due_time"),
        (v2("person", person(name=None)), "wrong_type", "name"),
        (v2("person", person(phones=7)), "wrong_type", "phones"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(body: bytes, code: str, field: str) -> None:
    refusal = read(body)[-1]
    assert isinstance(refusal, Refusal), refusal
    assert (refusal.code, refusal.field, refusal.source) == (code, field, "pipedrive")


def test_only_the_user_and_password_are_genuine() -> None:
    assert pipedrive.genuine(PIPEDRIVE_SECRET, Hook(AUTHORIZED, b""), given.NOW)
    other = base64.b64encode(b"ringside:other").decode()
    plain = base64.b64encode(PIPEDRIVE_SECRET.encode()).decode()
    for text in ("", "Basic", "Basic ", f"Basic {other}", f"Bearer {plain}", plain,
                 f"Basic {PIPEDRIVE_SECRET}", "Basic ü"):  # fmt: skip
        assert not pipedrive.genuine(
            PIPEDRIVE_SECRET, Hook({"authorization": text}, b""), given.NOW
        )


async def test_in_whatever_order_a_deal_ends_as_it_is(
    service: httpx2.AsyncClient, database: Database
) -> None:
    """Offered, won, reopened, won for more; and another that is deleted after it was won."""
    states = [deal(), deal(**WON), deal(first_won_time=WON["won_time"]), deal(**WON, value=250)]
    for kept, told in ((True, states), (False, [states[0], states[1], None])):
        for number, steps in enumerate(itertools.permutations(range(len(told)))):
            record = (100 if kept else 200) + number
            for at in (*steps, steps[0]):
                state, meta = told[at], {"timestamp": f"2025-11-18T10:00:00.00{at}Z"}
                if state is None:
                    body = v2("deal", None, "delete", **meta, entity_id=str(record))
                else:
                    body = v2("deal", {**state, "id": record}, **meta)
                response = await service.post(PATH, content=body, headers=AUTHORIZED)
                assert response.json()["rejected"] == []
            assert response.json()["accepted"] == 0
    async with database.reading() as reading:
        quotes = await reading.fetch("SELECT voided, status, amount FROM quotes ORDER BY quote_id")
        orders = await reading.fetch("SELECT voided FROM orders ORDER BY order_id")
    assert [tuple(row) for row in quotes] == [
        *[(False, "accepted", Decimal(250))] * 24, *[(True, None, None)] * 6,
    ]  # fmt: skip
    assert [row["voided"] for row in orders] == [False] * 24 + [True] * 6
