"""Who a rep is on a date: zone, team, whether active; and from that, the day of an instant; and
whom the name that another system has for a rep means. Pure.

States are effective-dated: each holds from its `effective_from` until the next one. Before the
first, and for a rep nobody announced, the zone is the default one and there is no team.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise

from app.periods import DAY, FIRST_DAY, LAST_DAY, day_start

_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class RepState:
    """One announced state of a rep, from `effective_from` on."""

    effective_from: date
    name: str
    team: str | None
    manager: str | None
    time_zone: str
    active: bool
    aliases: Collection[str] | None = None  # None: those of the state before stay


def agent_of(source: str, name: str) -> str:
    """The rep id by which facts of a feed name whom that system knows as `name`."""
    return f"{source}:{name}"


class Timeline:
    """The states of one rep in order of `effective_from`; empty for a rep nobody announced."""

    __slots__ = ("_aliases", "_day", "_froms", "_single", "default_zone", "states")

    def __init__(self, states: Sequence[RepState], default_zone: str) -> None:
        self.states = tuple(sorted(states, key=lambda s: s.effective_from))
        self.default_zone = default_zone
        self._froms = [s.effective_from for s in self.states]
        zones = {s.time_zone for s in self.states}
        if not self._froms or self._froms[0] > FIRST_DAY:
            zones.add(default_zone)
        self._single = zones.pop() if len(zones) == 1 else None
        # The day asked for last, from and to which instant: most facts are of the same day.
        self._day = (_NEVER, _NEVER, FIRST_DAY)
        known: frozenset[str] = frozenset()
        self._aliases = [
            known := known if state.aliases is None else frozenset(state.aliases)
            for state in self.states
        ]

    def state_on(self, day: date) -> RepState | None:
        """The state that holds on `day`, None before the first."""
        i = bisect_right(self._froms, day)
        return self.states[i - 1] if i else None

    def zone_on(self, day: date) -> str:
        """The IANA zone that holds on `day`."""
        if self._single is not None:
            return self._single
        state = self.state_on(day)
        return state.time_zone if state else self.default_zone

    def team_on(self, day: date) -> str | None:
        """The team the rep is a member of on `day`."""
        state = self.state_on(day)
        return state.team if state else None

    def start_of(self, day: date) -> datetime:
        """The instant (UTC) at which the rep's `day` starts, in the zone effective on it."""
        return day_start(self.zone_on(day), day)

    def day_of(self, instant: datetime) -> date:
        """The rep's day that holds `instant`: the latest day whose start is not after it."""
        start, end, same = self._day
        if start <= instant < end:
            return same
        day = self._latest_day(instant)
        if self._single is not None:  # days of one zone follow on each other without a gap
            self._day = (self.start_of(day), self.start_of(day + DAY), day)
        return day

    def _latest_day(self, instant: datetime) -> date:
        # Offsets lie within -12 h .. +14 h, so it is the UTC date, the next or the one before.
        day = instant.astimezone(UTC).date()
        if instant >= self.start_of(day + DAY):
            return day + DAY
        return day if instant >= self.start_of(day) else day - DAY

    def ended(self, start: date, end: date) -> datetime:
        """The instant (UTC) by which every day of `start`..`end` (exclusive) has ended.

        Mostly the last day's end; but where the rep goes west over the date line and east again,
        the day before the last may end two hours after it.
        """
        last = self.start_of(end)
        return last if end - start == DAY else max(last, self.start_of(end - DAY))

    def aliases(self) -> frozenset[str]:
        """Every name of another system that this rep has or had."""
        return frozenset().union(*self._aliases)

    def claims(self, agent: str) -> tuple[tuple[date, str, bool], ...]:
        """From when on, in which zone, the name is this rep's or not: all that `owns` rests on."""
        return tuple(
            (state.effective_from, state.time_zone, agent in own)
            for state, own in zip(self.states, self._aliases, strict=True)
        )

    def owns(self, agent: str, instant: datetime) -> bool:
        """Whether the name is this rep's on the rep's own day that holds `instant`."""
        i = bisect_right(self._froms, self.day_of(instant))
        return i > 0 and agent in self._aliases[i - 1]

    def stretches(self, start: date, end: date) -> Iterator[tuple[date, date, RepState | None]]:
        """Cut `start`..`end` (exclusive) into stretches `(from, to, state)` of one state each."""
        cuts = [start, *(d for d in self._froms if start < d < end), end]
        for lo, hi in pairwise(cuts):
            if lo < hi:
                yield lo, hi, self.state_on(lo)

    def team_spans(self, team: str, start: date, end: date) -> list[tuple[date, date]]:
        """The stretches of `start`..`end` (exclusive) in which the rep is a member of `team`."""
        return [(a, b) for a, b, s in self.stretches(start, end) if s and s.team == team]


class Directory:
    """Every rep's timeline, by rep id, with the default for reps nobody announced.

    `given` are names that other systems have for reps, by setting: what a rep's states say of a
    name comes first.
    """

    def __init__(
        self,
        timelines: dict[str, Timeline],
        default_zone: str,
        given: Mapping[str, str] | None = None,
    ) -> None:
        self.timelines = timelines
        self.default_zone = default_zone
        self.given = given or {}
        self._nobody = Timeline((), default_zone)
        self._claimants: dict[str, list[str]] = {agent: [] for agent in self.given}
        for rep_id, timeline in sorted(timelines.items()):
            for agent in timeline.aliases():
                self._claimants.setdefault(agent, []).append(rep_id)

    def of(self, rep_id: str) -> Timeline:
        """The rep's timeline; an empty one in the default zone if nobody announced the rep."""
        return self.timelines.get(rep_id, self._nobody)

    def rep_of(self, agent: str, instant: datetime) -> str:
        """Who is meant by `agent` at `instant`: of several who claim the name the lowest rep id,
        else who has it by setting, else a rep of just that id.
        """
        claimants = self._claimants.get(agent)
        if claimants is None:
            return agent
        for rep_id in claimants:
            if self.timelines[rep_id].owns(agent, instant):
                return rep_id
        return self.given.get(agent, agent)

    def claims(self, agent: str) -> dict[str, tuple[tuple[date, str, bool], ...]]:
        """Who claims the name, and when: two directories that agree in it agree in `rep_of`."""
        return {
            rep_id: self.timelines[rep_id].claims(agent)
            for rep_id in self._claimants.get(agent, ())
        }

    def agents_of(self, rep_id: str) -> list[str]:
        """Every rep id under which facts of this rep may come."""
        given = (agent for agent, rep in self.given.items() if rep == rep_id)
        return sorted({rep_id, *self.of(rep_id).aliases(), *given})

    def conflicts(self) -> list[tuple[str, list[str]]]:
        """The names that several reps claim, be it at different times, with their rep ids."""
        return [(agent, reps) for agent, reps in sorted(self._claimants.items()) if len(reps) > 1]

    def teams(self) -> list[str]:
        """Every team any rep was ever announced in, by code point."""
        return sorted({s.team for t in self.timelines.values() for s in t.states if s.team})


__all__ = ["FIRST_DAY", "LAST_DAY", "Directory", "RepState", "Timeline"]
