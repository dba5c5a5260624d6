"""How fast boards are answered over HTTP while events come in.

    python -m bench.http [--reps 10000] [--days 62] [--clients 50] [--rate 5000] [--seconds 10]

An API process on a database of its own; beside it a process that takes events in through the door,
`--rate` a second in four batches a second, as a consumer does; and so many clients, each asking for
a board once a second. Prints the latencies without and with events, the rate that was reached, how
many answers a second all clients get who never pause, and how long an event that is posted takes
until the rep's figures show it.
"""

import argparse
import asyncio
import json
import os
import random
import socket
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app import keys
from app.db import Database
from app.events.decode import decode_structured
from app.events.types import Event
from app.ingest import Door
from app.settings import read
from bench.boards import filled, told
from bench.load import calls

BOARDS = (
    "calls?limit=100", "conversations?limit=100", "answer_rate?limit=100",
    "calls?period=month&limit=100", "revenue?period=month&limit=100",
    "revenue?period=ttm&limit=100",
)  # fmt: skip
SETTINGS = {"RINGSIDE_SECRET": "bench", "LOG_LEVEL": "ERROR"}
BATCHES_A_SECOND = 4


class Client:
    """A keep-alive connection that reads whole answers, and little else."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._token = token
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, path: str, body: bytes = b"") -> bytes:
        """GET, or POST an event; the answer's body. Raises `RuntimeError` for a refusal."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(
            f"{'POST' if body else 'GET'} {path} HTTP/1.1\r\nHost: bench\r\n"
            f"Authorization: Bearer {self._token}\r\nContent-Length: {len(body)}\r\n"
            "Content-Type: application/cloudevents+json\r\n\r\n".encode()
            + body
        )
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length:")[1].split("\r\n")[0])
        answer = await reader.readexactly(length)
        if " 200 " not in head.split("\r\n")[0]:
            raise RuntimeError(f"{path}: {head.splitlines()[0]} {answer[:300]!r}")
        return answer


async def watch(clients: Sequence[Client], seconds: float, pause: float) -> list[float]:
    """The latencies of clients that each ask for some board, and again after a pause."""
    draw, ends, taken = random.Random(7), time.perf_counter() + seconds, []

    async def one(client: Client) -> None:
        await asyncio.sleep(draw.random() * pause)
        while (started := time.perf_counter()) < ends:
            await client.ask("/v1/leaderboards/" + draw.choice(BOARDS))
            taken.append(time.perf_counter() - started)
            await asyncio.sleep(max(0.0, pause - taken[-1]))

    await asyncio.gather(*map(one, clients))
    return taken


async def freshness(client: Client, count: int) -> list[float]:
    """Seconds from posting a call to its rep's figures with it."""
    taken = []
    path = "/v1/reps/rep-00001/kpis?kpi=calls"
    before = json.loads(await client.ask(path))["kpis"]["calls"]["value"]
    now = datetime.now(UTC) - timedelta(minutes=1)
    for event in calls(count, start=now, seed=time.time_ns()):
        body = json.loads(event)
        body["data"]["rep_id"] = "rep-00001"
        body["data"]["direction"] = "outbound"
        started = time.perf_counter()
        await client.ask("/v1/events", json.dumps(body).encode())
        while json.loads(await client.ask(path))["kpis"]["calls"]["value"] == before:
            pass
        before += 1
        taken.append(time.perf_counter() - started)
    return taken


async def feed(dsn: str, rate: int, seconds: float) -> None:
    """Take events in, `rate` a second, and print how many a second it was."""
    database = Database(dsn)
    door = Door(database, read(SETTINGS))
    now = datetime.now(UTC)
    begun = time.perf_counter()
    taken, batch = 0, rate // BATCHES_A_SECOND
    for number in range(int(seconds * BATCHES_A_SECOND)):
        arrivals = [
            decode_structured(event, now=now + timedelta(days=1), currency="USD")
            for event in calls(batch, start=now - timedelta(minutes=5), seed=time.time_ns())
        ]
        await door.take([a for a in arrivals if isinstance(a, Event)], now=now)
        taken += batch
        due = begun + (number + 1) / BATCHES_A_SECOND
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        if time.perf_counter() > begun + seconds:
            break
    print(f"{taken / (time.perf_counter() - begun):,.0f}")
    await database.close()


@asynccontextmanager
async def api(dsn: str) -> AsyncIterator[int]:
    """The port of an API process on the database."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app.cli", "api", "--host", "127.0.0.1", "--port", str(port),
        env={**os.environ, **SETTINGS, "DATABASE_URL": dsn}, cwd=Path(__file__).parents[1],
    )  # fmt: skip
    try:
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            except OSError:
                await asyncio.sleep(0.05)
        yield port
    finally:
        process.terminate()
        await process.wait()


async def main(reps: int, days: int, clients: int, rate: int, seconds: float) -> None:
    """Fill, serve, ask, print."""
    async with filled(reps, days, datetime.now(UTC).date()) as (database, dsn):
        async with database.writing() as session:
            token, _ = await keys.create(session, "bench", ["admin"], now=datetime.now(UTC))
        async with api(dsn) as port:
            someone = Client(port, token)
            for board in BOARDS:
                await someone.ask("/v1/leaderboards/" + board)

            def everyone() -> list[Client]:  # connections that idle are closed meanwhile
                return [Client(port, token) for _ in range(clients)]

            print(f"{reps:,} reps, {clients} clients, {len(BOARDS)} boards; ms")
            say("each asks once a second", told(await watch(everyone(), seconds, 1)))
            async with feeding(dsn, rate, seconds + 2) as rates:
                say("while events come in", told(await watch(everyone(), seconds, 1)))
                say("event to figure meanwhile", told(await freshness(Client(port, token), 20)))
            say("", f"at {rates[0]} events/s of {rate:,} asked for")
            say("event to figure, no others", told(await freshness(Client(port, token), 50)))
            busy = await watch(everyone(), seconds / 2, 0)
            say("nobody pauses", f"{told(busy)}   {len(busy) / seconds * 2:,.0f} answers/s")


def say(what: str, figures: str) -> None:
    """A line of the table."""
    print(f"{what:<28} {figures}", flush=True)


@asynccontextmanager
async def feeding(dsn: str, rate: int, seconds: float) -> AsyncIterator[list[str]]:
    """A process beside us that takes events in; after the block the rate that it reached."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.http", "--feed", dsn, "--rate", str(rate),
        "--seconds", str(seconds), stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[1],
    )  # fmt: skip
    rates: list[str] = []
    yield rates
    said, _ = await process.communicate()
    rates.append(said.decode().strip())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reps", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=62)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--rate", type=int, default=5_000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--feed", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.feed:
        asyncio.run(feed(given.feed, given.rate, given.seconds))
    else:
        asyncio.run(main(given.reps, given.days, given.clients, given.rate, given.seconds))
