"""The floor is the same for a seed, believable, and never loses or invents an event."""

import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import msgspec

from app.events.decode import decode_structured
from app.events.types import Event
from app.simulate.calls import calls
from app.simulate.floor import REPS, floor
from app.simulate.sales import LONGEST, deals
from app.simulate.stream import between, day_events, deliveries, directory
from app.simulate.workday import workday

TUESDAY, FRIDAY, SATURDAY = date(2026, 11, 17), date(2026, 11, 20), date(2026, 11, 21)
DAY = timedelta(days=1)
DIGEST = (
    "import hashlib, json; from datetime import date;"
    "from app.simulate.stream import day_events, directory;"
    "print(hashlib.sha256(json.dumps("
    "[directory(7), day_events(7, date(2026, 11, 17))]).encode()).hexdigest())"
)


def kinds(day: date) -> Counter[str]:
    return Counter(event["type"].split(".", 1)[1] for event in day_events(7, day))


def test_a_seed_gives_the_same_floor_in_every_process() -> None:
    seen = {
        subprocess.run(
            [sys.executable, "-c", DIGEST],
            env={"PYTHONHASHSEED": salt, "PYTHONPATH": "."},
            check=True, capture_output=True, text=True,
        ).stdout
        for salt in ("1", "2")
    }  # fmt: skip
    assert len(seen) == 1


def test_another_seed_is_another_floor_with_the_same_rep_ids() -> None:
    mine, other = floor(7), floor(8)
    assert [rep.rep_id for rep in mine.reps] == [f"r{n:02d}" for n in range(1, 61)]
    assert [rep.rep_id for rep in mine.reps] == [rep.rep_id for rep in other.reps]
    assert [rep.name for rep in mine.reps] != [rep.name for rep in other.reps]


def test_sixty_reps_in_six_teams_and_four_zones_with_names_of_their_own() -> None:
    reps = floor(7).reps
    assert len(reps) == REPS
    assert Counter(rep.team for rep in reps) == dict.fromkeys(
        ("Rockies", "Prairie", "Thames", "Mersey", "Deccan", "Harbour"), 10
    )
    assert len({rep.zone.key for rep in reps}) == 4
    assert len({rep.name for rep in reps}) == REPS


def test_everyone_an_event_speaks_of_is_announced() -> None:
    announced = {e["data"].get("rep_id") for e in directory(7)}
    assert {r for e in day_events(7, TUESDAY) if (r := e["data"].get("rep_id"))} <= announced


def test_every_event_is_one_of_the_contract() -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    for event in [*directory(7), *day_events(7, TUESDAY), *day_events(7, SATURDAY)]:
        read = decode_structured(msgspec.json.encode(event), now=now, currency="USD")
        assert isinstance(read, Event), (read, event)


def test_a_day_is_in_order_of_delivery_and_wholly_within_the_day() -> None:
    moments = [delivery.at for delivery in deliveries(7, TUESDAY)]
    assert moments == sorted(moments)
    assert {moment.astimezone(UTC).date() for moment in moments} == {TUESDAY}


def test_an_id_says_one_thing_only() -> None:
    said: dict[tuple[str, str], object] = {}
    repeats = 0
    for event in [*directory(7), *(e for n in range(7) for e in day_events(7, TUESDAY + n * DAY))]:
        key = (event["source"], event["id"])
        repeats += key in said
        assert said.setdefault(key, event) == event
    assert repeats > 50


def test_windows_side_by_side_are_the_whole() -> None:
    start = datetime(2026, 11, 17, 9, 30, tzinfo=UTC)
    cuts = [start + timedelta(hours=5 * n) for n in range(6)]
    pieces = [d for after, until in pairwise(cuts) for d in between(7, after, until)]
    assert pieces == between(7, cuts[0], cuts[-1])
    assert len(pieces) > 3_000


def test_nothing_a_rep_did_is_delivered_outside_the_days_that_are_looked_at() -> None:
    for number in range(0, REPS, 7):
        for day in (TUESDAY, FRIDAY, SATURDAY):
            for delivery in calls(7, number, day):
                assert day - DAY <= delivery.at.astimezone(UTC).date() <= day + DAY
            for deal in deals(7, number, day):
                for delivery in deal.deliveries:
                    assert delivery.at.astimezone(UTC).date() <= day + LONGEST * DAY


def test_a_weekday_is_busy_a_friday_lighter_a_weekend_thin() -> None:
    calls_of = {day: kinds(day)["call.ended.v1"] for day in (TUESDAY, FRIDAY, SATURDAY)}
    assert 3_000 < calls_of[TUESDAY] < 4_200
    assert 0.6 < calls_of[FRIDAY] / calls_of[TUESDAY] < 0.85
    assert 0.03 < calls_of[SATURDAY] / calls_of[TUESDAY] < 0.15


def test_somebody_is_at_work_at_any_hour_of_a_weekday() -> None:
    hours = Counter(d.at.hour for d in deliveries(7, TUESDAY + DAY))
    assert min(hours[hour] for hour in range(24)) > 40


def test_all_kinds_of_things_happen_within_a_month() -> None:
    seen: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    for back in range(28):
        for event in day_events(7, TUESDAY - back * DAY):
            seen[event["type"].split(".", 1)[1].removesuffix(".v1")] += 1
            data = event["data"]
            if "outcome" in data:
                outcomes[data["outcome"]] += 1
            if data.get("revision") and "outcome" in data:
                seen["revised leg"] += 1
            if data.get("status") in ("canceled", "accepted", "expired"):
                seen[data["status"]] += 1
    assert set(seen) == {
        "call.ended", "talktime.recorded", "conversation.recorded", "quote.recorded",
        "order.recorded", "order.returned", "customer.recorded", "time_off.recorded",
        "fx_rate.recorded", "record.voided", "revised leg", "canceled", "accepted", "expired",
    }  # fmt: skip
    total = sum(outcomes.values())
    assert 0.4 < outcomes["connected"] / total < 0.7
    assert 0.1 < outcomes["voicemail"] / total < 0.3
    assert set(outcomes) == {
        "connected", "no_answer", "busy", "voicemail", "failed", "canceled", "missed",
    }  # fmt: skip


def test_no_rep_is_on_two_calls_at_once_but_for_transfers() -> None:
    rep = floor(7).reps[12]
    legs = {
        event["data"]["call_id"]: event["data"]
        for _, event in calls(7, rep.number, TUESDAY)
        if event["type"] == "ringside.call.ended.v1" and event["data"]["rep_id"] == rep.rep_id
    }
    spans = sorted((leg["started_at"], leg["ended_at"]) for leg in legs.values())
    assert len(spans) > 30
    assert all(first[1] < then[0] for first, then in pairwise(spans))


def test_a_date_off_has_no_calls_and_is_announced() -> None:
    whole = floor(7)
    off = [
        (rep, day)
        for rep in whole.reps
        for day in (TUESDAY + n * DAY for n in range(3))
        if workday(whole, rep, day).off == 1
    ]
    assert off
    for rep, day in off:
        assert workday(whole, rep, day).calls == 0
        told = [
            event
            for event in day_events(7, day) + day_events(7, day - DAY)
            if event["type"] == "ringside.time_off.recorded.v1"
            and (event["data"]["rep_id"], event["data"]["date"]) == (rep.rep_id, str(day))
        ]
        assert [event["data"]["fraction"] for event in told] == ["1.0"]
