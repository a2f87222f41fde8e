"""Base against adapter on the same clips: the figures of report.json, from the rows of both."""

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from common.messages import Message
from scoring.measures import NORMALISERS, Comparison, compare
from trainer.evaluation.results_file import RUN_FOLDER, Row, rows

EXAMPLES = 5  # clips fixed and broken, shown


class Both(NamedTuple):
    """What both transcribed, row by row."""

    comparison: Comparison  # a: base, b: adapter
    base: list[Row]
    adapter: list[Row]


def compared(base: Sequence[Row], adapter: Sequence[Row]) -> Both:
    """The clips that both have."""
    first, second = ({row.id: row for row in some} for some in (base, adapter))
    both = [name for name in first if name in second]
    comparison = compare(
        [first[name].reference for name in both],
        [first[name].hypothesis for name in both],
        [second[name].hypothesis for name in both],
        [first[name].call or None for name in both],
    )
    return Both(comparison, [first[name] for name in both], [second[name] for name in both])


def figures(own: Both, full: Both, warnings: Sequence[dict]) -> dict:
    """The keys of report.json that rest on the clips: each in its own window, and both in the full one."""
    short, wide = own.comparison, full.comparison
    worse = short.b.wer is not None and short.b.wer > short.a.wer
    return {
        "base": _without_clips(short.a.to_dict()),
        "adapter": _without_clips(short.b.to_dict()),
        **{name: getattr(short, name) for name in ("p_value", "fixed", "broken", "better", "worse")},
        "full_window": {"base": _without_clips(wide.a.to_dict()), "adapter": _without_clips(wide.b.to_dict())},
        "examples": _examples(own),
        "warnings": [WORSE._asdict()] * worse + [*warnings],
    }


def read(folder: Path) -> dict | None:
    """The report of the run in `folder`; None where it has not come to its end.

    What an earlier normaliser counted is counted again from the hypotheses in the run folder. Where those are gone the
    figures stay, under the name of the normaliser that counted them.
    """
    path = folder / "report.json"
    if not path.exists():
        return None
    told = json.loads(path.read_text(encoding="utf-8"))
    if not told["base"] or told["adapter"].get("normaliser") == NORMALISERS["french"].name:
        return told
    return told | _counted_again(folder, path.stat().st_mtime_ns, tuple(map(json.dumps, told["warnings"])))


@lru_cache(maxsize=16)
def _counted_again(folder: Path, written: int, warnings: tuple[str, ...]) -> dict:
    """The figures of a report that was `written` then; none where texts are missing."""
    names = ["base-short", "adapter-short", "base-full", "adapter-full"]
    if not (folder / RUN_FOLDER / "adapter-short.csv").exists():  # it learned the full window
        names = ["base-short", "adapter-full"]
    files = [folder / RUN_FOLDER / f"{name}.csv" for name in names]
    found = [rows(file) for file in files if file.exists()]
    if len(found) < len(files) or not all(found):
        return {}
    own, full = compared(*found[:2]), compared(*found[-2:])
    others = [warning for warning in map(json.loads, warnings) if warning["en"] != WORSE.en]
    return figures(own, full, others)


def _examples(both: Both) -> dict:
    """The longest clips that the adapter fixed, and that it broke."""
    base, adapter = both.comparison.a.clips, both.comparison.b.clips
    clips = list(zip(both.base, both.adapter, base, adapter, strict=True))
    clips.sort(key=lambda clip: -clip[2].words)
    fixed = [clip[:2] for clip in clips if clip[2].edits > 0 == clip[3].edits]
    broken = [clip[:2] for clip in clips if clip[2].edits == 0 < clip[3].edits]
    return {
        "fixed": [_texts(*rows) for rows in fixed[:EXAMPLES]],
        "broken": [_texts(*rows) for rows in broken[:EXAMPLES]],
    }


def _texts(base: Row, adapter: Row) -> dict:
    return {"id": base.id, "reference": base.reference, "base": base.hypothesis, "adapter": adapter.hypothesis}


def _without_clips(score: dict) -> dict:
    return {name: value for name, value in score.items() if name != "clips"}


WORSE = Message(
    en="The adapter makes more errors on the test split than its base: do not use it.",
    fr="L'adaptateur fait plus d'erreurs que sa base sur la partition de test : ne l'utilisez pas.",
)
