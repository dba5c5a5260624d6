"""Which day an instant belongs to, through changes of clock and zone."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.directory import Directory, RepState, Timeline
from tests.test_periods import ZONES


def state(effective_from: date, time_zone: str, team: str | None = None) -> RepState:
    return RepState(effective_from, "Ada", team, None, time_zone, True)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_rep_nobody_announced_lives_in_the_default_zone() -> None:
    nobody = Directory({}, "America/Denver").of("r1")
    assert nobody.day_of(at("2026-11-20T06:59:59")) == date(2026, 11, 19)
    assert nobody.day_of(at("2026-11-20T07:00:00")) == date(2026, 11, 20)
    assert nobody.team_on(date(2026, 11, 20)) is None


def test_before_the_first_state_the_zone_is_the_default_one() -> None:
    rep = Timeline([state(date(2026, 6, 1), "Asia/Tokyo", "East")], "UTC")
    assert (rep.zone_on(date(2026, 5, 31)), rep.team_on(date(2026, 5, 31))) == ("UTC", None)
    assert (rep.zone_on(date(2026, 6, 1)), rep.team_on(date(2026, 6, 1))) == ("Asia/Tokyo", "East")


def test_a_move_eastward_makes_the_last_day_short() -> None:
    rep = Timeline([state(date(2000, 1, 1), "UTC"), state(date(2026, 6, 2), "Asia/Tokyo")], "UTC")
    assert rep.start_of(date(2026, 6, 2)) == at("2026-06-01T15:00:00")
    assert rep.day_of(at("2026-06-01T14:59:59")) == date(2026, 6, 1)
    assert rep.day_of(at("2026-06-01T15:00:00")) == date(2026, 6, 2)


def test_a_move_over_the_date_line_leaves_a_day_empty() -> None:
    rep = Timeline(
        [state(date(2000, 1, 1), "Pacific/Pago_Pago"),
         state(date(2026, 6, 2), "Pacific/Kiritimati")],
        "UTC",
    )  # fmt: skip
    # 2 June starts at +14 an hour before 1 June would have started at -11.
    assert rep.start_of(date(2026, 6, 2)) < rep.start_of(date(2026, 6, 1))
    assert rep.day_of(at("2026-06-01T09:59:59")) == date(2026, 5, 31)
    assert rep.day_of(at("2026-06-01T10:00:00")) == date(2026, 6, 2)
    # 31 May ends with the start of 1 June, an hour after 1 June itself.
    assert rep.ended(date(2026, 6, 1), date(2026, 6, 2)) == at("2026-06-01T10:00:00")
    assert rep.ended(date(2026, 5, 31), date(2026, 6, 2)) == at("2026-06-01T11:00:00")
    assert rep.ended(date(2026, 5, 1), date(2026, 6, 3)) == at("2026-06-02T10:00:00")


@given(
    st.sampled_from(ZONES),
    st.sampled_from(ZONES),
    st.dates(date(2005, 1, 1), date(2030, 1, 1)),
    st.integers(-200_000, 200_000),
)
def test_an_instant_belongs_to_the_latest_day_that_has_started(
    old: str, new: str, moves: date, seconds: int
) -> None:
    rep = Timeline([state(date(2000, 1, 1), old), state(moves, new)], "UTC")
    instant = datetime.combine(moves, datetime.min.time(), UTC) + timedelta(seconds=seconds)
    around = [moves + timedelta(days=n) for n in range(-6, 7)]
    assert rep.day_of(instant) == max(d for d in around if rep.start_of(d) <= instant)


def test_team_spans_follow_the_states() -> None:
    rep = Timeline(
        [state(date(2026, 6, 1), "UTC", "East"), state(date(2026, 6, 10), "UTC", "West"),
         state(date(2026, 6, 20), "UTC", "East")],
        "UTC",
    )  # fmt: skip
    assert rep.team_spans("East", date(2026, 5, 1), date(2026, 7, 1)) == [
        (date(2026, 6, 1), date(2026, 6, 10)),
        (date(2026, 6, 20), date(2026, 7, 1)),
    ]


@given(
    st.lists(st.sampled_from(ZONES), min_size=1, max_size=2),
    st.dates(date(2005, 1, 1), date(2030, 1, 1)),
    st.lists(st.integers(-200_000, 200_000), min_size=2),
)
def test_what_was_asked_before_makes_no_difference(
    zones: list[str], moves: date, seconds: list[int]
) -> None:
    states = [state(date(2000, 1, 1), zones[0]), state(moves, zones[-1])]
    asked_often = Timeline(states, "UTC")
    midnight = datetime(moves.year, moves.month, moves.day, tzinfo=UTC)
    for instant in [midnight + timedelta(seconds=s) for s in seconds]:
        assert asked_often.day_of(instant) == Timeline(states, "UTC").day_of(instant)
