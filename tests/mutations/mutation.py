"""A deliberate break of one rule of the product, and the tests that must not let it pass."""

from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]

# Ten small random floors through the door, held to the oracle: for what hand-worked tests of one
# station cannot see.
FLOORS = "tests/test_oracle_agrees.py::test_every_figure_is_the_oracles[0]"
MORE_FLOORS = "tests/test_oracle_agrees.py::test_every_figure_is_the_oracles[10]"


class Mutation(NamedTuple):
    """In `file`, `new` in place of `old`, which stands there once: it breaks the rule `breaks`."""

    file: str
    old: str
    new: str
    breaks: str
    tests: tuple[str, ...]

    def broken(self, text: str) -> str:
        """The text of the file with the rule broken. Raises `ValueError` if it does not apply."""
        if text.count(self.old) != 1:
            raise ValueError(f"{self.file}: {self.old!r} is there {text.count(self.old)} times")
        return text.replace(self.old, self.new)
