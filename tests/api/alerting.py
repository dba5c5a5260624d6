"""The service with a floor, keys and a watch, at a fixed moment, for the tests of alerts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from app import keys
from app.alerts.watch import Watch
from app.db import Database
from app.main import create_app
from tests.alerts.given import NOON, a_watch, put_sums
from tests.sums_put_in import announce, november, settings

TOO_MANY = {"name": "Too many missed", "kpi": "missed_inbound", "operator": ">", "threshold": 3}


@dataclass
class Service:
    """A client for each kind of key: admin, reader, a reader bound to West, one without a key."""

    database: Database
    watch: Watch
    admin: httpx2.AsyncClient
    reader: httpx2.AsyncClient
    west: httpx2.AsyncClient
    nobody: httpx2.AsyncClient

    async def missed(self, **by_rep: int) -> None:
        """Let reps miss calls today, and have it judged."""
        days = {(rep, november(20)): {"missed_inbound": n} for rep, n in by_rep.items()}
        await put_sums(self.database, days)
        await self.watch.evaluate(NOON)


async def got(client: httpx2.AsyncClient, path: str, status: int = 200) -> Any:
    response = await client.get(path)
    assert response.status_code == status, response.text
    return response.json()


async def sent(
    client: httpx2.AsyncClient, method: str, path: str, body: object = None, status: int = 200
) -> Any:
    response = await client.request(method, path, json=body)
    assert response.status_code == status, response.text
    return response.json() if response.content else None


async def refused(
    client: httpx2.AsyncClient, method: str, path: str, body: object
) -> list[tuple[str, str]]:
    """The fields that are wrong, and what is wrong with each."""
    problem = await sent(client, method, path, body, 422)
    assert problem["title"] == "The request cannot be understood"
    return [(error["field"], error["detail"]) for error in problem["errors"]]


@asynccontextmanager
async def serving(database: Database) -> AsyncIterator[Service]:
    """Ada and Bo of West, Cy of East, and everybody's keys."""
    for rep_id, name, team in (("r1", "Ada", "West"), ("r2", "Bo", "West"), ("r3", "Cy", "East")):
        await announce(database, rep_id, name, team)
    async with database.writing() as writing:
        tokens = [
            (await keys.create(writing, name, scopes, teams=teams, now=NOON))[0]
            for name, scopes, teams in (
                ("boss", ["admin"], None), ("reader", ["read"], None), ("west", ["read"], ["West"]),
            )
        ]  # fmt: skip
    app = create_app(settings(), database, clock=lambda: NOON)
    clients = [
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app, raise_app_exceptions=False),
            base_url="http://ringside.test",
            headers={"authorization": f"Bearer {token}"} if token else {},
        )
        for token in (*tokens, None)
    ]
    yield Service(database, a_watch(database), *clients)
    for client in clients:
        await client.aclose()
