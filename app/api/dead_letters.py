"""What could not be taken, for an admin: look at it, send it again, or let it be."""

import base64
import re
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Body, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app.api import query
from app.api.access import needs
from app.api.answer import answered, only
from app.api.state import state_of
from app.dead_letters import kept
from app.dead_letters.kept import Choice
from app.dead_letters.letter import DeadLetter, State, over_kafka
from app.dead_letters.replay import replay
from app.errors import BadRequest, FieldError, NotFound
from app.events.fields import timestamp
from app.events.refusals import CODES, Invalid
from app.exact import encode
from app.keys import Key

router = APIRouter(tags=["dead letters"])

Admin = Annotated[Key, Depends(needs("admin"))]
MOST_REPLAYED = 1_000
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
# Far enough for any moment that is asked about.
_LATEST = datetime(2100, 12, 31, tzinfo=UTC)

Code = Annotated[str | None, Query(description="why they were refused")]
Source = Annotated[str | None, Query(description="whose they are")]
Type = Annotated[str | None, Query(alias="type", description="the event's type, as it was given")]
Where = Annotated[str | None, Query(alias="state", description="waiting, replayed or discarded")]
Since = Annotated[
    str | None, Query(alias="from", description="received from then on: RFC 3339, or YYYY-MM-DD")
]
Until = Annotated[str | None, Query(alias="to", description="and before then")]
Number = Annotated[int, Field(ge=1, lt=2**63)]


class Chosen(BaseModel):
    """Which of those that wait: those of all that is given."""

    model_config = ConfigDict(extra="forbid", strict=True)

    ids: Annotated[list[Number], Field(max_length=10_000)] | None = None
    code: str | None = None
    source: str | None = None
    type: str | None = None
    since: Annotated[str | None, Field(alias="from")] = None
    until: Annotated[str | None, Field(alias="to")] = None

    def choice(self) -> Choice:
        """The same for the station. Raises `BadRequest`."""
        if self.ids is not None and not self.ids:
            raise _bad("ids", "an empty list chooses nothing; leave it out or name some")
        return Choice(
            ids=tuple(self.ids or ()), code=_code(self.code), source=self.source, type=self.type,
            since=_moment("from", self.since), until=_moment("to", self.until),
        )  # fmt: skip


class ChosenToReplay(Chosen):
    """The same, and where to go on."""

    cursor: str | None = None


@router.get("/v1/dead-letters", summary="What could not be taken")
async def get_dead_letters(
    request: Request, key: Admin, code: Code = None, source: Source = None,
    type_: Type = None, where: Where = None,
    since: Since = None, until: Until = None,
    limit: query.Limit = query.LIMIT, cursor: query.Cursor = None,
) -> Response:  # fmt: skip
    """Dead letters without their bytes, oldest first."""
    del key
    only(request, "code", "source", "type", "state", "from", "to", "limit", "cursor")
    choice = Choice(
        code=_code(code), source=source, type=type_, since=_moment("from", since),
        until=_moment("to", until), state=_state(where),
    )  # fmt: skip
    state = state_of(request)
    async with state.views.open(state.clock()) as view:
        found = await kept.listed(view.reading, choice, after=query.after(cursor), limit=limit + 1)
    following = str(found[limit - 1].id) if len(found) > limit else None
    return answered(
        request, {"as_of": view.as_of, "items": found[:limit], "next_cursor": following}
    )


@router.get("/v1/dead-letters/{number}", summary="One dead letter whole")
async def get_dead_letter(request: Request, key: Admin, number: str) -> Response:
    """One with its bytes, as base64 and, where they are UTF-8, as text; and what is kept with
    them: a Kafka record's key and headers, or what of a request it was read by."""
    del key
    only(request)
    state = state_of(request)
    async with state.views.open(state.clock()) as view:
        letter = await kept.shown(view.reading, _number(number))
    return answered(request, {"as_of": view.as_of, **whole(letter)})


@router.post("/v1/dead-letters/replay", summary="Send dead letters again")
async def post_replay(
    request: Request, key: Admin, chosen: Annotated[ChosenToReplay, Body()]
) -> Response:
    """Send the chosen ones that wait to where they came from, again; at most 1,000 a call.

    Each counts once however often this is called. Go on with `next_cursor` where it is not null.
    """
    del key
    only(request)
    state = state_of(request)
    done = await replay(
        state.database, state.settings, chosen.choice(), door=state.door,
        producer=state.producer, now=state.clock(),
        after=query.after(chosen.cursor), most=MOST_REPLAYED,
    )  # fmt: skip
    answer = {
        "sent": done.sent, "ignored": done.ignored, "refused": done.refused,
        "already": done.already, "next_cursor": None if done.last is None else str(done.last),
    }  # fmt: skip
    return Response(encode(answer), media_type="application/json")


@router.post("/v1/dead-letters/discard", summary="Let dead letters be")
async def post_discard(request: Request, key: Admin, chosen: Annotated[Chosen, Body()]) -> Response:
    """Say of the chosen ones that wait that nobody will replay them; they stay counted."""
    del key
    only(request)
    state, choice = state_of(request), chosen.choice()
    if not choice.anything:
        raise _bad("ids", "say which: ids, code, source, type, from or to")
    async with state.database.writing() as writing:
        already = await kept.settled(writing, choice)
        discarded = await kept.discard(writing, choice, state.clock())
    answer = {"discarded": discarded, "already": already}
    return Response(encode(answer), media_type="application/json")


def whole(letter: DeadLetter) -> dict[str, Any]:
    """A dead letter as JSON holds it."""
    answer = msgspec.to_builtins(letter, builtin_types=(datetime,))
    del answer["payload"]
    if over_kafka(letter):
        key = letter.headers["key"]
        answer["headers"] = [_bytes(value) | {"name": n} for n, value in letter.headers["headers"]]
        answer["key"] = None if key is None else _bytes(key)
        answer["tombstone"] = letter.headers.get("tombstone", False)
    shown = _bytes(base64.b64encode(letter.payload).decode())
    return {**answer, "payload_base64": shown["base64"], "payload_text": shown["text"]}


def _bytes(encoded: str) -> dict[str, str | None]:
    try:
        return {"base64": encoded, "text": base64.b64decode(encoded).decode("utf-8")}
    except UnicodeDecodeError:
        return {"base64": encoded, "text": None}


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise NotFound(f"there is no dead letter {text[:40]!a}")
    return int(text)


def _bad(field: str, detail: str) -> BadRequest:
    return BadRequest(f"{field}: {detail}", errors=(FieldError(field, detail),))


def _code(code: str | None) -> str | None:
    if code is not None and code not in CODES:
        raise _bad("code", f"{code[:40]!a} is none of {', '.join(CODES)}")
    return code


def _state(state: str | None) -> State | None:
    if state is None:
        return None
    if state not in kept.STATES:
        raise _bad("state", f"{state[:40]!a} is none of {', '.join(kept.STATES)}")
    return state  # type: ignore[return-value]


def _moment(field: str, text: str | None) -> datetime | None:
    """An instant, or the start of a date in UTC. Raises `BadRequest`."""
    if text is None:
        return None
    try:
        return timestamp(f"{text}T00:00:00Z" if _DATE.fullmatch(text) else text, field, _LATEST)
    except Invalid as error:
        raise _bad(field, error.detail.removeprefix(f"{field} is ")) from error
