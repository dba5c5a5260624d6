"""Posts a simulated vendor's payloads to a Ringside, as the vendor would: signed, one by one.

What is not answered for is sent again, signed anew: so would the vendor, and it counts once.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import httpx2

from app.errors import RingsideError, Unavailable
from app.simulate.floor import draw
from app.simulate.vendors.hook import Payload, Story, Vendor

Clock = Callable[[], datetime]
TRIES = 6
PAUSE_SECONDS = 0.2


class Hooks:
    """A client of one feed's address; `public` is what the vendor would call it by, if a proxy
    stands between. Use as `async with Hooks(…) as hooks`."""

    def __init__(
        self, vendor: Vendor, url: str, secret: str, clock: Clock, *, public: str | None = None
    ) -> None:
        self._vendor = vendor
        self._url = url
        self._public = public or url
        self._secret = secret
        self._clock = clock
        self._client = httpx2.AsyncClient(timeout=30)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.aclose()

    async def play(
        self, seed: int, *, rate: float, count: int | None
    ) -> AsyncIterator[Counter[str]]:
        """Post story after story, `rate` payloads a second, `count` payloads in all (None: until
        stopped); yields what each payload came to.

        Raises `RingsideError` where the feed will not have them, `Unavailable` where nobody
        answers.
        """
        loop = asyncio.get_running_loop()
        begun, sent, number = loop.time(), 0, 0
        while True:
            story = Story(draw(seed, "vendor", number), number, self._clock())
            for payload in self._vendor.tell(story):
                if count is not None and sent >= count:
                    return
                await asyncio.sleep(max(0.0, begun + sent / rate - loop.time()))
                sent += 1
                yield await self._post(payload)
            number += 1

    async def _post(self, payload: Payload) -> Counter[str]:
        trouble = ""
        for tries in range(TRIES):
            signed = self._vendor.sign(self._secret, self._public, payload, self._clock())
            try:
                answer = await self._client.post(
                    self._url, content=signed.body, headers=signed.headers
                )
            except httpx2.TransportError as error:
                trouble = f"{type(error).__name__}: {error}"
            else:
                if answer.status_code != 429 and answer.status_code < 500:
                    return _came_to(answer)
                trouble = f"HTTP {answer.status_code}"
            await asyncio.sleep(PAUSE_SECONDS * 2**tries)
        raise Unavailable(f"{self._url} does not take payloads: {trouble}")


def _came_to(answer: httpx2.Response) -> Counter[str]:
    try:
        said: dict[str, Any] = answer.json()
        if answer.status_code == 200:
            return Counter({
                "payloads": 1, "accepted": said["accepted"], "duplicates": said["duplicates"],
                "ignored": sum(said["ignored"].values()), "rejected": len(said["rejected"]),
                "to_read": said.get("to_read", 0),
            })  # fmt: skip
        detail = said["detail"]
    except (ValueError, KeyError, TypeError, AttributeError):
        detail = answer.text[:300]
    hint = ": is its secret the one set here?" if answer.status_code == 401 else ""
    raise RingsideError(f"HTTP {answer.status_code}: {detail}{hint}")
