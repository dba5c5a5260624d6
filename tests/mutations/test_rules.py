"""Every listed break can still be made; `make mutations` makes them and sees their tests fail."""

from collections import Counter

import pytest

from tests.mutations.mutation import ROOT, Mutation
from tests.mutations.rules import MUTATIONS


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.breaks)
def test_the_line_is_there_once_and_can_be_broken(mutation: Mutation) -> None:
    text = (ROOT / mutation.file).read_text()
    broken = mutation.broken(text)
    assert broken != text
    compile(broken, mutation.file, "exec")
    for test in mutation.tests:
        assert (ROOT / test.partition("::")[0]).is_file(), test


def test_each_break_and_each_rule_is_listed_once() -> None:
    assert len(MUTATIONS) >= 40
    assert set(Counter(m.breaks for m in MUTATIONS).values()) == {1}
    assert set(Counter((m.file, m.old, m.new) for m in MUTATIONS).values()) == {1}
