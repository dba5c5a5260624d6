"""Sends what is in the outbox: signed webhooks, at least once, again and again until they are
through or given up. A crash between the receiver's answer and our note of it sends a notice once
more, under the same id.
"""

import asyncio
import ipaddress
import logging
import random
import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import httpx2

from app import metrics
from app.alerts.outbox import (
    Sink,
    Taken,
    forget_sent,
    mark_failed,
    mark_sent,
    sinks_with_work,
    take,
)
from app.alerts.signature import signed
from app.beside import ended
from app.db import Database
from app.errors import Unavailable

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 24
FIRST_DELAY = 5.0
LONGEST_DELAY = 3_600.0
DEADLINE_SECONDS = 10.0
AT_ONCE = 5
POLL_SECONDS = 0.5
STOP_SECONDS = 3.0
# After trouble, so that the log does not fill with it.
TROUBLE_SECONDS = 5.0
SENT_ARE_KEPT = timedelta(days=30)
GONE = 410

Clock = Callable[[], datetime]


def delay(attempt: int, luck: float) -> float:
    """Seconds until the attempt after `attempt` (from 1): doubling from 5 s to an hour.

    `luck`, 0 to 1, takes up to half of it off, so that many do not come back together.
    """
    return min(FIRST_DELAY * 2.0 ** (attempt - 1), LONGEST_DELAY) * (1 - luck / 2)


class Undeliverable(Exception):
    """A notice did not get through; `final` if there is no point in trying again."""

    def __init__(self, detail: str, *, final: bool = False) -> None:
        super().__init__(detail)
        self.final = final


class Sender:
    """Posts notices. `public_only` refuses receivers on private, loopback and such addresses."""

    def __init__(self, *, public_only: bool, deadline: float = DEADLINE_SECONDS) -> None:
        self._public_only = public_only
        self._deadline = deadline
        self._client = httpx2.AsyncClient(
            timeout=deadline, follow_redirects=False, trust_env=False,
            headers={"user-agent": "Ringside", "content-type": "application/json"},
        )  # fmt: skip

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()

    async def send(self, sink: Sink, message_id: str, body: bytes, now: datetime) -> None:
        """Post `body`, signed. Raises `Undeliverable` for anything but an answer of 2xx.

        The answer's body is not read, and no redirect is followed: either could be endless, or
        lead where the operator did not send us.
        """
        headers = signed(sink.secret, message_id, now, body)
        try:
            async with asyncio.timeout(self._deadline):
                status = await self._post(sink.url, body, headers)
        except TimeoutError as error:
            raise Undeliverable(f"no answer within {self._deadline:g} s") from error
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, UnicodeError) as error:
            raise Undeliverable(str(error) or type(error).__name__) from error
        if not 200 <= status < 300:
            raise Undeliverable(f"answered {status}", final=status == GONE)

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        target = httpx2.URL(url)
        extensions = {}
        if self._public_only:
            # The address that was looked at is the one that is connected to: a name that
            # resolves differently the second time would lead inside.
            headers = {**headers, "host": target.netloc.decode()}
            extensions = {"sni_hostname": target.host}
            target = target.copy_with(host=await _public_address(target))
        request = self._client.build_request(
            "POST", target, content=body, headers=headers, extensions=extensions
        )
        response = await self._client.send(request, stream=True)
        await response.aclose()
        return response.status_code


async def _public_address(url: httpx2.URL) -> str:
    """An address of the URL's host, if all of them are public. Raises `Undeliverable`."""
    port = url.port or (443 if url.scheme == "https" else 80)
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
    addresses = [str(info[4][0]) for info in found]
    for address in addresses:
        ip = ipaddress.ip_address(address.split("%")[0])
        mapped = getattr(ip, "ipv4_mapped", None)
        if not (mapped or ip).is_global or ip.is_multicast:
            raise Undeliverable(f"{url.host} is at {address}, which is not a public address")
    return addresses[0]


class Courier:
    """Empties the outbox, a task for each sink, so that a slow one holds up nobody else."""

    def __init__(self, database: Database, sender: Sender, clock: Clock) -> None:
        self._database = database
        self._sender = sender
        self._clock = clock
        self._rounds: dict[str, asyncio.Task[None]] = {}
        self._pruned: datetime | None = None
        self._ending = False

    async def run(self, stopping: asyncio.Event) -> None:
        """Send until `stopping`; what is on its way then has a few seconds left."""
        try:
            while not stopping.is_set():
                rest = POLL_SECONDS
                try:
                    await self.step()
                except Unavailable as error:
                    log.warning("notices wait: %s", error)
                except Exception:
                    log.exception("notices wait")
                    rest = TROUBLE_SECONDS
                await _pause(stopping, rest)
        finally:
            self._ending = True
            await ended(list(self._rounds.values()), within=STOP_SECONDS)

    async def step(self) -> None:
        """Start a round for each sink that has work and no round yet."""
        now = self._clock()
        async with self._database.reading() as reading:
            sinks = await sinks_with_work(reading, now)
        for sink in sinks:
            if sink.id not in self._rounds:
                task = asyncio.create_task(self._round(sink))
                self._rounds[sink.id] = task
                task.add_done_callback(partial(self._over, sink.id))
        if self._pruned is None or abs(now - self._pruned) > timedelta(hours=1):
            self._pruned = now
            async with self._database.writing() as writing:
                await forget_sent(writing, now - SENT_ARE_KEPT)

    def _over(self, sink_id: str, _: asyncio.Task[None]) -> None:
        del self._rounds[sink_id]

    async def idle(self) -> None:
        """Wait until every round is over."""
        while self._rounds:
            await asyncio.gather(*self._rounds.values(), return_exceptions=True)

    async def _round(self, sink: Sink) -> None:
        """Send what is due for one sink, a few at a time."""
        try:
            while not self._ending:
                async with self._database.writing() as writing:
                    taken = await take(writing, sink.id, self._clock(), AT_ONCE)
                if not taken:
                    return
                await asyncio.gather(*(self._deliver(sink, one) for one in taken))
        except Unavailable as error:
            log.warning("notices to %s wait: %s", sink.name, error)
        except Exception:
            log.exception("notices to %s wait", sink.name)

    async def _deliver(self, sink: Sink, taken: Taken) -> None:
        outcome, error, again_at = "sent", "", None
        try:
            await self._sender.send(sink, taken.id, taken.body.encode(), self._clock())
        except Undeliverable as problem:
            error = str(problem)
            final = problem.final or taken.attempt >= MOST_ATTEMPTS
            outcome = "dead" if final else "failed"
            if not final:
                seconds = delay(taken.attempt, random.random())  # noqa: S311 - no secret
                again_at = self._clock() + timedelta(seconds=seconds)
            log.warning("notice %s to %s %s: %s", taken.id, sink.name, outcome, error)
        metrics.NOTIFICATIONS.labels(sink.name, outcome).inc()
        async with self._database.writing() as writing:
            if outcome == "sent":
                await mark_sent(writing, taken, self._clock())
            else:
                await mark_failed(writing, taken, error, again_at)


async def _pause(stopping: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return
