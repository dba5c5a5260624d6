"""The oracle held to hand-worked examples: quality of conversation, and who the customer is."""

from typing import Any

import pytest

from tests.oracle.say import (
    ADA,
    DAY,
    event,
    figures,
    leg,
    oracle,
    quote,
    said,
    segment,
    unanswered,
    values,
)
from tests.oracle.wire import Json

SHARE = ("value", "numerator", "denominator", "coverage")


def shares(figure: Json) -> list[Any]:
    return [figure[field] for field in SHARE if field in figure]


def customer(customer_id: str, *phones: str) -> Json:
    data = {"customer_id": customer_id, "name": customer_id, "phones": list(phones)}
    return event("customer.recorded", data)


def test_average_conversation_leaves_out_unknown_talk_chat_and_meetings() -> None:
    found = figures(
        leg("a", seconds=100),
        unanswered("b"),
        said("b"),  # classified customer, talk unknown
        said(None, conversation_id="1", duration_seconds=201),
        said(None, conversation_id="2", channel="in_person"),
    )
    # (100 + 201) ÷ 2; known 2 of 3 (the meeting is in neither)
    assert shares(found["average_conversation"]) == [150.5, 301, 2, 0.666667]


def test_hold() -> None:
    found = figures(
        leg("a", seconds=700, hold_seconds=300, talk_seconds=299),  # heavy
        leg("b", seconds=700, hold_seconds=300, talk_seconds=300),  # hold not > talk
        leg("c", seconds=700, hold_seconds=299, talk_seconds=1),  # under 300
        leg("d", seconds=700),  # hold unknown
        leg("e", seconds=700, answered_by="machine", hold_seconds=600),  # not answered
    )
    assert found["hold_heavy_calls"] == {"value": 1}
    # 899 ÷ (899 + 600) = 0.59973316; known 3 of 4
    assert shares(found["hold_share"]) == [0.599733, 899, 1499, 0.75]


@pytest.mark.parametrize(
    ("first", "repeats"),
    [
        ("2026-11-20T14:00:00Z", 1),  # exactly 1 h before
        ("2026-11-20T14:00:00.000001Z", 0),
        ("2026-08-22T15:00:00Z", 1),  # exactly 90 × 24 h before
        ("2026-08-22T14:59:59.999999Z", 0),
    ],
)
def test_repeat_conversations_look_back_90_days_to_the_instant(first: str, repeats: int) -> None:
    found = figures(leg("a", customer=ADA), leg("b", first, customer=ADA))
    assert found["repeat_conversations"] == {"value": repeats}
    other = figures(leg("a", customer=ADA), leg("b", first, customer=ADA, rep_id="r2"))
    assert other["repeat_conversations"] == {"value": 0}  # what this rep had


@pytest.mark.parametrize(
    ("issued", "quoted"),
    [
        ("2026-10-21T15:00:00Z", 1),  # 30 × 24 h before
        ("2026-10-21T14:59:59Z", 0),
        ("2026-11-27T15:00:00Z", 1),  # 7 × 24 h after
        ("2026-11-27T15:00:01Z", 0),
    ],
)
def test_repeat_conversations_with_a_quote(issued: str, quoted: int) -> None:
    found = figures(
        leg("a", customer=ADA),
        leg("b", "2026-11-10T15:00:00Z", customer=ADA),
        quote("q", issued, rep_id="r2"),  # any rep
        quote("draft", f"{DAY}T15:00:00Z", status="draft"),
        quote("other", f"{DAY}T15:00:00Z", customer={"customer_id": "bob"}),
    )
    assert found["repeat_quote_conversations"] == {"value": quoted}
    assert shares(found["repeat_quote_share"]) == [float(quoted), quoted, 1]


def test_three_calls_in_vain_within_seven_days() -> None:
    earlier = [
        unanswered("1", "2026-11-13T15:00:00.000001Z", customer=ADA),  # just inside
        unanswered("2", "2026-11-19T15:00:00Z", customer=ADA),
    ]
    last = unanswered("3", customer=ADA)
    assert figures(*earlier, last)["unproductive_repeats"] == {"value": 1}
    edge = unanswered("1", "2026-11-13T15:00:00Z", customer=ADA)  # exactly 7 d: outside
    assert figures(edge, earlier[1], last)["unproductive_repeats"] == {"value": 0}
    # a chat with the customer in the week, and nothing is in vain
    chat = said(None, channel="chat", customer=ADA, started_at="2026-11-14T00:00:00Z")
    assert figures(*earlier, last, chat)["unproductive_repeats"] == {"value": 0}
    # an assist will do as well: r2 has the longer talk of call 2
    mine = leg("2", "2026-11-19T15:00:00Z", seconds=100, customer=ADA)
    theirs = leg("2", "2026-11-19T15:00:00Z", seconds=400, customer=ADA, rep_id="r2")
    assert figures(earlier[0], mine, theirs, last)["unproductive_repeats"] == {"value": 0}


def test_customers_called_and_how_often() -> None:
    found = figures(
        unanswered("1", customer=ADA),
        unanswered("2", customer={"phone": "(303) 555-0101"}),  # ada's number
        unanswered("3", customer={"phone": "+1 303 555 0102"}),  # a party of its own
        unanswered("4", customer={"phone": "anonymous"}),
        unanswered("5", customer={"phone": "555-0101"}),  # local only: no number
        leg("6", direction="inbound", customer={"customer_id": "bob"}),
        unanswered("7", "2026-05-24T15:00:00Z", customer=ADA),  # exactly 180 × 24 h before
        customer("ada", "+13035550101"),
    )
    assert found["customers_called"] == {"value": 2}
    assert shares(found["calls_per_customer"]) == [1.5, 3, 2]
    # neither 1 nor 2, made at one instant, is new: 7 is 180 d before; 3 is
    assert shares(found["new_customer_share"]) == [0.333333, 1, 3]
    # 4 and 5 of 6 calls
    assert shares(found["unknown_party_share"]) == [0.333333, 2, 6]


def test_calls_at_one_instant_are_both_to_a_new_customer() -> None:
    found = figures(unanswered("1", customer=ADA), unanswered("2", customer=ADA))
    assert shares(found["new_customer_share"]) == [1.0, 2, 2]


def test_right_party_rate() -> None:
    found = figures(
        leg("a"),  # not known
        leg("b"),
        said("b", right_party=True),
        leg("c"),
        said("c", right_party=False),
        said(None, right_party=True),
        said("nowhere", right_party=True),
    )
    # b and the standalone one of those two and c; known of 3 of 4
    assert shares(found["right_party_rate"]) == [0.666667, 2, 3, 0.75]


@pytest.mark.parametrize(
    ("word", "call", "party"),
    [
        ({"customer_id": "x"}, {"customer_id": "y"}, ("customer", "x")),
        ({"phone": "+13035550102"}, {"customer_id": "y"}, ("customer", "y")),
        ({"phone": "+13035550102"}, {"phone": "+13035550101"}, ("customer", "ada")),
        ({"phone": "+13035550102"}, {"phone": "+13035550103"}, ("number", "+13035550102")),
        ({"phone": "201"}, {"phone": "+13035550103"}, ("number", "+13035550103")),
        (None, {}, None),
    ],
)
def test_a_classified_call_has_two_sources_of_its_customer(
    word: Json | None, call: Json, party: tuple[str, str] | None
) -> None:
    known = oracle(leg("a", customer=call), said("a", customer=word), customer("ada", "3035550101"))
    assert [x.party for x in known.ladder.legs] == [party]
    assert [x.party for x in known.ladder.contacts] == [party]


def test_of_several_claims_to_a_number_the_lowest_id_has_it() -> None:
    found = values(
        figures(
            unanswered("1", customer={"phone": "+13035550101 ext 9"}),
            unanswered("2", customer={"customer_id": "Zed"}),
            customer("ada", "+13035550101"),
            customer("Zed", "303-555-0101"),  # Z before a, by code point
            segment("s", "1", "ring", 3),
        ),
        "customers_called",
    )
    assert found == [1]
