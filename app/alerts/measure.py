"""The figures that cases are judged by: one query for each KPI and period, whoever it is about."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.alerts.alert import Alert, measured_of
from app.alerts.decide import Measured, Window
from app.alerts.rule import Rule, Subjects
from app.alerts.windows import Watched, subject_of
from app.board import figures_by_rep
from app.figures import figures_by_team
from app.kpi import Figure
from app.kpis import kpi_of
from app.periods import Period
from app.spans import Asked, Span, served
from app.view import View
from app.working_days import read_working_days


@dataclass(slots=True)
class Case:
    """One decision to be made: of a rule about a subject (None: gone) and a period."""

    rule: Rule
    watched: Watched | None
    period: Period
    window: Window
    alert: Alert | None


Needed = tuple[str, Subjects, Period]
Workers = tuple[Subjects, Period]


@dataclass(frozen=True, slots=True)
class Measures:
    """Figures by what was asked and by subject; and of periods where it matters, who works."""

    figures: dict[Needed, dict[str, Figure]]
    at_work: dict[Workers, frozenset[str]]

    def of(self, case: Case) -> Measured | None:
        """What the case is judged by; None for a subject without a figure."""
        if case.watched is None:
            return None
        _, subject = subject_of(case.watched)
        figure = self.figures[_needed(case)].get(subject)
        if figure is None:
            return None
        workers = self.at_work.get((case.rule.subjects, case.period))
        return measured_of(figure, at_work=workers is None or subject in workers)


async def measure(view: View, cases: Sequence[Case], week_start: int) -> Measures:
    """Read what the cases need, and nothing else."""
    there = [case for case in cases if case.watched is not None]
    figures = {
        needed: await _figures(view, *needed, week_start)
        for needed in dict.fromkeys(_needed(case) for case in there)
    }
    workers = dict.fromkeys(
        (case.rule.subjects, case.period) for case in there if case.rule.working_days_only
    )
    at_work = {
        (subjects, period): await _at_work(view, subjects, period, there)
        for subjects, period in workers
    }
    return Measures(figures, at_work)


def _needed(case: Case) -> Needed:
    return case.rule.kpi, case.rule.subjects, case.period


async def _figures(
    view: View, kpi_id: str, subjects: Subjects, period: Period, week_start: int
) -> dict[str, Figure]:
    kpi = kpi_of(kpi_id)
    asked = Asked(period.kind, period.last_day, week_start=week_start)
    if subjects is Subjects.REPS:
        return await figures_by_rep(view, kpi, asked)
    by_team = await figures_by_team(view, asked, [kpi])
    return {team: by_id[kpi_id] for team, by_id in by_team.items()}


async def _at_work(
    view: View, subjects: Subjects, period: Period, cases: Iterable[Case]
) -> frozenset[str]:
    """The subjects with part of a working day in the period, up to today."""
    watched = {
        subject_of(case.watched)[1]: case.watched
        for case in cases
        if case.watched is not None and (case.rule.subjects, case.period) == (subjects, period)
    }
    groups = dict(enumerate(watched))
    spans: list[Span] = []
    for group, subject in groups.items():
        spans += _spans(view, group, watched[subject], period)
    days = await read_working_days(view.reading, view.roster, spans, view.calendar)
    return frozenset(subject for group, subject in groups.items() if days.get((group, 0), 0) > 0)


def _spans(view: View, group: int, watched: Watched, period: Period) -> list[Span]:
    if watched.rep_id is not None:
        return [Span(group, watched.rep_id, period.start, period.end)]
    assert watched.team is not None
    return [
        span
        for rep_id in view.roster.directory.timelines
        for span in served(view.roster, group, rep_id, period, {watched.team})
    ]
