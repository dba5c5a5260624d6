"""`/metrics`, `/livez` and `/readyz` of a consumer, on the port that is set for them.

Alive: the event loop turns. Ready: the same and Kafka and PostgreSQL answered lately.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

_REQUEST_SECONDS = 5


@asynccontextmanager
async def serving(
    port: int | None, registry: CollectorRegistry, ready: Callable[[], str | None]
) -> AsyncIterator[None]:
    """Serve while the block runs, on all interfaces; nothing where no port is set.

    `ready` answers None, or the reason why the consumer is not.
    """
    if port is None:
        yield
        return

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                request = await reader.readuntil(b"\r\n\r\n")
                writer.write(_answer(request.split(b" ", 2)[1:2], registry, ready))
                await writer.drain()
        except (TimeoutError, OSError, EOFError, asyncio.LimitOverrunError):
            pass  # a scraper that went away or talks nonsense
        finally:
            writer.close()

    server = await asyncio.start_server(connected, port=port, limit=16 << 10)
    async with server:
        yield


def _answer(
    path: list[bytes], registry: CollectorRegistry, ready: Callable[[], str | None]
) -> bytes:
    match path[0].partition(b"?")[0] if path else b"":
        case b"/metrics":
            return _response(200, CONTENT_TYPE_LATEST, generate_latest(registry))
        case b"/livez":
            return _response(200, "text/plain", b"alive\n")
        case b"/readyz":
            reason = ready()
            if reason is None:
                return _response(200, "text/plain", b"ready\n")
            return _response(503, "text/plain", f"{reason}\n".encode())
    return _response(404, "text/plain", b"there are /metrics, /livez and /readyz\n")


def _response(status: int, kind: str, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status} {'OK' if status == 200 else 'No'}\r\ncontent-type: {kind}\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body
