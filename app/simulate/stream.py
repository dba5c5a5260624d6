"""The simulated floor as a stream of events: its directory, and what is delivered on a UTC day.

Pure: `day_events(seed, day)` is the same list whenever and wherever it is asked for, so sending
it again changes nothing. A day's list holds what is *delivered* on it: mostly of that day, some
corrections and late ones of the day before, orders and returns from deals of the weeks before.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from app.simulate.calls import calls
from app.simulate.envelope import CloudEvent, Delivery, cloud_event
from app.simulate.floor import REPS, Floor, Rep, floor
from app.simulate.money import rates
from app.simulate.names import TEAMS
from app.simulate.sales import LONGEST, customer_recorded, deals
from app.simulate.workday import Workday, workday

DAY = timedelta(days=1)
STAFF = "demo/staff"
# Somebody changes teams on these dates of every year: their past stays where it was made.
MOVES = ((3, 1), (9, 1))
YEARS = range(2025, 2032)


def directory(seed: int) -> list[CloudEvent]:
    """Who is who: every rep, moves between teams, and the customers known from the start."""
    whole = floor(seed)
    customers = [
        customer_recorded(f"s{seed}", account)
        for rep in whole.reps
        for account in rep.book
        if account.announced and account.customer_id is not None
    ]
    return [*(_rep_recorded(rep) for rep in whole.reps), *_moves(whole), *customers]


def day_events(seed: int, day: date) -> list[CloudEvent]:
    """All events delivered on a UTC day, in order of delivery; repeats are in it twice."""
    return [delivery.event for delivery in deliveries(seed, day)]


def between(seed: int, after: datetime, until: datetime) -> list[Delivery]:
    """The deliveries in `(after, until]`, both aware."""
    day, found = after.astimezone(UTC).date(), []
    while day <= until.astimezone(UTC).date():
        found += [d for d in deliveries(seed, day) if after < d.at <= until]
        day += DAY
    return found


@lru_cache(maxsize=3)
def deliveries(seed: int, day: date) -> tuple[Delivery, ...]:
    """Every delivery of a UTC day with its moment, in order."""
    begins = datetime.combine(day, time(), tzinfo=UTC)
    found = [*rates(seed, day)]
    for number in range(REPS):
        for back in range(-1, LONGEST + 1):
            for deal in deals(seed, number, day - back * DAY):
                found += deal.deliveries
        for local in (day - DAY, day, day + DAY):
            found += calls(seed, number, local)
            found += _time_off(seed, number, local)
    of_day = [d for d in found if begins <= d.at < begins + DAY]
    return tuple(sorted(of_day, key=lambda d: (d.at, d.event["id"])))


def _rep_recorded(rep: Rep, team: str | None = None, since: date | None = None) -> CloudEvent:
    name, manager = team or rep.team, rep.manager
    if team is not None:
        manager = next(manager for known, manager, *_ in TEAMS if known == team)
    data = {
        "rep_id": rep.rep_id,
        "name": rep.name,
        "team": name,
        "manager": manager,
        "time_zone": rep.zone.key,
    }
    if since is not None:
        data["effective_from"] = since.isoformat()
    event_id = f"{rep.rep_id}-{name}-{since or 'always'}"
    return cloud_event("rep.recorded", STAFF, event_id, None, rep.rep_id, data)


def _moves(whole: Floor) -> list[CloudEvent]:
    """Twice a year two reps of twin teams swap desks until the next time: one is lent, one back."""
    moved = []
    for place, (year, (month, day)) in enumerate((y, m) for y in YEARS for m in MOVES):
        rep = whole.reps[place // 2 % 10]
        team = "Prairie" if place % 2 == 0 else None
        moved.append(_rep_recorded(rep, team, date(year, month, day)))
    return moved


def _time_off(seed: int, number: int, day: date) -> list[Delivery]:
    """A date off, or half a one, is told on its morning."""
    rep = floor(seed).reps[number]
    plan: Workday = workday(floor(seed), rep, day)
    if plan.off == 0:
        return []
    at = datetime.combine(day, time(6, number), tzinfo=rep.zone).astimezone(UTC)
    name = f"s{seed}-off-{rep.rep_id}-{day}"
    data = {"rep_id": rep.rep_id, "date": day.isoformat(), "fraction": str(plan.off)}
    return [Delivery(at, cloud_event("time_off.recorded", STAFF, name, at, rep.rep_id, data))]
