"""Look-backs, at and beside every edge of their windows."""

from datetime import UTC, datetime, timedelta

import pytest

from app.meaning.lookback import call_marks, conversation_marks
from app.meaning.marks import Mark

START = datetime(2026, 11, 20, 18, tzinfo=UTC)
MICRO = timedelta(microseconds=1)


def ago(**span: float) -> datetime:
    return START - timedelta(**span)


@pytest.mark.parametrize(
    ("earlier", "marks"),
    [
        ([], Mark.NEW_CUSTOMER),
        ([ago(days=180)], 0),
        ([ago(days=180) - MICRO], Mark.NEW_CUSTOMER),
        ([START - MICRO], 0),
        # a call at the same instant is not before it
        ([START], Mark.NEW_CUSTOMER),
    ],
)
def test_a_customer_is_new_after_180_days_without_a_call(
    earlier: list[datetime], marks: int
) -> None:
    assert call_marks(START, sorted([*earlier, START]), []) == marks


@pytest.mark.parametrize(
    ("earlier", "reached", "unproductive"),
    [
        ([ago(days=1), ago(days=2)], [], True),
        ([ago(days=1)], [], False),
        # the window is open at its far end and closed at this call
        ([ago(days=1), ago(days=7)], [], False),
        ([ago(days=1), ago(days=7) + MICRO], [], True),
        ([START, ago(days=1)], [], True),
        ([ago(days=1), ago(days=2)], [ago(days=7)], True),
        ([ago(days=1), ago(days=2)], [ago(days=7) + MICRO], False),
        ([ago(days=1), ago(days=2)], [START], False),
        ([ago(days=1), ago(days=2)], [START + MICRO], True),
    ],
)
def test_a_third_call_within_a_week_without_a_conversation_is_unproductive(
    earlier: list[datetime], reached: list[datetime], unproductive: bool
) -> None:
    marks = call_marks(START, sorted([*earlier, START]), reached)
    assert marks == (Mark.UNPRODUCTIVE if unproductive else 0)


@pytest.mark.parametrize(
    ("earlier", "repeat"),
    [
        ([], False),
        ([ago(hours=1)], True),
        ([ago(hours=1) + MICRO], False),
        ([ago(days=90)], True),
        ([ago(days=90) - MICRO], False),
        ([ago(days=90) - MICRO, ago(minutes=59)], False),
    ],
)
def test_a_conversation_repeats_one_of_the_last_90_days(
    earlier: list[datetime], repeat: bool
) -> None:
    marks = conversation_marks(START, sorted([*earlier, START]), [])
    assert marks == (Mark.REPEAT if repeat else 0)


@pytest.mark.parametrize(
    ("quote", "counts"),
    [
        (ago(days=30), True),
        (ago(days=30) - MICRO, False),
        (START + timedelta(days=7), True),
        (START + timedelta(days=7) + MICRO, False),
    ],
)
def test_a_repeat_is_about_a_quote_issued_around_it(quote: datetime, counts: bool) -> None:
    repeat = [ago(days=3), START]
    marks = conversation_marks(START, repeat, [quote])
    assert marks == (Mark.REPEAT | Mark.REPEAT_QUOTE if counts else Mark.REPEAT)
    assert conversation_marks(START, [START], [quote]) == 0
