"""Laws across a change of definition, on random floors: no final figure changes without its
restatement, and what was answered before is answered still.
"""

import random
from datetime import date, timedelta
from typing import Any

import pytest

from app.db import Database
from app.kpis import kpi_of
from app.rebuild import rebuild
from app.settings import Settings
from app.start import settle_definition
from app.view import Views
from tests.oracle.floor import Floor, floor, shuffled
from tests.test_laws_of_figures import final_figures, restated
from tests.test_oracle_agrees import settings_of, through_the_door
from tests.test_past import answer, questions


def other_calendar(drawn: Floor, rng: random.Random) -> dict[str, Any]:
    """Other settings with which figures are read."""
    dates = sorted(drawn.dates)
    return {
        "holidays": tuple(rng.sample(dates, min(len(dates), 12))),
        "working_weekdays": tuple(sorted(rng.sample(range(7), 4))),
        "week_start": rng.randrange(7),
        "final_after_hours": rng.choice([0, 12, 90]),
    }


def other_meaning(drawn: Floor, rng: random.Random) -> dict[str, Any]:
    """Other settings by which facts are worked out; a rep's facts mean somebody else."""
    reps = sorted({rep_id for rep_id, _ in drawn.oracle().fact_days()})
    one, other = rng.sample(reps, 2)
    return {
        "conversation_floor": rng.choice([0, 45, 300]),
        "conversation_floors": (),
        "default_zone": rng.choice(["Pacific/Kiritimati", "America/Denver", "Pacific/Niue"]),
        "rep_aliases": {one: other},
    }


@pytest.mark.parametrize("seed", range(160, 166))
@pytest.mark.parametrize("change", [other_calendar, other_meaning])
async def test_a_change_moves_final_days_in_the_open(
    database: Database, change: Any, seed: int
) -> None:
    drawn, rng = floor(seed), random.Random(seed)
    old = settings_of(drawn)
    new: Settings = old.model_copy(update=change(drawn, rng))
    then, now = drawn.now + timedelta(days=40), drawn.now + timedelta(days=41)
    await settle_definition(database, old, drawn.now)
    await through_the_door(database, drawn, shuffled(drawn.events, rng), rng, now=drawn.now)
    days = sorted(drawn.oracle().fact_days())
    asks = list(questions(drawn, rng))
    async with Views(database, old).open(then) as view:
        before = await final_figures(view, days)
        said = [await answer(view, question) for question in asks]

    await settle_definition(database, new, now)
    if change is other_meaning:
        await rebuild(database, new, clock=lambda: now, progress=lambda done, total: None)
    views = Views(database, new)
    async with views.open(now) as view:
        after = await final_figures(view, days)
    moved = recorded(before, after, await restated(database, now))
    assert moved > 4, "the change moves too little to show anything"
    async with views.open_past(then) as view:
        again = [await answer(view, question) for question in asks]
    for question, one, other in zip(asks, said, again, strict=True):
        assert other == one, question


def recorded(
    before: dict[tuple[str, date], dict[str, Any]],
    after: dict[tuple[str, date], dict[str, Any]],
    changes: dict[str, list[tuple[date, date, str]]],
) -> int:
    """How many figures changed; each has its record."""
    moved = 0
    for (rep_id, day), shown in before.items():
        now = after.get((rep_id, day))
        for kpi, figure in shown.items():
            if now is None and figure["value"] in (None, 0, "0.00"):
                continue  # nothing is left of the rep, and there was nothing here
            found = now.get(kpi) if now is not None else None
            if found == figure:
                continue
            moved += 1
            assert any(
                first <= day <= last and measure in kpi_of(kpi).needs
                for first, last, measure in changes.get(rep_id, [])
            ), (rep_id, day, kpi, figure, found)
    return moved
