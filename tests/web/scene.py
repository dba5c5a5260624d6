"""A small floor for the page: two teams, hostile names, known figures; served for a browser."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2
import uvicorn
from fastapi import FastAPI

from app import settings
from app.db import Database
from app.keys import create
from app.main import create_app

NOW = datetime(2026, 11, 18, 15, 30, tzinfo=UTC)
ADMIN, WEST_ONLY, WRITER = "rs_admin", "rs_west", "rs_writer"
EVIL = '"><script>window.hacked=1</script><img src=x onerror="window.hacked=1">'

# rep, name, team, minutes of each conversation, price of each order
PEOPLE = (
    ("r1", "Ada Berg", "West", (3, 4, 5), ("100.00", "20.50")),
    ("r2", "Ben Okafor", "West", (10,), ()),
    ("r3", EVIL, "East & <b>Co</b>", (2, 2), ("7.25",)),
    ("r4", "Zoe Lange", "East & <b>Co</b>", (), ()),
)


class Clock:
    """The service's clock, which tests move."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Scene:
    """The service with the floor in it."""

    app: FastAPI
    client: httpx2.AsyncClient
    clock: Clock

    async def send(self, *events: dict[str, Any]) -> None:
        """Put events in over the public door."""
        answer = await self.client.post(
            "/v1/events",
            json=list(events),
            headers={"Authorization": f"Bearer {ADMIN}",
                     "Content-Type": "application/cloudevents-batch+json"},
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
        assert answer.json()["rejected"] == []

    async def refuse(self) -> None:
        """Send what cannot be taken: a hostile source with a type nobody knows."""
        bad = {**event("faxes.sent", "f1", {}), "source": EVIL}
        await self.client.post("/v1/events", json=bad, headers={"Authorization": f"Bearer {ADMIN}"})


def event(kind: str, name: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"specversion": "1.0", "id": name, "source": "test", "data": data,
            "type": f"ringside.{kind}.v1"}  # fmt: skip


def call(rep_id: str, number: int, minutes: int) -> dict[str, Any]:
    return event("call.ended", f"{rep_id}-c{number}", {
        "call_id": f"{rep_id}-c{number}", "rep_id": rep_id, "direction": "outbound",
        "started_at": f"2026-11-18T14:{number:02d}:00Z",
        "answered_at": f"2026-11-18T14:{number:02d}:05Z",
        "ended_at": f"2026-11-18T15:{number:02d}:05Z", "talk_seconds": minutes * 60,
        "outcome": "connected",
    })  # fmt: skip


def late(name: str, call_id: str, rep_id: str = "r1", **over: Any) -> dict[str, Any]:
    """A call of the 10th, which has long been closed."""
    data = {
        "call_id": call_id, "rep_id": rep_id, "direction": "outbound", "outcome": "connected",
        "started_at": "2026-11-10T18:00:00Z", "answered_at": "2026-11-10T18:00:10Z",
        "ended_at": "2026-11-10T18:13:20Z", "talk_seconds": 45, **over,
    }  # fmt: skip
    return {**event("call.ended", name, data), "source": "twilio"}


def order(rep_id: str, number: int, price: str) -> dict[str, Any]:
    return event("order.recorded", f"{rep_id}-o{number}", {
        "order_id": f"{rep_id}-o{number}", "rep_id": rep_id, "status": "confirmed",
        "currency": "USD", "placed_at": "2026-11-18T15:00:00Z",
        "lines": [{"line_id": "1", "quantity": "1", "unit_price": price}],
    })  # fmt: skip


def everything() -> list[dict[str, Any]]:
    found = []
    for rep_id, name, team, talks, prices in PEOPLE:
        found.append(event("rep.recorded", rep_id, {
            "rep_id": rep_id, "name": name, "team": team, "time_zone": "America/Denver",
        }))  # fmt: skip
        found += [call(rep_id, number, minutes) for number, minutes in enumerate(talks)]
        found += [order(rep_id, number, price) for number, price in enumerate(prices)]
    return found


@asynccontextmanager
async def scene(database: Database) -> AsyncIterator[Scene]:
    """The service on `database`, with three keys and the floor."""
    clock = Clock()
    app = create_app(settings.read({"RINGSIDE_SECRET": "of the tests"}), database, clock=clock)
    async with database.writing() as session:
        await create(session, "admin", ["admin"], now=NOW, token=ADMIN)
        await create(session, "west", ["read"], teams=["West"], now=NOW, token=WEST_ONLY)
        await create(session, "writer", ["events:write"], now=NOW, token=WRITER)
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://ringside.test") as client:
        made = Scene(app, client, clock)
        await made.send(*everything())
        yield made


@asynccontextmanager
async def served(app: FastAPI, port: int = 0) -> AsyncIterator[str]:
    """The app on a port of this machine; its address."""
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", port))
    serving = asyncio.create_task(server.serve(sockets=[bound]))
    try:
        while not server.started:  # noqa: ASYNC110 - it has no event to wait for
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    finally:
        app.state.ringside.live.close()
        server.should_exit = True
        await serving
        bound.close()
