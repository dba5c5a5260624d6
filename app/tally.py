"""What the figures of a scope are made of: every sum, count and calendar day that KPIs need."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from msgspec.structs import replace

from app.crowd import Crowd, read_crowd
from app.exact import Amount
from app.kpi import Figure, Kpi, Status, figure
from app.rollups import MEASURES
from app.spans import Scope
from app.sums import Cell, read_customers, read_missed
from app.view import View
from app.working_days import schedule, worked


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums by cell: `sums` over the spans, `trailing` over the figures' own twelve months.

    `rows` are the cells with a row in the rollups over the spans.
    """

    sums: dict[Cell, dict[str, Amount]]
    trailing: dict[Cell, dict[str, Amount]]
    rows: frozenset[Cell]

    def figure(self, kpi: Kpi, cell: Cell, currency: str) -> Figure:
        """The KPI's figure for a cell, which may have nothing in it."""
        return figure(kpi, (self.trailing if kpi.trailing else self.sums).get(cell, {}), currency)


async def tally(
    view: View, scope: Scope, kpis: Iterable[Kpi], *, many: bool, cuts: Sequence[date] = ()
) -> Tally:
    """Read what these KPIs need, and nothing else. `many`: groups are teams or the company.

    Cuts are not for KPIs of their own twelve months: their windows overlap.
    """
    needs: frozenset[str] = frozenset().union(*(k.needs for k in kpis if not k.trailing))
    trailing: frozenset[str] = frozenset().union(*(k.needs for k in kpis if k.trailing))
    crowd = scope.once("crowd", lambda: Crowd(scope.spans))
    sums = await read_crowd(view, crowd, _stored(needs), cuts)
    rows = frozenset(sums)
    if "customers" in needs:
        called = await read_customers(view.reading, scope.spans, cuts, everybody=scope.everybody)
        _put(sums, "customers", called)
    if many and "missed_inbound" in needs:
        missed = await read_missed(view.reading, scope.spans, cuts, everybody=scope.everybody)
        _put(sums, "missed_inbound", missed)
    if "working_days" in needs:
        scheduled = scope.once(
            ("schedule", *cuts), lambda: schedule(view.roster, scope.spans, view.calendar, cuts)
        )
        _put(sums, "working_days", await worked(view.reading, scheduled, view.calendar, cuts))
    last_months = {}
    if trailing:
        twelve = scope.once("trailing", lambda: Crowd(scope.trailing))
        last_months = await read_crowd(view, twelve, _stored(trailing))
    return Tally(sums, last_months, rows)


def _stored(needs: frozenset[str]) -> list[str]:
    return [measure for measure in MEASURES if measure in needs]


def _put(sums: dict[Cell, dict[str, Amount]], name: str, amounts: Mapping[Cell, Amount]) -> None:
    """Put counted amounts in the place of whatever the rollups say by that name."""
    for cell, amount in amounts.items():
        sums.setdefault(cell, {})[name] = amount


def status_of(view: View, kpi: Kpi, end: datetime) -> Status:
    """Whether a figure whose last day ends at `end` can still change without a restatement."""
    closed = end + timedelta(days=kpi.look_ahead_days) <= view.closed_to
    return "final" if closed else "provisional"


def with_statuses(
    view: View, kpis: Sequence[Kpi], figures: Iterable[Figure], end: datetime
) -> tuple[Status, dict[str, Figure]]:
    """The status of an answer, final only if each KPI is; a figure tells where its own differs."""
    statuses = [status_of(view, kpi, end) for kpi in kpis]
    overall: Status = "provisional" if "provisional" in statuses else "final"
    return overall, {
        kpi.id: figure if status == overall else replace(figure, status=status)
        for kpi, figure, status in zip(kpis, figures, statuses, strict=True)
    }
