"""The service at a fixed moment with keys, fed through its own door, for the tests of the API."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2
from fastapi import FastAPI

from app import keys
from app.db import Database
from app.main import create_app
from app.settings import read

NOW = datetime(2026, 11, 20, 20, tzinfo=UTC)  # a Friday, 13:00 in Denver
BATCH = "application/cloudevents-batch+json"


def event(kind: str, name: str, /, **data: Any) -> dict[str, Any]:
    """A CloudEvent of ours."""
    return {
        "specversion": "1.0",
        "id": name,
        "source": "pbx",
        "type": f"ringside.{kind}.v1",
        "data": data,
    }


def rep(rep_id: str, team: str | None, **over: Any) -> dict[str, Any]:
    data = {"rep_id": rep_id, "name": f"Name of {rep_id}", "team": team,
            "time_zone": "America/Denver", **over}  # fmt: skip
    return event("rep.recorded", f"rep {rep_id} {over}", **data)


def call(number: int, rep_id: str, **over: Any) -> dict[str, Any]:
    """An answered outbound call of 190 s of talk, at 18:00 UTC on the 20th."""
    data = {
        "call_id": f"c{number}", "rep_id": rep_id, "direction": "outbound",
        "customer": {"customer_id": f"k{number}"}, "started_at": "2026-11-20T18:00:00Z",
        "answered_at": "2026-11-20T18:00:10Z", "ended_at": "2026-11-20T18:03:20Z",
        "outcome": "connected", **over,
    }  # fmt: skip
    return event("call.ended", f"call {number} {rep_id} {sorted(over)}", **data)


@dataclass
class Desk:
    """The service, and a client for each kind of key."""

    app: FastAPI
    admin: httpx2.AsyncClient
    writer: httpx2.AsyncClient
    reader: httpx2.AsyncClient
    west: httpx2.AsyncClient
    nobody: httpx2.AsyncClient

    async def post(self, events: Sequence[dict[str, Any]], status: int = 200) -> Any:
        """Send a batch."""
        answer = await self.writer.post(
            "/v1/events", content=json.dumps(events), headers={"content-type": BATCH}
        )
        assert answer.status_code == status, answer.text
        return answer.json()

    async def get(self, path: str, status: int = 200, **params: str) -> Any:
        """Ask as a reader."""
        answer = await self.reader.get(path, params=params)
        assert answer.status_code == status, answer.text
        return answer.json()


@asynccontextmanager
async def serving(database: Database, **over: Any) -> AsyncIterator[Desk]:
    """The service, for as long as the block runs."""
    async with database.writing() as writing:
        tokens = [
            (await keys.create(writing, name, scopes, teams=teams, now=NOW))[0]
            for name, scopes, teams in (
                ("admin", ["admin"], None), ("writer", ["events:write"], None),
                ("reader", ["read"], None), ("west", ["read"], ["West"]),
            )
        ]  # fmt: skip
    settings = read({}, secret="s", default_zone="UTC", **over)
    app = create_app(settings, database, clock=lambda: NOW)
    clients = [
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app, raise_app_exceptions=False),
            base_url="http://ringside.test",
            headers={"authorization": f"Bearer {token}"} if token else {},
        )
        for token in (*tokens, None)
    ]
    try:
        yield Desk(app, *clients)
    finally:
        for client in clients:
            await client.aclose()
