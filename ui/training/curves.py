"""Loss and WER over the steps of a training, and WER over its data, drawn as SVG with its figures in words above."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from ui.kit.format import number, percent
from ui.kit.i18n import say

if TYPE_CHECKING:
    from trainer.evaluation.learning_curve import Curve, Point

WIDTH, HEIGHT = 320, 120
LEFT, TOP, BOTTOM = 34, 8, 18  # room for the numbers
DOTTED = 30  # so few points are dots as well


def draw(metrics: Sequence[dict], steps: int | None, reader: str) -> str:
    """What `trainer.runs.folder.metrics` gives, of a training of so many steps."""
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
        f"{_grid(most, decimals, [(0, number(0, reader, 0)), (1, number(last, reader, 0))], reader)}"
        f'<polyline points="{path}"/>{dots}</svg></figure>'
    )


def of_data(curve: "Curve", reader: str) -> str:
    """WER on the test split by the share of the data that was learned from, and whether more of it would help."""
    from trainer.evaluation.learning_curve import SHARES

    points = curve.points
    most = max(point.interval[1] if point.interval else point.wer for point in points) or 1.0
    ticks = [(share / 100, f"{share}\N{NO-BREAK SPACE}%") for share in (0, *SHARES)]
    path = " ".join(f"{_x(point.share / 100):.1f},{_y(point.wer / most):.1f}" for point in points)
    table = "".join(
        f"<li>{_share(point, reader)} <b>{percent(point.wer, reader)}</b> <small>{_between(point, reader)}</small></li>"
        for point in points
    )
    return (
        f'<h4>{say(reader, "curve_data")}</h4><p class="verdict">{_would_help(curve, reader)}</p>'
        f'<div class="curves"><figure class="series-1"><svg viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">'
        f"{_grid(most, 0, ticks, reader)}{''.join(_whisker(point, most) for point in points)}"
        f'<polyline points="{path}"/>{"".join(_dot(point, most) for point in points)}</svg></figure>'
        f'<ul class="shares">{table}</ul></div>'
    )


def _would_help(curve: "Curve", reader: str) -> str:
    """One sentence, from what the second half of the data brought."""
    if curve.p_value is None:
        return say(reader, "data_waits", count=str(len(curve.points) - 1))
    half, whole = curve.points[-2:]
    key = "data_no" if whole.wer >= half.wer else "data_maybe" if curve.p_value >= 0.05 else "data_yes"
    rates = {"before": percent(half.wer, reader), "after": percent(whole.wer, reader)}
    return say(reader, key, p=number(curve.p_value, reader, 4), **rates)


def _share(point: "Point", reader: str) -> str:
    if not point.share:
        return say(reader, "the_base")
    return say(reader, "of_the_data", share=str(point.share), clips=number(point.clips, reader, 0))


def _between(point: "Point", reader: str) -> str:
    return "–".join(number(end, reader) for end in point.interval or ())


def _whisker(point: "Point", most: float) -> str:
    if not point.interval:
        return ""
    x, (low, high) = _x(point.share / 100), (_y(end / most) for end in point.interval)
    return f'<path class="whisker" d="M{x:.1f} {low:.1f}V{high:.1f}"/>'


def _dot(point: "Point", most: float) -> str:
    return f'<circle cx="{_x(point.share / 100):.1f}" cy="{_y(point.wer / most):.1f}" r="3"/>'


def _grid(most: float, decimals: int, ticks: Sequence[tuple[float, str]], reader: str) -> str:
    """Lines at none, half and the most; `ticks`: (where between left and right, what is written there)."""
    lines = "".join(
        f'<path d="M{LEFT} {_y(share):.1f}H{WIDTH}"/>'
        f'<text x="{LEFT - 5}" y="{_y(share) + 3.5:.1f}" text-anchor="end">'
        f"{number(most * share, reader, decimals)}</text>"
        for share in (0.0, 0.5, 1.0)
    )
    anchors = {0: "start", 1: "end"}
    steps = "".join(
        f'<text x="{_x(at):.1f}" y="{HEIGHT - 3}" text-anchor="{anchors.get(at, "middle")}">{told}</text>'
        for at, told in ticks
    )
    return f'<g class="grid">{lines}{steps}</g>'


def _x(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - 4)


def _y(share: float) -> float:
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
