"""Explained figures against the oracle, on random floors with every kind of trouble: at a
conversation floor each must be what the oracle says with that floor for everybody.
"""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date
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
from tests.test_oracle_agrees import (
    FIRST,
    as_json,
    empty,
    settings_of,
    subject_of,
    through_the_door,
    without,
)

FLOORS, AT_ONCE = 40, 4
AT_FLOOR = (
    "conversations", "conversations_per_day", "conversation_rate", "average_conversation",
    "right_party_rate",
)  # fmt: skip


def heavy(oracle: Oracle, scope: Scope, span: Span, limit: int) -> int:
    """Answered calls with hold of at least `limit` seconds, and more of it than talk."""
    legs = oracle._choose(oracle.ladder.legs, scope, oracle.fixed(*span))
    held = [(leg.hold, leg.talk or 0) for leg in legs if leg.call and leg.answered]
    return len([1 for hold, talk in held if hold is not None and hold >= limit and hold > talk])


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
        for kpi in AT_FLOOR if floors else ():
            (part,) = shown[kpi]["explain"]
            assert (part["threshold"], part["unit"]) == ("conversation_floor", "seconds")
            if scope == ("company",):  # reps nobody announced and without a fact have no say
                assert set(part["in_force"]) <= floors, span
            else:
                assert part["in_force"] == sorted(floors), (scope, span)
            assert_at(part, kpi, scope, span, at, bare[kpi])
        if floors:
            (part,) = shown["hold_heavy_calls"]["explain"]
            assert part["in_force"] == [300]
            assert {one["threshold"]: one["value"] for one in part["at"]} == {
                limit: heavy(oracle, scope, span, limit) for limit in (240, 300, 360)
            }, (scope, span)
            assert part["at"][1]["value"] == shown["hold_heavy_calls"]["value"]


def assert_at(
    part: Any, kpi: str, scope: Scope, span: Span, at: Callable[[int], Oracle], now: Any
) -> None:
    """At each floor the oracle's figure; where one alone is in force, at it the figure itself."""
    for one in part["at"]:
        want = as_json(at(one["threshold"]).figures(scope, *span))[kpi]
        assert without(one, "threshold") == want, (kpi, scope, span, one)
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
