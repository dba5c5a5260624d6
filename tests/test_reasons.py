"""Why a fact does not count, rung by rung; and that the list of reasons is closed."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.facts.rows import Leg
from app.kpis import CATALOGUE, kpi_of
from app.meaning.marks import Mark
from app.reasons import REASONS, Fact, Part, part_of, population
from tests.meaning.rows import leg, line, order, quote, returned, segment, word

D = Decimal
DAY = date(2026, 11, 20)
S, OUT, CALL, ANS = Mark.STANDS, Mark.OUTBOUND, Mark.CALL, Mark.ANSWERED
TALK, CONV = Mark.CUSTOMER_TALK, Mark.CONVERSATION
TALKED = S | OUT | CALL | ANS | TALK | CONV


def marked(marks: int, **over: Any) -> Leg:
    return leg(day=DAY, marks=int(marks), **{"party": "c:k", "talk": 190, **over})


ORPHAN = segment("talk", 0, day=DAY, marks=int(TALK))
OTHER_ORPHAN = segment("talk", 9, day=DAY, marks=int(Mark.OTHER_TALK))


@pytest.mark.parametrize(
    ("kpi", "fact", "reason"),
    [
        ("calls", marked(0, test=True), "test"),
        ("calls", marked(0, direction="internal"), "internal"),
        ("calls", marked(S), "not_answered"),
        ("calls", marked(S, classified="internal"), "classified_internal"),
        ("conversation_rate", marked(S | OUT | CALL | ANS | Mark.ASSIST), "assist"),
        ("outbound_calls", marked(S | CALL | ANS), "inbound"),
        ("inbound_calls", marked(S | CALL | OUT), "outbound"),
        ("answered_calls", marked(S | CALL | OUT, answered_by="machine"), "machine"),
        ("conversations", marked(S | OUT | CALL | ANS | TALK, talk=None), "talk_unknown"),
        ("conversations", marked(S | OUT | CALL | ANS | TALK, talk=89), "below_floor"),
        ("conversations", marked(S | OUT | CALL | ANS | Mark.ASSIST), "assist"),
        ("missed_inbound", marked(S | CALL | ANS), "answered"),
        ("missed_inbound", marked(S | CALL, classified="customer"), "classified_customer"),
        ("missed_inbound", marked(S), "answered_by_another"),
        ("talk_time", marked(S | OUT | CALL | ANS | TALK, talk=0), "no_talk"),
        ("talk_time", marked(S | OUT | CALL), "not_answered"),
        ("talk_time", ORPHAN, "no_talk"),
        ("talk_time", OTHER_ORPHAN, "no_customer_talk"),
        ("hold_share", marked(TALKED), "hold_unknown"),
        ("hold_heavy_calls", marked(TALKED, hold=299), "hold_light"),
        ("average_conversation", marked(TALKED, talk=None), "talk_unknown"),
        ("repeat_conversations", marked(TALKED, party=None), "unknown_customer"),
        ("repeat_conversations", marked(TALKED), "no_earlier_conversation"),
        ("repeat_quote_conversations", marked(TALKED | Mark.REPEAT), "no_quote"),
        ("repeat_quote_share", marked(TALKED), "no_earlier_conversation"),
        ("unproductive_repeats", marked(TALKED), "few_calls_or_conversation"),
        ("customers_called", marked(TALKED), "customer_counted_already"),
        ("calls_per_customer", marked(TALKED, party=None), "unknown_customer"),
        ("right_party_rate", marked(TALKED), "right_party_unknown"),
        ("conversations", word("personal", day=DAY, marks=int(S)), "classified_personal"),
        ("repeat_conversations", word("customer", day=DAY, marks=int(S | CONV)),
         "unknown_customer"),
        ("repeat_quote_conversations",
         word("customer", day=DAY, party="c:k", marks=int(S | CONV | Mark.REPEAT)), "no_quote"),
        ("quotes", quote(status="draft", day=DAY), "draft"),
        ("quoted_amount", quote(rate=None), "waits_for_rate"),
        ("orders", order(status="draft", day=DAY), "draft"),
        ("orders", order(status="canceled", day=DAY), "canceled"),
        ("revenue", order(day=DAY, rate=None), "waits_for_rate"),
    ],
)  # fmt: skip
def test_the_first_rung_that_fails_is_named(kpi: str, fact: Fact, reason: str) -> None:
    part = part_of(kpi_of(kpi), fact)
    assert (part.counted, part.reason) == (False, reason)
    assert reason in REASONS


@pytest.mark.parametrize("status", ["draft", "canceled", "test"])
def test_a_return_goes_the_way_of_its_order(status: str) -> None:
    back = returned(day=DAY, rep_id="r1")
    part = part_of(kpi_of("revenue"), back, order=order(status=status, day=DAY))
    assert part == Part(False, f"order_{status}", 0, 0)
    assert part.reason in REASONS


def test_withdrawn_comes_before_every_other_reason() -> None:
    for fact in (marked(0, voided=True, test=True), quote(voided=True), order(voided=True)):
        assert part_of(kpi_of("calls"), fact).reason == "voided"


def test_a_part_is_what_a_fact_adds_to_both_sides() -> None:
    held = marked(TALKED, talk=100, hold=300)
    assert part_of(kpi_of("hold_share"), held) == Part(True, None, 300, 400)
    assert part_of(kpi_of("hold_heavy_calls"), held) == Part(True, None, 1, 0)
    # Known to be without hold and talk: it counts, though it adds nothing to either side.
    assert part_of(kpi_of("hold_share"), marked(TALKED, talk=0, hold=0)) == Part(True, None, 0, 0)
    first = part_of(kpi_of("calls_per_customer"), held, first=True)
    assert first == Part(True, None, 1, 1)
    assert part_of(kpi_of("calls_per_customer"), held) == Part(True, None, 1, 0)


def test_a_free_order_counts_though_it_brings_nothing() -> None:
    free = order(lines=(line(unit_price=D(0), unit_cost=None),))
    assert part_of(kpi_of("revenue"), free) == Part(True, None, 0, 0)
    assert part_of(kpi_of("gross_margin_pct"), free) == Part(False, "cost_unknown", 0, 0)


def test_what_a_kpi_is_about() -> None:
    about = {kpi.id: population(kpi) for kpi in CATALOGUE}
    assert about["calls_per_day"] == "calls"
    assert about["calls_per_customer"] == "outbound_to_customer"
    assert about["hold_share"] == "hold_talk"
    assert about["answer_rate"] == "outbound_calls"
    assert about["customers_called"] == "customers"
