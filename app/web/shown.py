"""Figures as people read them from a distance, and the drawings beside them. Pure.

Nothing is worked out anew here: a shown figure is the API's, cut to what a wall needs.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from msgspec import UNSET, UnsetType

from app.exact import Amount, amount
from app.kpi import Figure, Kpi, Unit, terms
from app.records import Record
from app.titles import unit_of

NOTHING = "–"


def shown(kpi: Kpi, figure: Figure) -> str:
    """The figure in few characters: `1,699`, `50:31`, `76,241`."""
    if figure.value is None:
        return NOTHING
    value = amount(figure.value)
    if kpi.unit is Unit.SECONDS:
        minutes = int(value) // 60
        return f"{minutes // 60:,}:{minutes % 60:02d}"
    return f"{round(value):,}"


def spoken(kpi: Kpi, figure: Figure) -> str:
    """The figure in full, for a tooltip and whoever listens: `50 h 31 min`, `76,240.79 USD`."""
    if figure.value is None:
        return "nothing yet"
    value = amount(figure.value)
    if kpi.unit is Unit.SECONDS:
        minutes = int(value) // 60
        return f"{minutes // 60:,} h {minutes % 60} min"
    if kpi.unit is Unit.MONEY:
        return f"{value:,.2f} {figure.currency}"
    return f"{value:,}"


def worth(kpi: Kpi, figure: Figure) -> str:
    """The figure in full on a scorecard: `1 h 05 min`, `12.5 %`, `1.83`, `76,240.79 USD`."""
    if figure.value is None:
        return NOTHING
    value = Decimal(amount(figure.value))
    if _timed(kpi) and kpi.unit is not Unit.RATIO:
        return _spell(int(value))
    if kpi.unit is Unit.MONEY:
        return f"{value:,.2f} {figure.currency}"
    if kpi.unit is Unit.RATIO:
        return f"{value:,.2f}" if _average(kpi) else f"{value * 100:.1f} %"
    return f"{value:,.1f}" if kpi.unit is Unit.PER_DAY else f"{value:,}"


def part(kpi: Kpi, figure: Figure) -> str:
    """What a quotient is made of, and how much of it is known: `85 of 102, 21 % known`."""
    words = []
    if figure.numerator is not UNSET and figure.denominator is not UNSET:
        top, under = amount(figure.numerator), amount(figure.denominator)
        over = "over" if _average(kpi) else "of"
        timed = _timed(kpi)
        whole = f"{under:,}" if not timed or _average(kpi) else _spell(int(under))
        words.append(f"{_spell(int(top)) if timed else f'{top:,}'} {over} {whole}")
    if figure.coverage is not UNSET and amount(figure.coverage) != 1:
        words.append(f"{Decimal(amount(figure.coverage)) * 100:.0f} % known")
    return ", ".join(words)


def _timed(kpi: Kpi) -> bool:
    """Whether it is made of seconds."""
    return unit_of(terms(kpi.value)[0][1]) is Unit.SECONDS


def _average(kpi: Kpi) -> bool:
    """Whether it is so much for each of something, rather than the share of a whole."""
    return kpi.unit is not Unit.RATIO or "_per_" in kpi.id


def added(kpi: Kpi, record: Record) -> str:
    """What a record adds to the figure: its value, or its part of both sides of a quotient."""
    if not record.counted:
        return ""
    if record.value is UNSET:
        return f"{record.numerator} of {record.denominator}"
    value = amount(record.value)
    return length_of(int(value)) if kpi.unit is Unit.SECONDS else f"{value:,}"


def length_of(seconds: int | UnsetType | None) -> str:
    """A length of time as `4:05`; nothing where it is not known, or there is none."""
    if seconds is UNSET or seconds is None:
        return ""
    return f"{seconds // 60:,}:{seconds % 60:02d}"


def _spell(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    if minutes >= 60:
        return f"{minutes // 60:,} h {minutes % 60:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def share(figure: Figure, top: Amount) -> str:
    """How far a figure reaches towards the greatest one, in percent."""
    part = _amount(figure)
    return "0" if part <= 0 or top <= 0 else f"{float(part / Decimal(top) * 100):.1f}"


def rounded(least: int) -> int:
    """A number of which only the least is known, so that it stands still on a wall: 1,000 for
    1,239, 80 for 87.
    """
    step: int = 10 ** (len(str(least)) - 1)
    return least // step * step


class Spark(NamedTuple):
    """A line in a box of 100 by 28: its points, and where it ends."""

    points: str
    x: str
    y: str


def spark(figures: Sequence[Figure]) -> Spark | None:
    """The line of figures over time, the first at the left, 0 at the bottom; None without any."""
    amounts = [max(_amount(figure), Decimal(0)) for figure in figures]
    most = max(amounts, default=Decimal(0))
    if most <= 0 or len(amounts) < 2:
        return None
    points = [
        # Two of the height on each side are the line's own thickness.
        (f"{100 * place / (len(amounts) - 1):.1f}", f"{2 + 24 * float(1 - value / most):.1f}")
        for place, value in enumerate(amounts)
    ]
    return Spark(" ".join(f"{x},{y}" for x, y in points), *points[-1])


def _amount(figure: Figure) -> Decimal:
    return Decimal(0) if figure.value is None else Decimal(amount(figure.value))
