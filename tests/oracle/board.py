"""Leaderboards: who is ranked where, and who is not and why.

Values are compared as they are shown, so that equal values on the page share their rank.
"""

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from tests.oracle.days import dates
from tests.oracle.figures import Oracle, Scope, SpanOf
from tests.oracle.form import CATALOGUE, written

Value = int | float | str


@dataclass(frozen=True)
class Entry:
    """One ranked rep. `value` as the figure shows it."""

    rank: int
    rep_id: str
    value: Value


@dataclass
class Board:
    """`unranked`: (rep id, reason), by rep id; `no_data` undefined, `min_sample` too little."""

    entries: list[Entry] = field(default_factory=list)
    unranked: list[tuple[str, str]] = field(default_factory=list)


def on_board(oracle: Oracle, span_of: SpanOf, team: str | None) -> list[str]:
    """Announced and active on a day of the period, or with a fact in it; in the team, if asked."""
    facts = oracle.fact_days()
    found = []
    for rep in oracle.reps():
        for day in dates(*span_of(rep)):
            state = oracle.days.state(rep, day)
            here = team is None or oracle.days.team(rep, day) == team
            if here and ((rep, day) in facts or (state is not None and state.active)):
                found.append(rep)
                break
    return found


def leaderboard(
    oracle: Oracle,
    kpi: str,
    start: date,
    end: date,
    team: str | None = None,
    *,
    min_sample: int = 0,
    whole_period: bool = False,
) -> Board:
    """Best first; equal values share a rank (1, 2, 2, 4) in order of rep id.

    On a team's board a rep has the figure of the days served in the team, or with `whole_period`
    of all the own days. `min_sample` is for quotients: a lower denominator is not ranked.
    """
    span_of, board = oracle.fixed(start, end), Board()
    shown: list[tuple[Value, str]] = []
    for rep in on_board(oracle, span_of, team):
        served = team is not None and not whole_period
        scope: Scope = ("member", rep, team or "") if served else ("rep", rep)
        part = oracle.parts(scope, span_of)[kpi]
        if part.value is None:
            board.unranked.append((rep, "no_data"))
        elif part.denominator is not None and part.denominator < min_sample:
            board.unranked.append((rep, "min_sample"))
        else:
            shown.append((written(kpi, part)["value"], rep))
    board.entries = ranked(shown, highest_first=CATALOGUE[kpi][1] >= 0)
    return board


def ranked(shown: list[tuple[Value, str]], *, highest_first: bool) -> list[Entry]:
    """A rep's rank is one more than the number of reps with a better value."""

    def better(one: Value, other: Value) -> bool:
        left, right = Fraction(str(one)), Fraction(str(other))
        return left > right if highest_first else left < right

    ranks = [
        Entry(1 + sum(better(other, value) for other, _ in shown), rep, value)
        for value, rep in shown
    ]
    return sorted(ranks, key=lambda entry: (entry.rank, entry.rep_id))
