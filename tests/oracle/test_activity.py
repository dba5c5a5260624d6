"""The oracle held to hand-worked examples: the call ladder and activity."""

from datetime import date

from tests.oracle.say import (
    DAY,
    event,
    figures,
    leg,
    oracle,
    rep,
    said,
    segment,
    unanswered,
    values,
    void,
)

NEXT = date(2026, 11, 21)
TODAY = date(2026, 11, 20)


def test_calls_by_rung_and_direction() -> None:
    found = figures(
        leg("a"),  # outbound, answered, 120 s: a conversation
        unanswered("b"),  # outbound: a call all the same
        leg("c", seconds=89),  # answered, under the floor of 90 s
        leg("d", answered_by="machine"),  # bridged, not answered
        leg("e", direction="inbound"),
        unanswered("f", direction="inbound"),  # no call: missed
        unanswered("g", direction="inbound"),  # a call, since it is classified
        said("g", "wrong_party"),
        leg("h"),  # no call: personal
        said("h", "personal"),
        leg("i", direction="internal"),
        leg("j", test=True),
        leg("k"),
        void("call", "k", rep_id="r1"),
    )
    # calls a b c d e g; outbound a b c d; inbound e g; answered a c e; conversations a e
    assert values(
        found,
        "calls",
        "outbound_calls",
        "inbound_calls",
        "answered_calls",
        "conversations",
        "missed_inbound",
    ) == [6, 4, 2, 3, 2, 1]
    # a 120 + c 89 + e 120; d is a machine's and unclassified, g's talk is unknown, h's is not ours
    assert found["talk_time"] == {"value": 329}
    assert found["answer_rate"] == {
        "value": 0.5,
        "numerator": 2,
        "denominator": 4,
    }  # a c of a b c d
    # e g ÷ (e g + f) = 2/3
    assert found["inbound_answer_rate"] == {"value": 0.666667, "numerator": 2, "denominator": 3}
    # a e ÷ (6 calls − 0 assists) = 1/3
    assert found["conversation_rate"] == {"value": 0.333333, "numerator": 2, "denominator": 6}
    # one working day, a Friday; nobody announced r1, who has calls on it
    assert found["calls_per_day"] == {"value": 6.0, "numerator": 6, "denominator": 1.0}
    assert found["conversations_per_day"] == {"value": 2.0, "numerator": 2, "denominator": 1.0}
    assert found["talk_time_per_day"] == {"value": 329.0, "numerator": 329, "denominator": 1.0}
    # h's 120 s ÷ (329 + 120) = 0.26726057…
    assert found["non_customer_talk_share"] == {
        "value": 0.267261,
        "numerator": 120,
        "denominator": 449,
    }


def test_of_several_legs_one_has_the_conversation() -> None:
    events = [
        leg("k", seconds=500),
        leg("k", seconds=100, rep_id="r2"),
        said("k", rep_id="r2"),  # classified: before the longer talk of r1
        leg("k", seconds=600, rep_id="r3", direction="inbound"),
    ]
    known = oracle(*events)
    company = known.figures(("company",), TODAY, NEXT)
    assert values(company, "calls", "conversations") == [3, 1]
    # one conversation ÷ (3 calls − 2 assists)
    assert company["conversation_rate"] == {"value": 1.0, "numerator": 1, "denominator": 1}
    assert [c.rep for c in known.ladder.contacts] == ["r2"]
    assert sorted(x.rep for x in known.ladder.legs if x.assist) == ["r1", "r3"]


def test_ties_for_the_conversation_go_to_the_earlier_then_the_lower_rep() -> None:
    early = oracle(leg("k"), leg("k", f"{DAY}T14:59:59Z", rep_id="r9"))
    assert [c.rep for c in early.ladder.contacts] == ["r9"]
    same = oracle(leg("k", rep_id="r2"), leg("k", rep_id="r10"))
    assert [c.rep for c in same.ladder.contacts] == ["r10"]  # by code point


def test_segments_take_the_place_of_fields_kind_by_kind() -> None:
    found = figures(
        leg("a", talk_seconds=10, hold_seconds=7),
        segment("1", "a", "talk", 70),
        segment("2", "a", "talk", 90),  # 160, at most the leg's 120
        segment("3", "none", "talk", 33),  # its leg has not come: talk, and no call
        segment("4", "none", "hold", 500),
        segment("5", "mine", "talk", 44),
        said("mine", "personal"),  # and so it is not customer talk
        segment("6", "gone", "talk", 55),  # the leg is withdrawn: in nothing
        void("call", "gone", rep_id="r1"),
    )
    assert values(found, "calls", "talk_time") == [1, 153]
    assert found["non_customer_talk_share"]["numerator"] == 44
    # hold 7 ÷ (120 + 7)
    assert found["hold_share"] == {
        "value": 0.055118,
        "numerator": 7,
        "denominator": 127,
        "coverage": 1.0,
    }


def test_talk_worked_out_from_the_bridge_is_whole_and_without_hold() -> None:
    # 0.4 s ringing, 10.9 s bridge: floor 10, less 3 of hold
    late = leg("a", seconds=11.3, answered_at=f"{DAY}T15:00:00.4Z", hold_seconds=3)
    assert figures(late)["talk_time"] == {"value": 7}
    # bridged by its talk alone, though nobody knows when it was answered
    assert values(figures(leg("a", answered_at=None, talk_seconds=50)), "answered_calls") == [1]
    assert values(figures(leg("a", answered_at=None)), "answered_calls", "talk_time") == [0, 0]


def test_missed_inbound_counts_a_call_once_for_a_team() -> None:
    rang = [unanswered("k", direction="inbound", rep_id=name) for name in ("r1", "r2")]
    other = unanswered("m", direction="inbound")
    taken = leg("m", rep_id="r2", direction="inbound")
    known = oracle(*rang, other, taken)
    assert known.figures(("rep", "r1"), TODAY, NEXT)["missed_inbound"] == {"value": 1}
    assert known.figures(("rep", "r2"), TODAY, NEXT)["missed_inbound"] == {"value": 1}
    assert known.figures(("company",), TODAY, NEXT)["missed_inbound"] == {"value": 1}


def test_standalone_conversations_are_no_calls() -> None:
    found = figures(
        said(None, conversation_id="1"),  # phone, 600 s
        said(None, conversation_id="2", channel="chat"),  # a conversation without talk
        said(None, "hold_line", conversation_id="3", channel="video", duration_seconds=200),
        said("nowhere"),  # waits for its leg
    )
    assert values(found, "calls", "conversations", "talk_time") == [0, 2, 600]
    assert found["non_customer_talk_share"] == {"value": 0.25, "numerator": 200, "denominator": 800}
    assert found["conversation_rate"] == {"value": None, "numerator": 0, "denominator": 0}
    assert found["average_conversation"] == {
        "value": 600.0,
        "numerator": 600,
        "denominator": 1,
        "coverage": 1.0,
    }


def test_the_newest_word_on_a_call_counts() -> None:
    old = said("a", "personal", conversation_id="z", revision=9) | {"time": f"{DAY}T20:00:00Z"}
    new = said("a", conversation_id="y") | {"time": f"{DAY}T20:00:01Z"}
    never = said("a", "internal", conversation_id="x", revision=99)  # without a time: the oldest
    assert values(figures(leg("a"), new, old, never), "calls", "conversations") == [1, 1]
    gone = void("conversation", "y")
    assert values(figures(leg("a"), new, old, never, gone), "calls", "conversations") == [0, 0]


def test_the_floor_is_of_the_team_on_the_day() -> None:
    def floor(team: str | None, day: date) -> int:
        return 60 if team == "West" and day >= TODAY else 90

    calls = [leg("a", seconds=60), leg("b", "2026-11-19T15:00:00Z", seconds=60)]
    members = [rep(team="West"), rep(team="East", effective_from="2026-11-30")]
    assert values(figures(*calls, *members, floor=floor), "conversations") == [1]
    before = figures(*calls, *members, floor=floor, on="2026-11-19")
    assert values(before, "conversations") == [0]


def test_working_days_are_of_the_announced_and_active_up_to_today() -> None:
    off = {"rep_id": "r1", "date": "2026-11-17", "fraction": "0.25"}
    known = oracle(
        leg("a"),
        rep(effective_from="2026-11-16"),  # a Monday
        rep(active=False, effective_from="2026-11-19"),
        rep(effective_from="2026-11-20"),
        event("time_off.recorded", off),
        leg("b", "2026-11-13T10:00:00Z"),  # a Friday before anybody announced r1
        leg("c", "2026-11-14T10:00:00Z"),  # a Saturday
        leg("d", "2026-11-26T10:00:00Z"),  # after today, 24 November: a call all the same
        holidays=[date(2026, 11, 18)],
    )
    # 13th 1, 16th 1, 17th 0.75, 18th holiday, 19th inactive, 20th 1, 23rd 1, 24th (today) 1
    month = known.figures(("rep", "r1"), date(2026, 11, 1), date(2026, 12, 1))
    assert month["calls_per_day"] == {"value": 0.695652, "numerator": 4, "denominator": 5.75}
