"""The page at `/changed`: which figures of closed days changed lately, from what to what, when,
and which event of which source did it. Whoever reads figures reads it, within the key's teams.
"""

from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from app.api.state import state_of
from app.changed import changes
from app.errors import BadRequest, FieldError, Forbidden, Unauthorized
from app.web import why
from app.web.page import HEADERS, drawn, pages, reader

router = APIRouter(include_in_schema=False)

SHOWN = 50
WEEKS = {"1": "This week", "2": "Two weeks", "5": "Five weeks"}

pages.globals.update(why=why, weeks_offered=WEEKS)

RepId = Annotated[str | None, Query(alias="rep", description="of this rep alone")]
Weeks = Annotated[str, Query(description="of so many weeks, the present one the last")]


@router.get("/changed")
async def changed_page(request: Request, rep_id: RepId = None, weeks: Weeks = "1") -> Response:
    """What changed of closed days; whoever has no key is sent to the sign-in page."""
    try:
        key = await reader(request)
    except (Unauthorized, Forbidden):
        return RedirectResponse("/sign-in", 303, HEADERS)
    if weeks not in WEEKS:
        known = ", ".join(WEEKS)
        raise BadRequest(f"weeks: {weeks[:40]!a} is none of {known}",
                         errors=(FieldError("weeks", f"one of {known}"),))  # fmt: skip
    state = state_of(request)
    async with state.views.open(state.clock()) as view:
        found = await changes(view, weeks=int(weeks), rep_id=rep_id, teams=key.teams)
    # A rep of whom the key sees nothing is no more than the id that was asked for.
    whose = found.told[0].name if rep_id is not None and found.told else rep_id
    zone = view.roster.directory.default_zone
    return drawn(
        "changed.html", found=found, told=found.told[:SHOWN], more=len(found.told[SHOWN:]),
        rep_id=rep_id, whose=whose, weeks=weeks, zone=zone, local=ZoneInfo(zone),
        settings=view.settings, bound=key.teams,
    )  # fmt: skip
