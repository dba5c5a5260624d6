"""Playing the floor leaves nothing out and adds nothing, however often it is stopped."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from app.simulate.envelope import CloudEvent
from app.simulate.play import Ledger, Progress, demo, in_order, load_history, load_today, play
from app.simulate.post import Tally
from app.simulate.stream import between, day_events, directory

NOW = datetime(2026, 11, 17, 12, 0, tzinfo=UTC)


class Box:
    """Takes events as the door does: the same id twice is a duplicate."""

    def __init__(self) -> None:
        self.order: list[CloudEvent] = []
        self.seen: set[tuple[str, str]] = set()

    async def __call__(self, events: Sequence[CloudEvent]) -> Tally:
        await asyncio.sleep(0)
        fresh = [e for e in events if (e["source"], e["id"]) not in self.seen]
        self.seen |= {(e["source"], e["id"]) for e in events}
        self.order += events
        return Tally(len(fresh), len(events) - len(fresh), 0)


def ids(events: Sequence[CloudEvent]) -> set[tuple[str, str]]:
    return {(event["source"], event["id"]) for event in events}


class Clock:
    """Moves on by a step each time it is read."""

    def __init__(self, start: datetime, step: timedelta) -> None:
        self.now, self.step = start - step, step

    def __call__(self) -> datetime:
        self.now += self.step
        return self.now


async def test_today_has_everybody_first_and_the_whole_floor_up_to_now() -> None:
    box = Box()
    tally = await load_today(box, NOW)
    known = directory(7)
    assert box.order[: len(known)] == known
    floor_so_far = [d.event for d in between(7, NOW - timedelta(hours=26), NOW)]
    assert box.seen >= ids(floor_so_far)
    assert 4_000 < tally.sent < 12_000
    kinds = {e["type"] for e in box.order[len(known) :]}
    assert "ringside.fx_rate.recorded.v1" in kinds


async def test_live_play_posts_what_the_clock_passes_even_if_it_jumps() -> None:
    box = Box()
    clock = Clock(NOW, timedelta(minutes=41))
    enough = asyncio.Event()

    def note(_: Tally) -> None:
        if len(box.order) >= 200:
            enough.set()

    playing = asyncio.create_task(play(box, clock, since=NOW, tick=0.001, told=note))
    await asyncio.wait_for(enough.wait(), 60)
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing
    expected = [d.event for d in between(7, NOW, clock.now)]
    assert expected[: len(box.order)] == box.order  # the last tick may have been cut off


async def test_history_is_every_day_wholly_and_a_second_run_changes_nothing(
    tmp_path: Path,
) -> None:
    box, steps = Box(), []
    path = tmp_path / "simulated.json"

    def note(progress: Progress) -> None:
        steps.append((progress.days, progress.of))

    until = date(2026, 11, 18)
    days = [until - timedelta(days=n) for n in range(1, 4)]
    first = await load_history(box, until=until, days=3, ledger=Ledger(path), busy=1, progress=note)
    assert steps == [(1, 3), (2, 3), (3, 3)]
    assert box.seen == {key for day in days for key in ids(day_events(7, day))}
    assert first.tally.sent == sum(len(day_events(7, day)) for day in days)

    again = await load_history(box, until=until, days=3, ledger=Ledger(path), busy=1)
    assert again.tally.sent == 0
    lost = await load_history(box, until=until, days=3, ledger=Ledger(None), busy=1)
    assert (lost.tally.accepted, lost.tally.duplicates) == (0, first.tally.sent)


def test_a_ledger_of_another_seed_or_half_written_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "simulated.json"
    Ledger(path).add(date(2026, 11, 1))
    assert Ledger(path).days == {date(2026, 11, 1)}
    assert Ledger(path, seed=8).days == set()
    path.write_text('{"seed": 7, "da', encoding="utf-8")
    assert Ledger(path).days == set()


def test_history_comes_latest_week_first_and_forwards_within_it() -> None:
    order = list(in_order(date(2026, 11, 18), 10))
    assert [day.day for day in order] == [11, 12, 13, 14, 15, 16, 17, 8, 9, 10]


async def test_the_demo_says_when_the_board_is_ready_and_goes_on_until_stopped() -> None:
    box = Box()
    ready: list[int] = []
    two_days_in = asyncio.Event()

    def note(progress: Progress) -> None:
        if progress.days == 2:
            two_days_in.set()

    show = asyncio.create_task(
        demo(
            box,
            Clock(NOW, timedelta(minutes=1)),
            ready=lambda tally: ready.append(tally.sent),
            progress=note,
        )
    )
    await asyncio.wait_for(two_days_in.wait(), 60)
    assert not show.done()
    show.cancel()
    with pytest.raises(asyncio.CancelledError):
        await show
    assert len(ready) == 1
    live = [d.event for d in between(7, NOW, NOW + timedelta(minutes=1))]
    assert box.seen >= ids(live)
