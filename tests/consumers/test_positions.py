"""Positions: where to seek, what to write, and what may be claimed complete."""

from datetime import UTC, datetime, timedelta

import pytest

from app.ingest import Advance
from consumers.positions import LostOffsets, Positions

A, B = ("t.calls", 0), ("t.orders", 1)
T0 = datetime(2026, 11, 24, 12, tzinfo=UTC)
T1, T2 = T0 + timedelta(seconds=1), T0 + timedelta(seconds=2)


def settled(stored: dict[tuple[str, int], int], end: int = 100) -> Positions:
    positions = Positions()
    positions.settle([A, B], stored, {A: 0, B: 0}, {A: end, B: end})
    return positions


def test_it_seeks_to_what_postgresql_holds_and_else_to_the_beginning() -> None:
    positions = Positions()
    assert positions.settle([A, B], {A: 7}, {A: 0, B: 5}, {A: 9, B: 9}) == {A: 7, B: 5}
    assert positions.known
    assert positions.advances({}, {}) == [Advance(*B, expected=0, next=5)]


@pytest.mark.parametrize(("begin", "end"), [(8, 20), (0, 6)])
def test_lost_offsets_are_loud(begin: int, end: int) -> None:
    positions = Positions()
    with pytest.raises(LostOffsets, match=r"t\.calls\[0\]: the next record to read is 7"):
        positions.settle([A], {A: 7}, {A: begin}, {A: end})
    assert not positions.known
    assert positions.settle([A], {A: 7}, {A: begin}, {A: end}, accept_loss=True) == {A: begin}
    assert positions.advances({}, {}) == [Advance(*A, expected=7, next=begin)]


def test_a_batch_moves_its_partitions_and_no_others() -> None:
    positions = settled({A: 3, B: 4})
    advances = positions.advances({A: 10}, {A: T0})
    assert advances == [Advance(*A, expected=3, next=10, complete_to=T0)]
    assert positions.stored() == {A: 3, B: 4}
    positions.moved(advances)
    assert positions.stored() == {A: 10, B: 4}
    assert positions.advances({}, {}) == []


def test_at_the_end_of_the_log_the_moment_of_asking_is_complete() -> None:
    positions = settled({A: 3, B: 4})
    positions.seen({A: 10, B: 4}, T1)
    assert positions.lag() == {A: 7, B: 0}
    advances = positions.advances({A: 10}, {A: T0})
    assert advances == [Advance(*A, 3, 10, T1), Advance(*B, 4, 4, T1)]
    positions.moved(advances)
    assert positions.advances({}, {}) == []  # nothing new is known
    positions.seen({A: 10, B: 5}, T2)
    assert positions.advances({}, {}) == [Advance(*A, 10, 10, T2)]


def test_short_of_the_end_only_the_last_record_counts() -> None:
    positions = settled({A: 3, B: 4})
    positions.seen({A: 10, B: 9}, T1)
    assert positions.advances({A: 9}, {A: T0}) == [Advance(*A, 3, 9, T0)]
    assert positions.advances({A: 9}, {A: None}) == [Advance(*A, 3, 9, None)]


def test_what_was_claimed_is_not_taken_back() -> None:
    positions = settled({A: 3, B: 4})
    positions.seen({A: 3, B: 9}, T2)
    positions.moved(positions.advances({}, {}))
    positions.seen({A: 20, B: 9}, T2)
    assert positions.advances({A: 5}, {A: T1}) == [Advance(*A, 3, 5, None)]


def test_forgotten_is_unknown() -> None:
    positions = settled({A: 3, B: 4})
    positions.seen({A: 10, B: 9}, T1)
    positions.forget()
    assert not positions.known
    assert (positions.lag(), positions.stored(), positions.advances({}, {})) == ({}, {}, [])
    positions.seen({A: 10, B: 9}, T1)
    assert positions.lag() == {}
