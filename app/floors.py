"""Conversation floors: how much talk makes an unclassified, answered call a conversation. Pure."""

from collections.abc import Sequence
from datetime import date


class Floors:
    """The conversation floor of a team on a day, in seconds of talk.

    `steps` are `(from date, team or None for all, seconds)`: of the steps in effect the latest of
    the team counts, else the latest of all, else `first`.
    """

    def __init__(self, first: int, steps: Sequence[tuple[date, str | None, int]] = ()) -> None:
        self.first = first
        self.steps = tuple(sorted(steps, key=lambda step: step[0]))

    def on(self, team: str | None, day: date) -> int:
        """The floor that holds on `day`."""
        if not self.steps:
            return self.first
        of_all, of_team = self.first, None
        for since, whose, seconds in self.steps:
            if since > day:
                break
            if whose is None:
                of_all = seconds
            elif whose == team:
                of_team = seconds
        return of_all if of_team is None else of_team

    def between(self, team: str | None, start: date, end: date) -> set[int]:
        """Every floor that holds on a day of `start`..`end` (exclusive)."""
        changes = (since for since, _, _ in self.steps if start < since < end)
        return {self.on(team, day) for day in (start, *changes)}
