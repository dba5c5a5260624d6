"""When a simulated rep works: shift, lunch, lighter Fridays, thin weekends, time off, transfers.

Pure: the same seed, rep and date give the same day.
"""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from app.simulate.floor import Floor, Rep, draw

# Mon … Sun, against an average day. On a weekend one rep in six holds the fort.
WEEKDAYS = (1.03, 1.08, 1.05, 1.0, 0.74, 0.55, 0.45)
SHIFT_HOURS = 9.0
# How busy each half hour of a shift is: slow start, two peaks, lunch after four hours, soft end.
RHYTHM = (
    *(0.5, 0.9, 1.1, 1.2, 1.3, 1.3, 1.1, 0.7, 0.25),
    *(0.3, 0.8, 1.1, 1.2, 1.2, 1.1, 0.9, 0.7, 0.4),
)


@dataclass(frozen=True, slots=True)
class Workday:
    """A rep's date: how many calls to expect, from when on, and what share of it is off."""

    day: date
    begins: datetime
    calls: float
    off: float
    sick: bool


def workday(floor: Floor, rep: Rep, day: date) -> Workday:
    """What a date is for a rep; `calls` is 0 on a date without work."""
    chance = draw(floor.seed, "day", rep.rep_id, day)
    off, sick = _time_off(floor, rep, day, chance)
    load = WEEKDAYS[day.weekday()] * (1 - off)
    if day.weekday() >= 5 and chance.random() > 1 / 6:
        load = 0.0
    hour = rep.starts_at + chance.uniform(-0.2, 0.3)
    local = datetime.combine(day, time(), tzinfo=rep.zone) + timedelta(hours=hour)
    calls = max(0.0, chance.gauss(rep.calls_a_day, 7) * load)
    return Workday(day, local.astimezone(UTC), calls, off, sick)


def _time_off(floor: Floor, rep: Rep, day: date, chance: random.Random) -> tuple[float, bool]:
    """The fraction of a weekday that is off, and whether it was announced that morning only."""
    if day.weekday() >= 5:
        return 0.0, False
    year, week, _ = day.isocalendar()
    if draw(floor.seed, "holiday", rep.rep_id, year, week).random() < 0.055:
        return 1.0, False
    kind = chance.random()
    if kind < 0.018:
        return 1.0, True
    return (0.5, False) if kind < 0.035 else (0.0, False)


def moments(chance: random.Random, workday: Workday, count: int) -> list[datetime]:
    """`count` moments of the shift, in order, following its rhythm; UTC."""
    share = 1.0 if workday.off == 0 else 1 - workday.off
    slots = max(1, int(len(RHYTHM) * share))
    length = SHIFT_HOURS * 3600 / len(RHYTHM)
    places = chance.choices(range(slots), RHYTHM[:slots], k=count)
    seconds = sorted(place * length + chance.random() * length for place in places)
    return [workday.begins + timedelta(seconds=round(s)) for s in seconds]
