"""Small random floors: every type of event, densely colliding, valid by `events.md`.

`floor(seed)` gives always the same one. `shuffled`, `with_repeats`, `batches` and `spoiled` are
the ways the same set of events may come in without a figure moving.
"""

import copy
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeVar

from tests.oracle import happenings
from tests.oracle.figures import Oracle
from tests.oracle.motifs import motif
from tests.oracle.periods import period
from tests.oracle.records import key_of
from tests.oracle.wire import Json
from tests.oracle.world import ZONES, World

Draw = Callable[[World], Json]
Value = TypeVar("Value")
_WEIGHTS: list[tuple[Draw, int]] = [
    (happenings.call, 36),
    (happenings.segment, 11),
    (happenings.conversation, 15),
    (happenings.quote, 8),
    (happenings.order, 11),
    (happenings.returned, 8),
    (happenings.rep, 3),
    (happenings.customer, 3),
    (happenings.time_off, 2),
    (happenings.fx_rate, 4),
    (happenings.void, 8),
]
FIRST_FLOOR = 90


@dataclass(frozen=True)
class Settings:
    """What a deployment sets. `floors` and `weeks`: (from date, team or None for all, value)."""

    default_zone: str = "UTC"
    currency: str = "USD"
    region: str = "US"
    floors: tuple[tuple[date, str | None, int], ...] = ()
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4)
    weeks: tuple[tuple[date, str | None, tuple[int, ...]], ...] = ()
    holidays: tuple[date, ...] = ()
    week_start: int = 0
    final_hours: int = 36

    def floor(self, team: str | None, day: date) -> int:
        """The latest row of the team in effect on the day, else of all, else 90."""
        return _in_effect(self.floors, team, day, FIRST_FLOOR)

    def week(self, team: str | None, day: date) -> tuple[int, ...]:
        """The working weekdays, Monday is 0: of the team's own week, else of all."""
        return _in_effect(self.weeks, team, day, self.weekdays)


def _in_effect(
    rows: Sequence[tuple[date, str | None, Value]], team: str | None, day: date, otherwise: Value
) -> Value:
    for whose in (team, None):
        begun = [row for row in rows if row[1] == whose and row[0] <= day]
        if begun:
            return max(begun, key=lambda row: row[0])[2]
    return otherwise


@dataclass(frozen=True)
class Floor:
    """A seed's events in the order they were drawn, its settings and its clock."""

    seed: int
    events: list[Json]
    settings: Settings
    now: datetime
    reps: list[str]
    teams: list[str]
    dates: list[date] = field(repr=False)  # on which something happened, in some zone

    def oracle(self, events: list[Json] | None = None) -> Oracle:
        """The oracle of these events, or of others on the same floor."""
        known = self.settings
        return Oracle(
            self.events if events is None else events,
            now=self.now,
            default_zone=known.default_zone,
            currency=known.currency,
            region=known.region,
            floor=known.floor,
            weekdays=known.week,
            holidays=known.holidays,
            week_start=known.week_start,
            final_hours=known.final_hours,
        )

    def scopes(self) -> list[tuple[str, ...]]:
        reps = [("rep", rep) for rep in self.reps]
        return [*reps, *(("team", team) for team in self.teams), ("company",)]

    def periods(self, rng: random.Random, count: int = 6) -> list[tuple[str, date, date]]:
        """(kind, start, end) around what happened; `range` is a free `from`..`to`."""
        found = []
        for _ in range(count):
            kind = rng.choice(["day", "day", "week", "month", "quarter", "year", "ttm", "range"])
            on = rng.choice(self.dates)
            start, end = on, on + timedelta(days=rng.randint(1, 200))
            if kind != "range":
                start, end = period(kind, on, self.settings.week_start)
            found.append((kind, start, end))
        return found


def floor(seed: int, size: int | None = None, *, simple: bool = False) -> Floor:
    """The floor of a seed. `simple`: settings as they come, but zone and currency."""
    rng = random.Random(seed)
    world = World(rng)
    settings = _settings(world, simple=simple)
    events = [happenings.rep(world, rep) for rep in world.announced]
    draws, weights = zip(*_WEIGHTS, strict=True)
    count = rng.randint(60, 250) if size is None else size
    while len(events) < count:  # a motif may end a little above it
        if world.often(0.07):
            events += motif(world)
        else:
            events.append(_drawn(world, rng.choices(draws, weights)[0], events))
    met = [moment for _, _, moments in world.ties for moment in moments]
    happened = {moment.date() for moment in [*world.moments, *met, world.now]}
    return Floor(
        seed=seed,
        events=events,
        settings=settings,
        now=world.now,
        reps=world.reps,
        teams=world.teams,
        dates=sorted(happened),
    )


def _drawn(world: World, draw: Draw, events: list[Json]) -> Json:
    """A new event, and now and then another word on a record that is there already."""
    if events and world.often(0.12):
        old = copy.deepcopy(world.rng.choice(events))
        again = world.event(old["type"].removeprefix("ringside.").removesuffix(".v1"), old["data"])
        again["data"] |= {"revision": world.rng.choice([0, 1, 2, 4])}
        return again
    if world.often(0.03):
        states = [key for key in map(key_of, events) if key[0] == "rep"]
        _, since, rep = world.rng.choice(states)
        data = {"kind": "rep", "key": since, "rep_id": rep, "revision": world.pick(0, 1, 2)}
        return world.event("record.voided", data)
    return draw(world)


def _settings(world: World, *, simple: bool) -> Settings:
    zone = world.pick("UTC", "UTC", *ZONES)
    if simple:
        return Settings(default_zone=zone, currency=world.currency)
    floors = [(date(2000, 1, 1), None, world.pick(90, 60, 0, 120))]
    steps = {
        (world.anywhere().date(), world.pick(None, *world.teams)): world.pick(30, 90, 91, 300)
        for _ in range(world.rng.randint(0, 3))
    }
    return Settings(
        default_zone=zone,
        currency=world.currency,
        floors=tuple(floors + [(*since, seconds) for since, seconds in steps.items()]),
        weekdays=world.pick((0, 1, 2, 3, 4), (0, 1, 2, 3, 4), (6, 0, 1, 2, 3)),
        weeks=tuple(
            (world.anywhere().date(), whose, world.pick((6, 0, 1, 2, 3), (0, 1, 2), (5,)))
            for whose in world.rng.sample([None, *world.teams], world.rng.randint(0, 2))
        ),
        holidays=tuple(world.anywhere().date() for _ in range(world.rng.randint(0, 3))),
        week_start=world.pick(0, 0, 6),
        final_hours=world.pick(36, 36, 12),
    )


def shuffled(events: Sequence[Json], rng: random.Random) -> list[Json]:
    """The same events in another order."""
    return rng.sample(list(events), len(events))


def with_repeats(events: Sequence[Json], rng: random.Random, share: float = 0.2) -> list[Json]:
    """The events in their order, and anywhere after each some of them again, word for word."""
    found = list(events)
    for event in events:
        if rng.random() < share:
            after = next(n for n, other in enumerate(found) if other is event)
            found.insert(rng.randint(after + 1, len(found)), copy.deepcopy(event))
    return found


def batches(events: Sequence[Json], rng: random.Random, most: int = 40) -> list[list[Json]]:
    """The events in their order, cut anywhere."""
    rest, found = list(events), []
    while rest:
        size = rng.randint(1, most)
        found.append(rest[:size])
        rest = rest[size:]
    return found


def spoiled(event: Json, rng: random.Random) -> Json:
    """A copy with the same (source, id) that must be refused and must not use up the pair."""
    broken = copy.deepcopy(event)
    data = broken["data"]
    ids = [field for field in data if field.endswith(("_id", "kind", "key", "currency"))]
    where, change = rng.choice(_SPOILS)
    (broken if where == "envelope" else data).update(change)
    if where == "ids":
        data.update(dict.fromkeys(ids, 5))
    return broken


_SPOILS: list[tuple[str, Json]] = [
    ("envelope", {"specversion": "0.3"}),
    ("envelope", {"type": "ringside.call.started.v1"}),
    ("envelope", {"time": "2011-05-01T10:00:00"}),
    ("envelope", {"data": []}),
    ("data", {"revision": "1"}),
    ("data", {"revision": True}),
    ("data", {"revision": 1.0}),
    ("data", {"revision": -1}),
    ("data", {"revision": 2**53}),
    ("ids", {}),
]
