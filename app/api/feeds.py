"""What comes in, source by source."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from msgspec import Struct
from msgspec.structs import replace

from app.api import query
from app.api.answer import answered, only, paged
from app.api.reads import Reader
from app.api.state import state_of
from app.db import Reading
from app.dead_letters.kept import counts
from app.errors import Forbidden
from app.facts.waiting import waiting
from app.rereads.notes import backlogs
from app.view import View

router = APIRouter(tags=["feeds"])


class Feed(Struct, frozen=True):
    """One source. `read` = standing + superseded + duplicates + refused, exactly.

    `refused_by_code` says why; `unresolved` of them have been neither replayed nor discarded.
    """

    source: str
    last_event_time: datetime | None
    last_received_at: datetime | None
    watermark: datetime | None
    lag_seconds: int | None
    read: int
    standing: int
    superseded: int
    duplicates: int
    refused: int
    waiting: int
    unresolved: int = 0
    refused_by_code: dict[str, int] = {}


@router.get("/v1/feeds", summary="The sources of events")
async def get_feeds(
    request: Request, key: Reader, limit: query.Limit = query.LIMIT, cursor: query.Cursor = None
) -> Response:
    """Each source: what it sent, what became of it, how far behind it is; conflicts; and
    what a vendor said has changed and that has still to be read from it."""
    only(request, "limit", "cursor")
    if key.teams is not None:
        raise Forbidden("a key bound to teams does not see the feeds")
    state = state_of(request)
    async with state.views.open(state.clock()) as view:
        found = await feeds_of(view)
        page = paged(found, "source", limit, cursor)
        page["items"] = await _with_codes(view.reading, page["items"])
        conflicts = await _conflicts(view)
        unmapped = await _unmapped(view)
        to_read = await backlogs(view.reading)
    beside = {"conflicts": conflicts, "unmapped": unmapped, "to_read": to_read}
    return answered(request, {"as_of": view.as_of, **page, **beside})


async def feeds_of(view: View) -> list[Feed]:
    """Every source's ledger, by source."""
    waits: Mapping[str, int] = await waiting(view.reading)
    now = view.roster.now
    return [
        Feed(
            row["source"], row["last_event_time"], row["last_received_at"],
            row["last_event_time"],
            None if row["last_event_time"] is None
            else max(0, int((now - row["last_event_time"]).total_seconds())),
            row["read"], row["standing"], row["superseded"], row["duplicates"], row["refused"],
            waits.get(row["source"], 0),
        )
        for row in await view.reading.fetch("SELECT * FROM feeds ORDER BY source")
    ]  # fmt: skip


async def _with_codes(reading: Reading, found: Sequence[Feed]) -> list[Feed]:
    codes: dict[str, dict[str, int]] = {}
    unresolved: Counter[str] = Counter()
    for count in await counts(reading):
        codes.setdefault(count.source, {})[count.code] = count.all
        unresolved[count.source] += count.waiting
    return [
        replace(
            feed, unresolved=unresolved[feed.source], refused_by_code=codes.get(feed.source, {})
        )
        for feed in found
    ]


async def _conflicts(view: View) -> list[dict[str, Any]]:
    """Numbers that several customers claim, names that several reps do; the lowest id has them.

    At most 100 of each.
    """
    numbers = await view.reading.fetch(
        "SELECT array_agg(customer_id ORDER BY customer_id) AS customers "
        "FROM customer_phones GROUP BY phone HAVING count(*) > 1 ORDER BY 1 LIMIT 100"
    )
    names = view.roster.directory.conflicts()[:100]
    return [
        *({"kind": "phone_claimed_twice", "customers": row["customers"]} for row in numbers),
        *({"kind": "alias_claimed_twice", "alias": name, "reps": reps} for name, reps in names),
    ]


async def _unmapped(view: View) -> list[dict[str, Any]]:
    """Rep ids that have figures and that nobody announced: the latest first, at most 100.

    What a feed calls an agent stands here until an alias or an announcement says who that is.
    """
    rows = await view.reading.fetch(
        "SELECT rep_id, min(month) AS first, max(month) AS last FROM rep_months "
        "WHERE rep_id <> ALL($1::text[]) GROUP BY 1 ORDER BY 3 DESC, 1 LIMIT 100",
        list(view.roster.directory.timelines),
    )
    return [
        {"rep_id": row["rep_id"], "first_month": row["first"], "last_month": row["last"]}
        for row in rows
    ]
