"""API keys: only their hashes are kept; revoked ones open nothing."""

from datetime import UTC, datetime

import pytest

from app import keys
from app.db import Database
from app.errors import BadRequest, NotFound

NOW = datetime(2026, 11, 20, tzinfo=UTC)


async def test_a_key_is_found_by_its_token_until_it_is_revoked(database: Database) -> None:
    async with database.writing() as session:
        token, key = await keys.create(session, "bi", ["read"], teams=["West"], now=NOW)
    async with database.reading() as session:
        assert await keys.find(session, token) == key
        assert await keys.find(session, token + "x") is None
        kept = str(await session.fetch("SELECT * FROM api_keys"))
    assert token.startswith("rs_")
    assert token not in kept
    assert (key.allows("read"), key.allows("events:write"), key.allows("admin")) == (
        True, False, False,
    )  # fmt: skip
    async with database.writing() as session:
        await keys.revoke(session, key.id, NOW)
    async with database.reading() as session:
        assert await keys.find(session, token) is None
        assert [k.revoked_at for k in await keys.listed(session)] == [NOW]


async def test_what_no_key_can_be(database: Database) -> None:
    async with database.writing() as session:
        for scopes, teams in (([], None), (["rule"], None), (["read", "admin"], ["West"])):
            with pytest.raises(BadRequest):
                await keys.create(session, "x", scopes, teams=teams, now=NOW)
        with pytest.raises(NotFound):
            await keys.revoke(session, "nothing", NOW)


async def test_a_given_token_stays_one_key(database: Database) -> None:
    async with database.writing() as session:
        await keys.create(session, "env", ["admin"], now=NOW, token="given")
        await keys.create(session, "env", ["admin"], now=NOW, token="given")
        assert len(await keys.listed(session)) == 1
