"""Breaks of how figures are explained: neighbouring thresholds, and who has the credit there."""

from tests.mutations.mutation import Mutation

EXPLAIN = ("tests/sensitivity/test_explain.py",)

MUTATIONS = (
    Mutation(
        "app/sensitivity/calls.py",
        "count(*) FILTER (WHERE NOT behind), coalesce(",
        "count(*), coalesce(",
        "at another floor too a call has one conversation",
        EXPLAIN,
    ),
    Mutation(
        "app/sensitivity/calls.py",
        'f"""o.call_id = d.call_id AND',
        """f\"\"\"o.call_id = d.call_id AND o.started_at < d.started_at + interval '9 h' AND""",
        "at another floor the legs of other days have their say",
        EXPLAIN,
    ),
    Mutation(
        "app/sensitivity/calls.py",
        "< (true, -d.talk, d.started_at",
        "< (true, d.talk, d.started_at",
        "at another floor the longest talk has the conversation",
        ("tests/sensitivity/test_explain.py", "tests/sensitivity/test_agrees.py"),
    ),
    Mutation(
        "app/sensitivity/calls.py",
        'total("assists", sums) + assists[i]',
        'total("assists", sums)',
        "at another floor other legs are assists",
        EXPLAIN,
    ),
    Mutation(
        "app/sensitivity/calls.py",
        "return _ASSIST if floors_of(view.settings).steps else",
        "return",
        "whoever has the conversation by a lower floor than another's need not have it elsewhere",
        EXPLAIN,
    ),
    Mutation(
        "app/sensitivity/explain.py",
        "floors.between(*stretch)",
        "{floors.first}",
        "the floors in force are those of the teams on the days served",
        EXPLAIN,
    ),
    Mutation(
        "app/sensitivity/explain.py",
        "if reason is not None:",
        "if False:",
        "nothing is explained by settings that the stored figures do not know",
        EXPLAIN,
    ),
    Mutation(
        "app/floors.py",
        "for since, _, _ in self.steps if start < since < end)",
        "for since, _, _ in self.steps if start < since <= end)",
        "a floor from the day after the period is not in force in it",
        ("tests/test_floors.py",),
    ),
    Mutation(
        "app/sensitivity/lookbacks.py",
        "AND d.marks & {_ASSIST} = 0\n",
        "\n",
        "at another floor an assist is no conversation to come back to",
        EXPLAIN,
    ),
    Mutation(
        "app/sensitivity/lookbacks.py",
        "SELECT least(n.reach, e.reach), {_QUOTED}",
        "SELECT n.reach, {_QUOTED}",
        "a repeat needs both conversations to meet the floor",
        EXPLAIN,
    ),
    Mutation(
        "app/sensitivity/lookbacks.py",
        "from_each(days, _all(records))[::-1]",
        "from_each(days, _all(records))",
        "with more days to look back there are more repeats",
        EXPLAIN,
    ),
    Mutation(
        "app/sensitivity/lookbacks.py",
        "for _, reach, _, count in records if reach <= below",
        "for _, reach, _, count in records if reach < below",
        "a call is in vain where nothing met the floor",
        EXPLAIN,
    ),
)
