"""The samples of a corpus as a table: searched, filtered and put in order on the server, fifty on a page."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from ui.kit.format import number, percent
from ui.kit.i18n import say

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from ui.kit.corpus_field import Opened

PAGE = 50
ALL = "all"
SHOWN = ("all", "scored", "worst", "empty", "loops", "longest")

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


def of_split(opened: "Opened", split: str) -> "pd.Series":
    """Which rows are of the split."""
    splits = opened.corpus.rows["split"]
    return splits.notna() if split == ALL else splits == split


def chosen(opened: "Opened", view: View, scores: Sequence["pd.DataFrame"]) -> "np.ndarray":
    """The rows to show, in order; `scores` as `ui.scored.cells` gives them, the base's first."""
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
    return _in_order(opened, view, scores, keep)


def _any(masks) -> "pd.Series | bool":
    found = False
    for mask in masks:
        found = mask | found
    return found


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
    """A page of rows. Under each text stands what was heard in it; the WERs come in the order of `scores`."""
    if not len(rows):
        return f'<p class="note">{say(reader, "none_found")}</p>'
    corpus = opened.corpus.rows
    who = next((column for column in ("call", "speaker") if corpus[column].nunique() > 1), None)
    columns = ["text", "seconds", "split", *([who] if who else []), *["wer", "adapter_wer"][: len(scores)]]
    heads = "".join(_head(column, view, reader) for column in columns)
    body = "".join(_row(corpus, row, who, scores, reader) for row in rows)
    shown = f'<table class="samples"><thead><tr><th></th>{heads}</tr></thead><tbody>{body}</tbody></table>'
    return f'<div class="sheet" tabindex="0">{shown}</div>'


def _head(column: str, view: View, reader: str) -> str:
    order = view.order or (None, False)
    sort = f' aria-sort="{"descending" if order[1] else "ascending"}"' if order[0] == column else ""
    name = say(reader, f"column_{column}")
    return f'<th scope="col" class="{column}"{sort}><button data-order="{column}">{name}</button></th>'


def _row(corpus: "pd.DataFrame", row: int, who: str | None, scores: Sequence["pd.DataFrame"], reader: str) -> str:
    line = corpus.loc[row]
    listen = say(reader, "listen_to", number=str(row + 1))
    heard = "".join(_heard(each["hypothesis"][row], reader) for each in scores)
    cells = [
        f'<td class="text"><p>{escape(line.text)}</p>{heard}</td>',
        f'<td class="seconds">{number(line.seconds, reader, 2)}</td>',
        f'<td class="split">{escape(str(line.split))}</td>',
    ]
    if who:
        cells.append(f'<td class="{who}">{escape(str(line[who] or ""))}</td>')
    cells += [f'<td class="wer">{percent(each["wer"][row], reader)}</td>' for each in scores]
    head = f'<th scope="row"><button aria-label="{listen}">{row + 1}</button></th>'
    return f'<tr data-row="{row}">{head}{"".join(cells)}</tr>'


def _heard(hypothesis: str, reader: str) -> str:
    if not isinstance(hypothesis, str):
        return ""
    nothing = f"<i>{say(reader, 'nothing_heard')}</i>"
    return f'<p class="heard">{escape(hypothesis) or nothing}</p>'
