"""Loss and WER over the steps of a training, and WER over its data, drawn as SVG with its figures in words above."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from ui.kit.format import number, percent
from ui.kit.html import render
from ui.kit.i18n import say

if TYPE_CHECKING:
    from trainer.evaluation.learning_curve import Curve, Point

WIDTH, HEIGHT = 320, 120
LEFT, TOP, BOTTOM = 34, 8, 18  # room for the numbers
DOTTED = 30  # so few points are dots as well
NAMES = ("loss", "wer")


class Axes(NamedTuple):
    """The lines and numbers behind a curve. Places in the picture's units."""

    heights: list[tuple[float, str]]  # of a line, and what is written there
    ticks: list[tuple[float, str, str]]  # to the right, what is written, and how it is anchored


def draw(metrics: Sequence[dict], steps: int | None, reader: str) -> str:
    """What `trainer.runs.folder.metrics` gives, of a training of so many steps."""
    found = {name: [(line["step"], line[name]) for line in metrics if line.get(name) is not None] for name in NAMES}
    curves = [_curve(name, points, steps, reader) for name, points in found.items() if points]
    return render("training/curves.html", reader, curves=curves) if curves else ""


def _curve(name: str, points: list[tuple[int, float]], steps: int | None, reader: str) -> dict:
    decimals = 2 if name == "loss" else 1
    last = max(steps or 0, points[-1][0])
    most = max(value for _, value in points) or 1.0
    placed = [(_x(step / last), _y(value / most)) for step, value in points]
    low = min(points, key=lambda point: point[1])
    unit = "\N{NO-BREAK SPACE}%" if name == "wer" else ""
    now, best = (f"{number(value, reader, decimals)}{unit}" for value in (points[-1][1], low[1]))
    return {
        "series": NAMES.index(name),
        "caption": say(reader, f"curve_{name}", now=now, best=best, step=number(low[0], reader, 0)),
        "axes": _axes(most, decimals, [(0, number(0, reader, 0)), (1, number(last, reader, 0))], reader),
        "points": placed,
        "dots": placed if len(placed) <= DOTTED else [],
    }


def of_data(curve: "Curve", reader: str) -> str:
    """WER on the test split by the share of the data that was learned from, and whether more of it would help."""
    from trainer.evaluation.learning_curve import SHARES

    points = curve.points
    most = max(point.interval[1] if point.interval else point.wer for point in points) or 1.0
    ticks = [(share / 100, f"{share}\N{NO-BREAK SPACE}%") for share in (0, *SHARES)]
    return render(
        "training/curve_of_data.html",
        reader,
        verdict=_would_help(curve, reader),
        axes=_axes(most, 0, ticks, reader),
        points=[(_x(point.share / 100), _y(point.wer / most)) for point in points],
        whiskers=[
            (_x(point.share / 100), *(_y(end / most) for end in point.interval)) for point in points if point.interval
        ],
        shares=[(_share(point, reader), point) for point in points],
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


def _axes(most: float, decimals: int, ticks: Sequence[tuple[float, str]], reader: str) -> Axes:
    """Lines at none, half and the most; `ticks`: (where between left and right, what is written there)."""
    heights = [(_y(share), number(most * share, reader, decimals)) for share in (0.0, 0.5, 1.0)]
    anchors = {0: "start", 1: "end"}
    return Axes(heights, [(_x(at), text, anchors.get(at, "middle")) for at, text in ticks])


def _x(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - 4)


def _y(share: float) -> float:
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
