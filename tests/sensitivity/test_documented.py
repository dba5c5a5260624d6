"""The document of sensitivity names every threshold, and every KPI that hangs on one."""

import re

from app.kpis import CATALOGUE
from app.sensitivity.explain import THRESHOLDS
from tests.mutations.mutation import ROOT

ROW = re.compile(r"\| `(\w+)` \| (.+?) \| (.+?) \| (.+?) \|")


def test_every_threshold_is_documented_as_it_is() -> None:
    rows = ROW.findall((ROOT / "docs/sensitivity.md").read_text())
    assert [name for name, *_ in rows] == [threshold.name for threshold in THRESHOLDS]
    for (_, in_force, step, kpis), threshold in zip(rows, THRESHOLDS, strict=True):
        assert threshold.unit in in_force
        assert step == f"{threshold.step} below and above"
        hanging = {kpi.id for kpi in CATALOGUE if kpi.needs & threshold.measures}
        assert set(re.findall(r"`(\w+)`", kpis)) == hanging
