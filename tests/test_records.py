"""Records of a floor that came in by the door: what counts, why not, and that it adds up."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.db import Database
from app.errors import BadRequest, NotFound
from app.events.types import (
    CallEnded,
    ConversationRecorded,
    Customer,
    Event,
    FxRateRecorded,
    OrderLine,
    OrderRecorded,
    OrderReturned,
    QuoteRecorded,
    RecordVoided,
    RepRecorded,
    ReturnLine,
    TalktimeRecorded,
)
from app.exact import amount, encode
from app.figures import figures
from app.ingest import Door
from app.kpis import CATALOGUE, kpi_of
from app.reasons import REASONS
from app.records import Record, records
from app.spans import Asked, Subject, asked
from app.view import Views
from tests.sums_put_in import NOW, settings

D = Decimal
MORNING = NOW - timedelta(hours=3)
K1 = Customer(customer_id="k1")


def at(minutes: float) -> datetime:
    return MORNING + timedelta(minutes=minutes)


def call(call_id: str, minutes: float, **over: Any) -> CallEnded:
    """An outbound call of five minutes to k1, answered at once."""
    start = at(minutes)
    fields = {
        "call_id": call_id, "rep_id": "r1", "direction": "outbound", "customer": K1,
        "started_at": start, "answered_at": start, "ended_at": start + timedelta(minutes=5),
        "outcome": "connected",
    }  # fmt: skip
    return CallEnded(**{**fields, **over})


def missed(call_id: str, minutes: float, **over: Any) -> CallEnded:
    no = {"outcome": "missed", "answered_at": None, "direction": "inbound"}
    return call(call_id, minutes, **{**no, **over})


def word(call_id: str | None, kind: str, minutes: float, **over: Any) -> ConversationRecorded:
    fields = {
        "conversation_id": f"v-{call_id}-{minutes}", "call_id": call_id, "rep_id": "r1",
        "customer": K1, "channel": "phone", "started_at": at(minutes), "duration_seconds": 200,
        "kind": kind,
    }  # fmt: skip
    return ConversationRecorded(**{**fields, **over})


def order(order_id: str, minutes: float, *lines: OrderLine, **over: Any) -> OrderRecorded:
    fields = {
        "order_id": order_id, "rep_id": "r1", "customer": K1, "status": "confirmed",
        "currency": "USD", "placed_at": at(minutes), "lines": lines,
    }  # fmt: skip
    return OrderRecorded(**{**fields, **over})


def line(line_id: str = "1", **over: Any) -> OrderLine:
    fields = {"line_id": line_id, "quantity": D(2), "unit_price": D("9.995"), "unit_cost": D(6)}
    return OrderLine(**{**fields, **over})


def quote(quote_id: str, minutes: float, **over: Any) -> QuoteRecorded:
    fields = {
        "quote_id": quote_id, "rep_id": "r1", "customer": K1, "status": "issued",
        "amount": D("100.5"), "currency": "USD", "issued_at": at(minutes),
    }  # fmt: skip
    return QuoteRecorded(**{**fields, **over})


def returned(return_id: str, order_id: str, line_id: str = "1") -> OrderReturned:
    lines = (ReturnLine(line_id=line_id, quantity=D(1), amount=D("9.995")),)
    return OrderReturned(return_id=return_id, order_id=order_id, returned_at=at(150), lines=lines)


def void(kind: str, key: str, rep_id: str | None = None) -> RecordVoided:
    return RecordVoided(kind=kind, key=key, rep_id=rep_id, revision=9)  # type: ignore[arg-type]


FREIGHT = line("f", kind="freight")
FLOOR: tuple[Any, ...] = (
    RepRecorded(rep_id="r1", name="Ada", team="West", time_zone="America/Denver"),
    call("c01", 1), call("c02", 70, hold_seconds=0), call("c03", 75, test=True),
    call("c04", 80, direction="internal"), call("c05", 85, answered_by="machine"),
    call("c06", 90, outcome="no_answer", answered_at=None, customer=None),
    call("c07", 95, talk_seconds=20, hold_seconds=280),
    call("c08", 100, talk_seconds=None, hold_seconds=280, customer=Customer(customer_id="k2")),
    call("c09", 105, direction="inbound"),
    missed("c10", 110), missed("c11", 111), call("c11", 111, rep_id="r2", direction="inbound"),
    call("c12", 115), word("c12", "personal", 115),
    call("c13", 120), word("c13", "customer", 120, right_party=True),
    call("c14", 125), call("c14", 126, rep_id="r2", talk_seconds=299), call("c15", 127),
    call("c15", 128, rep_id="r2"), word("c15", "customer", 128, rep_id="r2"),
    call("c16", 130), void("call", "c16", "r1"),
    void("call", "c17", "r1"),
    word(None, "customer", 131, right_party=False), word(None, "customer", 132, channel="chat"),
    word(None, "wrong_party", 133), word(None, "hold_line", 134),
    word(None, "customer", 135), void("conversation", "v-None-135"),
    TalktimeRecorded(segment_id="s1", call_id="c99", rep_id="r1", kind="talk",
                     started_at=at(136), seconds=40),
    quote("q1", 2), quote("q2", 3, status="draft"), quote("q3", 4, currency="CAD"),
    quote("q4", 5), void("quote", "q4"),
    order("o1", 140, line(), line("2", unit_cost=None), FREIGHT, quote_id="q1"),
    order("o2", 141, line()), order("o3", 142, FREIGHT), order("o4", 143, line(), status="test"),
    order("o5", 144, line(), currency="CAD"), order("o6", 145, line(), currency="EUR"),
    order("o7", 146, line()), void("order", "o7"),
    order("o8", 147, line(), status="canceled"),
    FxRateRecorded(currency="EUR", day=NOW.date(), rate=D("1.1")),
    returned("t1", "o1"), returned("t2", "o1", "f"), returned("t3", "o5"), returned("t4", "o6"),
    returned("t5", "o8"), returned("t6", "o2"), void("return", "t6"),
    returned("t7", "o1", "2"), returned("t8", "o99"),
    call("d1", -24 * 60), call("d2", -48 * 60),
)  # fmt: skip


@pytest.fixture
async def floor(database: Database) -> Database:
    events = [Event(f"e{n:03}", "test", NOW, data) for n, data in enumerate(FLOOR)]
    await Door(database, settings()).take(events, now=NOW)
    return database


async def listed(
    database: Database, kpi: str, period: Asked | None = None, limit: int = 1000
) -> Sequence[Record]:
    async with Views(database, settings()).open(NOW) as view:
        page = await records(view, Subject("r1"), kpi_of(kpi), period or asked(), limit=limit)
    assert page.next_cursor is None
    return page.items


async def reasons(database: Database, kpi: str) -> dict[str, str | None]:
    return {one.id: one.reason for one in await listed(database, kpi)}


async def test_calls(floor: Database) -> None:
    assert await reasons(floor, "calls") == {
        "c01": None, "c02": None, "c03": "test", "c04": "internal", "c05": None, "c06": None,
        "c07": None, "c08": None, "c09": None, "c10": "not_answered", "c11": "not_answered",
        "c12": "classified_personal", "c13": None, "c14": None, "c15": None, "c16": "voided",
    }  # fmt: skip


async def test_conversations(floor: Database) -> None:
    assert await reasons(floor, "conversations") == {
        "c01": None, "c02": None, "c03": "test", "c04": "internal", "c05": "machine",
        "c06": "not_answered", "c07": "below_floor", "c08": "below_floor", "c09": None,
        "c10": "not_answered", "c11": "not_answered", "c12": "classified_personal", "c13": None,
        "c14": None, "c15": "assist", "c16": "voided", "v-None-131": None, "v-None-132": None,
        "v-None-133": "classified_wrong_party", "v-None-134": "classified_hold_line",
        "v-None-135": "voided",
    }  # fmt: skip


async def test_missed_and_answered(floor: Database) -> None:
    shown = await reasons(floor, "missed_inbound")
    assert {k: shown[k] for k in ("c01", "c09", "c10", "c11")} == {
        "c01": "outbound", "c09": "answered", "c10": None, "c11": "answered_by_another",
    }  # fmt: skip
    shown = await reasons(floor, "answer_rate")
    assert {k: shown[k] for k in ("c01", "c05", "c06", "c09", "c12")} == {
        "c01": None, "c05": None, "c06": None, "c09": "inbound", "c12": "classified_personal",
    }  # fmt: skip


async def test_talk_and_hold(floor: Database) -> None:
    shown = await reasons(floor, "talk_time")
    assert shown["s1"] is None
    assert {k: shown[k] for k in ("c05", "c12", "v-None-132", "v-None-133", "v-None-134")} == {
        "c05": "machine", "c12": "classified_personal", "v-None-132": "not_spoken",
        "v-None-133": None, "v-None-134": "classified_hold_line",
    }  # fmt: skip
    shown = await reasons(floor, "hold_share")
    assert {k: shown[k] for k in ("c01", "c02", "c07", "c05")} == {
        "c01": "hold_unknown", "c02": None, "c07": None, "c05": "machine",
    }  # fmt: skip
    shown = await reasons(floor, "hold_heavy_calls")
    assert {k: shown[k] for k in ("c01", "c07")} == {"c01": "hold_unknown", "c07": "hold_light"}
    shown = await reasons(floor, "average_conversation")
    assert (shown["v-None-131"], shown["v-None-132"]) == (None, "not_spoken")


async def test_look_backs_and_customers(floor: Database) -> None:
    shown = await reasons(floor, "repeat_conversations")
    assert {k: shown[k] for k in ("c01", "c02", "c07")} == {
        "c01": None, "c02": None, "c07": "below_floor",
    }  # fmt: skip
    shown = await reasons(floor, "unproductive_repeats")
    assert {k: shown[k] for k in ("c01", "c06", "c09")} == {
        "c01": "few_calls_or_conversation", "c06": "unknown_customer", "c09": "inbound",
    }  # fmt: skip
    shown = await reasons(floor, "customers_called")
    assert [k for k, reason in shown.items() if reason is None] == ["c01", "c08"]
    assert {k: shown[k] for k in ("c02", "c06", "c16")} == {
        "c02": "customer_counted_already", "c06": "unknown_customer", "c16": "voided",
    }  # fmt: skip
    shown = await reasons(floor, "right_party_rate")
    assert {k: shown[k] for k in ("c01", "c13", "v-None-131", "v-None-132")} == {
        "c01": "right_party_unknown", "c13": None, "v-None-131": None,
        "v-None-132": "right_party_unknown",
    }  # fmt: skip


async def test_results(floor: Database) -> None:
    assert await reasons(floor, "revenue") == {
        "o1": None, "o2": None, "o3": None, "o4": "test", "o5": "waits_for_rate", "o6": None,
        "o7": "voided", "o8": "canceled", "t1": None, "t2": "no_goods_or_services",
        "t3": "waits_for_rate", "t4": None, "t5": "order_canceled", "t6": "voided", "t7": None,
    }  # fmt: skip
    shown = await reasons(floor, "cost_per_order")
    assert {k: shown[k] for k in ("o1", "o2", "o3")} == {
        "o1": "cost_unknown", "o2": None, "o3": "no_goods_or_services",
    }  # fmt: skip
    assert (await reasons(floor, "gross_margin_pct"))["t7"] == "cost_unknown"
    assert await reasons(floor, "quoted_amount") == {
        "q1": None, "q2": "draft", "q3": "waits_for_rate", "q4": "voided",
    }  # fmt: skip
    assert await reasons(floor, "quote_to_order") == {
        "q1": None, "q2": "draft", "q3": None, "q4": "voided",
    }  # fmt: skip


async def test_what_counted_adds_up_to_the_figure(floor: Database) -> None:
    """One figure: the records of every KPI, summed, are its value or its two sides."""
    for period in (asked(), asked("week")):
        async with Views(floor, settings()).open(NOW) as view:
            shown = await figures(view, Subject("r1"), period, CATALOGUE)
        for kpi in CATALOGUE:
            figure = shown.kpis[kpi.id]
            found = await listed(floor, kpi.id, period)
            if kpi.over is None:
                expected: dict[str, Any] = {"value": figure.value}
            else:
                expected = {"numerator": figure.numerator, "denominator": figure.denominator}
            if kpi.over == "working_days":
                del expected["denominator"]
            for side, total in expected.items():
                added = sum(amount(getattr(one, side)) for one in found)
                # Money is rounded in each record, so it may be off by half a cent for each.
                off = D("0.005") * len(found) if isinstance(total, str) else D(0)
                gap: Any = added - amount(total)
                assert -off <= gap <= off, (kpi.id, side)
            assert all(one.counted == (one.reason is None) for one in found)
            assert {one.reason for one in found} <= {None, *REASONS}


async def test_a_page_shows_enough_to_know_the_record_by(floor: Database) -> None:
    async with Views(floor, settings()).open(NOW) as view:
        page = await records(view, Subject("r1"), kpi_of("answer_rate"), asked(), limit=1)
    shown = json.loads(encode(page))
    assert isinstance(shown.pop("next_cursor"), str)
    assert shown == {
        "rep_id": "r1", "kpi": "answer_rate",
        "period": {
            "kind": "day", "start": "2026-11-20", "end": "2026-11-21",
            "time_zone": "America/Denver",
        },
        "as_of": "2026-11-20T19:04:11Z",
        "items": [
            {
                "kind": "call", "id": "c01", "at": "2026-11-20T16:05:11Z", "day": "2026-11-20",
                "counted": True, "reason": None, "numerator": 1, "denominator": 1,
                "direction": "outbound", "outcome": "connected", "classified": None,
                "right_party": None, "talk_seconds": 300, "hold_seconds": None,
                "customer_id": "k1", "phone_last2": None,
            },
        ],
    }  # fmt: skip


@pytest.mark.parametrize("kpi", ["talk_time", "revenue"])
async def test_pages_together_are_the_whole_list(floor: Database, kpi: str) -> None:
    whole = [(one.kind, one.id) for one in await listed(floor, kpi, asked("week"))]
    assert len(whole) == len(set(whole))
    pages: list[tuple[str, str]] = []
    cursor: str | None = None
    while True:
        async with Views(floor, settings()).open(NOW) as view:
            page = await records(
                view, Subject("r1"), kpi_of(kpi), asked("week"), limit=2, cursor=cursor
            )
        pages += [(one.kind, one.id) for one in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
        assert len(page.items) == 2
    assert pages == whole


async def test_what_is_asked_wrongly(floor: Database) -> None:
    async with Views(floor, settings()).open(NOW) as view:
        for cursor in ("", "nonsense", "WzEsMl0", "WyIyMDI2LTExLTIwVDE2OjA1OjExIiwiYSIsImIiXQ"):
            with pytest.raises(BadRequest, match="cursor"):
                await records(view, Subject("r1"), kpi_of("calls"), asked(), cursor=cursor)
        with pytest.raises(NotFound):
            await records(view, Subject("r7"), kpi_of("calls"), asked())
