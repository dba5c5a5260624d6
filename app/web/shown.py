"""Figures as people read them from a distance, and the drawings beside them. Pure.

Nothing is worked out anew here: a shown figure is the API's, cut to what a wall needs.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from app.exact import Amount, amount
from app.kpi import Figure, Kpi, Unit

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
