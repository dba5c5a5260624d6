"""Change events make records only where they carry them whole, and the newest commit stands."""

import itertools
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx2
import pytest

from app import settings
from app.db import Database
from app.errors import BadConfiguration
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
from app.feeds import salesforce
from app.feeds.feed import Hook, Ignored
from tests.feeds import given
from tests.feeds.vendors.salesforce import (
    AUTHORIZED,
    COMMIT,
    COMMITTED,
    DEAL,
    SALESFORCE_SECRET,
    TASK,
    change,
    cometd,
    deal,
    task,
)

PATH = "/v1/webhooks/salesforce"
REVISION = COMMIT >> 10
CREATED = datetime(2025, 11, 17, 10, tzinfo=UTC)


def read(body: bytes, **environ: str) -> list[Event | Refusal | Ignored]:
    chosen = settings.read({"RINGSIDE_SECRET": "a secret of the tests", **environ})
    return given.read(salesforce.FEED, body, settings=chosen)


def data(body: bytes, **environ: str) -> list[Any]:
    found = read(body, **environ)
    assert all(isinstance(e, Event) for e in found), found
    return [e.data for e in found if isinstance(e, Event)]


def quote(**over: Any) -> QuoteRecorded:
    plain: dict[str, Any] = {
        "quote_id": f"salesforce:{DEAL}", "rep_id": "salesforce:005OWNER", "status": "issued",
        "customer": Customer("salesforce:001ACCOUNT"), "amount": Decimal("4000.5"),
        "currency": "USD", "issued_at": CREATED, "revision": REVISION,
    }  # fmt: skip
    return QuoteRecorded(**{**plain, **over})


def order(**over: Any) -> OrderRecorded:
    plain: dict[str, Any] = {
        "order_id": f"salesforce:{DEAL}", "rep_id": "salesforce:005OWNER", "status": "confirmed",
        "customer": Customer("salesforce:001ACCOUNT"), "currency": "USD",
        "placed_at": datetime(2025, 11, 18, 10, tzinfo=UTC), "quote_id": f"salesforce:{DEAL}",
        "lines": (OrderLine(line_id="1", quantity=Decimal(1), unit_price=Decimal("4000.5")),),
        "revision": REVISION,
    }  # fmt: skip
    return OrderRecorded(**{**plain, **over})


def gone(kind: str, record: str = DEAL, reason: str = "deleted") -> RecordVoided:
    return RecordVoided(
        kind=kind, key=f"salesforce:{record}", reason=reason, revision=REVISION  # type: ignore[arg-type]
    )  # fmt: skip


NOT_WON = gone("order", reason="the deal is not won")


@pytest.mark.parametrize(
    ("over", "status"),
    [
        ({"StageName": "Prospecting"}, "draft"),
        ({"StageName": "Proposal/Price Quote"}, "issued"),
        ({"StageName": "Negotiation/Review"}, "issued"),
        ({"StageName": "Closed Lost", "IsClosed": True}, "declined"),
        # Of a company's own stages it is told how they close.
        ({"StageName": "Angebot"}, "draft"),
        ({"StageName": "Verloren", "IsClosed": True}, "declined"),
    ],
)
def test_an_opportunity_is_a_quote_as_its_stage_says(over: dict[str, Any], status: str) -> None:
    assert data(change(deal(**over), "Opportunity")) == [quote(status=status)]


def test_a_won_opportunity_is_an_order_too() -> None:
    won = deal(StageName="Closed Won", IsClosed=True, IsWon=True)
    accepted = quote(status="accepted")
    assert data(change(won, "Opportunity")) == [accepted, order()]
    named = deal(StageName="Gewonnen", IsClosed=True, IsWon=True)
    assert data(change(named, "Opportunity")) == [accepted, order()]
    assert data(change(won, "Opportunity"), RINGSIDE_CRM_ORDERS="false") == [accepted]
    stage = {**won, "LastStageChangeDate": 1_763_456_400_000}
    assert data(change(stage, "Opportunity"))[1] == order(
        placed_at=datetime(2025, 11, 18, 9, tzinfo=UTC)
    )
    # An old deal that is written down late was placed on its close date.
    late = {**won, "CloseDate": 1_763_164_800_000}
    assert data(change(late, "Opportunity"), RINGSIDE_DEFAULT_ZONE="America/Denver")[1] == order(
        placed_at=datetime(2025, 11, 15, 19, tzinfo=UTC)
    )


def test_without_an_amount_nothing_is_offered_nor_ordered() -> None:
    nothing = {"amount": Decimal(0)}
    assert data(change(deal(Amount=None), "Opportunity")) == [quote(status="draft", **nothing)]
    won = deal(Amount=None, StageName="Closed Won")
    assert data(change(won, "Opportunity")) == [quote(status="accepted", **nothing)]


def test_stages_are_a_setting() -> None:
    stages = {"RINGSIDE_SALESFORCE_STAGES": "Angebot=issued, A=B=won"}
    assert data(change(deal(StageName="Angebot"), "Opportunity"), **stages) == [quote()]
    assert len(data(change(deal(StageName="A=B"), "Opportunity"), **stages)) == 2
    with pytest.raises(BadConfiguration, match="RINGSIDE_SALESFORCE_STAGES"):
        read(b"", RINGSIDE_SALESFORCE_STAGES="Angebot=sold")


def test_an_update_that_carries_the_record_takes_the_order_back() -> None:
    assert data(change(deal(), "Opportunity", "UPDATE")) == [quote(), NOT_WON]
    assert data(change(deal(), "Opportunity", "UNDELETE")) == [quote(), NOT_WON]
    iso = deal(CreatedDate="2025-11-17T10:00:00.000Z", CloseDate="2025-11-30")
    assert data(cometd(iso, "Opportunity")) == [quote(), NOT_WON]


@pytest.mark.parametrize(
    "name", ["OwnerId", "StageName", "Amount", "CreatedDate", "AccountId", "CurrencyIsoCode"]
)
def test_what_an_update_does_not_say_is_not_guessed(name: str) -> None:
    """Null is *unchanged* where every field is there, unless it is named as emptied."""
    partial = [Ignored("partial", "Opportunity UPDATE")]
    assert read(change(deal(**{name: None}), "Opportunity", "UPDATE")) == partial
    if name != "CurrencyIsoCode":  # a company of one currency has none
        assert read(cometd(deal(**{name: ...}), "Opportunity")) == partial


def test_what_is_emptied_is_known_to_be_empty() -> None:
    emptied = change(deal(AccountId=None), "Opportunity", "UPDATE", nulledFields=["AccountId"])
    assert data(emptied) == [quote(customer=None), NOT_WON]
    assert data(cometd(deal(AccountId=None), "Opportunity")) == [quote(customer=None), NOT_WON]
    # By a bitmap it cannot be told which.
    bitmap = change(deal(AccountId=None), "Opportunity", "UPDATE", nulledFields=["0x400000"])
    assert read(bitmap) == [Ignored("partial", "Opportunity UPDATE")]


def test_how_an_unnamed_stage_closes_has_to_be_said() -> None:
    unsaid = deal(StageName="Angebot", IsWon=..., IsClosed=...)
    assert read(cometd(unsaid, "Opportunity")) == [Ignored("partial", "Opportunity UPDATE")]


def test_currency_is_the_deals_or_the_companys() -> None:
    euros = change(deal(CurrencyIsoCode="EUR"), "Opportunity")
    assert data(euros) == [quote(currency="EUR")]
    assert data(change(deal(), "Opportunity"), RINGSIDE_CURRENCY="CHF") == [quote(currency="CHF")]


def test_the_owner_sells_and_not_who_edited_it() -> None:
    (found,) = data(change(deal(), "Opportunity", commitUser="005EDITOR"))
    assert found.rep_id == "salesforce:005OWNER"


def test_one_change_of_several_records_is_an_event_of_each() -> None:
    ids = [DEAL, "006SM0000001Tb4YAE"]
    found = data(change(deal(), "Opportunity", recordIds=ids))
    assert found == [quote(quote_id=f"salesforce:{one}") for one in ids]
    assert data(change({}, "Opportunity", "DELETE", recordIds=ids)) == [
        gone(kind, one) for one in ids for kind in ("quote", "order")
    ]


@pytest.mark.parametrize(
    ("entity", "kinds"),
    [("Opportunity", ["quote", "order"]), ("Account", ["customer"]), ("Task", ["conversation"])],
)
def test_what_is_deleted_is_withdrawn_even_if_only_a_gap_is_told(
    entity: str, kinds: list[str]
) -> None:
    for kind in ("DELETE", "GAP_DELETE"):
        assert data(change({}, entity, kind)) == [gone(one) for one in kinds]
    for kind in ("GAP_CREATE", "GAP_UPDATE", "GAP_UNDELETE", "GAP_OVERFLOW"):
        assert read(change({}, entity, kind)) == [Ignored("partial", f"{entity} {kind}")]


def test_an_account_is_a_customer() -> None:
    plain: dict[str, Any] = {"customer_id": f"salesforce:{DEAL}", "revision": REVISION}
    account = {"Name": "Acme", "Phone": "(303) 555-0142", "Fax": "1"}
    known = CustomerRecorded(**plain, name="Acme", phones=("(303) 555-0142",))
    assert data(change(account, "Account")) == [known]
    assert data(cometd(account, "Account")) == [known]
    assert data(change({**account, "Phone": None}, "Account")) == [
        CustomerRecorded(**plain, name="Acme")
    ]
    person = {"Name": {"Salutation": None, "FirstName": "Ada", "LastName": "Byron"}, "Phone": "1"}
    assert data(change(person, "Account")) == [
        CustomerRecorded(**plain, name="Ada Byron", phones=("1",))
    ]
    for half in ({"Name": "Acme"}, {"Phone": "1"}, person):
        assert read(cometd(half, "Account")) == [Ignored("partial", "Account UPDATE")]


def test_a_logged_call_is_a_conversation() -> None:
    talked = ConversationRecorded(
        conversation_id=f"salesforce:{TASK}", rep_id="salesforce:005OWNER",
        customer=Customer("salesforce:001ACCOUNT"), channel="phone",
        started_at=datetime(2025, 11, 18, 9, 59, tzinfo=UTC), duration_seconds=125,
        kind="customer", revision=REVISION,
    )  # fmt: skip
    assert data(change(task(), "Task", recordIds=[TASK])) == [talked]
    (inside,) = data(change(task(CallType="Internal"), "Task"))
    assert inside.kind == "internal"
    for over in ({"TaskSubtype": "Email"}, {"IsClosed": False}, {"CallDurationInSeconds": None},
                 {"CallDurationInSeconds": 0}):  # fmt: skip
        assert read(change(task(**over), "Task")) == [Ignored("no_talk", "Task CREATE")]
        assert data(cometd(task(**over), "Task", recordIds=[TASK])) == [
            gone("conversation", TASK, "it is no call that was talked in")
        ]
    assert read(cometd(task(IsClosed=...), "Task")) == [Ignored("partial", "Task UPDATE")]


def test_other_objects_are_ignored_by_name() -> None:
    for entity in ("Expense__c", "Contact", "Event", "OpportunityLineItem"):
        assert read(change({}, entity)) == [Ignored("kind", f"{entity} CREATE")]


def test_the_newest_commit_stands_to_the_last_digit() -> None:
    """Two commits apart by one, and two changes within one, at the same moment."""
    stamps = [
        (COMMIT - 2048, 9, COMMITTED), (COMMIT - 1, 9, COMMITTED), (COMMIT, 1, COMMITTED),
        (COMMIT, 2, COMMITTED), (COMMIT, 10, COMMITTED), (COMMIT + 2048, 1, COMMITTED - 9),
        (2**63 - 1, 1, COMMITTED),
    ]  # fmt: skip
    found = []
    for commit, sequence, moment in stamps:
        body = change(deal(), "Opportunity", commitNumber=commit, sequenceNumber=sequence,
                      commitTimestamp=moment)  # fmt: skip
        text = change(deal(), "Opportunity", commitNumber=str(commit), commitTimestamp=moment,
                      sequenceNumber=str(sequence))  # fmt: skip
        assert read(body) == read(text)
        (event,) = read(body)
        assert isinstance(event, Event)
        assert isinstance(event.data, QuoteRecorded)
        found.append((event.data.revision, event.time, event.id))
    assert found == sorted(found)
    assert len(set(found)) == len(found)


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (b"{}", "missing", "ChangeEventHeader"),
        (change(deal(), "Opportunity", "RENAME"), "unknown_value", "changeType"),
        (change(deal(), "Opportunity", commitNumber=2**63), "out_of_range", "commitNumber"),
        (change(deal(), "Opportunity", commitNumber=1.6529779334335283e18),
         "wrong_type", "ChangeEventHeader.commitNumber"),
        (change(deal(), "Opportunity", commitNumber="1.65e18"), "out_of_range", "commitNumber"),
        (change(deal(), "Opportunity", recordIds=[]), "out_of_range", "recordIds"),
        (change(deal(), "Opportunity", recordIds=["x"] * 1001), "out_of_range", "recordIds"),
        (change(deal(), "Opportunity", recordIds=[""]), "empty_string", "quote_id"),
        (change(deal(Amount=-1), "Opportunity"), "out_of_range", "data.amount"),
        (change(deal(Amount="much"), "Opportunity"), "wrong_type", "Amount"),
        (change(deal(OwnerId=7), "Opportunity"), "wrong_type", "OwnerId"),
        (change(deal(OwnerId=None), "Opportunity"), "missing", "OwnerId"),
        (change(deal(CreatedDate=None), "Opportunity"), "missing", "data.issued_at"),
        (change(deal(CreatedDate=10**18), "Opportunity"), "timestamp_out_of_range", "CreatedDate"),
        (cometd(deal(CreatedDate="2025-11-17T10:00:00"), "Opportunity"),
         "naive_timestamp", "CreatedDate"),
        (change(deal(CurrencyIsoCode="XXQ"), "Opportunity"), "unknown_currency", "data.currency"),
        (change(deal(StageName="Closed Won", CloseDate="soon"), "Opportunity"),
         "bad_date", "CloseDate"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_by_name(body: bytes, code: str, field: str) -> None:
    (refusal,) = read(body)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.field, refusal.source) == (code, field, "salesforce")


def test_only_the_relays_token_is_genuine() -> None:
    assert salesforce.FEED.genuine(SALESFORCE_SECRET, Hook(AUTHORIZED, b""), given.NOW)
    assert not salesforce.FEED.genuine("another", Hook(AUTHORIZED, b""), given.NOW)
    assert not salesforce.FEED.genuine(SALESFORCE_SECRET, Hook({}, b""), given.NOW)


async def test_in_whatever_order_a_deal_ends_as_it_is(
    service: httpx2.AsyncClient, database: Database
) -> None:
    """Offered, won, reopened, won for more, while a batch of the relay brings each twice."""
    for number, states in enumerate(itertools.permutations(range(4))):
        record = f"006{number:02}"
        stages = [("Proposal/Price Quote", 100), ("Closed Won", 100), ("Prospecting", 100),
                  ("Closed Won", 250)]  # fmt: skip
        bodies = [
            change(deal(StageName=stages[at][0], Amount=stages[at][1]), "Opportunity",
                   "UPDATE" if at else "CREATE", recordIds=[record], commitNumber=COMMIT + at)
            for at in states
        ]  # fmt: skip
        batch = b"[" + b",".join([*bodies, bodies[0]]) + b"]"
        response = await service.post(PATH, content=batch, headers=AUTHORIZED)
        said = response.json()
        assert (said["accepted"], said["rejected"]) == (7, []), json.dumps(said)
        assert said["duplicates"] == (1 if states[0] == 0 else 2)
    async with database.reading() as reading:
        orders = await reading.fetch("SELECT voided, (lines->0->>'unit_price') p FROM orders")
        quotes = await reading.fetch("SELECT status, amount FROM quotes")
    assert {tuple(row) for row in quotes} == {("accepted", Decimal(250))}
    assert len(orders) == len(quotes) == 24
    assert not any(row["voided"] for row in orders)
