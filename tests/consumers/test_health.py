"""`/metrics`, `/livez` and `/readyz` of a consumer, from start to a stop it must survive."""

import asyncio
import socket

import httpx2

from app.db import Database
from app.producer import Record
from tests.consumers.floor import call, consuming, produce, settings, structured, until_taken
from tests.proxy import proxied


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_health_and_metrics(database: Database, bootstrap: str, prefix: str) -> None:
    chosen = settings(bootstrap, prefix)
    good = [structured(f"{prefix}.calls", b"r1", call(n)) for n in range(60)]
    await produce(chosen, [*good, Record(f"{prefix}.calls", b"r1", None)])
    url, port = database.engine.url, free_port()
    async with proxied(str(url.host), url.port or 5432) as proxy:
        through = url.set(drivername="postgresql", host="127.0.0.1", port=proxy.port)
        environ = {
            "DATABASE_URL": through.render_as_string(hide_password=False),
            "RINGSIDE_METRICS_PORT": str(port),
        }
        async with (
            consuming(chosen, database, **environ) as process,
            httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
        ):
            await until_taken(database, 61)
            await until(client, "/readyz", 200, "ready\n")
            metrics = (await client.get("/metrics")).text
            assert "ringside_batch_events_sum 61.0" in metrics
            assert 'ringside_dead_letters_total{code="empty"} 1.0' in metrics
            taken = '{outcome="accepted",source="floor",type="call.ended"} 60.0'
            assert f"ringside_events_total{taken}" in metrics
            await asyncio.sleep(1.2)
            metrics = (await client.get("/metrics")).text
            lines = [x for x in metrics.splitlines() if x.startswith("ringside_consumer_lag{")]
            assert len(lines) == 20
            assert all(line.endswith(" 0.0") for line in lines)
            assert (await client.get("/nothing")).status_code == 404

            await proxy.cut()
            await until(client, "/readyz", 503, "PostgreSQL")
            assert (await client.get("/livez")).text == "alive\n"
            await proxy.open()
            await until(client, "/readyz", 200, "ready\n")
            process.terminate()
            assert await asyncio.wait_for(process.wait(), 10) == 0


async def until(client: httpx2.AsyncClient, path: str, status: int, text: str) -> None:
    """Ask until the answer is as it should be."""
    async with asyncio.timeout(20):
        while True:
            answer = await client.get(path)
            if answer.status_code == status and text in answer.text:
                return
            await asyncio.sleep(0.1)
