"""What is laid out of a batch before its turn: rows, repeats and counts."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.events.refusals import Refusal
from app.events.types import Event, TalktimeRecorded
from app.facts.numbers import Numbers
from app.facts.records import row_of
from app.offer import Arrival, Offer, Origin, Refused, delivery_of

NUMBERS = Numbers("secret", "US")
START = datetime(2026, 11, 20, tzinfo=UTC)


def segment(name: str, source: str, minute: int | None) -> Event:
    time = None if minute is None else START + timedelta(minutes=minute)
    data = TalktimeRecorded(
        segment_id=name, call_id="c", rep_id="r", kind="talk", started_at=START, seconds=1
    )
    return Event(name, source, time, data)


def refused(source: str | None) -> Refused:
    return Refused(Refusal("not_json", None, "no JSON", None, source, None), b"{", Origin())


EVENTS = st.builds(
    segment, st.sampled_from("abcd"), st.sampled_from(["s1", "s2"]), st.none() | st.integers(0, 9)
)
ARRIVALS = st.lists(
    EVENTS | st.builds(refused, st.none() | st.sampled_from(["s1", "s3"])), max_size=20
)


@given(ARRIVALS, st.sets(st.tuples(st.sampled_from(["s1"]), st.just("a"))))
def test_a_batch(arrivals: list[Arrival], before: set[tuple[str, str]]) -> None:
    offer = Offer(NUMBERS)
    for arrival in arrivals:
        offer.add(arrival)

    assert len(offer) == len(arrivals)
    assert offer.refused == [a for a in arrivals if isinstance(a, Refused)]
    assert offer.labels == [
        (a.source, "talktime.recorded")
        if isinstance(a, Event)
        else (a.refusal.source or "unknown", "")
        for a in arrivals
    ]
    times = [(a.source, a.time) for a in arrivals if isinstance(a, Event) and a.time]
    assert offer.last == {s: max(t for of, t in times if of == s) for s, _ in times}

    rows, again, seen = [], [], set(before)
    for position, arrival in enumerate(arrivals):
        if isinstance(arrival, Event):
            if (arrival.source, arrival.id) in seen:
                again.append(position)
            else:
                rows.append(row_of(arrival, NUMBERS))
            seen.add((arrival.source, arrival.id))
    known = {delivery_of(segment(name, source, None)) for source, name in before}
    assert offer.without(known & offer.first.keys()) == (rows, again)


def test_source_and_id_name_a_delivery_together() -> None:
    pairs = [("s", "1a"), ("s1", "a"), ("s", "1"), ("s1", "1a"), ("", "s1a")]
    assert len({delivery_of(segment(name, source, None)) for source, name in pairs}) == len(pairs)
