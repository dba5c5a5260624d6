"""The random floors: always the same for a seed, valid, and dense enough to bite."""

import json
import random
import re
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.oracle.floor import batches, floor, shuffled, spoiled, with_repeats
from tests.oracle.form import CATALOGUE
from tests.oracle.must_meet import TROUBLES
from tests.oracle.records import kind_of
from tests.oracle.troubles import troubles
from tests.oracle.wire import Json, exact, instant, maybe_instant, or_default

SEEDS = range(25)
AMOUNT = re.compile(r"\d{1,15}(\.\d{1,4})?")
RATE = re.compile(r"\d{1,15}(\.\d{1,12})?")
INSTANTS = {"started_at", "answered_at", "ended_at", "issued_at", "placed_at", "returned_at"}
AMOUNTS = {"amount", "quantity", "unit_price", "discount", "unit_cost", "cost", "fraction"}


def test_a_seed_gives_one_floor() -> None:
    assert floor(3) == floor(3)
    assert floor(3).events != floor(4).events
    assert 77 <= len(floor(3, 77).events) <= 83


def _fields(data: Json) -> list[tuple[str, Any]]:
    lines = [pair for line in data.get("lines", []) for pair in line.items()]
    return [(name, value) for name, value in [*data.items(), *lines] if value is not None]


def _check_call(data: Json) -> None:
    started, ended = instant(data["started_at"]), instant(data["ended_at"])
    answered = maybe_instant(data.get("answered_at"))
    assert started <= ended
    assert answered is None or started <= answered <= ended
    used = or_default(data, "talk_seconds", 0) + or_default(data, "hold_seconds", 0)
    assert timedelta(seconds=used) <= ended - started + timedelta(seconds=5)


def _check_lines(data: Json) -> None:
    names = [line["line_id"] for line in data["lines"]]
    assert len(names) == len(set(names)) >= 1
    for line in data["lines"]:
        if "unit_price" in line:
            assert exact(line["quantity"]) > 0
            most = exact(line["quantity"]) * exact(line["unit_price"])
            assert 0 <= exact(or_default(line, "discount", 0)) <= most


@pytest.mark.parametrize("seed", SEEDS)
def test_every_event_is_valid(seed: int) -> None:
    known = floor(seed)
    latest = known.now + timedelta(days=1)
    for event in known.events:
        data = event["data"]
        moments = [value for name, value in _fields(data) if name in INSTANTS]
        for text in [*moments, *filter(None, [event.get("time")])]:
            assert instant(text).year >= 2000
            assert instant(text) <= latest
        for name, value in _fields(data):
            if name in AMOUNTS:
                assert AMOUNT.fullmatch(str(value)), (name, value)
                assert Decimal(str(value)) >= 0
            if name == "rate":
                assert RATE.fullmatch(str(value))
                assert Decimal(str(value)) > 0
        if kind_of(event) == "call.ended":
            _check_call(data)
        if "lines" in data:
            _check_lines(data)
        if kind_of(event) == "fx_rate.recorded":
            assert data["currency"] != known.settings.currency
        if kind_of(event) == "record.voided":
            assert ("rep_id" in data) == (data["kind"] in {"call", "rep"})
            assert isinstance(data["revision"], int)
    pairs = Counter((event["source"], event["id"]) for event in known.events)
    assert set(pairs.values()) == {1}


@pytest.mark.parametrize("seed", SEEDS)
def test_order_and_repeats_move_no_figure(seed: int) -> None:
    known, rng = floor(seed), random.Random(seed)
    again = with_repeats(shuffled(known.events, rng), rng)
    assert [event for batch in batches(again, rng) for event in batch] == again
    one, other = known.oracle(), known.oracle(again)
    for _, start, end in known.periods(rng, 3):
        for scope in known.scopes():
            assert one.figures(scope, start, end) == other.figures(scope, start, end)
            assert one.status(scope, start, end) == other.status(scope, start, end)
    for source, counts in other.counts().items():
        found = counts["standing"] + counts["superseded"] + counts["duplicates"]
        assert counts["read"] == found
        assert counts["standing"] == one.counts()[source]["standing"]


def test_the_floors_reach_every_figure_and_every_type() -> None:
    moved: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for seed in range(40):
        known = floor(seed)
        kinds.update(map(kind_of, known.events))
        oracle = known.oracle()
        reasons.update(wait.reason for wait in oracle.waiting())
        found = oracle.figures(("company",), known.dates[0], known.dates[-1])
        moved.update(kpi for kpi in CATALOGUE if found[kpi]["value"] not in {None, 0, "0.00"})
    assert len(kinds) == 11
    assert set(reasons) == {"leg", "order", "line", "rate"}
    assert {kpi for kpi in CATALOGUE if moved[kpi] < 8} == set()


def test_the_floors_meet_every_trouble() -> None:
    """On the very floors that the product is held to the oracle on."""
    met = sum((troubles(floor(seed)) for seed in range(200)), Counter[str]())
    assert {name for name in TROUBLES if not met[name]} == set()


def test_a_spoiled_copy_differs_and_keeps_its_pair() -> None:
    rng = random.Random(5)
    for event in floor(5).events:
        broken = spoiled(event, rng)
        assert json.dumps(broken) != json.dumps(event)
        assert (broken["source"], broken["id"]) == (event["source"], event["id"])
