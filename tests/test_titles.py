"""Everything the ledger can hold has a name that is no column's."""

import pytest

from app.kpi import BEYOND, Unit
from app.kpis import CATALOGUE
from app.rollups import AMOUNTS, MEASURES
from app.titles import ECHOES, TITLES, unit_of

HELD = {*MEASURES, *BEYOND, "team"}


def test_each_measure_has_a_name_of_its_own() -> None:
    assert set(TITLES) == HELD
    assert len(set(TITLES.values())) == len(TITLES)
    assert not [title for title in TITLES.values() if "_" in title]


def test_a_measure_that_is_a_kpi_is_called_as_that() -> None:
    for kpi in CATALOGUE:
        if kpi.over is None and kpi.value in HELD:
            assert TITLES[kpi.value] in (kpi.title, "customers called")


def test_what_is_a_kpi_is_no_echo() -> None:
    assert ECHOES < HELD
    assert not ECHOES & {kpi.value for kpi in CATALOGUE if kpi.over is None}


@pytest.mark.parametrize(
    ("measure", "unit"),
    [("talk_time", Unit.SECONDS), ("net", Unit.MONEY), ("calls", Unit.NUMBER),
     ("units", Unit.NUMBER), ("hold_seconds", Unit.SECONDS), ("known_cost", Unit.MONEY)],
)  # fmt: skip
def test_what_it_is_counted_in(measure: str, unit: Unit) -> None:
    assert unit_of(measure) is unit


def test_every_amount_but_units_is_money() -> None:
    money = {measure for measure in HELD if unit_of(measure) is Unit.MONEY}
    assert money == set(AMOUNTS) - {"units", "returned_units"}
