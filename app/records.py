"""The records behind a rep's figure: which were counted, which were not, and why.

They come in order of time, page by page. What they add, summed, is the figure (money to the
cent, working days aside), so the truth behind a number goes down to the calls.
"""

import base64
from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from app.errors import BadRequest, FieldError
from app.evidence import Evidence, Place, read_evidence
from app.exact import Shown
from app.facts.rows import Conversation, Leg, Order, Quote, Return, Segment
from app.figures import PeriodShown, check_known, period_shown
from app.kpi import Kpi, side, terms
from app.reasons import Fact, part_of
from app.spans import Asked, Scope, Subject
from app.view import View

MOST = 1_000

_Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class Record(Struct, frozen=True, kw_only=True):
    """A fact; `value`, or `numerator` and `denominator`, are what it adds to the figure.

    `kind` is call, talktime, conversation, quote, order or return, and `id` that record's id.
    """

    kind: str
    id: str
    at: datetime
    day: date
    counted: bool
    reason: str | None
    value: Shown | UnsetType = UNSET
    numerator: Shown | UnsetType = UNSET
    denominator: Shown | UnsetType = UNSET
    direction: str | UnsetType = UNSET
    outcome: str | UnsetType = UNSET
    channel: str | UnsetType = UNSET
    call_id: str | UnsetType = UNSET
    classified: str | UnsetType | None = UNSET
    right_party: bool | UnsetType | None = UNSET
    talk_seconds: int | UnsetType | None = UNSET
    hold_seconds: int | UnsetType | None = UNSET
    order_id: str | UnsetType = UNSET
    status: str | UnsetType = UNSET
    amount: Shown | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    customer_id: str | UnsetType | None = UNSET
    phone_last2: str | UnsetType | None = UNSET


class Records(Struct, frozen=True, kw_only=True):
    """A page of records; `next_cursor` is None on the last."""

    rep_id: str
    kpi: str
    period: PeriodShown
    as_of: datetime
    items: list[Record]
    next_cursor: str | None


async def records(
    view: View,
    subject: Subject,
    kpi: Kpi,
    asked: Asked,
    *,
    limit: int = 100,
    cursor: str | None = None,
) -> Records:
    """A page of the records behind the figure of a rep, `limit` (1..`MOST`) from `cursor` on.

    Those of `ttm_revenue` are of its own twelve months. Raises `NotFound` for a rep nobody ever
    heard of, `BadRequest` for a cursor that is not ours.
    """
    await check_known(view, subject)
    rep_id = subject.rep_id or ""
    scope = Scope(view.roster, kpi.trailing)
    scope.add(0, rep_id, asked.on, subject.teams)
    after = _place(cursor) if cursor is not None else None
    limit = max(1, min(limit, MOST))
    measures = [name for side in (kpi.value, kpi.over) if side for _, name in terms(side)]
    spans = scope.trailing if kpi.trailing else scope.spans
    found = (
        await read_evidence(view, spans, measures, after=after, limit=limit + 1) if spans else []
    )
    return Records(
        rep_id=rep_id,
        kpi=kpi.id,
        period=period_shown(scope, asked)[1],
        as_of=view.as_of,
        items=[_record(kpi, one) for one in found[:limit]],
        next_cursor=_cursor(found[limit - 1].place) if len(found) > limit else None,
    )


def _cursor(place: Place) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(tuple(place))).decode().rstrip("=")


def _place(cursor: str) -> Place:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        place = msgspec.json.decode(text, type=tuple[_Instant, str, str])
    except ValueError as error:
        detail = "not a cursor that was given out"
        raise BadRequest(f"cursor: {detail}", errors=(FieldError("cursor", detail),)) from error
    return Place(*place)


def _record(kpi: Kpi, one: Evidence) -> Record:
    part = part_of(kpi, one.fact, order=one.order, first=one.first)
    adds: dict[str, Any]
    if kpi.over is None:
        adds = {"value": side(kpi.value, part.value)}
    else:
        adds = {
            "numerator": side(kpi.value, part.value),
            "denominator": side(kpi.over, part.over),
        }
    return Record(
        kind=one.place.kind,
        id=one.place.id,
        at=one.place.at,
        day=one.day,
        counted=part.counted,
        reason=part.reason,
        **adds,
        **_details(one.fact, one.order),
    )


def _details(fact: Fact, order: Order | None) -> dict[str, Any]:
    """What a person needs to recognize the record; of a leg what the figures take it for."""
    match fact:
        case Leg():
            return {
                "direction": fact.direction, "outcome": fact.outcome,
                "classified": fact.classified, "right_party": fact.right_party,
                "talk_seconds": fact.talk, "hold_seconds": fact.hold, **_customer(fact),
            }  # fmt: skip
        case Conversation():
            return {
                "channel": fact.channel, "classified": fact.kind, "right_party": fact.right_party,
                "talk_seconds": fact.duration_seconds, **_customer(fact),
            }  # fmt: skip
        case Segment():
            return {"call_id": fact.call_id, "talk_seconds": fact.seconds}
        case Quote():
            money = {"amount": format(fact.amount, "f"), "currency": fact.currency}
            return {"status": fact.status, **money, **_customer(fact)}
        case Order():
            return {"status": fact.status, "currency": fact.currency, **_customer(fact)}
        case Return():
            return {"order_id": fact.order_id, "currency": order.currency if order else UNSET}


def _customer(fact: Leg | Conversation | Quote | Order) -> dict[str, str | None]:
    return {"customer_id": fact.customer_id, "phone_last2": fact.phone_last2}
