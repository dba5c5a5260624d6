"""The leaderboard of a KPI: who stands on it, ranked, with the ranks of the period before."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from msgspec import UNSET, Struct, UnsetType

from app.exact import Amount, Shown
from app.field import NOBODY, Field, look_ahead, read_field
from app.figures import PeriodShown, card_day, check_known
from app.kpi import Figure, Kpi, Status
from app.leaderboard import Places, Reason, rank_columns
from app.lineup import active_in
from app.periods import DAY, Period
from app.spans import Asked, Span, Subject, commonest
from app.tally import status_of
from app.view import View


class Row(Struct, frozen=True, kw_only=True):
    """A rep with the figure the board is about."""

    rep_id: str
    name: str | None
    team: str | None
    value: Shown | None
    numerator: Shown | UnsetType = UNSET
    denominator: Shown | UnsetType = UNSET
    coverage: Shown | UnsetType = UNSET
    currency: str | UnsetType = UNSET


class Standing(Row, frozen=True, kw_only=True):
    """A ranked rep; `previous_rank` is None for one who was not ranked in the period before."""

    rank: int
    previous_rank: int | None


class Unranked(Row, frozen=True, kw_only=True):
    """A rep whose figure cannot be ranked, and why."""

    reason: Reason


class Board(Struct, frozen=True):
    """A leaderboard as the API answers it, best first."""

    kpi: str
    period: PeriodShown
    as_of: datetime
    status: Status
    entries: list[Standing]
    unranked: list[Unranked]


async def board(
    view: View,
    kpi: Kpi,
    asked: Asked,
    *,
    teams: frozenset[str] | None = None,
    min_sample: Amount | None = None,
    limit: int | None = None,
) -> Board:
    """Rank the reps by `kpi`: those active on some date of the period, or with facts in it.

    With `teams` they are ranked by what they did on the dates they served in these. `limit` is
    the number of entries. Raises `NotFound` for a team nobody ever heard of.
    """
    await check_known(view, Subject(teams=teams))
    sample = kpi.min_sample if min_sample is None else min_sample
    await look_ahead(view, kpi, asked, teams)
    before = await read_field(view, kpi, asked, teams, before=True)
    field = await read_field(view, kpi, asked, teams)
    placing = rank_columns(kpi, field.columns, len(field.reps), sample)
    best = placing.best(limit)
    ranks = placing.ranks(best).tolist()
    previous = _previous(kpi, before, sample, [field.reps[i] for i in best.tolist()])
    period, zone, ends = _shown(view, field)
    left = np.array([i for i, _ in placing.left], np.intp)
    return Board(
        kpi.id,
        PeriodShown(period.kind.value, period.start, period.end, zone),
        view.as_of,
        status_of(view, kpi, ends),
        [
            Standing(**row, rank=rank, previous_rank=was)
            for row, rank, was in zip(_rows(view, kpi, field, best), ranks, previous, strict=True)
        ],
        [
            Unranked(**row, reason=why)
            for row, (_, why) in zip(_rows(view, kpi, field, left), placing.left, strict=True)
        ],
    )


async def figures_by_rep(
    view: View, kpi: Kpi, asked: Asked, *, teams: frozenset[str] | None = None
) -> dict[str, Figure]:
    """The figures a board would rank, by rep id, of all who stand on it."""
    field = await read_field(view, kpi, asked, teams)
    everybody = np.arange(len(field.reps))
    figures = field.figures(kpi, view.settings.currency, everybody)
    return dict(zip(field.reps, figures, strict=True))


def _previous(kpi: Kpi, field: Field, sample: Amount, reps: Sequence[str]) -> list[int | None]:
    """The ranks of these reps on a field, None for those who are not ranked on it."""
    placing = rank_columns(kpi, field.columns, len(field.reps), sample)
    there = {rep_id: place for rep_id in reps if (place := _place(field, rep_id)) is not None}
    ranks = placing.ranks(np.array([*there.values()], np.intp)).tolist()
    found = dict(zip(there, ranks, strict=True))
    return [found.get(rep_id) or None for rep_id in reps]


def _place(field: Field, rep_id: str) -> int | None:
    i = bisect_left(field.reps, rep_id)
    return i if i < len(field.reps) and field.reps[i] == rep_id else None


def _shown(view: View, field: Field) -> tuple[Period, str, datetime]:
    """The period most of the field have, the zone they have it in, and when it ends for all."""
    roster = view.roster
    shared, ends = Counter(field.lineup.shared), field.lineup.ends
    for rep_id in field.only_by_facts():
        period, timeline = field.period_of(rep_id), roster.timeline(rep_id)
        shared[period, timeline.zone_on(period.last_day)] += 1
        end = timeline.ended(period.start, period.end)
        ends = end if ends is None else max(ends, end)
    period, zone = commonest(roster, shared, field.lineup.period_on)
    return period, zone, ends or roster.timeline(NOBODY).ended(period.start, period.end)


def _rows(view: View, kpi: Kpi, field: Field, places: Places) -> Iterator[dict[str, Any]]:
    """The fields of a `Row` of each of the reps at these places of the field."""
    figures = field.figures(kpi, view.settings.currency, places)
    for place, figure in zip(places.tolist(), figures, strict=True):
        rep_id = field.reps[place]
        name, team = _card(view, field, rep_id)
        yield {
            "rep_id": rep_id, "name": name, "team": team,
            "value": figure.value, "numerator": figure.numerator,
            "denominator": figure.denominator, "coverage": figure.coverage,
            "currency": figure.currency,
        }  # fmt: skip


def _card(view: View, field: Field, rep_id: str) -> tuple[str | None, str | None]:
    """Name and team: those of the period's last day or of today, else of the last day served."""
    cards: dict[str, tuple[str | None, str | None]] = field.lineup.memory.setdefault("cards", {})
    card = cards.get(rep_id)
    if card is None:
        spans = field.spans_of(rep_id)
        card = _made_card(view, field, rep_id, spans)
        if len(spans) == 1:  # the same whatever facts there are
            cards[rep_id] = card
    return card


def _made_card(
    view: View, field: Field, rep_id: str, spans: Sequence[Span]
) -> tuple[str | None, str | None]:
    day = card_day(view, rep_id, field.period_of(rep_id))
    timeline = view.roster.timeline(rep_id)
    if len(spans) > 1 and rep_id not in field.present:
        spans = [span for span in spans if active_in(timeline, span)]
    served = any(span.start <= day < span.end for span in spans)
    return view.roster.card(rep_id, day if served else spans[-1].end - DAY)
