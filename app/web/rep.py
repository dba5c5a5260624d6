"""A rep's pages: at `/rep` the scorecard, every KPI of a period and what changed of closed days;
at `/rep/records` the truth behind one of its figures, down to the calls, as the API tells it.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from app.api.access import within
from app.api.state import state_of
from app.changed import changes
from app.errors import BadRequest, Conflict, FieldError, Forbidden, NotFound, Unauthorized
from app.figures import Figures, figures
from app.kpi import Family, Figure, Kpi
from app.kpis import CATALOGUE, kpi_of
from app.periods import Kind
from app.reasons import REASONS
from app.records import records
from app.spans import Asked, Subject, asked, served
from app.view import View
from app.web.page import HEADERS, drawn, pages, reader
from app.web.shown import added, length_of, part, worth

router = APIRouter(include_in_schema=False)

AT_ONCE = 100
PERIODS = {
    Kind.DAY: "Today", Kind.WEEK: "This week", Kind.MONTH: "This month",
    Kind.QUARTER: "This quarter", Kind.YEAR: "This year",
}  # fmt: skip
FAMILIES = {
    Family.ACTIVITY: "Activity", Family.QUALITY: "Quality of conversation",
    Family.RESULTS: "Results",
}  # fmt: skip

# What a figure hangs on, as a sentence about it begins.
HANGS_ON = {
    "conversation_floor": "With a conversation from", "heavy_hold": "With heavy hold from",
    "repeat_within": "With repeats within", "unproductive_calls": "In vain from",
}  # fmt: skip

pages.globals.update(
    periods=PERIODS, reasons=REASONS, worth=worth, part=part, added=added, hangs_on=HANGS_ON
)
pages.filters["length_of"] = length_of

RepId = Annotated[str, Query(alias="id", description="the rep's id")]
Of = Annotated[str, Query(description=", ".join(PERIODS))]
KpiId = Annotated[str, Query(alias="kpi")]
Cursor = Annotated[str | None, Query()]


@router.get("/rep")
async def rep_page(request: Request, rep_id: RepId, period: Of = Kind.DAY) -> Response:
    """The scorecard; whoever has no key is sent to the sign-in page. Raises `NotFound`."""
    try:
        key = await reader(request)
    except (Unauthorized, Forbidden):
        return RedirectResponse("/sign-in", 303, HEADERS)
    state, subject = state_of(request), within(key, Subject(rep_id=rep_id))
    async with state.views.open(state.clock()) as view:
        chosen = _asked(view, subject, period)
        found = await figures(view, subject, chosen, CATALOGUE)
        lately = await changes(view, rep_id=rep_id, teams=key.teams)
    return drawn(
        "rep.html", found=found, families=_by_family(found.kpis), rep_id=rep_id, period=period,
        changes=lately,
    )  # fmt: skip


@router.get("/rep/records")
async def records_page(
    request: Request, rep_id: RepId, kpi: KpiId, period: Of = Kind.DAY, cursor: Cursor = None
) -> Response:
    """What is behind one figure of the scorecard: what counted, what did not, and why not."""
    try:
        key = await reader(request)
    except (Unauthorized, Forbidden):
        return RedirectResponse("/sign-in", 303, HEADERS)
    state, subject, of = state_of(request), within(key, Subject(rep_id=rep_id)), kpi_of(kpi)
    async with state.views.open(state.clock()) as view:
        chosen = _asked(view, subject, period)
        card = await _explained(view, subject, chosen, of)
        found = await records(view, subject, of, chosen, limit=AT_ONCE, cursor=cursor)
    return drawn(
        "records.html", found=found, card=card, kpi=of, figure=card.kpis[of.id], rep_id=rep_id,
        period=period, local=ZoneInfo(found.period.time_zone),
    )  # fmt: skip


async def _explained(view: View, subject: Subject, chosen: Asked, of: Kpi) -> Figures:
    """The figure, with what it would be at other thresholds where that can be told."""
    try:
        return await figures(view, subject, chosen, [of], explained=True)
    except (BadRequest, Conflict):  # too many calls for a page, or a rebuild is due
        return await figures(view, subject, chosen, [of])


def _asked(view: View, subject: Subject, period: str) -> Asked:
    """The period, if the subject may be seen in it; else `NotFound`, as for a rep nobody knows."""
    if period not in PERIODS:
        known = ", ".join(PERIODS)
        raise BadRequest(f"period: {period[:40]!a} is none of {known}",
                         errors=(FieldError("period", f"one of {known}"),))  # fmt: skip
    chosen = asked(period, week_start=view.settings.week_start)
    rep_id = subject.rep_id or ""
    days = chosen.on(view.roster.today(rep_id))
    if subject.teams is not None and not served(view.roster, 0, rep_id, days, subject.teams):
        raise NotFound(f"there is no rep {rep_id!r} in {', '.join(sorted(subject.teams))}")
    return chosen


def _by_family(found: Mapping[str, Figure]) -> Sequence[tuple[str, list[tuple[Kpi, Any]]]]:
    return [
        (title, [(kpi, found[kpi.id]) for kpi in CATALOGUE if kpi.family is family])
        for family, title in FAMILIES.items()
    ]
