"""Every request measured to the start of its answer, which gets the headers that all answers have.

It wraps what the server calls, not a request and a response: that would hand each answer's bytes
through a task and a queue of their own.
"""

import time
from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import metrics


class Measured:
    """The application, with `headers` on each answer that does not set them itself."""

    def __init__(self, app: ASGIApp, *, headers: Mapping[str, str]) -> None:
        self._app = app
        self._headers = [(name.lower().encode(), text.encode()) for name, text in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; of one that fails without an answer nothing is counted."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.monotonic()

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name for name, _ in message["headers"]}
                more = [header for header in self._headers if header[0] not in there]
                message = {**message, "headers": [*message["headers"], *more]}
                _observe(scope, message["status"], time.monotonic() - started)
            await send(message)

        await self._app(scope, receive, answer)


def _observe(scope: Scope, status: int, seconds: float) -> None:
    route = getattr(scope.get("route"), "path", "none")
    metrics.REQUESTS.labels(scope["method"], route, str(status)).observe(seconds)
