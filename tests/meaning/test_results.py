"""Rates, waiting and which quotes turned, each case worked by hand from the KPI contract."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from app.directory import Directory, RepState, Timeline
from app.facts.rows import Order, Quote
from app.floors import Floors
from app.meaning.known import Known, Rates
from app.meaning.results import read_order, read_quote, read_return, turned_quotes
from tests.meaning.rows import START, later, order, quote, returned

MICRO = timedelta(microseconds=1)
DAYS = timedelta(days=1)


def turned(quotes: list[Quote], *orders: Order) -> set[str]:
    return turned_quotes({q.quote_id: q for q in quotes}, orders)


@pytest.mark.parametrize(
    ("after", "named", "unnamed"),
    [
        (timedelta(0), True, True),
        (-MICRO, False, False),
        (30 * DAYS, True, True),
        (30 * DAYS + MICRO, True, False),
        (180 * DAYS, True, False),
        (180 * DAYS + MICRO, False, False),
    ],
)
def test_an_order_turns_a_quote_in_time(after: timedelta, named: bool, unnamed: bool) -> None:
    placed = START + after
    assert turned([quote()], order(placed_at=placed, quote_id="q1")) == ({"q1"} if named else set())
    assert turned([quote()], order(placed_at=placed)) == ({"q1"} if unnamed else set())


def test_a_named_quote_turns_whoever_places_the_order() -> None:
    assert turned([quote()], order(quote_id="q1", agent="r2", rep_id="r2", party="c:other")) == {
        "q1"
    }
    assert turned([quote()], order(agent="r2", rep_id="r2")) == set()
    assert turned([quote()], order(party="c:other")) == set()
    assert turned([quote(party=None)], order(party=None)) == set()


def test_only_confirmed_orders_and_issued_quotes_turn() -> None:
    for status in ("canceled", "draft", "test"):
        assert turned([quote()], order(status=status, quote_id="q1")) == set()
    assert turned([quote()], order(voided=True, quote_id="q1")) == set()
    assert turned([quote(status="draft")], order()) == set()
    for status in ("accepted", "declined", "expired"):
        assert turned([quote(status=status)], order()) == {"q1"}


def test_an_order_that_names_a_standing_draft_turns_nothing() -> None:
    others = [quote("q1"), quote("q2", status="draft")]
    assert turned(others, order(quote_id="q2")) == set()
    # ... nor does one that names a quote too old, though another would do
    assert turned([quote("q1"), quote("q2", issued_at=START - 200 * DAYS)],
                  order(quote_id="q2")) == set()  # fmt: skip


def test_an_order_that_names_no_standing_quote_turns_the_latest_one() -> None:
    older, newer = quote("q9", issued_at=START - 2 * DAYS), quote("q1", issued_at=START - DAYS)
    future = quote("q7", issued_at=START + MICRO)
    assert turned([older, newer, future], order()) == {"q1"}
    assert turned([older, newer], order(quote_id="never-came")) == {"q1"}
    assert turned([older, newer, quote("q2", voided=True)], order(quote_id="q2")) == {"q1"}
    # of equally late ones that with the greatest id, by code point
    assert turned([quote("q1"), quote("q10"), quote("Q9")], order()) == {"q10"}


RATES = Rates("USD", {("EUR", date(2026, 11, 19)): Decimal("1.1"),
                      ("EUR", date(2026, 11, 21)): Decimal("1.2")})  # fmt: skip


def abroad() -> Known:
    tokyo = RepState(date(2000, 1, 1), "Ada", None, None, "Asia/Tokyo", True)
    return Known(Directory({"r1": Timeline([tokyo], "UTC")}, "UTC"), Floors(90), RATES)


def test_money_converts_at_the_rate_of_the_local_day_else_the_last_before() -> None:
    one = order(currency="EUR", placed_at=datetime(2026, 11, 20, 14, 59, 59, tzinfo=UTC))
    read_order(one, abroad())
    assert (one.day, one.rate) == (date(2026, 11, 20), Decimal("1.1"))
    one.placed_at = datetime(2026, 11, 20, 15, tzinfo=UTC)  # the 21st in Tokyo
    read_order(one, abroad())
    assert (one.day, one.rate) == (date(2026, 11, 21), Decimal("1.2"))
    two = quote(currency="EUR", issued_at=datetime(2026, 11, 18, 14, tzinfo=UTC))
    read_quote(two, abroad())
    assert (two.day, two.rate) == (date(2026, 11, 18), None)
    two.currency = "USD"
    read_quote(two, abroad())
    assert two.rate == 1


def test_a_return_is_its_orders_reps_on_its_own_day() -> None:
    back = returned(returned_at=later(86_400))
    read_return(back, order(), abroad())
    # 18:00 UTC on the 21st is the 22nd in Tokyo
    assert (back.rep_id, back.day) == ("r1", date(2026, 11, 22))
    read_return(back, None, abroad())
    assert (back.rep_id, back.day) == (None, None)
