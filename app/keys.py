"""API keys: opaque tokens, of which only a hash is kept, with scopes and, for reading, teams."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime
from typing import Literal

from msgspec import Struct
from sqlalchemy import ARRAY, Column, DateTime, LargeBinary, Table, Text

from app.db import Reading, Writing, metadata
from app.errors import BadRequest, FieldError, NotFound
from app.facts.tables import moment, words

Scope = Literal["events:write", "read", "admin"]
SCOPES: tuple[Scope, ...] = ("events:write", "read", "admin")
PREFIX = "rs_"

api_keys = Table(
    "api_keys",
    metadata,
    words("id", key=True),
    Column("hash", LargeBinary, nullable=False, unique=True),
    words("name", needed=True),
    Column("scopes", ARRAY(Text(collation="C")), nullable=False),
    Column("teams", ARRAY(Text(collation="C"))),
    Column("created_at", DateTime(timezone=True), nullable=False),
    moment("revoked_at"),
)


class Key(Struct, frozen=True):
    """A key as it is listed; `teams` of None sees everything."""

    id: str
    name: str
    scopes: tuple[str, ...]
    teams: tuple[str, ...] | None
    created_at: datetime
    revoked_at: datetime | None

    def allows(self, scope: Scope) -> bool:
        """Whether the key reaches so far; admin reaches everywhere."""
        return scope in self.scopes or "admin" in self.scopes


def hashed(token: str) -> bytes:
    """What is kept of a token. Tokens are long and random, so a plain hash cannot be guessed."""
    return hashlib.sha256(token.encode()).digest()


async def create(
    session: Writing,
    name: str,
    scopes: Collection[str],
    *,
    teams: Collection[str] | None = None,
    now: datetime,
    token: str | None = None,
) -> tuple[str, Key]:
    """Make a key; its token is shown this once. A `token` given becomes the key's.

    Raises `BadRequest` for an unknown scope or for teams on a key that does more than read.
    """
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        detail = f"{', '.join(unknown) or 'none'}; {', '.join(SCOPES)} are the scopes"
        raise BadRequest("unknown scope", errors=(FieldError("scopes", detail),))
    if teams is not None and set(scopes) != {"read"}:
        raise BadRequest("only a read key can be bound to teams",
                         errors=(FieldError("teams", "give it the scope read alone"),))  # fmt: skip
    token = token or PREFIX + secrets.token_urlsafe(32)
    key = Key(
        secrets.token_hex(6), name, tuple(sorted(scopes)),
        None if teams is None else tuple(sorted(teams)), now, None,
    )  # fmt: skip
    await session.run(
        "INSERT INTO api_keys (id, hash, name, scopes, teams, created_at) "
        "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (hash) DO UPDATE "
        "SET revoked_at = NULL, scopes = EXCLUDED.scopes, teams = EXCLUDED.teams",
        key.id, hashed(token), name, list(key.scopes),
        None if key.teams is None else list(key.teams), now,
    )  # fmt: skip
    return token, key


_SELECT = "SELECT id, name, scopes, teams, created_at, revoked_at FROM api_keys "


def _key(record: object) -> Key:
    key_id, name, scopes, teams, created_at, revoked_at = tuple(record)  # type: ignore[arg-type,var-annotated]
    bound = None if teams is None else tuple(teams)
    return Key(key_id, name, tuple(scopes), bound, created_at, revoked_at)


async def find(session: Reading, token: str) -> Key | None:
    """The key of this token, None if there is none or it was revoked."""
    rows = await session.fetch(_SELECT + "WHERE hash = $1 AND revoked_at IS NULL", hashed(token))
    return _key(rows[0]) if rows else None


async def listed(session: Reading) -> list[Key]:
    """Every key, the oldest first, revoked ones too."""
    return [_key(row) for row in await session.fetch(_SELECT + "ORDER BY created_at, id")]


async def revoke(session: Writing, key_id: str, now: datetime) -> None:
    """Let the key open nothing any more. Raises `NotFound`."""
    done = await session.run(
        "UPDATE api_keys SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1", key_id, now
    )
    if done == "UPDATE 0":
        raise NotFound(f"there is no key {key_id!r}")
