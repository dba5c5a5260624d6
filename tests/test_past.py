"""Asked as of a moment, the board says to the last digit what it said then, whatever came since.

Random floors are taken in three parts at three moments; every figure, point and board that was
final after the first and after the second is asked for again after the third.
"""

import json
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from app.api.past import final_board, final_figures, final_series
from app.board import board
from app.db import Database
from app.errors import BadRequest, NotFound
from app.events.decode import decode_structured
from app.events.types import Customer, Event, RepRecorded
from app.exact import encode
from app.figures import figures
from app.ingest import Door
from app.kpis import CATALOGUE, kpi_of
from app.periods import Kind
from app.series import series
from app.spans import asked
from app.view import View, Views
from tests.oracle.floor import Floor, floor, shuffled
from tests.test_ingest import SETTINGS, call
from tests.test_oracle_agrees import IDS, empty, settings_of, subject_of

FLOORS = 12
AT_ONCE = 4
SERIES = ("calls", "customers_called", "missed_inbound", "calls_per_day", "revenue")

# What is asked (figures, board, series), about whom or what, from when, to when.
Question = tuple[Any, Any, date, date]


async def take(
    database: Database, drawn: Floor, events: list[dict[str, Any]], now: datetime
) -> None:
    chosen = settings_of(drawn)
    door = Door(database, chosen)
    for at in range(0, len(events), 25):
        batch = [
            decode_structured(json.dumps(e).encode(), now=now, currency=chosen.currency)
            for e in events[at : at + 25]
        ]
        await door.take([event for event in batch if isinstance(event, Event)], now=now)


def questions(drawn: Floor, rng: random.Random) -> Iterator[Question]:
    """What to ask: figures of everybody, boards and series, around what happened."""
    past = [day for day in drawn.dates if day < (drawn.now - timedelta(days=2)).date()]
    days = rng.sample(past, min(4, len(past)))
    periods = [(day, day + timedelta(days=rng.choice([1, 1, 7, 90]))) for day in days]
    periods += [(start, end) for _, start, end in drawn.periods(rng, 2)]
    for start, end in periods:
        for scope in [*rng.sample(drawn.scopes(), 4), ("company",)]:
            yield "figures", scope, start, end
        for kpi in rng.sample(IDS, 2):
            yield "board", kpi, start, end
    for kpi in SERIES:
        for scope in rng.sample(drawn.scopes(), 2):
            yield "series", (scope, kpi), days[0], days[0] + timedelta(days=rng.choice([2, 40]))


async def answer(view: View, question: Question) -> Any:
    """The answer in bytes, without the moment it was made; None where it was not final."""
    what, about, start, end = question
    period = asked(start=start, end=end, week_start=view.settings.week_start)
    try:
        found: Any
        if what == "figures":
            found = await figures(view, subject_of(about), period, CATALOGUE)
            found = final_figures(found, named=False)
        elif what == "board":
            found = final_board(await board(view, kpi_of(about), period))
        else:
            scope, kpi = about
            found = await series(view, subject_of(scope), kpi_of(kpi), start, end, Kind.DAY)
            found = final_series(found)
    except (BadRequest, NotFound) as refused:
        return type(refused)
    return {**json.loads(encode(found)), "as_of": None}


@pytest.mark.parametrize("first", range(0, FLOORS, AT_ONCE))
async def test_what_was_final_is_answered_as_it_was(database: Database, first: int) -> None:
    final, changed = 0, 0
    for seed in range(first, first + AT_ONCE):
        drawn, rng = floor(seed), random.Random(seed)
        events = shuffled(drawn.events, rng)
        asks = list(questions(drawn, rng))
        third = len(events) // 3
        moments = [drawn.now + timedelta(days=days) for days in (1, 2, 40)]
        await empty(database)
        views = Views(database, settings_of(drawn))
        said = []
        for part, now in enumerate(moments):
            upto = None if part == 2 else third * (part + 1)
            await take(database, drawn, events[third * part : upto], now)
            async with views.open(now) as view:
                said.append([await answer(view, question) for question in asks])
        for answers, then in zip(said, moments[:2], strict=False):
            async with views.open_past(then) as view:
                again = [await answer(view, question) for question in asks]
            for question, one, other in zip(asks, answers, again, strict=True):
                if one is NotFound:  # nobody had heard of the rep: whoever has since, had nothing
                    continue
                assert other == one, (seed, then, question)
            pairs = [(a, b) for a, b in zip(answers, said[2], strict=True) if isinstance(a, dict)]
            final += len(pairs)
            changed += sum(a != b for a, b in pairs)
    # Otherwise there was nothing to undo.
    assert final > 40 * AT_ONCE
    assert changed > final / 3


async def test_who_joins_later_may_live_further_west(database: Database) -> None:
    """In Auckland the 20th is final when it is not yet in Honolulu, whence somebody joins."""
    door, views = Door(database, SETTINGS), Views(database, SETTINGS)

    def rep(rep_id: str, zone: str) -> Event:
        data = RepRecorded(rep_id=rep_id, name=rep_id, team=None, time_zone=zone)
        return Event(rep_id, "hr", None, data)

    async def company(view: View) -> Any:
        day = asked(day=date(2026, 11, 20))
        found = await figures(view, subject_of(("company",)), day, [kpi_of("calls")])
        return found.status, found.kpis["calls"].value

    then = datetime(2026, 11, 22, tzinfo=UTC)
    noon = datetime(2026, 11, 20, 1, tzinfo=UTC)
    at: dict[str, Any] = {
        "started_at": noon,
        "answered_at": noon,
        "ended_at": noon + timedelta(seconds=99),
    }
    await door.take([rep("r1", "Pacific/Auckland"), call("a", **at)], now=then)
    async with views.open(then) as view:
        assert await company(view) == ("final", 1)
    later = then + timedelta(hours=1)
    await door.take([rep("r9", "Pacific/Honolulu"), call("b", rep_id="r9")], now=later)
    async with views.open(later) as view:
        assert await company(view) == ("provisional", 2)
    async with views.open_past(then) as view:
        assert await company(view) == ("final", 1)


async def test_of_the_ledger_no_more_is_read_than_what_is_asked_about(database: Database) -> None:
    """Records of another day and another rep are made such that whoever reads them fails."""
    door, views = Door(database, SETTINGS), Views(database, SETTINGS)
    then = datetime(2026, 11, 25, tzinfo=UTC)
    days = {n: datetime(2026, n // 100, n % 100, 18, tzinfo=UTC) for n in (920, 1119, 1120)}
    customer = Customer("k1")

    async def taken(number: int, now: datetime) -> None:
        events = [
            call(f"{rep}{n}{number}", call_id=f"{rep}{n}{number}", rep_id=rep, customer=customer,
                 started_at=at, answered_at=at, ended_at=at + timedelta(seconds=99))
            for rep in ("r1", "r2") for n, at in days.items()
        ]  # fmt: skip
        await door.take(events, now=now)

    async def calls(*about: Any) -> list[Any]:
        async with views.open_past(then) as view:
            return [
                found.kpis["calls"].value
                for found in [
                    await figures(view, subject_of(scope), period, [kpi_of("calls")])
                    for scope, period in about
                ]
            ]

    # So many that one of them is looked up alone.
    reps = [RepRecorded(rep_id=f"r{n}", name="", team=None, time_zone="UTC") for n in range(99)]
    await door.take([Event(rep.rep_id, "hr", None, rep) for rep in reps], now=then)
    await taken(1, then)
    await taken(2, then + timedelta(hours=1))
    async with database.writing() as session:
        await session.run(
            "UPDATE restated_days SET befores = array_fill(1e30, ARRAY[cardinality(befores)])"
            " WHERE measures IS NOT NULL"
            " AND (day IN ('2026-09-20', '2026-11-19') OR rep_id = 'r2')"
        )
    day = asked(day=date(2026, 11, 20))
    assert await calls((("rep", "r1"), day)) == [1]
    month = asked(kind=Kind.MONTH, day=date(2026, 11, 1))
    for about in ((("rep", "r1"), month), (("company",), day), (("rep", "r2"), day)):
        with pytest.raises(asyncpg.NumericValueOutOfRangeError):
            await calls(about)
    async with database.writing() as session:
        await session.run(
            "UPDATE restated_days SET befores = array_fill(1::numeric, ARRAY[cardinality(befores)])"
            " WHERE measures IS NOT NULL"
            " AND day > '2026-11-01'"
        )
    # September would still fail, November does not.
    assert await calls((("rep", "r1"), month), (("rep", "r2"), day)) == [2, 1]


async def test_a_day_that_was_open_is_refused(database: Database) -> None:
    drawn = floor(1)
    views = Views(database, settings_of(drawn))
    async with views.open_past(drawn.now) as view:
        today = view.roster.todays()[0]
        found = await figures(view, subject_of(("company",)), asked(), CATALOGUE)
        with pytest.raises(BadRequest, match="was not final at") as refused:
            final_figures(found, named=False)
        assert refused.value.errors[0].field == "as_of"
        # Three days later all but what looks ahead are final: asked by name, those are refused.
        quotes, calls = kpi_of("quote_to_order"), kpi_of("calls")
        week_ago = asked(day=today - timedelta(days=7))
        both = await figures(view, subject_of(("company",)), week_ago, [calls, quotes])
        assert list(final_figures(both, named=False).kpis) == ["calls"]
        with pytest.raises(BadRequest, match="quote_to_order could still change unrecorded"):
            final_figures(both, named=True)
