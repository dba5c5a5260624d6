"""Who may: the key of a request, its scopes, and the teams it is bound to."""

import hmac
import time
from collections.abc import Awaitable, Callable

from fastapi import Request

from app.api.state import State, state_of
from app.errors import Forbidden, Unauthorized
from app.keys import Key, Scope, find, hashed
from app.spans import Subject

REMEMBERED_SECONDS = 5.0
MOST_REMEMBERED = 10_000
COOKIE = "ringside_key"


def token_of(request: Request) -> str:
    """The token of the Authorization header, or of the page's cookie on what only reads."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    cookie = request.cookies.get(COOKIE, "")
    if cookie and request.method in ("GET", "HEAD"):
        return cookie
    raise Unauthorized("send the header Authorization: Bearer rs_…")


async def key_of(request: Request) -> Key:
    """The key of a request. Raises `Unauthorized`."""
    state = state_of(request)
    key = await _remembered(state, token_of(request))
    if key is None:
        raise Unauthorized("this API key is not known, or was revoked")
    return key


async def _remembered(state: State, token: str) -> Key | None:
    """The key; what the table said is good for five seconds."""
    digest = hashed(token)
    seen = state.keys.get(digest)
    if seen is not None and time.monotonic() - seen[0] < REMEMBERED_SECONDS:
        return seen[1]
    async with state.database.reading() as reading:
        key = await find(reading, token)
    if len(state.keys) >= MOST_REMEMBERED:
        state.keys.clear()
    state.keys[digest] = (time.monotonic(), key)
    return key


def needs(scope: Scope) -> Callable[[Request], Awaitable[Key]]:
    """A dependency: the request's key, if it has the scope. Raises `Forbidden`."""

    async def admitted(request: Request) -> Key:
        key = await key_of(request)
        if not key.allows(scope):
            raise Forbidden(f"this key has the scopes {', '.join(key.scopes)}, {scope} is needed")
        return key

    return admitted


def within(key: Key, subject: Subject) -> Subject:
    """The subject as the key may see it: a bound key sees days served in its teams only.

    Raises `Forbidden` for another team, and for the company.
    """
    if key.teams is None:
        return subject
    bound = frozenset(key.teams)
    if subject.teams is not None:
        if not subject.teams <= bound:
            raise Forbidden(f"this key is bound to {', '.join(key.teams)}")
        return subject
    if subject.rep_id is None:
        raise Forbidden(f"this key is bound to {', '.join(key.teams)}, and not to the company")
    return Subject(rep_id=subject.rep_id, teams=bound)


def same(one: str, other: str) -> bool:
    """Whether two secrets are the same, in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())
