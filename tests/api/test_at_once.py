"""A server that remembers boards, sheets and answers shows what a repair or a rebuild changed at
once: both come from another process.
"""

import httpx2

from app import keys
from app.db import Database
from app.ingest import Door
from app.main import create_app
from app.rebuild import rebuild
from app.settings import Settings, read
from app.start import settle_definition
from app.verify import mend
from tests.test_ingest import NOW, SETTINGS, call

LOW = read({}, secret="s", conversation_floor=60)
PERIODS = ("period=day&date=2026-11-20", "period=ttm&date=2026-11-20")


class Server:
    """A running server, asked for a board and a rep's figure of a day and of twelve months."""

    def __init__(self, database: Database, settings: Settings, token: str) -> None:
        self._client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(create_app(settings, database, clock=lambda: NOW)),
            base_url="http://ringside",
            headers={"Authorization": f"Bearer {token}"},
        )

    async def shows(self, kpi: str) -> set[int]:
        """What it says; one number where all agree."""
        found = set()
        for period in PERIODS:
            board = await self._client.get(f"/v1/leaderboards/{kpi}?{period}")
            found.add(board.json()["entries"][0]["value"])
            figure = await self._client.get(f"/v1/reps/r1/kpis?{period}&kpi={kpi}")
            found.add(figure.json()["kpis"][kpi]["value"])
        return found


async def served(database: Database, settings: Settings) -> Server:
    """A server on a database with a call of 70 s."""
    await settle_definition(database, SETTINGS, NOW)
    await Door(database, SETTINGS).take([call("a", talk_seconds=70)], now=NOW)
    async with database.writing() as session:
        token, _ = await keys.create(session, "t", ["admin"], now=NOW)
    return Server(database, settings, token)


async def test_after_a_repair(database: Database) -> None:
    server = await served(database, SETTINGS)
    async with database.writing() as session:
        for table in ("rep_days", "rep_months"):
            await session.run(f"UPDATE {table} SET talk_time = 7")
    assert await server.shows("talk_time") == {7}
    await mend(database, SETTINGS, clock=lambda: NOW, progress=lambda done, total: None)
    assert await server.shows("talk_time") == {70}


async def test_after_a_rebuild(database: Database) -> None:
    server = await served(database, LOW)
    assert await server.shows("conversations") == {0}
    await rebuild(database, LOW, clock=lambda: NOW, progress=lambda done, total: None)
    assert await server.shows("conversations") == {1}
