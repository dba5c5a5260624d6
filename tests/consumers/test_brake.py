"""The brake's three limits, and what it remembers."""

import pytest

from app.errors import Flood
from app.events.refusals import Refusal
from app.settings import Settings, read
from consumers.brake import Brake, Verdict

BAD = Refusal(code="unknown_type", field="type", detail="no such type")
CALLS = ("ringside.calls", 3)
ORDERS = ("ringside.orders", 0)


def settings(**over: object) -> Settings:
    return read({}, **over)


def verdicts(pattern: str, partition: tuple[str, int] = CALLS) -> list[Verdict]:
    """`.` can be taken, `x` cannot."""
    return [
        Verdict(partition, offset, BAD if mark == "x" else None)
        for offset, mark in enumerate(pattern)
    ]


def test_refusals_within_the_limits_pass() -> None:
    brake = Brake(settings(brake_share=0.5, brake_minimum=3, brake_run=4))
    assert brake.weigh(verdicts("x...xx")) == {CALLS: 2}


def test_few_refusals_pass_whatever_their_share() -> None:
    brake = Brake(settings(brake_share=0.5, brake_minimum=3, brake_run=9))
    assert brake.weigh(verdicts("xx")) == {CALLS: 2}


def test_half_a_batch_passes_and_more_stops() -> None:
    brake = Brake(settings(brake_share=0.5, brake_minimum=2, brake_run=9))
    assert brake.weigh(verdicts("xx..")) == {CALLS: 0}
    with pytest.raises(Flood, match=r"3 of 5 records of a batch.*ringside\.calls\[3\] offset 0"):
        brake.weigh(verdicts("xx.x."))


def test_a_share_of_one_never_stops() -> None:
    brake = Brake(settings(brake_share=1.0, brake_minimum=1, brake_run=1000))
    assert brake.weigh(verdicts("x" * 900)) == {CALLS: 900}


def test_a_run_goes_on_over_committed_batches_only() -> None:
    brake = Brake(settings(brake_minimum=100, brake_run=5))
    brake.weigh(verdicts("xxx"))
    kept = brake.weigh(verdicts("xxx"))  # the first try was not kept, so it does not count
    brake.keep(kept)
    with pytest.raises(Flood, match="5 records in a row"):
        brake.weigh(verdicts("xx"))
    assert brake.weigh(verdicts("x.")) == {CALLS: 0}


def test_each_partition_has_its_own_run() -> None:
    brake = Brake(settings(brake_minimum=100, brake_run=4))
    mixed = verdicts("xxx", CALLS) + verdicts("..", ORDERS)
    brake.keep(brake.weigh(mixed))
    with pytest.raises(Flood, match=r"ringside\.calls\[3\]"):
        brake.weigh(verdicts("..", ORDERS) + verdicts("x", CALLS))


def test_a_new_assignment_starts_anew() -> None:
    brake = Brake(settings(brake_minimum=100, brake_run=4))
    brake.keep(brake.weigh(verdicts("xxx")))
    brake.forget()
    assert brake.weigh(verdicts("xxx")) == {CALLS: 3}
