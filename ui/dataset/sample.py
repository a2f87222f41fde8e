"""One sample as HTML: its facts, what was said and what was heard, and both word by word.

The marks are <del> and <ins>, struck through and underlined, so that colour is not all that tells.
"""

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from ui.kit.format import percent
from ui.kit.i18n import language_name, say

if TYPE_CHECKING:
    import pandas as pd

    from scoring.alignment import Step
    from ui.kit.corpus_field import Opened

FACTS = ("split", "language", "subset", "full_language", "call", "speaker", "channel")  # the columns that have a name
LONG = 60  # characters: longer cells of a source's own columns are not shown


def invitation(reader: str) -> str:
    return f'<p class="note">{say(reader, "pick")}</p>'


def sample(opened: "Opened", row: int, scores: dict[str, "pd.DataFrame"], reader: str) -> str:
    """All that is known of a row; `scores` by the model's name, as `ui.scored.cells` gives them."""
    line = opened.corpus.rows.loc[row]
    parts = [_facts(line, reader), _text("reference", line.text, reader)]
    if line.transcript != line.text:
        parts.append(_text("transcript", line.transcript, reader))
    for model, cells in scores.items():
        heard = cells.loc[row]
        if isinstance(heard.hypothesis, str):
            title = say(reader, "heard_by", model=escape(model))
            parts.append(f"<h4>{title}<b>{percent(heard.wer, reader)}</b></h4><p>{escape(heard.hypothesis)}</p>")
            parts.append(aligned(line.text, heard.hypothesis, reader))
    return "".join(parts)


def lasting(seconds: float) -> str:
    """ "1:02.345": minutes, seconds and milliseconds."""
    minutes, milliseconds = divmod(round(seconds * 1000), 60_000)
    return f"{minutes}:{milliseconds // 1000:02}.{milliseconds % 1000:03}"


def _facts(line: "pd.Series", reader: str) -> str:
    from corpus.table import SCHEMA

    facts = [(say(reader, "meta_seconds"), lasting(line.seconds))]
    own = [column for column in line.index if column not in (*SCHEMA, *FACTS)]
    for column in (*FACTS, *own):
        value = line.get(column)
        if value is not None and value == value and len(str(value)) <= LONG:  # a NaN is none
            told = language_name(value, reader) if column == "language" else str(value)
            facts.append((say(reader, f"meta_{column}") if column in FACTS else escape(str(column)), told))
    items = "".join(f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)
    return f'<p class="id">{escape(line.id)}</p><dl class="meta">{items}</dl>'


def _text(key: str, text: str, reader: str) -> str:
    return f"<h4>{say(reader, key)}</h4><p>{escape(text)}</p>"


def aligned(reference: str, hypothesis: str, reader: str) -> str:
    """Both texts, normalised as they are scored, with a legend of the marks that occur."""
    from scoring.alignment import align
    from scoring.french import normalise

    steps = align(normalise(reference), normalise(hypothesis))
    words = " ".join(_word(step, reader) for step in steps)
    return f'<p class="aligned">{words}</p>{_legend({step.kind for step in steps}, reader)}'


def _word(step: "Step", reader: str) -> str:
    said, heard = escape(step.reference), escape(step.hypothesis)
    if step.kind == "equal":
        return f"<span>{said}</span>"
    if step.kind == "substitute":
        title, pair = say(reader, "substituted", said=said, heard=heard), f"<del>{said}</del><ins>{heard}</ins>"
    elif step.kind == "delete":
        title, pair = say(reader, "deleted", said=said), f"<del>{said}</del>"
    else:
        title, pair = say(reader, "inserted", heard=heard), f"<ins>{heard}</ins>"
    return f'<span class="{step.kind}" title="{title}">{pair}</span>'


def _legend(kinds: Iterable[str], reader: str) -> str:
    marks = {
        "substitute": ("<del>a</del><ins>b</ins>", "legend_substituted"),
        "delete": ("<del>a</del>", "legend_deleted"),
        "insert": ("<ins>b</ins>", "legend_inserted"),
    }
    items = "".join(
        f'<li><span class="{kind}">{mark}</span> {say(reader, key)}</li>'
        for kind, (mark, key) in marks.items()
        if kind in kinds
    )
    return f'<ul class="marks">{items}</ul>' if items else ""
