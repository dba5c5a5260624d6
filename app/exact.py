"""Exact arithmetic on sums, and the one rounding that makes a shown number of them. Pure.

Sums are ints and decimals of any length; nothing is rounded until it is shown, then once, half
to even. A shown number is an int, a decimal without trailing zeros, or money as a string with
two places; none of them is ever a negative zero.
"""

from decimal import Decimal
from fractions import Fraction

import msgspec

Amount = int | Decimal
Rational = int | Fraction
Shown = int | Decimal | str

MONEY_PLACES = 2
UNIT_PLACES = 4
RATIO_PLACES = 6

# JSON numbers exactly as they were rounded: a binary float would not hold the long ones.
_encoder = msgspec.json.Encoder(decimal_format="number")


def rational(amount: Amount) -> Rational:
    """The amount as a number that adds and multiplies without rounding."""
    return amount if isinstance(amount, int) else Fraction(amount)


def scaled(value: Rational, places: int) -> int:
    """`value` in units of `10**-places`, rounded half to even."""
    shift: int = 10**places
    return round(Fraction(value) * shift)


def number(value: Rational, places: int) -> int | Decimal:
    """`value` rounded half to even to at most `places` decimals."""
    units = scaled(value, places)
    while places and units % 10 == 0:
        units, places = units // 10, places - 1
    return Decimal(f"{units}E-{places}") if places else units


def money(value: Rational) -> str:
    """`value` rounded half to even to cents, as `-?[0-9]+.[0-9]{2}`."""
    cents = scaled(value, MONEY_PLACES)
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole}.{rest:02d}"


def amount(shown: Shown) -> Amount:
    """A shown number as one that compares: money strings become decimals."""
    return Decimal(shown) if isinstance(shown, str) else shown


def encode(answer: object) -> bytes:
    """An answer (structs, dicts, lists) as JSON, with every decimal a number, exactly."""
    return _encoder.encode(answer)
