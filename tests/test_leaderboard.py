"""Ranking: 1, 2, 2, 4; best first by polarity; what is left out, and why."""

from collections import Counter
from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.column import of_amounts
from app.exact import Amount
from app.kpi import Figure, Kpi, Polarity, figure
from app.kpis import CATALOGUE
from app.leaderboard import Ranking, rank, rank_columns

counts = st.dictionaries(st.text(min_size=1, max_size=3), st.integers(0, 5), max_size=12)


def test_ties_share_a_rank_and_stand_by_code_point() -> None:
    figures = {"b": Figure(7), "a": Figure(3), "Z": Figure(7), "ä": Figure(9), "c": Figure(0)}
    expected = [(1, "ä"), (2, "Z"), (2, "b"), (4, "a"), (5, "c")]
    assert rank(Polarity.UP, figures) == Ranking(expected, [])
    assert rank(Polarity.NEUTRAL, figures) == Ranking(expected, [])


def test_down_is_lowest_first_with_ties_still_by_code_point() -> None:
    figures = {"b": Figure(7), "a": Figure(3), "Z": Figure(7)}
    assert rank(Polarity.DOWN, figures) == Ranking([(1, "a"), (2, "Z"), (2, "b")], [])


def test_money_is_ranked_as_an_amount_not_as_text() -> None:
    figures = {"a": Figure("9.00"), "b": Figure("10.00"), "c": Figure("-1.00")}
    assert rank(Polarity.UP, figures).ranked == [(1, "b"), (2, "a"), (3, "c")]


def test_undefined_and_small_samples_are_unranked_by_code_point() -> None:
    figures = {
        "d": Figure(None, numerator=0, denominator=0),
        "c": Figure(Decimal("0.5"), numerator=1, denominator=2),
        "b": Figure(1, numerator=4, denominator=4),
        "a": Figure(Decimal("0.25"), numerator=1, denominator=4),
    }
    assert rank(Polarity.UP, figures, 3) == Ranking(
        [(1, "b"), (2, "a")], [("c", "small_sample"), ("d", "no_data")]
    )
    # A denominator as large as the sample asked for is enough; by default any is.
    assert rank(Polarity.UP, figures, 2).unranked == [("d", "no_data")]
    assert rank(Polarity.UP, figures).unranked == [("d", "no_data")]


def test_a_sample_in_money_compares_as_an_amount() -> None:
    figures = {"a": Figure(Decimal("0.1"), numerator="9.50", denominator="95.00")}
    assert rank(Polarity.DOWN, figures, 100).unranked == [("a", "small_sample")]
    assert rank(Polarity.DOWN, figures, 95).ranked == [(1, "a")]


def test_a_count_of_nothing_is_ranked_whatever_the_sample() -> None:
    assert rank(Polarity.UP, {"a": Figure(0)}, 100) == Ranking([(1, "a")], [])


@given(counts, st.sampled_from(Polarity))
def test_a_rank_is_one_more_than_the_number_of_the_better(
    values: dict[str, int], polarity: Polarity
) -> None:
    ranking = rank(polarity, {rep: Figure(value) for rep, value in values.items()})
    sign = -1 if polarity is Polarity.DOWN else 1
    for place, rep in ranking.ranked:
        assert place == 1 + sum(sign * v > sign * values[rep] for v in values.values())
    assert ranking.ranked == sorted(ranking.ranked)
    assert Counter(rep for _, rep in ranking.ranked) == Counter(values.keys())


amounts = st.one_of(st.integers(0, 30), st.decimals(0, 30, places=6), st.integers(0, 10**20))


@given(
    st.sampled_from(CATALOGUE),
    st.lists(st.lists(amounts, min_size=4, max_size=4), max_size=8),
    st.one_of(st.integers(0, 30), st.decimals(0, 30, places=7)),
)
def test_columns_are_ranked_as_figures_are(
    kpi: Kpi, rows: list[list[Amount]], sample: Amount
) -> None:
    # Money and counts alike: the ranking must not depend on what kind of amount a measure is.
    names = sorted(kpi.needs)
    sums = {f"r{i}": dict(zip(names, row * 3, strict=False)) for i, row in enumerate(rows)}
    columns = {
        name: of_amounts([of_rep[name] for of_rep in sums.values()]) for name in names
    }  # fmt: skip
    figures = {rep: figure(kpi, of_rep, "USD") for rep, of_rep in sums.items()}
    placing = rank_columns(kpi, columns, len(rows), sample)
    reps, best = sorted(sums), placing.best()
    ranked = [(r, reps[i]) for r, i in zip(placing.ranks(best), best, strict=True)]
    left = [(reps[i], why) for i, why in placing.left]
    assert Ranking(ranked, left) == rank(kpi.polarity, figures, sample)
    for limit in range(1, len(rows) + 2):
        assert placing.best(limit).tolist() == best.tolist()[:limit]
    ranks = {rep: r for r, rep in ranked}
    everybody = np.arange(len(rows))
    assert placing.ranks(everybody).tolist() == [ranks.get(rep, 0) for rep in reps]
