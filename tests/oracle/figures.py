"""The test oracle: every KPI of `kpis.md` from raw events, by brute force, exact to the last digit.

Shares no code with `app`: own periods, own reading, own rounding. Simple before fast.
"""

from collections import Counter
from collections.abc import Callable, Collection
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Protocol, TypeVar

from tests.oracle.days import Days, Week, dates
from tests.oracle.form import AHEAD, CATALOGUE, Figure, written
from tests.oracle.formulas import Chosen, Parts, parts
from tests.oracle.ladder import Floor, Ladder
from tests.oracle.parties import Parties
from tests.oracle.periods import period, ttm
from tests.oracle.quality import Quality
from tests.oracle.records import Records
from tests.oracle.results import Results
from tests.oracle.waiting import Wait, waits
from tests.oracle.wire import Json

DAY = timedelta(days=1)
# ("rep", id), ("team", name), ("company",), or ("member", id, team): a rep's days in the team
Scope = tuple[str, ...]
Span = tuple[date, date]  # the end left out
SpanOf = Callable[[str], Span]


class _Dated(Protocol):
    @property
    def rep(self) -> str: ...

    @property
    def day(self) -> date: ...


Fact = TypeVar("Fact", bound=_Dated)


class Oracle:
    """Figures of one set of events, given in any order with any repeats (first of a pair counts).

    `floor`: seconds, or a function of (team or None, day). `weekdays`: Monday is 0; or a function
    of (team or None, day).
    """

    def __init__(
        self,
        events: list[Json],
        *,
        now: datetime,
        default_zone: str = "UTC",
        currency: str = "USD",
        region: str = "US",
        floor: int | Floor = 90,
        weekdays: Collection[int] | Week = (0, 1, 2, 3, 4),
        holidays: Collection[date] = (),
        week_start: int = 0,
        final_hours: int = 36,
    ) -> None:
        self.now, self.week_start, self.final_hours = now, week_start, final_hours
        self.week: Week = weekdays if callable(weekdays) else (lambda _team, _day: weekdays)
        self.holidays = set(holidays)
        self.records = Records(events)
        self.days = Days(self.records, default_zone, now)
        self.parties = Parties(self.records, region)
        level: Floor = (lambda _team, _day: floor) if isinstance(floor, int) else floor
        self.ladder = Ladder(self.records, self.days, self.parties, level)
        self.quality = Quality(self.records, self.ladder, self.parties)
        self.results = Results(self.records, self.days, self.parties, currency)
        self._called = {(leg.rep, leg.day) for leg in self.ladder.legs if leg.call}
        self._worked: dict[tuple[str, date], Fraction] = {}

    # Whom and when

    def fact_days(self) -> set[tuple[str, date]]:
        """Every (rep, day) that has a fact."""
        ladder, results = self.ladder, self.results
        facts: list[_Dated] = [*ladder.legs, *ladder.contacts, *ladder.talk]
        facts += [*results.quotes, *results.orders, *results.returned]
        return {(fact.rep, fact.day) for fact in facts}

    def counting_days(self) -> set[tuple[str, date]]:
        """Every (rep, day) with something that counts: a silent or personal call does not."""
        ladder, results = self.ladder, self.results
        facts: list[_Dated] = [*ladder.contacts, *results.quotes, *results.orders]
        facts += [leg for leg in ladder.legs if leg.call or leg.missed]
        facts += [stretch for stretch in ladder.talk if stretch.seconds]
        facts += [line for line in results.returned if line.counts]
        return {(fact.rep, fact.day) for fact in facts}

    def reps(self) -> list[str]:
        """Every rep that was announced or has a fact."""
        return sorted({*self.days.states, *(rep for rep, _ in self.fact_days())})

    def in_scope(self, scope: Scope, rep: str, day: date) -> bool:
        """A team has its members on the dates they were members; the company has everyone."""
        if scope[0] == "company":
            return True
        if scope[0] in {"rep", "member"} and rep != scope[1]:
            return False
        return scope[0] == "rep" or self.days.team(rep, day) == scope[-1]

    def fixed(self, start: date, end: date) -> SpanOf:
        return lambda _rep: (start, end)

    def current(self, kind: str) -> SpanOf:
        """The period that holds each rep's own today."""
        return lambda rep: period(kind, self.days.today(rep), self.week_start)

    def _year(self, span_of: SpanOf) -> SpanOf:
        """`ttm` as of the period's last day, or of today if that is earlier."""
        return lambda rep: ttm(min(span_of(rep)[1] - DAY, self.days.today(rep)))

    def _choose(self, facts: list[Fact], scope: Scope, span_of: SpanOf) -> list[Fact]:
        return [
            fact
            for fact in facts
            if span_of(fact.rep)[0] <= fact.day < span_of(fact.rep)[1]
            and self.in_scope(scope, fact.rep, fact.day)
        ]

    # Figures

    def parts(self, scope: Scope, span_of: SpanOf) -> Parts:
        """Every figure exactly, as `Fraction`s."""
        ladder, results, year = self.ladder, self.results, self._year(span_of)
        facts = Chosen(
            legs=self._choose(ladder.legs, scope, span_of),
            contacts=self._choose(ladder.contacts, scope, span_of),
            talk=self._choose(ladder.talk, scope, span_of),
            quotes=self._choose(results.quotes, scope, span_of),
            orders=self._choose(results.orders, scope, span_of),
            returned=self._choose(results.returned, scope, span_of),
            year_orders=self._choose(results.orders, scope, year),
            year_returned=self._choose(results.returned, scope, year),
            working_days=self.working_days(scope, span_of),
        )
        return parts(facts, self.quality, results)

    def working_days(self, scope: Scope, span_of: SpanOf) -> Fraction:
        """The reps' working days in the period up to today, today in it whole."""
        reps = [scope[1]] if scope[0] in {"rep", "member"} else self.reps()
        found = (
            self.worked(rep, day)
            for rep in reps
            for day in dates(*span_of(rep))
            if self.in_scope(scope, rep, day)
        )
        return sum(filter(None, found), Fraction(0))

    def worked(self, rep: str, day: date) -> Fraction:
        """How much of a working day of the rep it is, none of it after the rep's today."""
        if (rep, day) not in self._worked:
            called = (rep, day) in self._called
            self._worked[rep, day] = self.days.worked(
                rep, day, self.week, self.holidays, called=called
            )
        return self._worked[rep, day]

    def figures(
        self, scope: Scope, start: date, end: date, kind: str | None = None
    ) -> dict[str, Figure]:
        """All KPIs over `start`..`end` (end left out), written as the product writes them.

        `kind` is for the caller's books: no figure but `ttm_revenue` depends on it, and that one
        always takes its own twelve months.
        """
        return self._written(scope, self.fixed(start, end))

    def figures_today(self, scope: Scope, kind: str = "day") -> dict[str, Figure]:
        """All KPIs over the period that holds today, for each rep the own today."""
        return self._written(scope, self.current(kind))

    def _written(self, scope: Scope, span_of: SpanOf) -> dict[str, Figure]:
        exact = self.parts(scope, span_of)
        return {kpi: written(kpi, exact[kpi]) for kpi in CATALOGUE}

    # Status

    def final(self, rep: str, day: date, kpi: str) -> bool:
        """So many hours after the day's end, later for what looks ahead."""
        wait = timedelta(hours=self.final_hours + 24 * AHEAD.get(kpi, 0))
        return self.now >= self.days.end(rep, day) + wait

    def status(self, scope: Scope, start: date, end: date) -> dict[str, str]:
        """`final` where every rep's every day of it is; nobody's days are the default zone's."""
        return self._status(scope, self.fixed(start, end))

    def status_today(self, scope: Scope, kind: str = "day") -> dict[str, str]:
        return self._status(scope, self.current(kind))

    def _status(self, scope: Scope, span_of: SpanOf) -> dict[str, str]:
        reps = [scope[1]] if scope[0] == "rep" else self.reps()
        held = [
            (rep, day)
            for rep in reps
            for day in dates(*span_of(rep))
            if self.in_scope(scope, rep, day)
        ] or [("", day) for day in dates(*span_of(""))]
        last: dict[str, date] = {}
        for rep, day in held:
            last[rep] = max(day, last.get(rep, day))
        near = [(rep, day) for rep, day in held if day >= last[rep] - 3 * DAY]  # ends are ordered
        return {
            kpi: "final" if all(self.final(rep, day, kpi) for rep, day in near) else "provisional"
            for kpi in CATALOGUE
        }

    # Counts

    def waiting(self) -> list[Wait]:
        """The standing events that wait for another record, and for what."""
        return waits(self.records, self.results)

    def counts(self) -> dict[str, dict[str, int]]:
        """For each source: read = duplicates + standing + superseded; waiting of the standing."""
        standing = self.records.standing()
        waiting = Counter(wait.source for wait in self.waiting())
        return {
            source: {
                "read": read,
                "duplicates": self.records.duplicates[source],
                "standing": standing[source],
                "superseded": self.records.superseded[source],
                "waiting": waiting[source],
            }
            for source, read in sorted(self.records.read.items())
        }
