"""Breaks of how figures are made: sums, rounding, working days, teams, boards, status."""

from tests.mutations.mutation import FLOORS, Mutation

FIGURES = ("tests/test_figures.py",)
WORK = ("tests/test_working_days.py",)

MUTATIONS = (
    Mutation(
        "app/sums.py",
        "(None if everybody else s.rep_id, s.start, s.end)",
        "(s.rep_id, s.start, s.end)",
        "of everybody's days in the past those count who were there then, not who is now",
        ("tests/test_past.py",),
    ),
    Mutation(
        "app/exact.py",
        "(2 * rest == under and whole % 2 == 1)",
        "2 * rest == under",
        "half goes to the even number",
        ("tests/test_exact.py",),
    ),
    Mutation(
        "app/kpi.py",
        "_shown(kpi, value, over) if over > 0 else None,",
        "_shown(kpi, value, over) if over else None,",
        "a quotient whose denominator is not greater than 0 is null",
        ("tests/test_kpi.py",),
    ),
    Mutation(
        "app/kpi.py",
        "if all_of_it:",
        "if True:",
        "coverage is 1 where its base is 0",
        ("tests/test_kpi.py",),
    ),
    Mutation(
        "app/spans.py",
        "min(period.last_day, today)",
        "period.last_day",
        "the twelve months end with today if that is earlier",
        FIGURES,
    ),
    Mutation(
        "app/spans.py",
        "if s and s.team in teams]",
        "if s]",
        "a team has its members on the dates they served",
        ("tests/test_spans.py",),
    ),
    Mutation(
        "app/sums.py",
        "count(DISTINCT {what})",
        "count({what})",
        "customers are distinct over team and period, a missed call counts once a day",
        FIGURES,
    ),
    Mutation(
        "app/tally.py",
        'if many and "missed_inbound" in needs:',
        "if False:",
        "a team counts a missed call once a day",
        FIGURES,
    ),
    Mutation(
        "app/tally.py",
        "timedelta(days=kpi.look_ahead_days) <= view.closed_to",
        "timedelta(days=kpi.look_ahead_days) < view.closed_to",
        "a day is final from 36 hours after its end on",
        FIGURES,
    ),
    Mutation(
        "app/working_days.py",
        "end = min(span.end, roster.today(span.rep_id) + DAY)",
        "end = span.end",
        "working days are those up to today",
        WORK,
    ),
    Mutation(
        "app/working_days.py",
        "elif state.active:",
        "else:",
        "only dates on which the rep is active are working days",
        WORK,
    ),
    Mutation(
        "app/working_days.py",
        'WHERE d.calls > 0"',
        'WHERE d.calls >= 0"',
        "of dates nobody announced only those with a call are working days",
        (*WORK, FLOORS),
    ),
    Mutation(
        "app/work_calendar.py",
        "- sum(day.weekday() in week for day in free)",
        "- 0 * len(free)",
        "holidays are no working days",
        ("tests/test_work_calendar.py",),
    ),
    Mutation(
        "app/leaderboard.py",
        "if value != last:",
        "if True:",
        "equal values share a rank",
        ("tests/test_leaderboard.py",),
    ),
    Mutation(
        "app/leaderboard.py",
        "reverse=polarity is not Polarity.DOWN)",
        "reverse=True)",
        "where less is better the lowest is first",
        ("tests/test_leaderboard.py",),
    ),
    Mutation(
        "app/leaderboard.py",
        "amount(figure.denominator) < min_sample:",
        "amount(figure.denominator) <= min_sample:",
        "a sample of exactly the least is ranked",
        ("tests/test_leaderboard.py",),
    ),
    Mutation(
        "app/periods.py",
        "return period_of(period.kind, period.start - DAY, week_start=week_start)",
        "return period_of(period.kind, period.start, week_start=week_start)",
        "the previous rank is of the period before",
        ("tests/test_periods.py",),
    ),
    Mutation(
        "app/kpis.py",
        '"call_conversations", "calls - assists",',
        '"call_conversations", "calls",',
        "an assist is no call without a conversation",
        (FLOORS,),
    ),
    Mutation(
        "app/kpis.py",
        '"timed_talk", "timed_conversations",\n',
        '"timed_talk", "spoken_conversations",\n',
        "an average is over the conversations whose talk is known",
        (FLOORS, "tests/test_kpis.py"),
    ),
)
