"""Breaks every listed rule in a copy of the tree, one at a time, and sees the named tests fail.

    python -m tests.mutations [--jobs 2] [--only WORD]

Prints a table; exits 1 if a break passes all its tests, or can no longer be made.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.mutations.mutation import ROOT, Mutation
from tests.mutations.rules import MUTATIONS

NEEDED = ("app", "consumers", "migrations", "tests", "alembic.ini", "pyproject.toml")


class Verdict(NamedTuple):
    """What came of a break: the test that failed, None if all passed."""

    mutation: Mutation
    killed_by: str | None
    seconds: float


def copied(to: Path) -> Path:
    """A copy of all that the tests need."""
    for name in NEEDED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, to / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, to / name)
    return to


def failed(tree: Path, tests: Sequence[str]) -> str | None:
    """The first of the tests that fails in the tree; None if all pass."""
    found = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests],
        cwd=tree,
        # the tree comes before the installed application; what is broken must not be kept
        env={**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode == 0:
        return None
    lines = [line for line in found.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if not lines:
        raise SystemExit(f"the tests did not run: {' '.join(tests)}\n{found.stdout}{found.stderr}")
    return lines[0].split(" - ")[0].split(" ", 1)[1]


def judged(mutation: Mutation, trees: "SimpleQueue[Path]") -> Verdict:
    """Make the break in a free tree, run its tests, mend it."""
    began, tree = time.monotonic(), trees.get()
    whole = tree / mutation.file
    text = whole.read_text()
    try:
        whole.write_text(mutation.broken(text))
        killed_by = failed(tree, mutation.tests)
    finally:
        whole.write_text(text)
        trees.put(tree)
    return Verdict(mutation, killed_by, time.monotonic() - began)


def table(verdicts: Sequence[Verdict]) -> Table:
    shown = Table("rule", "broken in", "seen by", "s")
    for verdict in verdicts:
        seen = verdict.killed_by or "[bold red]nothing[/]"
        row = (verdict.mutation.breaks, verdict.mutation.file, seen, f"{verdict.seconds:.0f}")
        shown.add_row(*row)
    return shown


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2, help="breaks at a time")
    parser.add_argument("--only", default="", help="only rules, files or tests with this word")
    asked = parser.parse_args()
    chosen = [mutation for mutation in MUTATIONS if asked.only in " ".join(map(str, mutation))]
    console = Console()
    with tempfile.TemporaryDirectory() as folder, Progress(console=Console(stderr=True)) as bar:
        trees: SimpleQueue[Path] = SimpleQueue()
        for job in range(asked.jobs):
            trees.put(copied(Path(folder) / str(job)))
        task = bar.add_task("unbroken", total=len(chosen))
        every = sorted({test for mutation in chosen for test in mutation.tests})
        first = trees.get()
        before = failed(first, every)
        trees.put(first)
        if before is not None:
            console.print(f"[red]fails with nothing broken: {before}")
            return 1
        verdicts = []
        with ThreadPoolExecutor(asked.jobs) as pool:
            for verdict in pool.map(lambda mutation: judged(mutation, trees), chosen):
                verdicts.append(verdict)
                bar.update(task, advance=1, description=verdict.mutation.file)
    console.print(table(verdicts))
    survived = [verdict for verdict in verdicts if verdict.killed_by is None]
    console.print(f"{len(verdicts) - len(survived)} of {len(verdicts)} breaks are seen by a test")
    return 1 if survived else 0


if __name__ == "__main__":
    raise SystemExit(main())
