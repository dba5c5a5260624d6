"""The page at `/refused`, for admins: what could not be taken, counted by code, and the latest."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from msgspec import Struct

from app.api.access import key_of
from app.api.state import state_of
from app.dead_letters.kept import Choice, Count, counts, newest
from app.errors import Forbidden, Unauthorized
from app.events.refusals import CODES
from app.web.page import HEADERS, pages

router = APIRouter(include_in_schema=False)

LATEST = 20


class CodeRow(Struct, frozen=True):
    """One code: what it means, how many there are, by state and source."""

    code: str
    meaning: str
    waiting: int
    replayed: int
    discarded: int
    by_source: tuple[Count, ...]


@router.get("/refused")
async def refused_page(request: Request) -> Response:
    """What could not be taken; whoever has no admin key is sent to the sign-in page."""
    try:
        key = await key_of(request)
        if not key.allows("admin"):
            raise Forbidden("this page is for admins")
    except (Unauthorized, Forbidden):
        return RedirectResponse("/sign-in", 303, HEADERS)
    state = state_of(request)
    async with state.database.reading() as reading:
        found = await counts(reading)
        latest = await newest(reading, Choice(state="waiting"), LATEST)
    page = pages.get_template("refused.html").render(rows=by_code(found), latest=latest)
    return HTMLResponse(page, 200, HEADERS)


def by_code(found: list[Count]) -> list[CodeRow]:
    """A row a code, those first of which most wait."""
    groups: dict[str, list[Count]] = {}
    for count in found:
        groups.setdefault(count.code, []).append(count)
    rows = [
        CodeRow(
            code,
            CODES.get(code, ""),
            sum(count.waiting for count in group),
            sum(count.replayed for count in group),
            sum(count.discarded for count in group),
            tuple(sorted(group, key=lambda count: (-count.all, count.source))),
        )
        for code, group in groups.items()
    ]
    return sorted(rows, key=lambda row: (-row.waiting, row.code))
