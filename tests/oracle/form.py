"""How figures are written: the catalogue's units, and exact sums rounded once at the end.

`Part` holds a figure exactly; `written` gives it the shape of the product's answers.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

Figure = dict[str, Any]

COUNT, SECONDS, MONEY, NUMBER, RATIO = "count", "seconds", "money", "number", "ratio"

# id → (unit, direction that is better: 1 up, -1 down, 0 neutral,
#       units of numerator and denominator where it is a quotient)
CATALOGUE: dict[str, tuple[str, int, tuple[str, str] | None]] = {
    "calls": (COUNT, 1, None),
    "outbound_calls": (COUNT, 1, None),
    "inbound_calls": (COUNT, 1, None),
    "answered_calls": (COUNT, 1, None),
    "conversations": (COUNT, 1, None),
    "missed_inbound": (COUNT, -1, None),
    "talk_time": (SECONDS, 1, None),
    "calls_per_day": (RATIO, 1, (COUNT, NUMBER)),
    "conversations_per_day": (RATIO, 1, (COUNT, NUMBER)),
    "talk_time_per_day": (RATIO, 1, (SECONDS, NUMBER)),
    "answer_rate": (RATIO, 1, (COUNT, COUNT)),
    "inbound_answer_rate": (RATIO, 1, (COUNT, COUNT)),
    "conversation_rate": (RATIO, 1, (COUNT, COUNT)),
    "average_conversation": (RATIO, 1, (SECONDS, COUNT)),
    "hold_share": (RATIO, -1, (SECONDS, SECONDS)),
    "hold_heavy_calls": (COUNT, -1, None),
    "repeat_conversations": (COUNT, 1, None),
    "repeat_quote_conversations": (COUNT, 1, None),
    "repeat_quote_share": (RATIO, 1, (COUNT, COUNT)),
    "unproductive_repeats": (COUNT, -1, None),
    "customers_called": (COUNT, 0, None),
    "calls_per_customer": (RATIO, 0, (COUNT, COUNT)),
    "new_customer_share": (RATIO, 0, (COUNT, COUNT)),
    "unknown_party_share": (RATIO, -1, (COUNT, COUNT)),
    "non_customer_talk_share": (RATIO, -1, (SECONDS, SECONDS)),
    "right_party_rate": (RATIO, 1, (COUNT, COUNT)),
    "orders": (COUNT, 1, None),
    "revenue": (MONEY, 1, None),
    "average_order_size": (MONEY, 1, (MONEY, COUNT)),
    "lines_per_order": (RATIO, 1, (COUNT, COUNT)),
    "units_sold": (NUMBER, 1, None),
    "cost_per_order": (MONEY, -1, (MONEY, COUNT)),
    "gross_margin_pct": (RATIO, 1, (MONEY, MONEY)),
    "ttm_revenue": (MONEY, 1, None),
    "quotes": (COUNT, 1, None),
    "quoted_amount": (MONEY, 1, None),
    "quote_to_order": (RATIO, 1, (COUNT, COUNT)),
    "return_rate": (RATIO, -1, (MONEY, MONEY)),
}
AHEAD = {"repeat_quote_conversations": 7, "repeat_quote_share": 7, "quote_to_order": 30}


@dataclass(frozen=True)
class Part:
    """A figure before rounding. `denominator` None: a sum, no quotient."""

    numerator: Fraction
    denominator: Fraction | None = None
    coverage: Fraction | None = None

    @property
    def value(self) -> Fraction | None:
        """None where the denominator is not greater than 0."""
        if self.denominator is None:
            return self.numerator
        return self.numerator / self.denominator if self.denominator > 0 else None


def over(numerator: Fraction | int, denominator: Fraction | int) -> Part:
    return Part(Fraction(numerator), Fraction(denominator))


def share(part: Fraction | int, whole: Fraction | int) -> Fraction:
    """A coverage: 1 where its base is 0."""
    return Fraction(part) / Fraction(whole) if whole != 0 else Fraction(1)


def places(value: Fraction, digits: int) -> float | Decimal:
    """Half-even to so many places from the exact sum."""
    return plain(Decimal(f"{round(value * 10**digits)}E-{digits}"))


def plain(number: Decimal) -> float | Decimal:
    """The number as a float where that shows every digit of it, which it does not of long ones."""
    shown = float(number) + 0.0  # no negative zero
    return shown if Decimal(repr(shown)) == number else number


def money(value: Fraction) -> str:
    """Two places, half-even, never a negative zero."""
    cents = round(value * 100)
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def write(value: Fraction, unit: str) -> int | float | Decimal | str:
    """Counts and seconds int, money str, numbers to four places and ratios to six as float."""
    if unit == MONEY:
        return money(value)
    if unit in {NUMBER, RATIO}:
        return places(value, 4 if unit == NUMBER else 6)
    assert value.denominator == 1, value
    return int(value)


def rounded(kpi: str, part: Part) -> Fraction:
    """The value as it is shown, exactly: a float would not hold the long ones."""
    unit = CATALOGUE[kpi][0]
    assert part.value is not None, kpi
    scale: int = 10 ** {MONEY: 2, NUMBER: 4, RATIO: 6}.get(unit, 0)
    return Fraction(round(part.value * scale), scale)


def written(kpi: str, part: Part) -> Figure:
    """`value`, and `numerator`, `denominator`, `coverage` where the figure has them."""
    unit, _, quotient = CATALOGUE[kpi]
    value = part.value
    figure: Figure = {"value": None if value is None else write(value, unit)}
    if quotient is not None:
        assert part.denominator is not None, kpi
        figure["numerator"] = write(part.numerator, quotient[0])
        figure["denominator"] = write(part.denominator, quotient[1])
    if part.coverage is not None:
        figure["coverage"] = places(part.coverage, 6)
    return figure
