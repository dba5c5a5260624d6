"""The embedded broker: its data stays, it dies with its parent, and it runs what is locked."""

import asyncio
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from app.embedded_kafka import Broker, running, runtime
from app.errors import Unavailable
from app.kafka_jars import fetch, locked
from app.producer import Producer, Record, create_topics
from tests.consumers.floor import ROOT, settings
from tests.test_producer import everything


async def test_data_and_address_survive_restarts(bootstrap: str, tmp_path: Path) -> None:
    del bootstrap  # says, once for all, whether a broker can be had here
    async with running(tmp_path / "kafka") as address:
        chosen = settings(address, "kept", topic_partitions=1)
        await create_topics(chosen)
        producer = Producer(chosen)
        await producer.relay([Record("kept.calls", b"k", b"v%d" % n) for n in range(3)])
        await producer.close()
    async with running(tmp_path / "kafka") as again:
        assert again == address
        assert [r.value for r in await everything(chosen, "calls", 3)] == [b"v0", b"v1", b"v2"]


async def test_a_cluster_may_begin_with_a_dash(
    bootstrap: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del bootstrap
    monkeypatch.setattr("uuid.uuid4", lambda: uuid.UUID(bytes=b"\xfb" + bytes(15)))
    broker = Broker(tmp_path)
    await broker.start()
    await broker.stop()
    kept = (tmp_path / "log" / "meta.properties").read_text("utf-8").splitlines()
    assert "cluster.id=-wAAAAAAAAAAAAAAAAAAAA" in kept


async def test_a_broker_that_cannot_start_says_why(bootstrap: str, tmp_path: Path) -> None:
    del bootstrap
    broker = Broker(tmp_path, properties={"log.retention.ms": "soon"})
    with pytest.raises(Unavailable, match=r"log\.retention\.ms"):
        await broker.start()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's own means, of Linux")
def test_it_dies_with_its_parent(bootstrap: str, tmp_path: Path) -> None:
    del bootstrap
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    os.kill(parent.pid, signal.SIGKILL)
    parent.communicate()
    for _ in range(100):
        if not Path(f"/proc/{pid}").exists():
            return
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    pytest.fail("the broker has outlived its parent")


_PARENT = """
import asyncio, sys
from pathlib import Path
from app.embedded_kafka import Broker
async def main():
    broker = Broker(Path(sys.argv[1]))
    await broker.start()
    print(broker._process.pid, flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""


async def test_only_locked_jars_run(bootstrap: str, tmp_path: Path) -> None:
    del bootstrap
    found = await runtime()
    assert len(found.jars) == len(locked())
    smallest = min(locked(), key=lambda a: a["artifactId"] != "kafka-tools-api")
    with pytest.raises(RuntimeError, match=r"SHA-256 \w+, locked is 00"):
        await asyncio.to_thread(fetch, {**smallest, "sha256": "00"}, tmp_path)
    assert os.listdir(tmp_path) == []  # noqa: PTH208
    jar = await asyncio.to_thread(fetch, smallest, tmp_path)
    jar.write_bytes(b"tampered with")
    assert await asyncio.to_thread(fetch, smallest, tmp_path) == jar
    assert jar.stat().st_size > 1_000
