"""Why, and from what to what, in words."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from app.changed import Change
from app.restated import Restatement, Value
from app.web import why
from tests.web.scene import EVIL


def record(source: str = "twilio", event_id: str = "e1", **known: Any) -> Restatement:
    return Restatement(
        id=1, rep_id="r1", day=date(2026, 11, 10), measure="calls", before=0, after=1,
        at=datetime(2026, 11, 18, tzinfo=UTC), source=source, event_id=event_id, **known,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "key", "how", "said"),
    [
        ("call", "tw:CA1", "again", "Call tw:CA1 came again from twilio"),
        ("quote", "q7", "came", "Quote q7 came late from twilio"),
        ("order", EVIL, "withdrawn", f"Order {EVIL} was withdrawn by twilio"),
        ("talktime", "s1", "came", "Talk segment s1 came late from twilio"),
        ("rep", "2026-11-05", "came", "Rep record from Thu 5 Nov 2026 came late from twilio"),
        ("rep", "2000-01-01", "again", "Rep record came again from twilio"),
        ("time_off", "2026-11-05", "came", "Time off on Thu 5 Nov 2026 came late from twilio"),
        ("fx_rate", "EUR 2026-11-05", "again",
         "Rate of EUR for Thu 5 Nov 2026 came again from twilio"),
        ("customer", "k1", "came", "Customer k1 came late from twilio"),
    ],
)  # fmt: skip
def test_the_record_and_how_it_came(kind: str, key: str, how: str, said: str) -> None:
    assert why.why(record(kind=kind, key=key, how=how)) == said


@pytest.mark.parametrize(
    ("source", "event_id", "said"),
    [
        ("ringside", "definition 1 -> 2", "Other rules or settings, definition 1 → 2"),
        ("ringside", "repair", "Repair: what was stored was not what the records say"),
        ("phones", "repair", "Event repair from phones"),
        ("ringside", "other", "Event other from ringside"),
    ],
)
def test_what_is_about_no_record(source: str, event_id: str, said: str) -> None:
    assert why.why(record(source, event_id)) == said


@pytest.mark.parametrize(
    ("measure", "worth", "said"),
    [
        ("calls", 1699, "1,699"),
        ("talk_time", 3750, "1:02:30"),
        ("talk_time", 45, "0:00:45"),
        ("net", Decimal("76240.79"), "76,240.79 EUR"),
        ("net", 0, "0.00 EUR"),
        ("units", Decimal("2.5"), "2.5"),
        ("working_days", Decimal("0.5"), "0.5"),
        ("team", "West", "West"),
        ("team", None, "no team"),
    ],
)
def test_values(measure: str, worth: Value, said: str) -> None:
    assert why.value(measure, worth, "EUR") == said


def test_what_changed_most_days_comes_first() -> None:
    calls = record(kind="call", key="c1", how="came")
    quote = record("crm", kind="quote", key="q1", how="again")
    ours = record("ringside", "repair")

    def change(day: int, *causes: Restatement) -> Change:
        on = date(2026, 11, day)
        return Change("r1", "Ada", on, on, (), causes[0].at, causes)

    told = [change(9, quote), change(10, calls, quote), change(11, calls), change(12, calls),
            change(12, calls), change(13, ours)]  # fmt: skip
    assert why.summary(told) == [
        ("calls that came late from twilio", 3),
        ("quotes that came again from crm", 2),
        ("repair or other rules", 1),
    ]
    assert why.summary([]) == []


def test_days() -> None:
    first, last = date(2026, 11, 9), date(2026, 11, 18)
    assert why.days(first, first) == "Mon 9 Nov 2026"
    assert why.days(first, last) == "Mon 9 Nov 2026 – Wed 18 Nov 2026"
    assert why.days(date(2000, 1, 1), last) == "until Wed 18 Nov 2026"


def test_titles_are_the_catalogues() -> None:
    assert why.title("talk_time") == "talk time"
    assert why.title("of a later version") == "of a later version"
