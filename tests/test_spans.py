"""From a question to days: whose day it is, who served when, what has whole months in it."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.directory import Directory, RepState, Timeline
from app.errors import BadRequest
from app.periods import LAST_DAY, Kind, Period, day_start
from app.spans import (
    QUARTER,
    Asked,
    Roster,
    Scope,
    Span,
    asked,
    buckets,
    month_edges,
    shown_period,
)

ALWAYS = date(2000, 1, 1)
# In Denver it is still the 20th, in Tokyo the 21st.
NOW = datetime(2026, 11, 20, 19, tzinfo=UTC)
days = st.dates(date(2020, 1, 1), date(2026, 12, 31))


def state(since: date, team: str | None, zone: str = "America/Denver") -> RepState:
    return RepState(since, "Ada", team, None, zone, active=True)


def roster(**timelines: list[RepState]) -> Roster:
    directory = {rep: Timeline(states, "UTC") for rep, states in timelines.items()}
    return Roster(Directory(directory, "UTC"), NOW)


def test_today_is_each_reps_own() -> None:
    floor = roster(ada=[state(ALWAYS, "West")], rin=[state(ALWAYS, "East", "Asia/Tokyo")])
    assert [floor.today(rep) for rep in ("ada", "rin", "nobody")] == [
        date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 20),
    ]  # fmt: skip
    scope = Scope(floor, with_trailing=False)
    for rep in ("ada", "rin"):
        scope.add(0, rep, asked("day").on)
    assert scope.spans == [
        Span(0, "ada", date(2026, 11, 20), date(2026, 11, 21)),
        Span(0, "rin", date(2026, 11, 21), date(2026, 11, 22)),
    ]


def test_the_period_shown_is_the_most_common_one_then_the_later() -> None:
    floor = roster(
        ada=[state(ALWAYS, "West")],
        bo=[state(ALWAYS, "West")],
        rin=[state(ALWAYS, "East", "Asia/Tokyo")],
    )
    today, tomorrow = (Period(Kind.DAY, date(2026, 11, d), date(2026, 11, d + 1)) for d in (20, 21))
    scope = Scope(floor, with_trailing=False)
    assert shown_period(scope, asked("day").on) == (today, "UTC")  # nobody: the default zone's
    for rep in ("ada", "rin"):
        scope.add(0, rep, asked("day").on)
    assert shown_period(scope, asked("day").on) == (tomorrow, "Asia/Tokyo")
    scope.add(0, "bo", asked("day").on)
    assert shown_period(scope, asked("day").on) == (today, "America/Denver")


def test_a_team_has_its_members_on_the_dates_they_served() -> None:
    moved = [
        state(ALWAYS, "West"), state(date(2026, 11, 10), "East"), state(date(2026, 11, 18), "West"),
    ]  # fmt: skip
    scope = Scope(roster(ada=moved), with_trailing=True)
    scope.add(3, "ada", asked("month", date(2026, 11, 5)).on, {"West"})
    assert scope.spans == [
        Span(3, "ada", date(2026, 11, 1), date(2026, 11, 10)),
        Span(3, "ada", date(2026, 11, 18), date(2026, 12, 1)),
    ]
    # Its twelve months end with today, the 20th, not with the month.
    assert scope.trailing == [
        Span(3, "ada", date(2025, 11, 21), date(2026, 11, 10)),
        Span(3, "ada", date(2026, 11, 18), date(2026, 11, 21)),
    ]


def test_a_rep_without_a_day_in_the_team_is_not_in_the_scope() -> None:
    scope = Scope(roster(ada=[state(ALWAYS, "West")]), with_trailing=True)
    scope.add(0, "ada", asked("day").on, {"East"})
    scope.add(0, "nobody", asked("day").on, {"East"})
    assert (scope.spans, scope.trailing, scope.periods) == ([], [], {})


def test_a_closed_period_has_the_twelve_months_up_to_its_own_last_day() -> None:
    scope = Scope(roster(ada=[state(ALWAYS, "West")]), with_trailing=True)
    scope.add(0, "ada", asked("month", date(2024, 2, 5)).on)
    assert scope.trailing == [Span(0, "ada", date(2023, 3, 1), date(2024, 3, 1))]


def test_the_query_is_a_kind_and_a_date_or_a_range() -> None:
    assert asked() == Asked(Kind.DAY)
    assert asked("week", date(2026, 11, 20)).on(NOW.date()) == Period(
        Kind.WEEK, date(2026, 11, 16), date(2026, 11, 23)
    )
    span = asked(start=date(2026, 11, 2), end=date(2026, 11, 5))
    assert span.on(NOW.date()) == Period(Kind.RANGE, date(2026, 11, 2), date(2026, 11, 5))
    assert span.before(NOW.date()) == Period(Kind.RANGE, date(2026, 10, 30), date(2026, 11, 2))
    assert asked("month").before(NOW.date()) == Period(
        Kind.MONTH, date(2026, 10, 1), date(2026, 11, 1)
    )


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"kind": "decade"}, "period"),
        ({"kind": "range"}, "period"),
        ({"start": date(2026, 11, 2)}, "to"),
        ({"end": date(2026, 11, 2)}, "from"),
        ({"start": date(2026, 11, 2), "end": date(2026, 11, 2)}, "to"),
        ({"kind": "day", "start": date(2026, 11, 2), "end": date(2026, 11, 3)}, "period"),
        (
            {"day": date(2026, 11, 2), "start": date(2026, 11, 2), "end": date(2026, 11, 3)},
            "period",
        ),
    ],
)
def test_what_cannot_be_understood_names_the_field(query: dict[str, date], field: str) -> None:
    with pytest.raises(BadRequest) as refused:
        asked(**query)  # type: ignore[arg-type]
    assert [error.field for error in refused.value.errors] == [field]


def test_weeks_and_months_are_cut_at_the_ends() -> None:
    start, end = date(2026, 11, 18), date(2026, 12, 2)  # Wednesday to Wednesday
    assert buckets(start, end, Kind.WEEK) == [start, date(2026, 11, 23), date(2026, 11, 30)]
    assert buckets(start, end, Kind.MONTH) == [start, date(2026, 12, 1)]
    assert buckets(start, date(2026, 11, 20), Kind.DAY) == [start, date(2026, 11, 19)]
    sundays = buckets(start, end, Kind.WEEK, week_start=6)
    assert sundays == [start, date(2026, 11, 22), date(2026, 11, 29)]


@given(days, st.integers(1, 800))
def test_edges_and_months_are_the_span_and_nothing_twice(start: date, length: int) -> None:
    span = Span(0, "ada", start, start + timedelta(days=length))
    edges = month_edges([span])
    assert all(s.start.day == 1 and s.end.day == 1 for s in edges.months)
    pieces = sorted([*edges.heads, *edges.months, *edges.tails], key=lambda s: s.start)
    assert pieces[0].start == span.start
    assert pieces[-1].end == span.end
    assert all(a.end == b.start for a, b in pairwise(pieces))
    assert all(s.start < s.end for s in pieces)
    # What is left as days is never a whole month.
    assert all((s.end - s.start).days < 59 for s in [*edges.heads, *edges.tails])


def test_someone_is_shown_by_the_first_name_before_being_announced() -> None:
    floor = roster(ada=[state(date(2026, 11, 10), "West")])
    assert floor.card("ada", date(2026, 11, 10)) == ("Ada", "West")
    assert floor.card("ada", date(2026, 11, 9)) == ("Ada", None)
    assert floor.card("nobody", date(2026, 11, 9)) == (None, None)


@given(st.sampled_from(sorted(available_timezones())), st.dates(date(2000, 1, 1), LAST_DAY))
def test_every_day_starts_on_a_quarter_of_an_hour(zone: str, day: date) -> None:
    """That a roster looks no more often than that whether it is another day rests on it."""
    assert day_start(zone, day).timestamp() % QUARTER.total_seconds() == 0


zones = st.sampled_from(["UTC", "America/Denver", "Asia/Tokyo", "Asia/Kathmandu", "Pacific/Apia"])


@given(
    st.lists(zones, min_size=1, max_size=3), zones, st.sampled_from(range(0, 86_400, 1_800)),
    st.lists(st.sampled_from(range(900, 36_000, 450)), min_size=1, max_size=9),
)  # fmt: skip
def test_a_roster_remembers_until_it_is_another_day_for_anybody(
    theirs: list[str], default: str, since: int, steps: list[int]
) -> None:
    begun = NOW + timedelta(seconds=since)
    timelines = {
        f"r{i}": Timeline([state(ALWAYS, "West", zone)], default) for i, zone in enumerate(theirs)
    }
    directory = Directory(timelines, default)
    known = Roster(directory, begun)

    def dates(now: datetime) -> list[date]:
        reps = [*timelines, "nobody"]
        return [now.date(), *(directory.of(rep_id).day_of(now) for rep_id in reps)]

    for rep_id in timelines:
        known.today(rep_id)
    memory, now = known.memory, begun
    made = memory.once("who", object)
    for seconds in steps:
        now += timedelta(seconds=seconds)
        memory = memory.at(directory, now)
        if dates(now) != dates(begun):
            assert not memory.answers
            break
        assert memory.answers == {"who": made}
        assert [Roster(directory, now, memory).today(r) for r in timelines] == dates(begun)[1:-1]
    assert not known.memory.at(Directory({}, "UTC"), begun).answers


def test_what_is_asked_as_of_before_a_midnight_is_not_remembered_after_it() -> None:
    directory = Directory({"ada": Timeline([state(ALWAYS, "West")], "UTC")}, "UTC")
    midnight = datetime(2026, 11, 21, 7, tzinfo=UTC)
    late = Roster(directory, midnight - timedelta(seconds=1))
    soon = Roster(directory, midnight, late.memory.at(directory, midnight))
    assert [late.today("ada"), soon.today("ada")] == [date(2026, 11, 20), date(2026, 11, 21)]
