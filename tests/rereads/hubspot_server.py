"""A small HubSpot on loopback that answers as its documentation says: batch reads of objects (v3)
and of associations (v4), partly found ones with 207, limits of size, refusals, rate limits."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

TOKEN = "pat-na1-of-the-tests"


@dataclass
class HubSpotServer:
    """`objects` by kind and id, `archived` likewise, `associations` by "deals/contacts" and id.

    `trouble` is answered first, one by one: "429 2" asks for a pause of two seconds, "429" for
    none, "503", "die" closes without a word, "rubbish" is no JSON.
    """

    port: int = 0
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    archived: dict[str, dict[str, Any]] = field(default_factory=dict)
    associations: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    trouble: list[str] = field(default_factory=list)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    bad_ids: set[str] = field(default_factory=set)
    page: int = 500

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {k.lower(): v for k, v in (h.split(": ", 1) for h in head[1:] if h)}
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        path = head[0].split()[1]
        self.asked.append((path, body))
        more = ""
        if headers.get("authorization") != f"Bearer {TOKEN}":
            status, answer = 401, {"category": "INVALID_AUTHENTICATION"}
        elif self.trouble:
            told, _, pause = self.trouble.pop(0).partition(" ")
            if told == "die":
                return False
            status = 200 if told == "rubbish" else int(told)
            answer = {"category": "RATE_LIMITS" if status == 429 else "INTERNAL"}
            more = f"Retry-After: {pause}\r\n" if pause else ""
            if told == "rubbish":
                answer = {"results": "none"}
        else:
            status, answer = self._answer(path, body)
        text = json.dumps(answer).encode()
        writer.write(
            f"HTTP/1.1 {status} So\r\n{more}Content-Type: application/json\r\n"
            f"Content-Length: {len(text)}\r\n\r\n".encode()
            + text
        )
        await writer.drain()
        return True

    def _answer(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        where, _, query = path.partition("?")
        _, _, _version, what, *names = where.split("/")
        keys = [one["id"] for one in body["inputs"]]
        most = 1000 if what == "associations" else 50 if "propertiesWithHistory" in body else 100
        if not 0 < len(keys) <= most or self.bad_ids & set(keys):
            return 400, {"category": "VALIDATION_ERROR"}
        if what == "objects":
            kept = (self.archived if query == "archived=true" else self.objects).get(names[0], {})
            found = [kept[key] for key in keys if key in kept]
        else:
            found = self._associated(f"{names[0]}/{names[1]}", body["inputs"])
        missing = len(keys) - len(found)
        return 207 if missing else 200, {
            "status": "COMPLETE",
            "results": found,
            "numErrors": missing,
        }

    def _associated(self, kinds: str, inputs: list[dict[str, str]]) -> list[dict[str, Any]]:
        found = []
        for one in inputs:
            of = self.associations.get(kinds, {}).get(one["id"], [])
            start = int(one.get("after", 0))
            if not of:
                continue
            to = [
                {"toObjectId": key, "associationTypes": []} for key in of[start : start + self.page]
            ]
            result: dict[str, Any] = {"from": {"id": one["id"]}, "to": to}
            if start + self.page < len(of):
                result["paging"] = {"next": {"after": str(start + self.page)}}
            found.append(result)
        return found


@asynccontextmanager
async def hubspot() -> AsyncIterator[HubSpotServer]:
    """A HubSpot on a free port of loopback."""
    served = HubSpotServer()
    server = await asyncio.start_server(served.take, "127.0.0.1", 0)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()
        for task in asyncio.all_tasks():
            if getattr(task.get_coro(), "__qualname__", "") == "HubSpotServer.take":
                task.cancel()
        await asyncio.sleep(0)
