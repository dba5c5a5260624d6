"""Who is on the simulated floor: reps with their skills, teams, customers, all from a seed.

The same seed gives the same floor, on any machine and on any day; nothing here knows the clock.
"""

import random
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from app.simulate.names import COMPANY, FIRST, LAST, TEAMS, TRADE

REPS = 60
ACCOUNTS_A_REP = 110
# A rep works the number of a cold list for a month, then gets a new list.
PROSPECTS_A_LIST = 900


@dataclass(frozen=True, slots=True)
class Account:
    """A customer in a rep's book. One without `customer_id` is known by its number only."""

    customer_id: str | None
    name: str
    phone: str
    announced: bool


@dataclass(frozen=True, slots=True)
class Rep:
    """A rep and what makes this one different; the factors are 1.0 for an average rep."""

    rep_id: str
    name: str
    team: str
    manager: str
    zone: ZoneInfo
    prefix: str
    number: int
    calls_a_day: float
    reach: float  # how many pick up
    rapport: float  # how long they stay
    closing: float  # how many buy
    hygiene: float  # share of contacts given a disposition
    holder: float  # how fond of the hold button
    chaser: float  # how often the same number again
    starts_at: float  # local hour
    segmented: bool  # the team's telephony streams talk time
    book: tuple[Account, ...]


@dataclass(frozen=True, slots=True)
class Floor:
    """Everybody, in order of rep id; teams are runs of ten."""

    seed: int
    reps: tuple[Rep, ...]

    def mates(self, rep: Rep) -> list[Rep]:
        """The others of the rep's team."""
        return [other for other in self.reps if other.team == rep.team and other is not rep]


def draw(seed: int, *of: object) -> random.Random:
    """A source of chance of its own for one purpose, so that no draw moves another."""
    return random.Random(":".join(map(str, (seed, *of))))  # noqa: S311 - a game, no secret


@lru_cache(maxsize=4)
def floor(seed: int) -> Floor:
    """The floor of a seed."""
    chance = draw(seed, "floor")
    first, last = list(FIRST), list(LAST)
    chance.shuffle(first)
    chance.shuffle(last)
    reps = tuple(
        _rep(seed, number, f"{first[number % len(first)]} {last[number % len(last)]}")
        for number in range(REPS)
    )
    return Floor(seed, reps)


def _rep(seed: int, number: int, name: str) -> Rep:
    chance = draw(seed, "rep", number)
    team, manager, zone, prefix = TEAMS[number * len(TEAMS) // REPS]
    return Rep(
        rep_id=f"r{number + 1:02d}",
        name=name,
        team=team,
        manager=manager,
        zone=ZoneInfo(zone),
        prefix=prefix,
        number=number,
        calls_a_day=_around(chance, 60, 9, 38, 86),
        reach=_around(chance, 1, 0.16, 0.6, 1.5),
        rapport=_around(chance, 1, 0.2, 0.55, 1.7),
        closing=_around(chance, 1, 0.35, 0.25, 2.2),
        hygiene=_around(chance, 0.5, 0.22, 0.05, 0.95),
        holder=_around(chance, 1, 0.5, 0.2, 2.8),
        chaser=_around(chance, 1, 0.6, 0.1, 3.0),
        starts_at=chance.choice((7.0, 7.5, 8.0, 8.5, 9.0, 9.5, 10.0, 11.0, 12.5)),
        segmented=team in ("Thames", "Harbour"),
        book=tuple(_account(chance, number, place, prefix) for place in range(ACCOUNTS_A_REP)),
    )


def _around(chance: random.Random, mean: float, spread: float, low: float, high: float) -> float:
    return min(high, max(low, chance.gauss(mean, spread)))


def _account(chance: random.Random, rep: int, place: int, prefix: str) -> Account:
    kind = chance.random()
    name = f"{chance.choice(COMPANY)} {chance.choice(TRADE)}"
    return Account(
        customer_id=None if kind > 0.9 else f"acct-{rep + 1:02d}-{place + 1:02d}",
        name=name,
        phone=phone(prefix, rep, place),
        announced=kind <= 0.78,
    )


def phone(prefix: str, rep: int, place: int) -> str:
    """A number of a fictional exchange: a rep's block of 160 holds its book, then its lists."""
    return f"{prefix}{(rep % 20) * 160 + place:04d}"


def prospect(rep: Rep, month: int, place: int) -> Account:
    """The `place`-th number on the rep's cold list of a month (months counted from year 0)."""
    area, exchange = rep.prefix.strip().rsplit(" ", 1)
    width = len(exchange)
    of_list = (month * REPS + rep.number) % (7 * 10 ** (width - 1)) + 2 * 10 ** (width - 1)
    return Account(None, "", f"{area} {of_list} {5000 + place:04d}", announced=False)
