"""Holds the figures to the rules: whenever facts, rules or the directory changed, and whenever
the clock alone changes a decision. One process evaluates at a time; all may try.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.alerts import keep, rulebook
from app.alerts.alert import Alert, Step, moved, opening
from app.alerts.decide import Measured, Window, settle
from app.alerts.measure import Case, measure
from app.alerts.notify import Courier, Sender
from app.alerts.rule import Rule, Subjects
from app.alerts.windows import (
    Watched,
    by_subject,
    in_scope,
    moments,
    periods,
    reps,
    subject_of,
    teams,
    window_of,
)
from app.beside import ended
from app.crowd import read_strangers
from app.db import Database, Reading
from app.errors import NotFound, Unavailable
from app.kpis import kpi_of
from app.periods import DAY, period_of
from app.settings import Settings
from app.view import View, Views

log = logging.getLogger(__name__)

POLL_SECONDS = 0.5
# However the clock behaves, everything is looked at again after so long.
LONGEST_REST = timedelta(seconds=60)
# Evaluating takes at most a quarter of a process' time.
REST_FACTOR = 3
# Other requests get their turn after so many decisions.
BREATH = 1_000
STOP_SECONDS = 5.0
# After trouble, so that the log does not fill with it.
TROUBLE_SECONDS = 5.0

Clock = Callable[[], datetime]


@dataclass(slots=True)
class Round:
    """One evaluation: its cases, and the next instant at which there is something to decide."""

    now: datetime
    cases: list[Case] = field(default_factory=list)
    next_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.next_at = self.now + LONGEST_REST

    def wait_for(self, instants: Iterable[datetime]) -> None:
        """Come back at the earliest of these at the latest."""
        self.next_at = min((self.next_at, *instants))


class Watch:
    """Evaluates the rules; what it knows is in the database, so any process can go on with it."""

    def __init__(self, database: Database, views: Views, settings: Settings) -> None:
        self._database = database
        self._views = views
        self._final_after = timedelta(hours=settings.final_after_hours)
        self._week_start = settings.week_start

    async def due(self, now: datetime) -> bool:
        """Whether facts changed since the last evaluation, or its time has come."""
        async with self._database.reading() as reading:
            return await _due(reading, now)

    async def evaluate(self, now: datetime) -> int:
        """Decide about everything once; how many alerts changed.

        Does nothing if another process is at it, or has just done it.
        """
        async with self._database.writing() as writing:
            if not await keep.try_lock(writing) or not await _due(writing, now):
                return 0
            rules = [rule for rule in await rulebook.listed(writing) if _usable(rule)]
            changes: list[list[Step]] = []
            next_at = now + LONGEST_REST
            async with self._views.open(now) as view:
                seen = await view.reading.value("SELECT ingest FROM versions") or 0
                if rules:
                    ended_after = (now - self._final_after).date() - 2 * DAY
                    at_stake = await keep.alerts_at_stake(writing, ended_after)
                    changes, next_at = await self._decide(view, rules, at_stake)
            changed = await keep.keep(writing, changes)
            await writing.run(
                "INSERT INTO alert_watch (id, ingest, next_at) VALUES (1, $1, $2) "
                "ON CONFLICT (id) DO UPDATE SET ingest = $1, next_at = $2",
                seen, next_at,
            )  # fmt: skip
        return changed

    async def _decide(
        self, view: View, rules: Sequence[Rule], at_stake: Sequence[Alert]
    ) -> tuple[list[list[Step]], datetime]:
        """The steps of every alert that changes, and when to come back."""
        now = view.roster.now
        this = Round(now)
        await self._plan(view, this, rules, at_stake)
        measures = await measure(view, this.cases, self._week_start)
        changes: list[list[Step]] = []
        for count, case in enumerate(this.cases):
            if count % BREATH == 0:
                await asyncio.sleep(0)
            steps = self._settle(view, this, case, measures.of(case))
            if steps:
                changes.append(steps)
        return changes, this.next_at

    def _settle(self, view: View, this: Round, case: Case, measured: Measured | None) -> list[Step]:
        standing = case.alert.standing if case.alert is not None else None
        decisions = settle(case.rule, measured, this.now, case.window, standing)
        alert = case.alert
        if alert is None:
            if decisions[-1].state is None or case.watched is None:
                return []
            alert = opening(case.rule, case.watched, case.period, _name(view, case.watched))
        steps = list(moved(alert, decisions, measured, this.now))
        after = steps[-1].alert.standing if steps else standing
        this.wait_for(moments(case.rule, case.window, this.now, after))
        return steps

    async def _plan(
        self, view: View, this: Round, rules: Sequence[Rule], at_stake: Sequence[Alert]
    ) -> None:
        """Every case there is: what may open, and what is open."""
        known = {(a.rule_id, a.subject_kind, a.subject, a.period_start): a for a in at_stake}
        everybody = reps(view.roster, await self._unannounced(view, rules))
        all_teams = teams(view.roster)
        present = {**by_subject(everybody), **by_subject(all_teams)}
        by_id = {rule.id: rule for rule in rules}
        for rule in rules:
            await asyncio.sleep(0)
            for watched in all_teams if rule.subjects is Subjects.TEAMS else everybody:
                for period in periods(rule, watched, this.now, self._final_after, self._week_start):
                    if not in_scope(rule, watched, period):
                        continue
                    window = window_of(rule, watched, period, self._final_after)
                    this.wait_for(moments(rule, window, this.now, None))
                    alert = known.pop((rule.id, *subject_of(watched), period.start), None)
                    if alert is not None or this.now >= window.due:
                        this.cases.append(Case(rule, watched, period, window, alert))
        for alert in known.values():
            if alert.resolved_at is None and alert.rule_id in by_id:
                self._add_open(this, by_id[alert.rule_id], alert, present)

    def _add_open(
        self, this: Round, rule: Rule, alert: Alert, present: dict[tuple[str, str], Watched]
    ) -> None:
        """An open alert of a period that is past, or of a subject that left the scope."""
        watched = present.get((alert.subject_kind, alert.subject))
        if watched is None or not in_scope(rule, watched, alert.days):
            never = Window(this.now, this.now, this.now)
            this.cases.append(Case(rule, None, alert.days, never, alert))
            return
        window = window_of(rule, watched, alert.days, self._final_after)
        this.cases.append(Case(rule, watched, alert.days, window, alert))

    async def _unannounced(self, view: View, rules: Sequence[Rule]) -> list[str]:
        """The reps nobody announced that have facts in some period a rule is about."""
        earliest, latest = view.roster.todays()
        first = (view.roster.now - self._final_after).date() - DAY
        first = min(first, earliest)
        start = min(
            period_of(rule.period, first, week_start=self._week_start).start for rule in rules
        )
        return await read_strangers(view, start, latest + DAY)


def _usable(rule: Rule) -> bool:
    """Whether the rule is on and its KPI one this version knows."""
    try:
        kpi_of(rule.kpi)
    except NotFound:
        log.warning("alert rule %s is about an unknown KPI", rule.id)
        return False
    return rule.enabled


async def _due(reading: Reading, now: datetime) -> bool:
    rows = await reading.fetch(
        "SELECT coalesce(v.ingest, 0) IS DISTINCT FROM w.ingest AS moved, w.next_at "
        "FROM (SELECT 1) AS one LEFT JOIN alert_watch w ON true LEFT JOIN versions v ON true"
    )
    moved_on, next_at = rows[0]
    if moved_on or next_at is None:
        return True
    # Far ahead it was written by a clock that has been set back since.
    return bool(now >= next_at or next_at > now + LONGEST_REST)


def _name(view: View, watched: Watched) -> str | None:
    if watched.rep_id is None:
        return None
    name, _ = view.roster.card(watched.rep_id, watched.today)
    return name


@asynccontextmanager
async def watching(
    database: Database, views: Views, settings: Settings, clock: Clock
) -> AsyncIterator[None]:
    """Evaluate and send notices in the background, for as long as the block runs."""
    stopping = asyncio.Event()
    sender = Sender(public_only=settings.notices_public_only)
    watch, courier = Watch(database, views, settings), Courier(database, sender, clock)
    tasks = [
        asyncio.create_task(_evaluating(watch, clock, stopping)),
        asyncio.create_task(courier.run(stopping)),
    ]
    try:
        yield
    finally:
        stopping.set()
        await ended(tasks, within=STOP_SECONDS)
        await sender.close()


async def _evaluating(watch: Watch, clock: Clock, stopping: asyncio.Event) -> None:
    """Evaluate whenever it is due, until `stopping`; trouble is a line in the log, no end."""
    while not stopping.is_set():
        rest = POLL_SECONDS
        try:
            if await watch.due(clock()):
                began = time.monotonic()
                await watch.evaluate(clock())
                rest = max(rest, REST_FACTOR * (time.monotonic() - began))
        except Unavailable as error:
            log.warning("alerts wait: %s", error)
        except Exception:
            log.exception("alerts wait")
            rest = TROUBLE_SECONDS
        await _pause(stopping, rest)


async def _pause(stopping: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return
