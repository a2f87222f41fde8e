"""The samples of a corpus as a table: searched, filtered and put in order on the server, fifty on a page."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from ui.kit.html import note, render
from ui.kit.i18n import say

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from ui.kit.corpus_field import Opened

PAGE = 50
ALL = "all"
SHOWN = ("all", "scored", "worst", "empty", "loops", "longest", "doubtful")

# A head puts the whole corpus in order, a row opens; a selection of text does neither.
CLICKS = """
element.addEventListener('click', event => {
  const head = event.target.closest('[data-order]'), row = event.target.closest('[data-row]');
  if (head) trigger('arrange', {column: head.dataset.order});
  if (!row || !getSelection().isCollapsed) return;
  element.querySelector('[aria-current]')?.removeAttribute('aria-current');
  row.setAttribute('aria-current', 'true');
  trigger('listen', {row: Number(row.dataset.row)});
});
"""


class View(NamedTuple):
    """What a visitor wants to see of a corpus."""

    split: str = ALL
    search: str = ""
    shown: str = "all"  # one of SHOWN
    order: tuple[str, bool] | None = None  # a column, and whether downwards; None: as it came, or as `shown` has it


class Line(NamedTuple):
    """A row of the corpus, with what each model transcribed of it."""

    row: int
    clip: "pd.Series"
    transcribed: list[tuple[str | None, float]]


def of_split(opened: "Opened", split: str) -> "pd.Series":
    """Which rows are of the split."""
    splits = opened.corpus.rows["split"]
    return splits.notna() if split == ALL else splits == split


def chosen(opened: "Opened", view: View, scores: Sequence["pd.DataFrame"]) -> "np.ndarray":
    """The rows to show, in order; `scores` as `ui.scores.results.cells` gives them, the base's first."""
    from speech.decoding.hallucinations import plain

    keep = of_split(opened, view.split)
    words = plain(view.search)
    if words:
        found = opened.texts.str.contains(words, regex=False)
        for each in scores:
            found |= each["plain"].str.contains(words, regex=False, na=False)
        keep &= found
    if view.shown in ("scored", "worst"):
        keep &= _any(each["hypothesis"].notna() for each in scores)
    elif view.shown == "empty":
        keep &= _any(each["hypothesis"].eq("") for each in scores)
    elif view.shown == "loops":
        keep &= _any(each["loop"].eq(True) for each in scores)
    elif view.shown == "doubtful":
        keep &= doubtful(scores) if len(scores) > 1 else False
    return _in_order(opened, view, scores, keep)


def _any(masks) -> "pd.Series | bool":
    found = False
    for mask in masks:
        found = mask | found
    return found


def doubtful(scores: Sequence["pd.DataFrame"]) -> "pd.Series":
    """Where base and adapter wrote the same, and not what the reference says: perhaps that is wrong."""
    base, adapter = scores[:2]
    return base["hypothesis"].notna() & base["plain"].eq(adapter["plain"]) & base["edits"].gt(0)


def _in_order(opened: "Opened", view: View, scores: Sequence["pd.DataFrame"], keep: "pd.Series") -> "np.ndarray":
    import numpy as np

    column, down = view.order or {"worst": ("wer", True), "longest": ("seconds", True)}.get(view.shown, (None, False))
    rows = opened.corpus.rows
    if column in ("wer", "adapter_wer"):
        at = int(column == "adapter_wer")
        keys = scores[at][["wer", "edits"]] if at < len(scores) else rows[[]]
    elif column == "text":
        keys = opened.texts.to_frame()
    else:
        keys = rows[[column]] if column in rows else rows[[]]
    if keys.shape[1] == 0:
        return np.flatnonzero(keep)
    return keys[keep].sort_values(list(keys.columns), ascending=not down, kind="stable").index.to_numpy()


def table(opened: "Opened", rows: "np.ndarray", view: View, scores: Sequence["pd.DataFrame"], reader: str) -> str:
    """A page of rows. Under each text stand its transcriptions; the WERs come in the order of `scores`."""
    if not len(rows):
        return note(say(reader, "none_found"))
    corpus = opened.corpus.rows
    who = next((column for column in ("call", "speaker") if corpus[column].nunique() > 1), None)
    columns = ["text", "seconds", "split", *([who] if who else []), *["wer", "adapter_wer"][: len(scores)]]
    order = view.order or (None, False)
    return render(
        "dataset/samples.html",
        reader,
        columns=columns,
        sort={order[0]: "descending" if order[1] else "ascending"},
        lines=[Line(row, corpus.loc[row], _transcribed(scores, row)) for row in rows],
        who=who,
    )


def _transcribed(scores: Sequence["pd.DataFrame"], row: int) -> list[tuple[str | None, float]]:
    """(text, WER) of each model; no text where it has not transcribed the row."""
    found = [(each["hypothesis"][row], each["wer"][row]) for each in scores]
    return [(text if isinstance(text, str) else None, wer) for text, wer in found]
