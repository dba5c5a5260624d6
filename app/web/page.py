"""The pages at `/`: today's floor, live. A page holds nothing until somebody signs in with a key.

The key is kept in a cookie that no script can read, that only this site's own pages send, and
that opens reading alone. Everything a page needs comes from here.
"""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qs, urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.api.access import COOKIE, key_of
from app.api.events import read_body
from app.api.state import State, state_of
from app.errors import BadRequest, FieldError, Forbidden, NotFound, Unauthorized
from app.exact import encode
from app.keys import Key, find
from app.kpi import Kpi
from app.web import shown
from app.web.floor import KPIS, SPARK_DAYS, Floor, todays_floor

router = APIRouter(include_in_schema=False)

HERE = Path(__file__).parent
COOKIE_SECONDS = 30 * 24 * 3600
STREAM_SECONDS = 900  # then the page connects anew, and its key is looked at again
REST_SECONDS = 0.3
MOST_REST_SECONDS = 3.0
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
ASSETS = {path.name: path.read_bytes() for path in (HERE / "assets").iterdir()}
EDITION = hashlib.sha256(b"".join(ASSETS[name] for name in sorted(ASSETS))).hexdigest()[:12]
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

# What the columns are called where there is little room.
SHORT = {
    "calls": "Calls", "conversations": "Conv.", "talk_time": "Talk", "orders": "Orders",
    "revenue": "Revenue",
}  # fmt: skip

pages = Environment(
    loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined,
    trim_blocks=True, lstrip_blocks=True,
)  # fmt: skip
pages.globals.update(
    edition=EDITION, kpis=KPIS, short=SHORT, spark_days=SPARK_DAYS, shown=shown.shown,
    spoken=shown.spoken, share=shown.share, spark=shown.spark, rounded=shown.rounded,
)  # fmt: skip

By = Annotated[str, Query(description="what the reps are ranked by")]


def _query(values: Mapping[str, str | None]) -> str:
    return urlencode({name: value for name, value in values.items() if value is not None})


pages.filters["query"] = _query


def drawn(name: str, status: int = 200, **values: Any) -> HTMLResponse:
    """The page of a template."""
    return HTMLResponse(pages.get_template(name).render(values), status, HEADERS)


@router.get("/")
async def floor_page(request: Request, by: By = "conversations") -> Response:
    """Today's floor; whoever has no key is sent to the sign-in page."""
    try:
        key = await reader(request)
    except (Unauthorized, Forbidden):
        return RedirectResponse("/sign-in", 303, HEADERS)
    floor = await _floor(state_of(request), _ranked_by(by), key)
    admin = key.allows("admin")
    return drawn("floor.html", floor=floor, bound=key.teams, admin=admin, board=_board(floor))


@router.get("/floor/stream")
async def floor_stream(request: Request, by: By = "conversations") -> Response:
    """The board as server-sent events of type `board`, whenever it changes; JSON with its HTML."""
    state, key, kpi = state_of(request), await reader(request), _ranked_by(by)

    rest = REST_SECONDS

    async def make() -> tuple[str, bytes]:
        nonlocal rest
        begun = time.thread_time()  # on a busy machine it takes longer, but does not cost more
        floor = await _floor(state, kpi, key)
        html = _board(floor)
        minute = f"{floor.as_of:%H%M}"  # so that a quiet floor is seen to be alive
        tag = hashlib.blake2b(f"{minute}{html}".encode(), digest_size=12).hexdigest()
        # A large floor is drawn less often, so that watching it costs a fifth of a core at most.
        rest = min(max(REST_SECONDS, 5 * (time.thread_time() - begun)), MOST_REST_SECONDS)
        return tag, encode({"html": html, "as_of": floor.as_of})

    name = f"page {kpi.id} {sorted(key.teams) if key.teams is not None else ''}"
    return StreamingResponse(
        _for_a_while(state.live.stream(name, make), lambda: rest),
        media_type="text/event-stream",
        headers={**HEADERS, "X-Accel-Buffering": "no"},
    )


async def _for_a_while(
    stream: AsyncIterator[bytes], rest: Callable[[], float]
) -> AsyncIterator[bytes]:
    """The stream with a rest after each word, ended after a quarter of an hour."""
    ends = time.monotonic() + STREAM_SECONDS
    async for chunk in stream:
        yield chunk
        if time.monotonic() > ends:
            return
        await asyncio.sleep(rest())


async def reader(request: Request) -> Key:
    """The request's key, which reads. Raises `Unauthorized` or `Forbidden`."""
    key = await key_of(request)
    if not key.allows("read"):
        raise Forbidden("this key does not read")
    return key


def _ranked_by(by: str) -> Kpi:
    for kpi in KPIS:
        if kpi.id == by:
            return kpi
    known = ", ".join(kpi.id for kpi in KPIS)
    raise BadRequest(f"by: {by[:40]!a} is none of {known}",
                     errors=(FieldError("by", f"one of {known}"),))  # fmt: skip


async def _floor(state: State, by: Kpi, key: Key) -> Floor:
    teams = None if key.teams is None else frozenset(key.teams)
    async with state.views.open(state.clock()) as view:
        return await todays_floor(view, by, teams)


def _board(floor: Floor) -> str:
    return pages.get_template("board.html").render(floor=floor)


@router.get("/sign-in")
async def sign_in_page() -> Response:
    """A form for the key. A link `/sign-in#rs_…` fills and sends it: the part after the # is
    never sent to anybody, nor kept in a log, and leaves the browser's history at once.
    """
    return drawn("sign_in.html", wrong=False)


@router.post("/session")
async def sign_in(request: Request) -> Response:
    """Keep the key of the form in the cookie, if it may read; else the form again, with 401."""
    _own_form(request)
    form = parse_qs((await read_body(request, 4096)).decode("utf-8", "replace"))
    token = form.get("key", [""])[0].strip()
    state = state_of(request)
    async with state.database.reading() as reading:
        key = await find(reading, token)
    if key is None or not key.allows("read"):
        return drawn("sign_in.html", 401, wrong=True)
    answer = RedirectResponse("/", 303, HEADERS)
    answer.set_cookie(
        COOKIE, token, max_age=COOKIE_SECONDS, httponly=True, samesite="strict",
        secure=request.url.scheme == "https",
    )  # fmt: skip
    return answer


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """Forget the key."""
    _own_form(request)
    answer = RedirectResponse("/sign-in", 303, HEADERS)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


def _own_form(request: Request) -> None:
    """Raise `Forbidden` for a form that another site sends on somebody's behalf."""
    # Origin says "null" under our own referrer policy; this header every browser sends.
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Forbidden("this form came from another site")


@router.get("/assets/{name}")
async def asset(request: Request, name: str) -> Response:
    """A stylesheet, script or picture; its address names the edition, so it can be kept."""
    content = ASSETS.get(name)
    if content is None:
        raise NotFound(f"there is no asset {name!a}")
    kept = "public, max-age=31536000, immutable"
    if request.query_params.get("e") != EDITION:
        kept = "no-cache"
    return Response(
        content, media_type=TYPES[Path(name).suffix], headers={**HEADERS, "Cache-Control": kept}
    )
