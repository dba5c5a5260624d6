"""The call ladder, rung by rung, each case worked by hand from the KPI contract."""

from datetime import date
from typing import Any

import pytest

from app.facts.rows import Leg
from app.meaning.ladder import newest_word, read_call, read_standalone
from app.meaning.marks import Mark
from tests.meaning.rows import START, known, later, leg, segment, word

M = Mark
CALLED = M.STANDS | M.OUTBOUND | M.CALL
TALKED = CALLED | M.ANSWERED | M.CUSTOMER_TALK
CONVERSED = TALKED | M.CONVERSATION | M.SPOKEN


def read(*legs: Leg, segments: Any = (), words: Any = (), **over: Any) -> list[Mark]:
    read_call(legs, segments, words, known(**over))
    return [Mark(one.marks) for one in legs]


@pytest.mark.parametrize(
    ("over", "marks", "talk"),
    [
        # 190 s from answer to end, no hold: a conversation
        ({}, CONVERSED, 190),
        # derived talk is without the hold, and never less than nothing
        ({"hold_seconds": 101}, TALKED, 89),
        ({"hold_seconds": 100}, CONVERSED, 90),
        ({"hold_seconds": 199}, TALKED, 0),
        # the field stands before what could be derived
        ({"talk_seconds": 89}, TALKED, 89),
        ({"talk_seconds": 90}, CONVERSED, 90),
        # bridged by its answer, or by its talk, and by nothing else
        ({"answered_at": None}, CALLED, None),
        ({"answered_at": None, "talk_seconds": 0}, CALLED, 0),
        ({"answered_at": None, "talk_seconds": 1}, TALKED, 1),
        ({"outcome": "no_answer"}, CALLED, None),
        ({"outcome": "voicemail", "talk_seconds": 120}, CALLED, 120),
        # a machine answers nothing; its talk is known, and adds nothing
        ({"answered_by": "machine"}, CALLED, 190),
        ({"answered_by": "human"}, CONVERSED, 190),
        # half seconds are rounded down
        ({"answered_at": later(110.5), "ended_at": later(200)}, TALKED, 89),
        # an inbound call is one only when answered
        ({"direction": "inbound"}, CONVERSED & ~M.OUTBOUND, 190),
        ({"direction": "inbound", "outcome": "missed", "answered_at": None},
         M.STANDS | M.MISSED, None),
        # in nothing
        ({"direction": "internal"}, M(0), None),
        ({"test": True}, M(0), None),
        ({"voided": True}, M(0), None),
    ],
)  # fmt: skip
def test_one_leg_by_itself(over: dict[str, Any], marks: Mark, talk: int | None) -> None:
    one = leg(**over)
    assert read(one) == [marks]
    assert one.talk == talk
    assert one.day == (None if one.voided else date(2026, 11, 20))


@pytest.mark.parametrize(
    ("kind", "marks"),
    [
        ("customer", CALLED | M.CUSTOMER_TALK | M.CONVERSATION | M.SPOKEN),
        ("wrong_party", CALLED | M.CUSTOMER_TALK),
        ("hold_line", CALLED | M.OTHER_TALK),
        ("personal", M.STANDS | M.OUTBOUND | M.OTHER_TALK),
        ("internal", M.STANDS | M.OUTBOUND | M.OTHER_TALK),
    ],
)
def test_a_classification_has_the_last_word(kind: str, marks: Mark) -> None:
    unanswered = leg(outcome="no_answer", answered_at=None, talk_seconds=30)
    assert read(unanswered, words=[word(kind, right_party=True)]) == [marks]
    assert (unanswered.classified, unanswered.right_party) == (kind, True)
    # ... also of an inbound leg that nobody answered, which is then no missed one
    inbound = leg(direction="inbound", outcome="missed", answered_at=None)
    assert read(inbound, words=[word(kind)]) == [marks & ~M.OUTBOUND]


def test_the_newest_word_counts_by_time_then_revision_then_id_then_source() -> None:
    def newest(*words: Any) -> str:
        return newest_word(words)["r1"].conversation_id

    old = word("customer", conversation_id="old", event_time=later(1), revision=9)
    new = word("customer", conversation_id="new", event_time=later(2), revision=0)
    timeless = word("customer", conversation_id="timeless", revision=99)
    assert newest(old, new, timeless) == "new"
    assert newest(timeless, old) == "old"
    revised = word("customer", conversation_id="rev", event_time=later(2), revision=1)
    assert newest(revised, new) == "rev"
    by_id = word("customer", conversation_id="id", event_time=later(2), revision=1, event_id="f")
    assert newest(by_id, revised) == "id"
    by_source = word(
        "customer", conversation_id="src", event_time=later(2), revision=1, event_id="f", source="t"
    )
    assert newest(by_source, by_id) == "src"
    assert newest_word([word("customer", voided=True)]) == {}


def test_segments_take_the_place_of_their_field_and_no_other() -> None:
    one = leg(talk_seconds=150, hold_seconds=20)
    assert read(one, segments=[segment("talk", 40), segment("talk", 45)]) == [TALKED]
    assert (one.talk, one.hold) == (85, 20)
    # their sum is at most the leg's length
    two = leg(hold_seconds=3)
    read(two, segments=[segment("talk", 150), segment("talk", 51), segment("ring", 9)])
    assert (two.talk, two.hold) == (200, 3)
    # a sum of nothing stands too, and a withdrawn segment does not
    three = leg(talk_seconds=150)
    read(three, segments=[segment("talk", 0), segment("talk", 99, voided=True)])
    assert three.talk == 0
    # a hold segment is taken off the talk that is derived
    four = leg()
    read(four, segments=[segment("hold", 100)])
    assert (four.talk, four.hold) == (90, 100)


def test_one_leg_of_a_call_has_the_conversation_the_others_assist() -> None:
    assist = TALKED | M.ASSIST
    assert read(leg("r1", talk_seconds=100), leg("r2", talk_seconds=101)) == [assist, CONVERSED]
    # equal talk: the earliest start; equal start: the lowest rep id
    early = leg("r2", talk_seconds=100, started_at=later(-1))
    assert read(leg("r1", talk_seconds=100), early) == [assist, CONVERSED]
    assert read(leg("r2", talk_seconds=100), leg("r10", talk_seconds=100)) == [assist, CONVERSED]
    # a classified one comes before a longer one that is not
    assert read(
        leg("r1", talk_seconds=190), leg("r2", talk_seconds=5), words=[word("customer", "r2")]
    ) == [assist, CONVERSED]
    # one that falls short is no assist
    assert read(leg("r1", talk_seconds=89), leg("r2", talk_seconds=101)) == [TALKED, CONVERSED]


def test_a_call_is_missed_only_when_no_leg_reached_anybody() -> None:
    missed = {"direction": "inbound", "outcome": "missed", "answered_at": None}
    alone = M.STANDS | M.MISSED
    assert read(leg("r1", **missed), leg("r2", **missed)) == [alone, alone]
    assert read(leg("r1", **missed), leg("r2", direction="inbound")) == [
        M.STANDS, CONVERSED & ~M.OUTBOUND,
    ]  # fmt: skip
    # an outbound leg counts for that, a leg that is in nothing does not
    assert read(leg("r1", **missed), leg("r2")) == [M.STANDS, CONVERSED]
    assert read(leg("r1", **missed), leg("r2", test=True)) == [alone, M(0)]
    # nor does a classification whose leg has not come
    assert read(leg("r1", **missed), words=[word("customer", "r2")]) == [alone]


def test_talk_segments_count_before_their_leg_comes() -> None:
    def marks_of(*words: Any, reps: tuple[str, ...] = ()) -> tuple[int, Any]:
        talk = segment("talk", 60, started_at=later(-86_400))
        read(*[leg(rep, voided=True) for rep in reps], segments=[talk], words=words)
        return talk.marks, talk.day

    yesterday = date(2026, 11, 19)
    assert marks_of() == (M.CUSTOMER_TALK, yesterday)
    assert marks_of(word("wrong_party")) == (M.CUSTOMER_TALK, yesterday)
    for kind in ("personal", "internal", "hold_line"):
        assert marks_of(word(kind)) == (M.OTHER_TALK, yesterday)
    assert marks_of(word("personal", "r2")) == (M.CUSTOMER_TALK, yesterday)
    # ... also of only the void: the leg has come, and is in nothing
    assert marks_of(reps=("r1",)) == (0, None)
    assert marks_of(reps=("r2",)) == (M.CUSTOMER_TALK, yesterday)
    hold = segment("hold", 60)
    read(segments=[hold])
    assert (hold.marks, hold.day) == (0, None)


def test_the_first_known_customer_counts() -> None:
    """Classification's customer, leg's customer, classification's number, leg's number."""
    owners = {"owned": "k9"}

    def party(of_leg: dict[str, Any], of_word: dict[str, Any]) -> str | None:
        one = leg(**of_leg)
        read(one, words=[word("customer", **of_word)], owners=owners)
        return one.party

    assert party({"customer_id": "k1"}, {"customer_id": "k2"}) == "c:k2"
    assert party({"customer_id": "k1"}, {"phone": "owned"}) == "c:k9"
    assert party({"customer_id": "k1"}, {"phone": "bare"}) == "c:k1"
    assert party({"phone": "owned"}, {"phone": "bare"}) == "c:k9"
    assert party({"phone": "other"}, {"phone": "bare"}) == "p:bare"
    assert party({"phone": "other"}, {}) == "p:other"
    assert party({}, {}) is None
    # the id before the number, also where another customer claims it
    assert party({}, {"customer_id": "k2", "phone": "owned"}) == "c:k2"


@pytest.mark.parametrize(
    ("channel", "kind", "marks"),
    [
        ("phone", "customer", M.CONVERSATION | M.SPOKEN | M.CUSTOMER_TALK),
        ("video", "customer", M.CONVERSATION | M.SPOKEN | M.CUSTOMER_TALK),
        ("chat", "customer", M.CONVERSATION),
        ("in_person", "customer", M.CONVERSATION),
        ("phone", "wrong_party", M.CUSTOMER_TALK),
        ("video", "hold_line", M.OTHER_TALK),
        ("phone", "personal", M.OTHER_TALK),
        ("chat", "internal", M(0)),
    ],
)
def test_a_conversation_that_stands_alone(channel: str, kind: str, marks: Mark) -> None:
    alone = word(kind, call_id=None, channel=channel, customer_id="k1")
    read_standalone(alone, known())
    assert (Mark(alone.marks), alone.party, alone.day) == (
        M.STANDS | marks, "c:k1", START.date(),
    )  # fmt: skip
    alone.voided = True
    read_standalone(alone, known())
    assert (alone.marks, alone.party, alone.day) == (0, None, None)
