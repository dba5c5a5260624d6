"""Notices on their way to a real receiver: down, slow, broken, and back."""

import asyncio
import base64
import hashlib
import hmac
import json
import socket
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from app import metrics
from app.alerts import outbox
from app.alerts.notify import (
    LONGEST_DELAY,
    MOST_ATTEMPTS,
    Courier,
    Sender,
    Undeliverable,
    delay,
)
from app.alerts.outbox import LEASE, Notice, Sink
from app.db import Database
from tests.alerts.given import NOON, a_watch, put_rule, put_sums, rows
from tests.alerts.receiver import Received, receiving
from tests.sums_put_in import announce, november

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SECOND = timedelta(seconds=1)


def a_sink(url: str, sink_id: str = "sink_1") -> Sink:
    return Sink(
        id=sink_id, name=f"desk of {sink_id}", url=url, secret=SECRET, enabled=True,
        created_at=NOON,
    )  # fmt: skip


@pytest.fixture
async def sender() -> AsyncIterator[Sender]:
    one = Sender(public_only=False, deadline=0.5)
    yield one
    await one.close()


@pytest.fixture
async def public_sender() -> AsyncIterator[Sender]:
    one = Sender(public_only=True, deadline=0.5)
    yield one
    await one.close()


class Moving:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Moving:
    return Moving()


@pytest.fixture
def courier(database: Database, sender: Sender, clock: Moving) -> Courier:
    return Courier(database, sender, clock)


async def go(courier: Courier) -> None:
    await courier.step()
    await courier.idle()


async def put_out(database: Database, sinks: list[Sink], *notices: Notice) -> None:
    async with database.writing() as writing:
        for sink in sinks:
            await outbox.keep_sink(writing, sink)
        await outbox.post(writing, notices, NOON)


async def kept(database: Database) -> list[tuple[Any, ...]]:
    return await rows(database, "SELECT id, state, attempts, error FROM notices ORDER BY seq")


def signature(received: Received) -> str:
    """Worked out anew, as a receiver does."""
    key = base64.b64decode(SECRET[6:])
    headers = received.headers
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + received.body
    return "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()


async def test_a_notice_is_posted_and_signed(sender: Sender) -> None:
    async with receiving() as receiver:
        await sender.send(a_sink(receiver.url), "msg_1", b'{"a":1}', NOON)
    (received,) = receiver.received
    assert (received.path, received.body) == ("/hook", b'{"a":1}')
    assert {name: received.headers[name] for name in (
        "content-type", "webhook-id", "webhook-timestamp", "user-agent", "host",
    )} == {
        "content-type": "application/json", "webhook-id": "msg_1",
        "webhook-timestamp": str(int(NOON.timestamp())), "user-agent": "Ringside",
        "host": f"127.0.0.1:{receiver.port}",
    }  # fmt: skip
    assert received.headers["webhook-signature"] == signature(received)


@pytest.mark.parametrize("answer", ["200", "204", "299", "200 die", "200 endless"])
async def test_what_counts_as_delivered(sender: Sender, answer: str) -> None:
    async with receiving(answer) as receiver:
        await sender.send(a_sink(receiver.url), "msg_1", b"{}", NOON)


@pytest.mark.parametrize(
    ("answer", "error", "final"),
    [
        ("500", "answered 500", False),
        ("404", "answered 404", False),
        ("302", "answered 302", False),
        ("410", "answered 410", True),
        ("hang", "no answer within 0.5 s", False),
        ("die", "Server disconnected without sending a response.", False),
    ],
)
async def test_what_does_not(sender: Sender, answer: str, error: str, final: bool) -> None:
    async with receiving(answer) as receiver:
        with pytest.raises(Undeliverable) as caught:
            await sender.send(a_sink(receiver.url), "msg_1", b"{}", NOON)
    assert (str(caught.value), caught.value.final) == (error, final)
    assert [received.path for received in receiver.received] == ["/hook"]


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@pytest.mark.parametrize("url", ["http://127.0.0.1:{}/", "http://no-such-host.invalid:{}/"])
async def test_nobody_there(sender: Sender, url: str) -> None:
    with pytest.raises(Undeliverable):
        await sender.send(a_sink(url.format(closed_port())), "msg_1", b"{}", NOON)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "10.0.0.1", "169.254.169.254", "[::ffff:127.0.0.1]",
             "0.0.0.0", "224.0.0.1", "2130706433"],
)  # fmt: skip
async def test_public_addresses_only(public_sender: Sender, host: str) -> None:
    async with receiving() as receiver:
        url = f"http://{host}:{receiver.port}/hook"
        with pytest.raises(Undeliverable, match="which is not a public address"):
            await public_sender.send(a_sink(url), "msg_1", b"{}", NOON)
    assert receiver.received == []


async def test_the_address_looked_at_is_the_one_connected_to(
    public_sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that is public at the first look leads nowhere else at the second."""
    seen: list[tuple[str, str]] = []

    async def lookup(_: object, host: str, port: int, **__: object) -> list[Any]:
        seen.append(("looked up", host))
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", port))]

    async def connect(_: object, __: object, host: str, port: int, **___: object) -> None:
        seen.append(("connected to", host))
        raise OSError("no further")

    loop = asyncio.get_running_loop().__class__
    monkeypatch.setattr(loop, "getaddrinfo", lookup)
    monkeypatch.setattr(loop, "create_connection", connect)
    with pytest.raises(Undeliverable):
        await public_sender.send(a_sink("http://rebinding.test/"), "msg_1", b"{}", NOON)
    assert seen == [("looked up", "rebinding.test"), ("connected to", "8.8.8.8")]


def test_delays_double_up_to_an_hour_with_up_to_half_taken_off() -> None:
    assert [delay(n, 0) for n in (1, 2, 3, 10, 11, 99)] == [
        5, 10, 20, 2560, LONGEST_DELAY, LONGEST_DELAY,
    ]  # fmt: skip
    assert [delay(n, 1) for n in (1, 2, 11)] == [2.5, 5, LONGEST_DELAY / 2]
    # All attempts together take a receiver through some hours of being away.
    assert 4 * 3600 < sum(delay(n, 0.5) for n in range(1, MOST_ATTEMPTS)) < 12 * 3600


async def test_a_receiver_that_is_down_gets_the_same_notice_when_it_is_back(
    database: Database, courier: Courier, clock: Moving
) -> None:
    async with receiving("500", "hang", "200") as receiver:
        await put_out(database, [a_sink(receiver.url)], Notice("msg_1", None, '{"n":1}'))
        await go(courier)
        assert await kept(database) == [("msg_1", "waiting", 1, "answered 500")]
        ((next_at,),) = await rows(database, "SELECT next_at FROM notices")
        assert NOON + 2.5 * SECOND <= next_at <= NOON + 5 * SECOND
        clock.now = next_at - SECOND / 10
        await go(courier)
        assert len(receiver.received) == 1
        clock.now = next_at
        await go(courier)
        assert await kept(database) == [("msg_1", "waiting", 2, "no answer within 0.5 s")]
        clock.now += 10 * SECOND
        await go(courier)
    assert await kept(database) == [("msg_1", "sent", 3, None)]
    assert {(r.headers["webhook-id"], r.body) for r in receiver.received} == {("msg_1", b'{"n":1}')}
    assert len({r.headers["webhook-timestamp"] for r in receiver.received}) == 3
    assert [r.headers["webhook-signature"] == signature(r) for r in receiver.received] == [True] * 3


async def test_after_so_many_attempts_it_is_given_up_until_somebody_says_otherwise(
    database: Database, courier: Courier, clock: Moving
) -> None:
    async with receiving("500") as receiver:
        await put_out(database, [a_sink(receiver.url)], Notice("msg_1", None, "{}"))
        for _ in range(MOST_ATTEMPTS + 2):
            await go(courier)
            clock.now += timedelta(hours=2)
        assert await kept(database) == [("msg_1", "dead", MOST_ATTEMPTS, "answered 500")]
        assert len(receiver.received) == MOST_ATTEMPTS
        receiver.answers = ["200"]
        async with database.writing() as writing:
            assert await outbox.retry_dead(writing, "sink_1", clock.now) == 1
        await go(courier)
    assert await kept(database) == [("msg_1", "sent", 1, None)]


async def test_gone_is_gone(database: Database, courier: Courier) -> None:
    async with receiving("410") as receiver:
        await put_out(database, [a_sink(receiver.url)], Notice("msg_1", None, "{}"))
        await go(courier)
    assert await kept(database) == [("msg_1", "dead", 1, "answered 410")]


async def test_a_slow_sink_holds_up_nobody_else(database: Database, courier: Courier) -> None:
    async with receiving("hang") as slow, receiving() as quick:
        sinks = [a_sink(slow.url, "sink_1"), a_sink(quick.url, "sink_2")]
        notices = [Notice(f"msg_{n}", None, "{}") for n in range(12)]
        await put_out(database, sinks, *notices)
        await courier.step()
        async with asyncio.timeout(0.4):
            while len(quick.received) < 12:  # noqa: ASYNC110 - a socket's other end
                await asyncio.sleep(0.01)
        assert len(slow.received) <= 5
        await courier.idle()


async def test_one_that_died_after_sending_sends_it_once_more(
    database: Database, courier: Courier, clock: Moving
) -> None:
    async with receiving() as receiver:
        await put_out(database, [a_sink(receiver.url)], Notice("msg_1", None, "{}"))
        async with database.writing() as writing:
            (taken,) = await outbox.take(writing, "sink_1", NOON, 5)
        await go(courier)  # it is somebody's
        assert receiver.received == []
        clock.now = NOON + LEASE
        await go(courier)
        # The one that was thought dead comes back: it does not undo what happened since.
        async with database.writing() as writing:
            await outbox.mark_failed(writing, taken, "late", None)
    assert await kept(database) == [("msg_1", "sent", 2, None)]


async def test_the_notices_of_an_alert_come_in_order(
    database: Database, courier: Courier, clock: Moving
) -> None:
    await announce(database, "r1", "Ada", "West")
    await put_rule(database)
    watch = a_watch(database)
    async with receiving("500", "500", "200") as receiver:
        async with database.writing() as writing:
            await outbox.keep_sink(writing, a_sink(receiver.url))
        for second, count in enumerate((4, 0, 5)):
            await put_sums(database, {("r1", november(20)): {"missed_inbound": count}})
            clock.now = NOON + second * SECOND
            await watch.evaluate(clock.now)
            await go(courier)
        assert len(receiver.received) == 1  # the later ones wait for the first
        for _ in range(3):
            clock.now += timedelta(minutes=1)
            await go(courier)
    assert [json.loads(r.body)["type"] for r in receiver.received] == [
        "alert.firing", "alert.firing", "alert.firing", "alert.resolved", "alert.firing",
    ]  # fmt: skip
    body = json.loads(receiver.received[0].body)
    ((alert_id, rule_id),) = await rows(database, "SELECT id, rule_id FROM alerts")
    assert body == {
        "type": "alert.firing", "timestamp": "2026-11-20T19:00:00Z",
        "data": {
            "id": alert_id, "rule_id": rule_id, "rule": "Too many missed", "severity": "warning",
            "state": "firing", "reason": "confirmed", "rep_id": "r1", "name": "Ada",
            "team": "West", "kpi": "missed_inbound",
            "period": {"kind": "day", "start": "2026-11-20", "end": "2026-11-21",
                       "time_zone": "America/Denver"},
            "operator": ">", "threshold": 3, "recover_at": None, "value": 4, "denominator": None,
            "pending_at": "2026-11-20T19:00:00Z", "firing_at": "2026-11-20T19:00:00Z",
            "resolved_at": None, "acknowledged_at": None, "acknowledged_by": None,
        },
    }  # fmt: skip
    ids = [r.headers["webhook-id"] for r in receiver.received]
    assert (len(set(ids[:3])), len(set(ids))) == (1, 3)


async def test_a_sink_that_is_off_gets_nothing(database: Database, courier: Courier) -> None:
    async with receiving() as receiver:
        off = Sink(**{**{f: getattr(a_sink(receiver.url), f) for f in Sink.__struct_fields__},
                      "enabled": False})  # fmt: skip
        await put_out(database, [off], Notice("msg_1", None, "{}"))
        await go(courier)
    assert (await kept(database), receiver.received) == ([], [])


async def test_what_was_sent_long_ago_is_forgotten(
    database: Database, courier: Courier, clock: Moving
) -> None:
    async with receiving("200", "500") as receiver:
        notices = [Notice("msg_1", None, "{}"), Notice("msg_2", None, "{}")]
        await put_out(database, [a_sink(receiver.url)], notices[0])
        await go(courier)
        await put_out(database, [], notices[1])
        await go(courier)
        clock.now += timedelta(days=31)
        receiver.answers = ["500"]
        await go(courier)
    assert [row[:2] for row in await kept(database)] == [("msg_2", "waiting")]


async def test_it_runs_until_it_is_told_to_stop(database: Database, courier: Courier) -> None:
    stopping = asyncio.Event()
    async with receiving() as receiver:
        running = asyncio.create_task(courier.run(stopping))
        await put_out(database, [a_sink(receiver.url)], Notice("msg_1", None, "{}"))
        async with asyncio.timeout(3):
            while (await kept(database))[0][1] != "sent":  # noqa: ASYNC110 - of a database
                await asyncio.sleep(0.02)
        stopping.set()
        await asyncio.wait_for(running, 1)


async def test_what_came_of_it_is_counted(database: Database, courier: Courier) -> None:
    def counted(outcome: str) -> float:
        value = metrics.REGISTRY.get_sample_value(
            "ringside_notifications_total", {"sink": "desk of sink_1", "outcome": outcome}
        )
        return value or 0

    before = {outcome: counted(outcome) for outcome in ("sent", "failed", "dead")}
    async with receiving("200", "500", "410") as receiver:
        sink = a_sink(receiver.url)
        for n in range(3):
            await put_out(database, [sink], Notice(f"msg_{n}", None, "{}"))
            await go(courier)
    after = {outcome: counted(outcome) - before[outcome] for outcome in before}
    assert after == {"sent": 1, "failed": 1, "dead": 1}
