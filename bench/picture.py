"""A picture of systems by what they take and what they get wrong, as SVG: the nearer to the lower left, the better."""

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT, MARGIN = 720, 400, 60  # pixels
OURS, OTHERS, INK = "#4a67de", "#b45309", "#6b7280"  # read on a light and on a dark page


def curve(points: Mapping[str, tuple[float, float]], joined: Sequence[str], across: str, up: str) -> str:
    """The points (across, up) by name; those of `joined` are ours, and lie on one line."""
    edges = [_padded([point[axis] for point in points.values()]) for axis in (0, 1)]

    def place(point: tuple[float, float]) -> tuple[float, float]:
        x, y = ((value - low) / (high - low) for value, (low, high) in zip(point, edges, strict=True))
        return MARGIN + x * (WIDTH - 2 * MARGIN), HEIGHT - MARGIN - y * (HEIGHT - 2 * MARGIN)

    line = " ".join(f"{x:.0f},{y:.0f}" for x, y in (place(points[name]) for name in joined))
    parts = [
        f'<path d="M{MARGIN} {MARGIN / 2}V{HEIGHT - MARGIN}H{WIDTH - MARGIN / 2}" fill="none" stroke="{INK}"/>',
        f'<polyline points="{line}" fill="none" stroke="{OURS}" stroke-width="2"/>',
        _text(WIDTH / 2, HEIGHT - 12, across, INK, "middle"),
        _text(MARGIN, MARGIN / 2 - 8, up, INK, "start"),
    ]
    for value, (x, y) in _marks(edges, place):
        parts.append(_text(x, y, f"{value:g}", INK, "end" if x < MARGIN else "middle"))
    for name, point in points.items():
        (x, y), colour = place(point), OURS if name in joined else OTHERS
        parts.append(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="5" fill="{colour}"/>')
        left = x > WIDTH / 2
        label = f"{name} ({point[0]:.0f}; {point[1]:.1f})"
        parts.append(_text(x + (-10 if left else 10), y - 8, label, colour, "end" if left else "start"))
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="13">\n{body}\n</svg>\n'
    )


def _padded(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = 0.15 * (high - low) or 1.0
    return low - room, high + room


def _marks(edges, place):
    """A few round values on each axis, and where they are written."""
    for axis, (low, high) in enumerate(edges):
        step = next(step for step in (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500) if (high - low) / step <= 8)
        value = step * (low // step + 1)
        while value < high:
            x, y = place((value, edges[1][0]) if axis == 0 else (edges[0][0], value))
            yield value, (x, y + 18) if axis == 0 else (x - 8, y + 4)
            value += step


def _text(x: float, y: float, text: str, colour: str, anchor: str) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" fill="{colour}" text-anchor="{anchor}">{escape(text)}</text>'
