"""What a fact's meaning rests on beside the fact: who the reps are, who claims which number,
rates, floors. Pure.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from app.directory import Directory
from app.floors import Floors

CUSTOMER = "c:"
NUMBER = "p:"

ONE = Decimal(1)


class Rates:
    """Rates to the reporting currency by currency and day."""

    def __init__(self, currency: str, rates: Mapping[tuple[str, date], Decimal]) -> None:
        self.currency = currency
        self._days: dict[str, list[date]] = {}
        self.all = dict(rates)
        for code, day in sorted(rates):
            self._days.setdefault(code, []).append(day)

    def on(self, currency: str, day: date) -> Decimal | None:
        """The rate of `day`, else the last one before; None while there is none."""
        if currency == self.currency:
            return ONE
        days = self._days.get(currency, [])
        i = bisect_right(days, day)
        return self.all[currency, days[i - 1]] if i else None

    def until(self, currency: str, day: date) -> date | None:
        """The day from which a later rate than `day`'s holds; None if there is none."""
        days = self._days.get(currency, [])
        i = bisect_right(days, day)
        return days[i] if i < len(days) else None


@dataclass(slots=True)
class Known:
    """Everything that is known while a batch is worked out.

    `owners` gives for a number's hash the lowest id of the customers that claim it; it must hold
    every number on the rows that are asked about and that anybody claims.
    """

    directory: Directory
    floors: Floors
    rates: Rates
    owners: dict[str, str] = field(default_factory=dict)

    def rep(self, agent: str, instant: datetime) -> str:
        """Who is meant by the rep id of a fact of `instant`."""
        return self.directory.rep_of(agent, instant)

    def customer(self, customer_id: str | None, phone: str | None) -> str | None:
        """The party if it is a customer: named by id, or by a number that a customer claims."""
        if customer_id is not None:
            return CUSTOMER + customer_id
        owner = self.owners.get(phone) if phone is not None else None
        return None if owner is None else CUSTOMER + owner

    def party(self, customer_id: str | None, phone: str | None) -> str | None:
        """The party: a customer, else the bare number, else None for unknown."""
        return self.customer(customer_id, phone) or (None if phone is None else NUMBER + phone)
