"""Loss and WER over the steps of a training, drawn as SVG with its figures in words above."""

from collections.abc import Sequence
from html import escape

from ui.words import number, say

WIDTH, HEIGHT = 320, 120
LEFT, TOP, BOTTOM = 34, 8, 18  # room for the numbers
DOTTED = 30  # so few points are dots as well


def draw(metrics: Sequence[dict], steps: int | None, reader: str) -> str:
    """What `trainer.run.metrics` gives, of a training of so many steps."""
    curves = [
        _curve(name, [(line["step"], line[name]) for line in metrics if line.get(name) is not None], steps, reader)
        for name in ("loss", "wer")
    ]
    return f'<div class="curves">{"".join(curves)}</div>' if any(curves) else ""


def _curve(name: str, points: list[tuple[int, float]], steps: int | None, reader: str) -> str:
    if not points:
        return ""
    decimals = 2 if name == "loss" else 1
    last = max(steps or 0, points[-1][0])
    most = max(value for _, value in points) or 1.0
    placed = [(_x(step / last), _y(value / most)) for step, value in points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>' for x, y in placed) if len(placed) <= DOTTED else ""
    low = min(points, key=lambda point: point[1])
    unit = "\N{NO-BREAK SPACE}%" if name == "wer" else ""
    now, best = (f"{number(value, reader, decimals)}{unit}" for value in (points[-1][1], low[1]))
    told = say(reader, f"curve_{name}", now=now, best=best, step=number(low[0], reader, 0))
    return (
        f'<figure class="series-{0 if name == "loss" else 1}"><figcaption>{told}</figcaption>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(told)}">'
        f"{_grid(most, last, decimals, reader)}"
        f'<polyline points="{path}"/>{dots}</svg></figure>'
    )


def _grid(most: float, last: int, decimals: int, reader: str) -> str:
    lines = "".join(
        f'<path d="M{LEFT} {_y(share):.1f}H{WIDTH}"/>'
        f'<text x="{LEFT - 5}" y="{_y(share) + 3.5:.1f}" text-anchor="end">'
        f"{number(most * share, reader, decimals)}</text>"
        for share in (0.0, 0.5, 1.0)
    )
    ends = (0, "start", LEFT), (last, "end", WIDTH)
    steps = "".join(
        f'<text x="{x}" y="{HEIGHT - 3}" text-anchor="{anchor}">{number(step, reader, 0)}</text>'
        for step, anchor, x in ends
    )
    return f'<g class="grid">{lines}{steps}</g>'


def _x(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - 4)


def _y(share: float) -> float:
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
