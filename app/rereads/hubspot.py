"""Reads HubSpot's objects: what a webhook names becomes payloads that the feed understands.

Asks for many at once (CRM v3, associations v4), waits when told to, tries again when HubSpot is
in trouble, and gives up after a while: the notes of what is to be read stay where they are.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx2
import msgspec
from msgspec import Struct, field
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential_jitter,
)

from app.errors import RingsideError, Unavailable
from app.feeds.feed import ReadAgain
from app.feeds.hubspot_payloads import IDS, millis
from app.feeds.hubspot_records import DATES
from app.rereads.notes import Pending
from app.settings import Settings

# HubSpot takes a hundred in one request, fifty where their history is asked for.
MOST_OBJECTS = 50
MOST_LINES = 100
TRIES = 5
# A longer pause is not sat out here, but left to the notes.
LONGEST_PAUSE = 20.0
TIMEOUT_SECONDS = 30.0
OWNER = "hubspot_owner_id"

PROPERTIES = {
    "deals": (
        "amount", "closedate", "createdate", "deal_currency_code", "dealstage", "hs_is_closed",
        "hs_is_closed_won", OWNER,
    ),
    "calls": (
        "hs_call_direction", "hs_call_disposition", "hs_call_duration", "hs_call_from_number",
        "hs_call_status", "hs_call_to_number", "hs_timestamp", OWNER,
    ),
    "contacts": ("email", "firstname", "lastname", "mobilephone", "phone"),
    "companies": ("name", "phone"),
    "line_items": ("amount", "hs_cost_of_goods_sold", "hs_sku", "price", "quantity"),
}  # fmt: skip

T = TypeVar("T")


class _Found(Struct):
    id: int | str


class _Objects(Struct):
    results: list[msgspec.Raw]


class _To(Struct, rename="camel"):
    to_object_id: int | str


class _Next(Struct):
    after: str


class _Paging(Struct):
    next: _Next | None = None


class _Association(Struct, rename={"source": "from"}):
    source: _Found
    to: list[_To]
    paging: _Paging | None = None


class _Associations(Struct):
    results: list[_Association]


class Readings(Struct):
    """What a turn read: payloads for the feed, and further objects that have to be read."""

    payloads: list[bytes] = field(default_factory=list)
    further: list[ReadAgain] = field(default_factory=list)


class Refused(RingsideError):
    """HubSpot will not answer this, however often it is asked."""

    title = "HubSpot refuses"


class _Trouble(Exception):
    """It may do better in `pause` seconds (None: it did not say)."""

    def __init__(self, detail: str, pause: float | None = None) -> None:
        super().__init__(detail)
        self.pause = pause


class HubSpot:
    """A client of HubSpot's API; use as `async with HubSpot(settings) as hubspot`."""

    def __init__(self, settings: Settings) -> None:
        token = settings.hubspot_token.get_secret_value() if settings.hubspot_token else ""
        self._stages = [pair.split("=", 1) for pair in settings.hubspot_stages]
        self._client = httpx2.AsyncClient(
            base_url=settings.hubspot_url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=TIMEOUT_SECONDS,
        )
        self._backoff = wait_exponential_jitter(multiplier=0.5, max=LONGEST_PAUSE)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.aclose()

    async def read(self, wanted: Sequence[Pending], now: datetime) -> Readings:
        """Read objects of one kind, at most `MOST_OBJECTS`, as they stand at `now` or later.

        Raises `Unavailable` where HubSpot has no time for us now, with `retry_after` if it said
        when it will, and `Refused` where it never will.
        """
        kind, keys = wanted[0].kind, [one.key for one in wanted]
        if kind == "line_items":
            deals = await self._associated(kind, "deals", keys)
            changed = max(one.changed_at for one in wanted)
            further = sorted({key for found in deals.values() for key in found})
            return Readings(
                further=[ReadAgain("hubspot", "deals", key, changed) for key in further]
            )
        objects = await self._objects(kind, keys)
        missing = [key for key in keys if key not in objects]
        if missing:  # deleted, but still in the bin, from where it tells whose it was
            objects |= await self._objects(kind, missing, archived=True)
        beside = await self._beside(kind, [key for key in keys if key in objects])
        return Readings([
            msgspec.json.encode({
                "objectTypeId": IDS[kind],
                "objectId": one.key,
                "readAt": now.isoformat(),
                "changedAt": millis(one.changed_at),
                "object": objects.get(one.key),
                **{name: found.get(one.key, []) for name, found in beside.items()},
            })
            for one in wanted
        ])  # fmt: skip

    async def _beside(self, kind: str, keys: list[str]) -> dict[str, dict[str, list[Any]]]:
        """What goes with deals and calls, by the objects' keys."""
        if kind not in ("deals", "calls") or not keys:
            return {}
        beside: dict[str, dict[str, list[Any]]] = {
            name: dict(await self._associated(kind, name, keys))
            for name in ("contacts", "companies")
        }
        if kind == "deals":
            lines = await self._associated(kind, "line_items", keys)
            wanted = sorted({key for found in lines.values() for key in found})
            items: dict[str, msgspec.Raw] = {}
            for batch in _batches(wanted, MOST_LINES):
                items |= await self._objects("line_items", batch)
            beside["lines"] = {
                deal: [items[key] for key in found if key in items] for deal, found in lines.items()
            }
        return beside

    async def _objects(
        self, kind: str, keys: Sequence[str], *, archived: bool = False
    ) -> dict[str, msgspec.Raw]:
        """The objects that there are, by key."""
        dates = [f"{date}_{stage}" for stage, means in self._stages if means == "issued"
                 for date in DATES] if kind == "deals" else []  # fmt: skip
        asked: dict[str, Any] = {
            "properties": [*PROPERTIES[kind], *dates],
            "inputs": [{"id": key} for key in keys],
        }
        if kind in ("deals", "calls"):
            asked["propertiesWithHistory"] = [OWNER]
        path = f"/crm/v3/objects/{kind}/batch/read{'?archived=true' if archived else ''}"
        found = await self._ask(path, asked, _Objects)
        return {str(_understood(_Found, raw).id): raw for raw in found.results}

    async def _associated(self, kind: str, to: str, keys: Sequence[str]) -> dict[str, list[str]]:
        """The keys of what each object is associated with."""
        found: dict[str, list[str]] = {}
        inputs: list[dict[str, str]] = [{"id": key} for key in keys]
        while inputs:
            path = f"/crm/v4/associations/{kind}/{to}/batch/read"
            answer = await self._ask(path, {"inputs": inputs}, _Associations)
            inputs = []
            for one in answer.results:
                key = str(one.source.id)
                found.setdefault(key, []).extend(str(to.to_object_id) for to in one.to)
                if one.paging is not None and one.paging.next is not None:
                    inputs.append({"id": key, "after": one.paging.next.after})
        return found

    async def _ask(self, path: str, asked: dict[str, Any], form: type[T]) -> T:
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(_Trouble),
            wait=self._pause,
            stop=_too_long | stop_after_attempt(TRIES),
            reraise=True,
        )
        try:
            return _understood(form, await retrying(self._once, path, asked))
        except _Trouble as trouble:
            after = None if trouble.pause is None else max(1, round(trouble.pause))
            raise Unavailable(f"HubSpot: {trouble}", retry_after=after) from trouble

    async def _once(self, path: str, asked: dict[str, Any]) -> bytes:
        try:
            answer = await self._client.post(path, json=asked)
        except (httpx2.HTTPError, OSError) as error:
            raise _Trouble(f"{type(error).__name__}: {error}") from error
        if answer.status_code in (200, 207):  # 207: some of it is not there
            return answer.content
        said = f"HTTP {answer.status_code}: {answer.text[:200]}"
        if answer.status_code == 429 or answer.status_code >= 500:
            raise _Trouble(said, _asked_pause(answer))
        if answer.status_code in (401, 403):
            raise Unavailable(f"HubSpot does not let RINGSIDE_HUBSPOT_TOKEN in: {said}",
                              retry_after=300)  # fmt: skip
        raise Refused(f"HubSpot refuses: {said}")

    def _pause(self, state: RetryCallState) -> float:
        asked = _told_pause(state)
        return self._backoff(state) if asked is None else asked


def _told_pause(state: RetryCallState) -> float | None:
    error = state.outcome.exception() if state.outcome is not None else None
    return error.pause if isinstance(error, _Trouble) else None


class _TooLong(stop_after_attempt):
    """Stops where HubSpot asks for a pause that is not sat out."""

    def __init__(self) -> None:
        super().__init__(TRIES)

    def __call__(self, retry_state: RetryCallState) -> bool:
        return (_told_pause(retry_state) or 0) > LONGEST_PAUSE


_too_long = _TooLong()


def _asked_pause(answer: httpx2.Response) -> float | None:
    asked = answer.headers.get("Retry-After", "")
    return float(asked) if asked.isascii() and asked.isdigit() and len(asked) < 8 else None


def _understood(form: type[T], body: bytes | msgspec.Raw) -> T:
    try:
        return msgspec.json.decode(body, type=form)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Unavailable(f"HubSpot's answer is not understood: {error}") from error


def _batches(keys: Sequence[str], most: int) -> Iterable[Sequence[str]]:
    for first in range(0, len(keys), most):
        yield keys[first : first + most]
