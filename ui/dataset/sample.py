"""One sample as HTML: its facts, what was said, what each model transcribed, and both word by word.

A wrong word is struck through and the right one is underlined, so that colour is not all that tells them apart.
"""

from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup

from ui.kit.html import note, render
from ui.kit.i18n import language_name, say

if TYPE_CHECKING:
    import pandas as pd

    from scoring.alignment import Step
    from ui.kit.corpus_field import Opened

FACTS = ("split", "language", "subset", "full_language", "call", "speaker", "channel")  # the columns that have a name
LONG = 60  # characters: longer cells of a source's own columns are not shown


class Transcribed(NamedTuple):
    """What a model transcribed of the sample."""

    model: str
    wer: float
    text: str
    aligned: Markup


def invitation(reader: str) -> str:
    return note(say(reader, "pick"))


def sample(opened: "Opened", row: int, scores: dict[str, "pd.DataFrame"], reader: str) -> str:
    """All that is known of a row; `scores` by the model's name, as `ui.scores.results.cells` gives them."""
    line = opened.corpus.rows.loc[row]
    models = [
        Transcribed(model, cells.wer, cells.hypothesis, aligned(line.text, cells.hypothesis, reader))
        for model, cells in ((model, found.loc[row]) for model, found in scores.items())
        if isinstance(cells.hypothesis, str)
    ]
    return render("dataset/sample.html", reader, line=line, figures=_facts(line, reader), models=models)


def lasting(seconds: float, reader: str) -> str:
    """ "1:02,345": minutes, seconds and milliseconds."""
    minutes, milliseconds = divmod(round(seconds * 1000), 60_000)
    point = "," if reader == "fr" else "."
    return f"{minutes}:{milliseconds // 1000:02}{point}{milliseconds % 1000:03}"


def _facts(line: "pd.Series", reader: str) -> list[tuple[str, str]]:
    from corpus.table import SCHEMA

    facts = [(say(reader, "meta_seconds"), lasting(line.seconds, reader))]
    own = [column for column in line.index if column not in (*SCHEMA, *FACTS)]
    for column in (*FACTS, *own):
        value = line.get(column)
        if value is not None and value == value and len(str(value)) <= LONG:  # a NaN is none
            shown = language_name(value, reader) if column == "language" else str(value)
            facts.append((say(reader, f"meta_{column}") if column in FACTS else str(column), shown))
    return facts


def aligned(reference: str, hypothesis: str, reader: str) -> Markup:
    """Both texts, normalised as they are scored, with a legend of the marks that occur."""
    from scoring.alignment import align
    from scoring.french import normalise

    steps = align(normalise(reference), normalise(hypothesis))
    titles = [_title(step, reader) for step in steps]
    kinds = {step.kind for step in steps}
    return render("dataset/aligned.html", reader, steps=zip(steps, titles, strict=True), kinds=kinds)


def _title(step: "Step", reader: str) -> str:
    if step.kind == "substitute":
        return say(reader, "substituted", said=step.reference, heard=step.hypothesis)
    if step.kind == "delete":
        return say(reader, "deleted", said=step.reference)
    return say(reader, "inserted", heard=step.hypothesis) if step.kind == "insert" else ""
