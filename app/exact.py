"""Exact arithmetic on sums, and the one rounding that makes a shown number of them. Pure.

Sums are ints and decimals of any length; nothing is rounded until it is shown, then once, half
to even. A shown number is an int, a decimal without trailing zeros, or money as a string with
two places; none of them is ever a negative zero.
"""

from decimal import Context, Decimal, Inexact

import msgspec

Amount = int | Decimal
Shown = int | Decimal | str

MONEY_PLACES = 2
UNIT_PLACES = 4
RATIO_PLACES = 6

# Room for any sum of products of what events let in; should it ever not do, it raises.
_EXACT = Context(prec=1000, traps=[Inexact])

# JSON numbers exactly as they were rounded: a binary float would not hold the long ones.
_encoder = msgspec.json.Encoder(decimal_format="number")


def plus(one: Amount, other: Amount, sign: int = 1) -> Amount:
    """`one + sign * other`, exactly."""
    if isinstance(one, int) and isinstance(other, int):
        return one + sign * other
    return _EXACT.add(one, other) if sign > 0 else _EXACT.subtract(one, other)


def scaled(value: Amount, over: Amount, places: int) -> int:
    """`value / over` in units of `10**-places`, rounded half to even; `over` is not 0."""
    if over == 1 and not places and isinstance(value, int):
        return value
    top, under = value.as_integer_ratio()
    left, right = over.as_integer_ratio()
    shift: int = 10**places
    return _half_even(top * right * shift, under * left)


def _half_even(top: int, under: int) -> int:
    if under < 0:
        top, under = -top, -under
    whole, rest = divmod(top, under)
    up = 2 * rest > under or (2 * rest == under and whole % 2 == 1)
    return whole + 1 if up else whole


def number(value: Amount, places: int, over: Amount = 1) -> int | Decimal:
    """`value / over` rounded half to even to at most `places` decimals."""
    units = scaled(value, over, places)
    while places and units % 10 == 0:
        units, places = units // 10, places - 1
    return Decimal(f"{units}E-{places}") if places else units


def money(value: Amount, over: Amount = 1) -> str:
    """`value / over` rounded half to even to cents, as `-?[0-9]+.[0-9]{2}`."""
    cents = scaled(value, over, MONEY_PLACES)
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole}.{rest:02d}"


def times(one: Amount, other: Amount) -> Amount:
    """`one * other`, exactly."""
    if isinstance(one, int) and isinstance(other, int):
        return one * other
    return _EXACT.multiply(one, other)


def amount(shown: Shown) -> Amount:
    """A shown number as one that compares: money strings become decimals."""
    return Decimal(shown) if isinstance(shown, str) else shown


def encode(answer: object) -> bytes:
    """An answer (structs, dicts, lists) as JSON, with every decimal a number, exactly."""
    return _encoder.encode(answer)
