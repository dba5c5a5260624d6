"""A KPI over time: its figure for each day, week or month of a range."""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import asdict

from app.crowd import Crowd, read_crowd
from app.errors import BadRequest, FieldError
from app.exact import Amount, Shown, plus
from app.figures import check_known, others_of, reps_of, scope_of
from app.kpi import Figure, Kpi, Status, figure
from app.periods import DAY, Kind, Period, months_before, period_of
from app.spans import Asked, Scope, Span, Subject, buckets, served
from app.tally import status_of, tally
from app.view import View

MOST_POINTS = 1_500


class Point(Struct, frozen=True, kw_only=True):
    """The figure of the bucket that starts on `start`."""

    start: date
    value: Shown | None
    numerator: Shown | UnsetType = UNSET
    denominator: Shown | UnsetType = UNSET
    coverage: Shown | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    status: Status


class Series(Struct, frozen=True, kw_only=True):
    """A KPI of a rep, a team or the company by day, week or month."""

    rep_id: str | UnsetType = UNSET
    team: str | UnsetType = UNSET
    kpi: str
    bucket: str
    as_of: datetime
    points: list[Point]


async def series(
    view: View, subject: Subject, kpi: Kpi, start: date, end: date, bucket: Kind
) -> Series:
    """The KPI for each `bucket` (day, week, month) of `start`..`end` (exclusive).

    The first and the last are cut at `start` and `end`. Raises `NotFound` for a rep or team
    nobody ever heard of, `BadRequest` for more than `MOST_POINTS` points.
    """
    await check_known(view, subject)
    cuts = _cuts(view, start, end, bucket)
    back = 12 if kpi.trailing else 0
    others = await others_of(view, subject, months_before(start, back), end)
    asked = Asked(Kind.RANGE, range=Period(Kind.RANGE, start, end))
    scope = scope_of(view, subject, asked, others, with_trailing=False)
    if kpi.trailing:
        figures = await _trailing(view, subject, kpi, others, [*cuts, end])
    else:
        counted = await tally(view, scope, [kpi], many=subject.many, cuts=cuts)
        currency = view.settings.currency
        figures = [counted.figure(kpi, (0, i), currency) for i in range(len(cuts))]
    ends = scope.once(("ends", *cuts), lambda: _ends(view, scope, [*cuts, end]))
    return Series(
        rep_id=UNSET if subject.rep_id is None else subject.rep_id,
        team=", ".join(sorted(subject.teams)) if subject.many and subject.teams else UNSET,
        kpi=kpi.id,
        bucket=bucket.value,
        as_of=view.as_of,
        points=[
            _point(cut, of_bucket, status_of(view, kpi, ended))
            for cut, of_bucket, ended in zip(cuts, figures, ends, strict=True)
        ],
    )


def _cuts(view: View, start: date, end: date, bucket: Kind) -> list[date]:
    longest = {Kind.DAY: 1, Kind.WEEK: 7, Kind.MONTH: 28}[bucket]
    if (end - start).days > MOST_POINTS * longest:
        detail = f"at most {MOST_POINTS} points: ask for fewer days or larger buckets"
        raise BadRequest(detail, errors=(FieldError("bucket", detail),))
    return buckets(start, end, bucket, week_start=view.settings.week_start)


def _point(start: date, shown: Figure, status: Status) -> Point:
    return Point(start=start, **{**asdict(shown), "status": status})


def _ends(view: View, scope: Scope, cuts: Sequence[date]) -> list[datetime]:
    """For each bucket the instant its days have ended, the latest of its reps' ends.

    Reps that share their zones and dates, as most do, are looked at once.
    """
    alike: dict[object, Span] = {}
    for span in scope.spans:
        states = view.roster.timeline(span.rep_id).states
        zones = tuple((state.effective_from, state.time_zone) for state in states)
        alike[zones, span.start, span.end] = span
    nobody = view.roster.directory.of("")
    ends = []
    for lo, hi in pairwise(cuts):
        here = [span for span in alike.values() if span.start < hi and lo < span.end]
        ends.append(
            max(
                (view.roster.timeline(s.rep_id).ended(lo, hi) for s in here),
                default=nobody.ended(lo, hi),
            )
        )
    return ends


async def _trailing(
    view: View, subject: Subject, kpi: Kpi, others: Sequence[str], cuts: Sequence[date]
) -> list[Figure]:
    """The figures of the twelve months up to each bucket's last day, or a rep's today before it.

    The windows overlap, so sums are read for the pieces between all their edges, once for each
    of the few dates that are today for somebody.
    """
    totals: list[dict[str, Amount]] = [{} for _ in cuts[1:]]
    reps = reps_of(view, subject, others)
    for today in {view.roster.today(rep_id) for rep_id in reps}:
        windows = [period_of(Kind.TTM, min(cut - DAY, today)) for cut in cuts[1:]]
        edges = sorted({edge for window in windows for edge in (window.start, window.end)})
        whole = Period(Kind.RANGE, edges[0], edges[-1])
        crowd = _whose_today_is(view, subject, today, whole, others)
        pieces = await read_crowd(view, crowd, sorted(kpi.needs), edges[:-1])
        for total, window in zip(totals, windows, strict=True):
            for i in range(edges.index(window.start), edges.index(window.end)):
                _add(total, pieces.get((0, i), {}))
    return [figure(kpi, total, view.settings.currency) for total in totals]


def _whose_today_is(
    view: View, subject: Subject, today: date, period: Period, others: Sequence[str]
) -> Crowd:
    """The days of the period of those of whom it is `today`."""

    def make() -> Crowd:
        return Crowd(
            [
                span
                for rep_id in reps_of(view, subject, others)
                if view.roster.today(rep_id) == today
                for span in served(view.roster, 0, rep_id, period, subject.teams)
            ]
        )

    if not subject.many:
        return make()
    return view.roster.memory.once((Crowd, subject, today, period, *others), make)


def _add(total: dict[str, Amount], more: dict[str, Amount]) -> None:
    for name, amount in more.items():
        total[name] = plus(total.get(name, 0), amount)
