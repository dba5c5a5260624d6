"""A line chart as SVG, for the pictures beside the measurements."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 640, 320, 48, 36, 40, 170
COLORS = ("#1f6feb", "#c2410c", "#15803d", "#7c3aed")


class Line(NamedTuple):
    """A name, and points from left to right."""

    name: str
    points: Sequence[tuple[float, float]]


def chart(title: str, lines: Sequence[Line]) -> str:
    """The lines from zero up, over evenly spaced x values that all of them share."""
    xs = [x for x, _ in lines[0].points]
    top = max(y for line in lines for _, y in line.points) * 1.1
    across = {x: LEFT + (WIDTH - LEFT - RIGHT) * i / max(1, len(xs) - 1) for i, x in enumerate(xs)}

    def up(y: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * y / top

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f'<title>{escape(title)}</title><g font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="22" font-size="14">{escape(title)}</text>',
    ]
    for part in range(5):
        y = top * part / 4
        out.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{up(y):.1f}" y2="{up(y):.1f}"'
            f' stroke="#ddd"/><text x="{LEFT - 6}" y="{up(y) + 4:.1f}" text-anchor="end">{y:.0f}'
            "</text>"
        )
    for x, at in across.items():
        out.append(
            f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{x:g}</text>'
        )
    for line, color in zip(lines, COLORS, strict=False):
        path = " ".join(f"{across[x]:.1f},{up(y):.1f}" for x, y in line.points)
        x, y = line.points[-1]
        out += [
            f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>',
            f'<text x="{across[x] + 8:.1f}" y="{up(y) + 4:.1f}" fill="{color}">',
            f"{escape(line.name)}</text>",
        ]
    return "\n".join([*out, "</g></svg>", ""])
