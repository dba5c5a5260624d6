"""`as_of=`: what was answered at an instant, for days that were final then. What was not final
changes without a record, so it is refused rather than worked out nearly.
"""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import datetime

import msgspec
from msgspec import UNSET

from app.api import query
from app.api.state import State
from app.board import Board
from app.errors import BadRequest, FieldError
from app.figures import Figures
from app.kpi import Figure
from app.series import Series
from app.view import View


@asynccontextmanager
async def viewed(state: State, as_of: str | None) -> AsyncIterator[View]:
    """The view of now, or of the instant that `as_of` names. Raises `BadRequest`."""
    now = state.clock()
    moment = query.past(as_of, now)
    opened = state.views.open(now) if moment is None else state.views.open_past(moment)
    async with opened as view:
        yield view


def final_figures(found: Figures, *, named: bool) -> Figures:
    """The figures that were final. Raises `BadRequest` if none was; if KPIs were `named`, if one
    was not.
    """
    final = {kpi: figure for kpi, figure in found.kpis.items() if _status(found, figure) == "final"}
    left = sorted(found.kpis.keys() - final.keys())
    if left and (named or not final):
        raise _open(found.as_of, f"{found.period.start} to {found.period.end}", left)
    closed = {k: msgspec.structs.replace(figure, status=UNSET) for k, figure in final.items()}
    return msgspec.structs.replace(found, status="final", kpis=closed)


def _status(found: Figures, figure: Figure) -> str:
    return found.status if figure.status is UNSET else str(figure.status)


def final_series(found: Series) -> Series:
    """The series. Raises `BadRequest` if one of its points was not final."""
    for point in found.points:
        if point.status != "final":
            raise _open(found.as_of, f"the {found.bucket} from {point.start}", [found.kpi])
    return found


def final_board(found: Board) -> Board:
    """The board. Raises `BadRequest` if it was not final."""
    if found.status != "final":
        raise _open(found.as_of, f"{found.period.start} to {found.period.end}", [found.kpi])
    return found


def _open(as_of: datetime, period: str, kpis: Collection[str]) -> BadRequest:
    shown = ", ".join(kpis) if len(kpis) <= 5 else f"{len(kpis)} figures"
    detail = f"{period} was not final at {as_of.isoformat()}: {shown} could still change unrecorded"
    return BadRequest(f"as_of: {detail}", errors=(FieldError("as_of", detail),))
