"""One client's connection: whoever sends a request slowly, or without end, is let go.

Uvicorn waits for ever for a request's first bytes and for its headers; a few thousand such
connections would be all that the process can have. What a request may hold is up to
`app/api/bounds.py`; what comes before it and around it is bounded here.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADER_SECONDS = 10.0
MOST_HEADERS = 64 << 10
# Of a whole request, with all that its chunks are wrapped in.
MOST_REQUEST = 32 << 20


class Connection(HttpToolsProtocol):
    """Closes where a request's headers do not come in time, or too much comes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._give_up: asyncio.TimerHandle | None = None
        self._request: object = None
        self._received = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client is there."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Some of a request, or of several."""
        super().data_received(data)
        if self.cycle is not self._request:
            self._request, self._received = self.cycle, 0
        self._received += len(data)
        if self._received > (MOST_HEADERS if self._waits() else MOST_REQUEST):
            self.transport.close()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._rest()
        super().connection_lost(exc)

    def _waits(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _watch(self) -> None:
        """Give a request that has not begun so long; between requests uvicorn's own time runs."""
        if not self._waits():
            self._rest()
        elif self._give_up is None:
            self._give_up = self.loop.call_later(HEADER_SECONDS, self._late)

    def _late(self) -> None:
        self._give_up = None
        if self._waits():
            self.transport.close()

    def _rest(self) -> None:
        if self._give_up is not None:
            self._give_up.cancel()
            self._give_up = None
