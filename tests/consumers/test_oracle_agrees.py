"""Larger random floors through a real Kafka with two consumers, held to the oracle."""

import random

import pytest

from app.db import Database
from app.view import Views
from tests.consumers.floor import member, produce, records, settings, structured, until_taken
from tests.oracle.floor import floor, shuffled, with_repeats
from tests.test_oracle_agrees import FIRST, LARGE, agree, settings_of


@pytest.mark.parametrize("seed", range(FIRST + 2_000, FIRST + 2_010))
async def test_every_figure_is_the_oracles_over_kafka(
    database: Database, bootstrap: str, prefix: str, seed: int
) -> None:
    drawn, rng = floor(seed, LARGE), random.Random(seed)
    events = with_repeats(shuffled(drawn.events, rng), rng)
    given = settings_of(drawn)
    known = {name: getattr(given, name) for name in given.model_fields_set}
    chosen = settings(bootstrap, prefix, **{**known, "batch_events": 50})
    made = [
        # binary mode cannot carry a time of null
        structured(record.topic, record.key or b"", event) if event.get("time") is None else record
        for record, event in zip(records(prefix, events), events, strict=True)
    ]
    await produce(chosen, made)
    async with member(chosen, database) as one, member(chosen, database) as two:
        await until_taken(database, len(made), one, two)
    async with Views(database, chosen).open(drawn.now) as view:
        await agree(view, drawn, drawn.oracle(events), rng)
