"""Cycles are looked for seldom."""

import gc

from app.cycles import look_seldom


def test_cycles_are_looked_for_after_a_batch_of_objects() -> None:
    before = gc.get_threshold()
    try:
        look_seldom()
        assert gc.get_threshold() == (100_000, *before[1:])
    finally:
        gc.set_threshold(*before)
