"""Sensitivity: what the figures that hang on a threshold would be at its neighbours.

"Would it look different at another conversation floor?" Answered from the facts as they are kept,
for the days that the figures are of. At a single value in force it is the figure itself.
"""

from collections.abc import Sequence

from app.definition import rebuild_needed
from app.errors import BadRequest, Conflict, FieldError
from app.kpi import Figure, Kpi, Sums
from app.meaning.contributions import HEAVY_HOLD
from app.meaning.lookback import REPEAT_WITHIN, UNPRODUCTIVE_CALLS
from app.sensitivity.calls import AT_FLOOR, at_floors, at_holds
from app.sensitivity.lookbacks import (
    REPEATS,
    UNPRODUCTIVE,
    in_vain_at_floors,
    in_vain_from,
    repeats_at_floors,
    repeats_within,
)
from app.sensitivity.threshold import (
    Effect,
    Sensitivity,
    Threshold,
    explained,
    neighbour,
    neighbours,
)
from app.settings import floors_of
from app.spans import Span
from app.sums import read_sums
from app.view import View

# Sums are read from the rollups, but these are worked out call by call.
MOST_CALLS = 1_000_000


def floors_in_force(view: View, spans: Sequence[Span]) -> list[int]:
    """Every conversation floor that holds for somebody on a day of the spans."""
    floors = floors_of(view.settings)
    if not floors.steps:
        return [floors.first]
    served = {
        (state.team if state else None, start, end)
        for span in spans
        for start, end, state in view.roster.timeline(span.rep_id).stretches(span.start, span.end)
    }
    return sorted(set().union(*(floors.between(*stretch) for stretch in served)))


THRESHOLDS = (
    Threshold(
        "conversation_floor", "seconds", 30, floors_in_force,
        (
            Effect(AT_FLOOR, at_floors),
            Effect(REPEATS, repeats_at_floors),
            Effect(UNPRODUCTIVE, in_vain_at_floors),
        ),
    ),
    Threshold(
        "heavy_hold", "seconds", 60, lambda *_: (HEAVY_HOLD,),
        (Effect(frozenset({"hold_heavy_calls"}), at_holds),),
    ),
    Threshold(
        "repeat_within", "days", 30, lambda *_: (REPEAT_WITHIN.days,),
        (Effect(REPEATS, repeats_within),),
    ),
    Threshold(
        "unproductive_calls", "calls", 1, lambda *_: (UNPRODUCTIVE_CALLS,),
        (Effect(UNPRODUCTIVE, in_vain_from),),
    ),
)  # fmt: skip


async def explain(
    view: View, spans: Sequence[Span], kpis: Sequence[Kpi], figures: Sequence[Figure], sums: Sums
) -> list[Figure]:
    """The figures of these KPIs over the spans, those that hang on a threshold explained.

    `sums` are those the figures were made from. Raises `Conflict` where what is stored was not
    worked out by the settings of this process: no floor would then be the one in force; and
    `BadRequest` for more than `MOST_CALLS`.
    """
    reason = await rebuild_needed(view.reading, view.settings, view.roster.now)
    if reason is not None:
        raise Conflict(f"explain: {reason}")
    await _check_size(view, spans)
    found: dict[str, list[Sensitivity]] = {kpi.id: [] for kpi in kpis}
    for threshold in THRESHOLDS if spans else ():
        hanging = [kpi for kpi in kpis if kpi.needs & threshold.measures]
        if hanging:
            for kpi_id, part in (await _explained(view, spans, threshold, hanging, sums)).items():
                found[kpi_id].append(part)
    return [
        explained(figure, found[kpi.id]) if found[kpi.id] else figure
        for kpi, figure in zip(kpis, figures, strict=True)
    ]


async def _check_size(view: View, spans: Sequence[Span]) -> None:
    calls = (await read_sums(view.reading, spans, ["calls"])).get((0, 0), {}).get("calls", 0)
    if calls > MOST_CALLS:
        detail = (
            f"{calls} calls are in this period, and at most {MOST_CALLS} are looked through: "
            "ask for fewer days, or for a team"
        )
        raise BadRequest(f"explain: {detail}", errors=(FieldError("explain", detail),))


async def _explained(
    view: View, spans: Sequence[Span], threshold: Threshold, kpis: Sequence[Kpi], sums: Sums
) -> dict[str, Sensitivity]:
    """What each of these KPIs is at the values in force and their neighbours."""
    needs = frozenset[str]().union(*(kpi.needs for kpi in kpis))
    in_force = threshold.in_force(view, spans)
    values = neighbours(in_force, threshold.step)
    at: list[Sums] = [sums] * len(values)
    for effect in threshold.effects:
        if effect.measures & needs:
            read = await effect.read(view, spans, values, sums)
            at = [{**before, **moved} for before, moved in zip(at, read, strict=True)]
    currency = view.settings.currency
    return {
        kpi.id: Sensitivity(
            threshold.name,
            threshold.unit,
            in_force,
            [neighbour(kpi, v, amounts, currency) for v, amounts in zip(values, at, strict=True)],
        )
        for kpi in kpis
    }
