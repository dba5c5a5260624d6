"""A real Chromium, driven over the DevTools protocol through a pipe: no driver library needed."""

import asyncio
import base64
import itertools
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars", "--remote-debugging-pipe",
)  # fmt: skip
PATIENCE = 20.0


class Tab:
    """One page. Everything it logs, and every request it makes, is kept."""

    def __init__(self, browser: "Browser", session: str) -> None:
        self._browser, self._session = browser, session
        self.logged: list[str] = []
        self.requested: list[str] = []

    async def command(self, method: str, **params: Any) -> dict[str, Any]:
        """Send one command of the protocol."""
        return await self._browser.command(method, session=self._session, **params)

    async def open(self, url: str) -> None:
        """Go to a page and wait until it has loaded."""
        await self.command("Page.navigate", url=url)
        await self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    async def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        answer = await self.command(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return answer["result"].get("value")

    async def until(self, script: str) -> Any:
        """Wait until an expression is true."""
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    if value := await self.run(script):
                        return value
                except AssertionError:
                    pass  # between two pages
                await asyncio.sleep(0.05)

    async def size(self, width: int, height: int) -> None:
        """Give the page a window of so many pixels."""
        await self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip

    async def prefer(self, **features: str) -> None:
        """Set media features, e.g. `prefers_color_scheme="dark"`."""
        await self.command(
            "Emulation.setEmulatedMedia",
            features=[{"name": n.replace("_", "-"), "value": v} for n, v in features.items()],
        )

    async def press(self, key: str) -> None:
        """Press a key, e.g. `Tab`."""
        for kind in ("rawKeyDown", "keyUp"):
            await self.command("Input.dispatchKeyEvent", type=kind, key=key, code=key,
                               windowsVirtualKeyCode={"Tab": 9, "Enter": 13}[key])  # fmt: skip

    async def picture(self) -> bytes:
        """A picture of the window, as PNG."""
        answer = await self.command("Page.captureScreenshot", format="png")
        return base64.b64decode(answer["data"])


class Browser:
    """The process and its pipe."""

    def __init__(self, reader: asyncio.StreamReader, write: int) -> None:
        self._reader, self._write = reader, write
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._tabs: dict[str, Tab] = {}

    async def command(
        self, method: str, *, session: str | None = None, **params: Any
    ) -> dict[str, Any]:
        """Send one command and wait for its answer."""
        number = next(self._ids)
        message: dict[str, Any] = {"id": number, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        waiting = self._waiting[number] = asyncio.get_running_loop().create_future()
        os.write(self._write, json.dumps(message).encode() + b"\0")
        try:
            answer = await asyncio.wait_for(waiting, PATIENCE)
        finally:
            del self._waiting[number]
        if "error" in answer:
            raise AssertionError(f"{method}: {answer['error']}")
        result: dict[str, Any] = answer["result"]
        return result

    async def tab(self) -> Tab:
        """A new page, empty."""
        target = await self.command("Target.createTarget", url="about:blank")
        attached = await self.command(
            "Target.attachToTarget", targetId=target["targetId"], flatten=True
        )
        tab = self._tabs[attached["sessionId"]] = Tab(self, attached["sessionId"])
        for domain in ("Page", "Runtime", "Network", "Log"):
            await tab.command(f"{domain}.enable")
        return tab

    async def listen(self) -> None:
        """Hand out what the browser says, until it ends."""
        while True:
            try:
                message = json.loads((await self._reader.readuntil(b"\0"))[:-1])
            except asyncio.IncompleteReadError:
                return
            if "id" in message and message["id"] in self._waiting:
                self._waiting[message["id"]].set_result(message)
            elif (tab := self._tabs.get(message.get("sessionId", ""))) is not None:
                _note(tab, message["method"], message["params"])


def _note(tab: Tab, method: str, params: dict[str, Any]) -> None:
    if method == "Network.requestWillBeSent":
        tab.requested.append(params["request"]["url"])
    elif method == "Log.entryAdded":
        tab.logged.append(params["entry"]["text"])
    elif method == "Runtime.exceptionThrown":
        tab.logged.append(json.dumps(params["exceptionDetails"]))
    elif method == "Runtime.consoleAPICalled":
        tab.logged.append(json.dumps(params["args"]))


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser with a profile of its own, gone afterwards."""
    assert CHROMIUM is not None
    to_read, to_write = os.pipe()
    from_read, from_write = os.pipe()
    profile = tempfile.mkdtemp(prefix="chromium-")
    process = await asyncio.create_subprocess_exec(
        # The browser speaks on 3 and 4, which not every shell can make of larger numbers.
        "bash", "-c", f'exec "$0" "$@" 3<&{to_read} 4>&{from_write}',
        CHROMIUM, *FLAGS, f"--user-data-dir={profile}",
        pass_fds=(to_read, from_write), stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    os.close(to_read)
    os.close(from_write)
    reader = asyncio.StreamReader(limit=64 << 20)
    loop = asyncio.get_running_loop()
    pipe, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(from_read, "rb")
    )
    browser = Browser(reader, to_write)
    listening = asyncio.create_task(browser.listen())
    try:
        yield browser
    finally:
        process.terminate()
        await process.wait()
        await listening
        pipe.close()
        os.close(to_write)
        shutil.rmtree(profile, ignore_errors=True)
