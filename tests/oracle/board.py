"""Leaderboards: who is ranked where, and who is not and why, in this period and the one before.

Values are compared as they are shown, so that equal values on the page share their rank.
"""

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from tests.oracle.days import dates
from tests.oracle.figures import Oracle, Scope, SpanOf
from tests.oracle.form import CATALOGUE, Figure, rounded, written
from tests.oracle.formulas import Parts
from tests.oracle.periods import before


@dataclass(frozen=True)
class Entry:
    """One ranked rep, with the figure as it is shown."""

    rank: int
    rep_id: str
    figure: Figure = field(default_factory=dict)
    previous_rank: int | None = None


@dataclass
class Board:
    """`unranked`: (rep id, reason), by rep id: `no_data` undefined, `small_sample` too little."""

    entries: list[Entry] = field(default_factory=list)
    unranked: list[tuple[str, str]] = field(default_factory=list)


def on_board(oracle: Oracle, span_of: SpanOf, team: str | None) -> list[str]:
    """Announced and active on a day of the period, or with something that counts on one; of a
    team's board on a day served in the team.
    """
    counting = oracle.counting_days()
    found = []
    for rep in oracle.reps():
        for day in dates(*span_of(rep)):
            state = oracle.days.state(rep, day)
            here = team is None or oracle.days.team(rep, day) == team
            if here and ((rep, day) in counting or (state is not None and state.active)):
                found.append(rep)
                break
    return found


def parts_of_all(oracle: Oracle, span_of: SpanOf, team: str | None = None) -> dict[str, Parts]:
    """The exact figures of all who stand on a board of the period, by rep id.

    On a team's board a rep has the figure of the days served in the team.
    """
    found = {}
    for rep in on_board(oracle, span_of, team):
        scope: Scope = ("rep", rep) if team is None else ("member", rep, team)
        found[rep] = oracle.parts(scope, span_of)
    return found


def ranking(kpi: str, field_of: dict[str, Parts], min_sample: Fraction = Fraction(0)) -> Board:
    """Best first; equal values share a rank (1, 2, 2, 4) in order of rep id.

    `min_sample` is for quotients: a lower denominator is not ranked.
    """
    board = Board()
    shown: list[tuple[Fraction, str]] = []
    for rep, parts in sorted(field_of.items()):
        part = parts[kpi]
        if part.value is None:
            board.unranked.append((rep, "no_data"))
        elif part.denominator is not None and part.denominator < min_sample:
            board.unranked.append((rep, "small_sample"))
        else:
            shown.append((rounded(kpi, part), rep))
    ranks = ranked(shown, highest_first=CATALOGUE[kpi][1] >= 0)
    board.entries = [Entry(rank, rep, written(kpi, field_of[rep][kpi])) for rank, rep in ranks]
    return board


def ranked(shown: list[tuple[Fraction, str]], *, highest_first: bool) -> list[tuple[int, str]]:
    """A rep's rank is one more than the number of reps with a better value."""

    def better(one: Fraction, other: Fraction) -> bool:
        return one > other if highest_first else one < other

    return sorted(
        (1 + sum(better(other, value) for other, _ in shown), rep) for value, rep in shown
    )


def boards(
    oracle: Oracle,
    kind: str,
    start: date,
    end: date,
    team: str | None = None,
    min_sample: Fraction = Fraction(0),
) -> dict[str, Board]:
    """Every KPI's board of a period, with the ranks of the period before: `kind` says which."""
    now = parts_of_all(oracle, oracle.fixed(start, end), team)
    earlier = before(kind, start, end, oracle.week_start)
    then = parts_of_all(oracle, oracle.fixed(*earlier), team)
    found = {}
    for kpi in CATALOGUE:
        board = ranking(kpi, now, min_sample)
        previous = {entry.rep_id: entry.rank for entry in ranking(kpi, then, min_sample).entries}
        board.entries = [
            Entry(entry.rank, entry.rep_id, entry.figure, previous.get(entry.rep_id))
            for entry in board.entries
        ]
        found[kpi] = board
    return found


def leaderboard(
    oracle: Oracle,
    kpi: str,
    start: date,
    end: date,
    team: str | None = None,
    *,
    min_sample: int = 0,
) -> Board:
    """One KPI's board of some days, without the period before."""
    field_of = parts_of_all(oracle, oracle.fixed(start, end), team)
    return ranking(kpi, field_of, Fraction(min_sample))
