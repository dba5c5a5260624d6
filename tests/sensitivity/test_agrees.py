"""Explained figures against the oracle, on random floors with every kind of trouble: at a
conversation floor each must be what the oracle says with that floor for everybody.
"""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from app.db import Database
from app.errors import NotFound
from app.figures import figures
from app.kpis import CATALOGUE
from app.spans import asked
from app.view import View, Views
from tests.oracle.figures import Oracle, Scope, Span
from tests.oracle.floor import Floor, floor, shuffled
from tests.oracle.ladder import Contact, Leg
from tests.test_oracle_agrees import (
    FIRST,
    as_json,
    empty,
    settings_of,
    subject_of,
    through_the_door,
    without,
)

FLOORS, AT_ONCE = 24, 4
AT_FLOOR = (
    "conversations", "conversations_per_day", "conversation_rate", "average_conversation",
    "right_party_rate", "repeat_conversations", "repeat_quote_conversations",
    "repeat_quote_share", "unproductive_repeats",
)  # fmt: skip


def heavy(oracle: Oracle, scope: Scope, span: Span, limit: int) -> int:
    """Answered calls with hold of at least `limit` seconds, and more of it than talk."""
    legs = oracle._choose(oracle.ladder.legs, scope, oracle.fixed(*span))
    held = [(leg.hold, leg.talk or 0) for leg in legs if leg.call and leg.answered]
    return len([1 for hold, talk in held if hold is not None and hold >= limit and hold > talk])


def repeats(oracle: Oracle, scope: Scope, span: Span, days: int) -> list[Contact]:
    """Conversations after another of the pair, at most so many days and at least an hour before."""
    every = oracle.ladder.contacts
    return [
        one
        for one in oracle._choose(every, scope, oracle.fixed(*span))
        if one.party is not None
        and any(
            (other.rep, other.party) == (one.rep, one.party)
            and timedelta(hours=1) <= one.start - other.start <= days * timedelta(hours=24)
            for other in every
        )
    ]


def quoted(oracle: Oracle, one: Contact) -> bool:
    return any(
        party == one.party
        and -30 * timedelta(hours=24) <= issued - one.start <= 7 * timedelta(hours=24)
        for party, issued in oracle.quality.quoted
    )


def in_vain(oracle: Oracle, scope: Scope, span: Span, least: int) -> int:
    """Outbound calls that were at least the pair's so-manieth in seven days, and nobody met."""
    calls = oracle.quality.outbound

    def near(one: Leg, rep: str, party: object, start: datetime) -> bool:
        behind = one.start - start
        return (rep, party) == (one.rep, one.party) and (
            timedelta() <= behind < 7 * timedelta(hours=24)
        )

    return sum(
        1
        for one in oracle._choose(calls, scope, oracle.fixed(*span))
        if one.party is not None
        and sum(1 for x in calls if near(one, x.rep, x.party, x.start)) >= least
        and not any(near(one, *met) for met in oracle.quality._met())
    )


def assert_look_backs(shown: Any, oracle: Oracle, scope: Scope, span: Span) -> None:
    """With more days to look back, and with fewer; with another number of calls."""
    again = {days: repeats(oracle, scope, span, days) for days in (60, 90, 120)}
    about = {days: [x for x in found if quoted(oracle, x)] for days, found in again.items()}
    for kpi, found in (("repeat_conversations", again), ("repeat_quote_conversations", about)):
        at = shown[kpi]["explain"][1]["at"]
        assert {x["threshold"]: x["value"] for x in at} == {d: len(x) for d, x in found.items()}
    shares = shown["repeat_quote_share"]["explain"][1]
    assert (shares["threshold"], shares["unit"], shares["in_force"]) == (
        "repeat_within", "days", [90],
    )  # fmt: skip
    assert [(x["numerator"], x["denominator"]) for x in shares["at"]] == [
        (len(about[days]), len(again[days])) for days in (60, 90, 120)
    ]
    calls = shown["unproductive_repeats"]["explain"][1]
    assert (calls["threshold"], calls["unit"], calls["in_force"]) == (
        "unproductive_calls", "calls", [3],
    )  # fmt: skip
    assert {x["threshold"]: x["value"] for x in calls["at"]} == {
        least: in_vain(oracle, scope, span, least) for least in (2, 3, 4)
    }
    for kpi in ("repeat_conversations", "repeat_quote_share", "unproductive_repeats"):
        stood = without(shown[kpi]["explain"][1]["at"][1], "threshold")
        assert stood == without(shown[kpi], "explain", "status")


def in_force(drawn: Floor, oracle: Oracle, scope: Scope, span: Span) -> set[int]:
    """The floors of all who are in the scope, day by day."""
    announced = drawn.reps if scope[0] != "rep" else [scope[1]]
    days = [date.fromordinal(n) for n in range(span[0].toordinal(), span[1].toordinal())]
    return {
        drawn.settings.floor(oracle.days.team(rep, day), day)
        for rep in announced
        for day in days
        if oracle.in_scope(scope, rep, day)
    }


async def agree(
    view: View, drawn: Floor, oracle: Oracle, at: Callable[[int], Oracle], span: Span
) -> None:
    for scope in drawn.scopes():
        question = asked(start=span[0], end=span[1])
        try:
            answer = await figures(view, subject_of(scope), question, CATALOGUE, explained=True)
        except NotFound:
            continue
        plain = await figures(view, subject_of(scope), question, CATALOGUE)
        shown = as_json(answer)["kpis"]
        bare = {kpi: without(shown[kpi], "explain") for kpi in shown}
        assert bare == as_json(plain)["kpis"], (scope, span)
        floors = in_force(drawn, oracle, scope, span)
        want = {
            one["threshold"]: as_json(at(one["threshold"]).figures(scope, *span))
            for one in (shown["conversations"]["explain"][0]["at"] if floors else ())
        }
        for kpi in AT_FLOOR if floors else ():
            part = shown[kpi]["explain"][0]
            assert (part["threshold"], part["unit"]) == ("conversation_floor", "seconds")
            if scope == ("company",):  # reps nobody announced and without a fact have no say
                assert set(part["in_force"]) <= floors, span
            else:
                assert part["in_force"] == sorted(floors), (scope, span)
            assert_at(part, kpi, want, bare[kpi])
        if floors:
            (part,) = shown["hold_heavy_calls"]["explain"]
            assert part["in_force"] == [300]
            assert {one["threshold"]: one["value"] for one in part["at"]} == {
                limit: heavy(oracle, scope, span, limit) for limit in (240, 300, 360)
            }, (scope, span)
            assert part["at"][1]["value"] == shown["hold_heavy_calls"]["value"]
            assert_look_backs(shown, oracle, scope, span)


def assert_at(part: Any, kpi: str, want: dict[int, Any], now: Any) -> None:
    """At each floor the oracle's figure; where one alone is in force, at it the figure itself."""
    assert sorted(want) == [one["threshold"] for one in part["at"]]
    for one in part["at"]:
        assert without(one, "threshold") == want[one["threshold"]][kpi], (kpi, one)
        if part["in_force"] == [one["threshold"]]:
            assert without(one, "threshold") == without(now, "status")


@pytest.mark.parametrize("first", range(FIRST, FIRST + FLOORS, AT_ONCE))
async def test_at_every_neighbour_the_figure_is_the_oracles(database: Database, first: int) -> None:
    for seed in range(first, first + AT_ONCE):
        drawn, rng = floor(seed, simple=seed % 3 == 0), random.Random(seed)
        events = shuffled(drawn.events, rng)

        @cache
        def at(seconds: int, drawn: Floor = drawn) -> Oracle:
            settings = replace(drawn.settings, floors=((date(2000, 1, 1), None, seconds),))
            return replace(drawn, settings=settings).oracle()

        await empty(database)
        await through_the_door(database, drawn, list(events), rng)
        async with Views(database, settings_of(drawn)).open(drawn.now) as view:
            for _, start, end in drawn.periods(rng, 2):
                await agree(view, drawn, drawn.oracle(), at, (start, end))
