"""The learning curve: one recipe on a quarter, half and all of the data, which tells whether more would help.

Three ordinary trainings, NAME-25, NAME-50 and NAME-100, which the queue lets through one after the other.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from scoring.measures import compare
from trainer.evaluation import comparison, results_file
from trainer.runs import background
from trainer.runs import folder as run

SHARES = (25, 50, 100)  # percent of the data


@dataclass(frozen=True)
class Point:
    share: int  # percent of the train split; 0 is the base, which saw none of it
    clips: int  # trained on
    wer: float  # percent, on the test split
    interval: tuple[float, float] | None  # 95 %


@dataclass(frozen=True)
class Curve:
    points: tuple[Point, ...]  # the base, and the trainings that are done, by their share
    p_value: float | None  # of « half of the data and all of it are equally good »; None where one is missing


def names(name: str) -> list[str]:
    """The three trainings of a curve of this name."""
    return [f"{name}-{share}" for share in SHARES]


def start(name: str, *arguments: str, token: str | None = None) -> None:
    """Starts the three, with `arguments` as `background.start` takes them.

    Raises UserError, before it starts any, where a name is taken.
    """
    for each in names(name):
        if background.folder_of(each).exists():
            raise background.taken(each)
    for each, share in zip(names(name), SHARES, strict=True):
        background.start(each, *arguments, "--set", f"train_share={share / 100}", token=token)


def done(name: str) -> int:
    """How many trainings of the curve that the run `name` is on have finished; 0 where it is on none."""
    return len(_reports(name))


def curve(name: str) -> Curve | None:
    """The curve that the run `name` is on; None where it is on none, or none of its trainings has a rate yet."""
    reports = {share: report for share, report in _reports(name).items() if report["base"]}
    reports = {share: report for share, report in reports.items() if report["adapter"]["wer"] is not None}
    if not reports:
        return None
    scores = [(0, 0, next(iter(reports.values()))["base"])]
    scores += [(share, report["split"]["train"], report["adapter"]) for share, report in reports.items()]
    points = [Point(share, clips, score["wer"], score["interval"]) for share, clips, score in scores]
    both = {*SHARES[-2:]} <= {*reports}
    return Curve(tuple(points), _p_value(_family(name)) if both else None)


def _reports(name: str) -> dict[int, dict]:
    """By their share, the reports of the finished trainings with the same corpus and base."""
    found, family = {}, _family(name)
    for share, each in zip(SHARES, names(family), strict=True) if family else ():
        folder = background.folder_of(each)
        if (report := comparison.read(folder)) and round(100 * _share(folder)) == share:
            found[share] = report
    same = {(report["corpus"], report["model"]) for report in found.values()}
    return found if len(same) == 1 else {}


def _share(folder: Path) -> float:
    return run.config(folder)["settings"].get("train_share", 1.0)  # older runs have none


def _family(name: str) -> str:
    """NAME of NAME-25; "" where the name is on no curve."""
    found = re.fullmatch(rf"(.+)-({'|'.join(map(str, SHARES))})", name)
    return found[1] if found else ""


def _p_value(family: str) -> float:
    """Compares half of the data with all of it, on the same clips."""
    half, whole = ({row.id: row for row in _rows(background.folder_of(name))} for name in names(family)[-2:])
    both = [row for row in half.values() if row.id in whole]
    hypotheses = [[row.hypothesis for row in both], [whole[row.id].hypothesis for row in both]]
    return compare([row.reference for row in both], *hypotheses, [row.call or None for row in both]).p_value


def _rows(folder: Path) -> list[results_file.Row]:
    window = run.config(folder)["settings"]["window"]
    return results_file.rows(folder / results_file.RUN_FOLDER / f"adapter-{window}.csv")
