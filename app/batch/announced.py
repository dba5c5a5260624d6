"""What a batch says otherwise of final days: another team, another number of working days, be it
that a rep whom nobody announced has a first call there, or none any more.

Neither is a sum of the rollups, so neither shows as a movement; both change figures of days that
were final. Call `prepare` before anything is written and `keep` after all of it is.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise

from app.batch.causes import cause_by
from app.batch.desk import Desk
from app.db import Reading, Writing
from app.directory import RepState
from app.facts.rows import Rep, TimeOff
from app.periods import DAY, FIRST_DAY
from app.restatements import (
    Cause,
    Closing,
    Stretch,
    keep_directory,
    restate_teams,
    restate_working_days,
)
from app.spans import Roster, Span
from app.work_calendar import WorkCalendar
from app.working_days import read_working_days


@dataclass(slots=True)
class Announced:
    """The stretches of final days that may count otherwise, with their working days before."""

    stretches: list[Stretch] = field(default_factory=list)
    before: list[Decimal] = field(default_factory=list)
    teams: list[tuple[Stretch, str | None, str | None]] = field(default_factory=list)
    changes: list[tuple[str, str, date, str | None]] = field(default_factory=list)


async def prepare(
    session: Reading,
    desk: Desk,
    called: Mapping[tuple[str, date], Cause],
    closing: Closing,
    calendar: WorkCalendar,
) -> Announced:
    """Find what the desk's states of reps and time off say otherwise of days that are final.

    `called` are the days of reps whose number of calls may be another, and the event behind it.
    """
    announced = Announced()
    causes: dict[str, Cause] = {}
    of_rep: dict[str, list[Stretch]] = {}
    for before, rep in desk.reps.changed():
        announced.changes.append(("rep", rep.rep_id, rep.effective_from, _state(before)))
        causes[rep.rep_id] = cause_by(before, rep)
    for rep_id, cause in sorted(causes.items()):
        for stretch, was, now in _differing(rep_id, closing, cause):
            announced.stretches.append(stretch)
            of_rep.setdefault(rep_id, []).append(stretch)
            if _team(was) != _team(now):
                announced.teams.append((stretch, _team(was), _team(now)))
    for before_off, off in desk.time_off.changed():
        announced.changes.append(("time_off", off.rep_id, off.date, _fraction(before_off)))
        if off.date <= closing.last_final(off.rep_id) and not _holds(of_rep, off):
            cause = cause_by(before_off, off)
            announced.stretches.append(Stretch(off.rep_id, off.date, off.date, cause))
    held = {(s.rep_id, s.day) for s in announced.stretches}
    others = {key: cause for key, cause in called.items() if key not in held}
    return await _counted(session, announced, others, closing, calendar)


async def prepare_called(
    session: Reading,
    called: Mapping[tuple[str, date], Cause],
    closing: Closing,
    calendar: WorkCalendar,
) -> Announced:
    """The same where nothing but numbers of calls may be another."""
    return await _counted(session, Announced(), called, closing, calendar)


async def _counted(
    session: Reading,
    announced: Announced,
    called: Mapping[tuple[str, date], Cause],
    closing: Closing,
    calendar: WorkCalendar,
) -> Announced:
    for (rep_id, day), cause in sorted(called.items()):
        if unannounced(rep_id, day, closing):
            announced.stretches.append(Stretch(rep_id, day, day, cause))
    if announced.stretches:
        roster = Roster(closing.before, closing.now)
        announced.before = await _working_days(session, roster, announced.stretches, calendar)
    return announced


async def keep(
    session: Writing, announced: Announced, closing: Closing, calendar: WorkCalendar
) -> None:
    """Put on record what turned out otherwise, and what was before."""
    await keep_directory(session, announced.changes, closing.now)
    if not announced.stretches:
        return
    roster = Roster(closing.directory, closing.now)
    after = await _working_days(session, roster, announced.stretches, calendar)
    counts = zip(announced.stretches, announced.before, after, strict=True)
    await restate_teams(session, announced.teams, closing.now)
    await restate_working_days(
        session, [(s, was, now) for s, was, now in counts if was != now], closing.now
    )


def unannounced(rep_id: str, day: date, closing: Closing) -> bool:
    """Whether it is a final day on which nobody knows the rep: it is worked if the rep called."""
    states = (d.of(rep_id).state_on(day) for d in (closing.before, closing.directory))
    return not any(states) and day <= closing.last_final(rep_id)


def _differing(
    rep_id: str, closing: Closing, cause: Cause
) -> Iterator[tuple[Stretch, RepState | None, RepState | None]]:
    """The stretches of final days on which the rep's team, or whether active, is another."""
    old, new = closing.before.of(rep_id), closing.directory.of(rep_id)
    end = closing.last_final(rep_id) + DAY
    if end <= FIRST_DAY:
        return
    cuts = {state.effective_from for t in (old, new) for state in t.states}
    ordered = [FIRST_DAY, *sorted(cut for cut in cuts if FIRST_DAY < cut < end), end]
    for lo, hi in pairwise(ordered):
        was, now = old.state_on(lo), new.state_on(lo)
        if _matters(was) != _matters(now):
            yield Stretch(rep_id, lo, hi - DAY, cause), was, now


def _matters(state: RepState | None) -> tuple[str | None, bool] | None:
    return None if state is None else (state.team, state.active)


def _team(state: RepState | None) -> str | None:
    return None if state is None else state.team


def _holds(stretches: Mapping[str, Iterable[Stretch]], off: TimeOff) -> bool:
    return any(s.day <= off.date <= s.last_day for s in stretches.get(off.rep_id, ()))


async def _working_days(
    session: Reading, roster: Roster, stretches: Sequence[Stretch], calendar: WorkCalendar
) -> list[Decimal]:
    spans = [Span(i, s.rep_id, s.day, s.last_day + DAY) for i, s in enumerate(stretches)]
    days = await read_working_days(session, roster, spans, calendar)
    return [days.get((i, 0), Decimal(0)) for i in range(len(stretches))]


def _state(rep: Rep | None) -> str | None:
    """A state as `app.past` reads it again; a withdrawn one is as if it had never been."""
    if rep is None or rep.voided:
        return None
    return json.dumps(
        {
            "name": rep.name, "team": rep.team, "manager": rep.manager,
            "time_zone": rep.time_zone, "active": rep.active, "aliases": rep.aliases,
        }
    )  # fmt: skip


def _fraction(off: TimeOff | None) -> str | None:
    return None if off is None else json.dumps({"fraction": str(off.fraction)})
