"""Every request's body, bounded in size and in time before anybody reads it: bytes are counted as
they come, whatever the client says of their number.

The framework reads a JSON body whole before it looks for a key, so this cannot be left to those
who read it. Calls that take less say so themselves.
"""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import RingsideError, Slow, TooLarge

MOST_BYTES = 4 << 20
MOST_SECONDS = 30.0

Answer = Callable[[Request, Exception], Awaitable[ASGIApp]]


class Bounded:
    """The application, with bodies of at most `most` bytes that come within `seconds`."""

    def __init__(
        self, app: ASGIApp, *, answer: Answer, most: int = MOST_BYTES, seconds: float = MOST_SECONDS
    ) -> None:
        self._app = app
        self._answer = answer
        self._most = most
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request. One that is over a bound looks to its reader as if the client had left."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(receive, send, self._most, self._seconds)
        try:
            await self._app(scope, body.receive, body.send)
        except Exception:
            if body.over is None or body.answered:
                raise
        if body.over is not None and not body.answered:
            response = await self._answer(Request(scope), body.over)
            await response(scope, receive, send)


class _Body:
    """What comes and goes for one request: `over` is the bound that was passed, if one was."""

    def __init__(self, receive: Receive, send: Send, most: int, seconds: float) -> None:
        self._receive = receive
        self._send = send
        self._most = most
        self._seconds = seconds
        self._ends = asyncio.get_running_loop().time() + seconds
        self._left = most
        self._whole = False
        self.over: RingsideError | None = None
        self.answered = False

    async def receive(self) -> Message:
        """The next part; once the body is whole, whatever comes, however late."""
        if self._whole:
            return await self._receive()
        if self.over is None:
            try:
                async with asyncio.timeout_at(self._ends):
                    message = await self._receive()
            except TimeoutError:
                self.over = Slow(f"the body did not come within {self._seconds:g} s")
            else:
                self._left -= len(message.get("body", b""))
                self._whole = not message.get("more_body", False)
                if self._left >= 0:
                    return message
                self._whole = False
                self.over = TooLarge(f"the body is over {self._most} bytes")
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Pass on the answer, but not that to a request that was cut off."""
        if self.over is None or self.answered:
            self.answered = True
            await self._send(message)
