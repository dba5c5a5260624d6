"""Pools the random floors draw from: few ids, few numbers, colliding instants, odd decimals.

Everything drawn is valid by `events.md` for a receiver whose clock stands at `now`.
"""

import random
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle.wire import Json

DAY = timedelta(hours=24)
SPREAD = 430  # days: some 14 months
ZONES = [
    "America/Denver",
    "America/New_York",
    "America/St_Johns",
    "America/Havana",  # clocks change at midnight
    "Africa/Cairo",  # and here
    "Europe/Berlin",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",  # by half an hour
    "Pacific/Apia",
    "Pacific/Pago_Pago",
    "Pacific/Kiritimati",
    "Etc/GMT+12",
    "America/Sao_Paulo",  # had no midnight either
    "Asia/Beirut",
    "UTC",
]
NOWS = [
    datetime(2011, 11, 8, 15, 30, tzinfo=UTC),  # St. John's put clocks back at 00:01
    datetime(2012, 1, 3, 4, 0, tzinfo=UTC),  # Apia had no 30 December 2011
    datetime(2019, 2, 20, 6, 0, tzinfo=UTC),
    datetime(2024, 2, 29, 18, 0, tzinfo=UTC),
    datetime(2024, 3, 12, 10, 0, tzinfo=UTC),
    datetime(2025, 2, 28, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2025, 11, 4, 0, 0, tzinfo=UTC),
    datetime(2026, 4, 7, 11, 0, tzinfo=UTC),
    datetime(2026, 11, 20, 20, 15, tzinfo=UTC),
]
# alike but not the same, and in another order by code point than by what a UTF-16 unit is
REPS = ["r1", "r2", "R3", "Zoë", "ämil", "r10", "é", "e\u0301", "🙂", "ｚ"]
TEAMS = ["West", "East", "Österreich"]
CURRENCIES = ["USD", "EUR", "JPY"]
SOURCES = ["dialer", "crm", "Übertrag"]
PHONES = [
    ["+13035550101", "(303) 555-0101", "1 303 555 0101 ext. 7"],
    ["+13035550102", "303.555.0102"],
    ["+14155550103", "tel:+1-415-555-0103"],
    ["+442079460958", "+44 20 7946 0958 x12"],
    ["+4930901820", "+49 (30) 901820"],
]
NO_NUMBERS = ["anonymous", "201", "555-0104", "", "+1"]
EDGES = [90 * DAY, 30 * DAY, 7 * DAY, 180 * DAY, DAY, timedelta(hours=1), timedelta(0)]
AMOUNTS = ["0", "0.0001", "0.005", "0.0050", "1", "19.99", "33.3333", "100.005", "2500", "12.345"]
HUGE = ["999999999999999.9999", "123456789012345.6789", "100000000000000"]
NEAR = [timedelta(minutes=20), 2 * DAY, 3 * DAY, 3 * DAY, 4 * DAY]
Tie = tuple[str, Json | None, list[datetime]]


class World:
    """One floor's dice and pools."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.now = rng.choice(NOWS)
        self.zones = rng.sample(ZONES, rng.randint(2, 4))
        self.reps = rng.sample(REPS, rng.randint(2, 6))
        self.announced = self.reps[: max(1, len(self.reps) - rng.choice([0, 1, 1]))]
        self.teams = TEAMS[: rng.randint(2, 3)]
        self.currency = rng.choice(["USD", "USD", "EUR"])
        self.phones = rng.sample(PHONES, rng.randint(2, 4))
        self.customers = [f"cu{n}" for n in range(1, rng.randint(3, 5))]
        self.moments: list[datetime] = [self.now - rng.randint(1, 300) * DAY]
        self.times = [self.anywhere() for _ in range(3)]
        self._known_changes: dict[str, list[date]] = {}
        self.ties = [self._tie() for _ in range(rng.randint(1, 3))]
        self.pairs: list[tuple[str, str]] = []

    def often(self, share: float) -> bool:
        return self.rng.random() < share

    def pick(self, *choices: Any) -> Any:
        return self.rng.choice(choices)

    def one_of(self, prefix: str, count: int) -> str:
        return f"{prefix}{self.rng.randint(1, count)}"

    # Instants and dates

    def anywhere(self) -> datetime:
        return self.now - timedelta(seconds=self.rng.randint(0, SPREAD * 86400))

    def moment(self) -> datetime:
        """An instant near others, on an edge of a span or of a day, or anywhere; remembered."""
        found = self.rng.choice([self._on_edge, self._on_edge, self._midnight, self._recent])()
        if self.often(0.1):
            found = self.anywhere()
        self.moments.append(self._within(found))
        return self.moments[-1]

    def _within(self, moment: datetime) -> datetime:
        """The moment, or another within the spread and not too far ahead of the clock."""
        if moment < self.now - SPREAD * DAY:
            return self.anywhere()
        return min(moment, self.now + timedelta(hours=22))

    def _tie(self) -> Tie:
        whom = self.customer() or {"phone": self.phone()}
        return self.rng.choice(self.reps), whom, [self.now - self.rng.randint(1, 60) * DAY]

    def meeting(self) -> tuple[str, Json | None, datetime]:
        """A rep, a customer, an instant: more often than not of those who meet again and again."""
        if self.often(0.3):
            return self.rng.choice(self.reps), self.customer(), self.moment()
        rep, customer, moments = self.rng.choice(self.ties)
        away = self.rng.choice([*EDGES, *NEAR])
        near = self.rng.choice([moments[0], moments[0], self.rng.choice(moments)])
        found = near + self.rng.choice([1, -1]) * away + self._nudge()
        moments.append(self._within(found))
        return rep, customer, moments[-1]

    def _nudge(self) -> timedelta:
        return timedelta(microseconds=self.rng.choice([0, 0, 0, 1, -1, 1_000_000, -500_000]))

    def _on_edge(self) -> datetime:
        sign = self.rng.choice([1, -1])
        return self.rng.choice(self.moments) + sign * self.rng.choice(EDGES) + self._nudge()

    def _recent(self) -> datetime:
        return self.now - timedelta(seconds=self.rng.randint(-3600, 12 * 86400))

    def _midnight(self) -> datetime:
        """00:00 somewhere on a date, the dates when clocks change before others."""
        zone = ZoneInfo(self.rng.choice(self.zones))
        day = self.rng.choice(self.changes(zone) if self.often(0.5) else [self.date()])
        hour = self.rng.choice([0, 0, 0, 1, 2, 23])
        fold = self.rng.choice([0, 1])
        return datetime.combine(day, time(hour), zone).replace(fold=fold).astimezone(UTC) + (
            self._nudge()
        )

    def changes(self, zone: ZoneInfo) -> list[date]:
        """The dates on which the zone's clocks change, and today."""
        if zone.key not in self._known_changes:
            moments = [(self.now - n * DAY).astimezone(zone) for n in range(SPREAD)]
            self._known_changes[zone.key] = [moments[0].date()] + [
                late.date()
                for late, early in pairwise(moments)
                if late.utcoffset() != early.utcoffset()
            ]
        return self._known_changes[zone.key]

    def date(self) -> date:
        """A date of something that happened, or of the last days, or anywhere."""
        near = self.rng.choice([self.rng.choice(self.moments), self._recent(), self.anywhere()])
        return (near + self.rng.choice([-1, 0, 0, 1]) * DAY).date()

    def text(self, moment: datetime) -> str:
        """RFC 3339 with some offset; now and then with more digits than count, in small letters,
        or in a leap second. What lies too far ahead of the clock happens before that.
        """
        moment = min(moment, self.now + timedelta(hours=23))
        offset = self.rng.choice([0, 0, 0, -420, 345, 840, -210])
        local = moment.astimezone(timezone(timedelta(minutes=offset)))
        shown = local.strftime("%Y-%m-%dT%H:%M:%S")
        if moment.microsecond or self.often(0.1):
            shown += f".{moment.microsecond:06d}" + self.rng.choice(["", "", "789"])
        if moment.second == 59 and self.often(0.5):
            shown = f"{shown[:17]}60{shown[19:]}"
        sign = "-" if offset < 0 else "+"
        zone = "Z" if offset == 0 else f"{sign}{abs(offset) // 60:02d}:{abs(offset) % 60:02d}"
        shown += zone
        return self.pick(shown.lower(), shown.replace("T", " ")) if self.often(0.05) else shown

    # Customers and amounts

    def phone(self) -> str:
        if self.often(0.1):
            return self.rng.choice(NO_NUMBERS)
        return self.rng.choice(self.rng.choice(self.phones))

    def customer(self) -> Json | None:
        """Null, empty, an id, a number, or both."""
        dice = self.rng.random()
        if dice < 0.1:
            return self.rng.choice([None, {}, {"customer_id": None, "phone": None}])
        if dice < 0.45:
            return {"customer_id": self.rng.choice(self.customers)}
        if dice < 0.9:
            return {"phone": self.phone()}
        return {"customer_id": self.rng.choice([*self.customers, None]), "phone": self.phone()}

    def amount(self) -> Any:
        """A decimal string or JSON number, >= 0, at most 15 digits before and 4 after the point."""
        if self.often(0.015):
            return self.rng.choice(HUGE)
        if self.often(0.2):
            return self.rng.choice([0, 5, 12.5, 0.1, 99.99, 1000])
        if self.often(0.5):
            return self.rng.choice(AMOUNTS)
        return str(Decimal(self.rng.randint(0, 3_000_000)).scaleb(-self.rng.randint(0, 4)))

    def quantity(self) -> Any:
        """Mostly small and whole, and greater than 0."""
        value = self.pick(1, 1, 2, "3", "10", "2.5", 7, "0.3333", self.amount())
        return value if Decimal(str(value)) > 0 else "0.0001"

    # Envelope

    def event(self, kind: str, data: Json) -> Json:
        """A CloudEvent with a stamp that likes to tie with others."""
        event: Json = {"specversion": "1.0", "type": f"ringside.{kind}.v1"}
        event["source"], event["id"] = self._pair()
        if self.often(0.7):
            moment = self.rng.choice(self.times) if self.often(0.8) else self.anywhere()
            event["time"] = self.text(moment)
        elif self.often(0.2):
            event["time"] = None
        if self.often(0.2):
            event["partitionkey"] = data.get("rep_id") or "x"
        event["data"] = data
        return event

    def _pair(self) -> tuple[str, str]:
        """A new (source, id), often with an id that another source has used."""
        while True:
            name = self.rng.choice(["e", "E", "é"]) + str(self.rng.randint(1, 400))
            if self.pairs and self.often(0.3):
                name = self.rng.choice(self.pairs)[1]
            pair = (self.rng.choice(SOURCES), name)
            if pair not in self.pairs:
                self.pairs.append(pair)
                return pair

    def revision(self) -> Json:
        """Absent, null or small, so that many tie."""
        value = self.rng.choice([None, 0, 1, 1, 1, 2, 3, 2**53 - 1 if self.often(0.2) else 1])
        return {} if value is None and self.often(0.8) else {"revision": value}
