"""Pictures of a corpus: how long its clips are, how fast they are spoken, and where the errors are.

They are tables whose cells are bars: gradio's own plot stacks whatever it colours, so that two models cannot stand side
by side, and writes numbers in English only.
"""

from collections.abc import Iterable, Sequence
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from ui.kit.format import number
from ui.kit.i18n import SENTENCES, say

if TYPE_CHECKING:
    import pandas as pd

    from ui.kit.corpus_field import Opened

PACES = (0, 1, 2, 3, 4, 5, 6, 8)  # words a second
KNOWN = ("split", "channel", "speaker", "call")  # columns that all corpora have
GROUPS = 12  # in a picture: those with the most words
FEW = 50  # values of a column at most, for it to be an accent or the like


class Bar(NamedTuple):
    size: float  # 0 to 1, of the widest
    series: int  # its colour
    title: str
    value: str  # written behind it; "" inside of a stack


def pictures(opened: "Opened", scored: bool, reader: str) -> list[tuple[str, str]]:
    """What can be drawn: (for people, name)."""
    found = [(say(reader, f"picture_{name}"), name) for name in ("durations", "pace")]
    if scored:
        columns = ["seconds", *_columns(opened.corpus.rows)]
        found += [(say(reader, "picture_wer", column=_called(name, reader)), f"wer {name}") for name in columns]
    return found


def draw(name: str, opened: "Opened", scores: dict[str, "pd.DataFrame"], reader: str) -> str:
    """The picture; `scores` by the model's name, as `ui.scored.cells` gives them."""
    from corpus.describe import LENGTHS

    rows = opened.corpus.rows
    if name == "durations":
        return _histogram(rows["seconds"], opened, LENGTHS, reader)
    if name == "pace":
        return _histogram(rows["text"].str.count(r"\S+") / rows["seconds"], opened, PACES, reader)
    column = name.removeprefix("wer ")
    if column == "seconds":
        return _rates(_bins(rows["seconds"], LENGTHS), scores, reader, by_size=False)
    return _rates(rows[column] if column in _columns(rows) else rows["split"], scores, reader, by_size=True)


def _columns(rows: "pd.DataFrame") -> list[str]:
    """Those that part the clips in groups: of two values at least and, of a source's own columns, a few at most."""
    from corpus.table import SCHEMA

    own = [column for column in rows if column not in SCHEMA and rows[column].dtype == object]
    values = {column: rows[column].astype(str).nunique() for column in (*KNOWN, *own) if rows[column].notna().any()}
    return [column for column, count in values.items() if count > 1 and (column in KNOWN or count <= FEW)]


def _called(column: str, reader: str) -> str:
    for key in (f"by_{column}", f"meta_{column}"):
        if key in SENTENCES[reader]:
            return say(reader, key)
    return column


def _bins(values: "pd.Series", edges: Sequence[int]) -> "pd.Series":
    import pandas as pd

    labels = [f"{low}–{high}" for low, high in pairwise(edges)] + [f"{edges[-1]}+"]
    return pd.cut(values, [*edges, float("inf")], right=False, labels=labels)


def _histogram(values: "pd.Series", opened: "Opened", edges: Sequence[int], reader: str) -> str:
    """Clips in each bin, a colour a split."""
    counts = _bins(values, edges).groupby(opened.corpus.rows["split"]).value_counts(sort=False).unstack(0)
    counts = counts[list(opened.facts["splits"])]
    most = counts.sum(axis=1).max()
    lines = []
    for label, line in counts.iterrows():
        bars = [
            Bar(count / most, at, f"{split} : {number(count, reader, 0)}", "")
            for at, (split, count) in enumerate(line.items())
        ]
        lines.append((str(label), [bars], number(line.sum(), reader, 0)))
    return _drawn(lines, counts.columns)


def _rates(groups: "pd.Series", scores: dict[str, "pd.DataFrame"], reader: str, by_size: bool) -> str:
    """The WER of each group, edits over words, a bar a model."""
    sums = {
        name: cells[["edits", "words"]].groupby(groups, observed=True, sort=False).sum()
        for name, cells in scores.items()
    }
    sums = {name: each[each["words"] > 0] for name, each in sums.items()}
    first = next(iter(sums.values()), None)
    if first is None or first.empty:
        return f'<p class="note">{say(reader, "no_wer_yet")}</p>'
    shown = (
        first.sort_values("words", ascending=False).index[:GROUPS]
        if by_size
        else groups.cat.categories.intersection(first.index, sort=False)
    )
    rates = {name: 100 * (each["edits"] / each["words"]).reindex(shown) for name, each in sums.items()}
    widest = max(1.0, *(each.max() for each in rates.values()))
    lines = []
    for group in shown:
        bars = []
        for at, (name, each) in enumerate(rates.items()):
            if each[group] == each[group]:
                said = say(
                    reader,
                    "words_of",
                    percent=number(each[group], reader),
                    words=number(sums[name]["words"][group], reader, 0),
                )
                bars.append([Bar(each[group] / widest, at, f"{name} : {said}", f"{number(each[group], reader)} %")])
        lines.append((str(group), bars, ""))
    rest = ""
    if len(first) > len(shown):
        told = say(reader, "greatest", shown=str(len(shown)), count=number(len(first), reader, 0))
        rest = f'<p class="legend">{told}</p>'
    return _drawn(lines, list(rates)) + rest


def _drawn(lines: Sequence[tuple[str, list[list[Bar]], str]], series: Iterable) -> str:
    """Lines of (label, stacks of bars one below the other, total)."""
    body = "".join(
        f'<tr><th scope="row">{escape(label)}</th><td>{"".join(map(_stack, stacks))}</td><td>{total}</td></tr>'
        for label, stacks, total in lines
    )
    names = "".join(f'<li class="series-{at}">{escape(str(name))}</li>' for at, name in enumerate(series))
    return f'<table class="bars"><tbody>{body}</tbody></table><ul class="series">{names}</ul>'


def _stack(bars: Sequence[Bar]) -> str:
    drawn = "".join(
        f'<span class="series-{bar.series}" style="width:{100 * bar.size:.2f}%" title="{escape(bar.title)}"></span>'
        for bar in bars
        if bar.size
    )
    return f'<div class="stack">{drawn}<small>{"".join(bar.value for bar in bars)}</small></div>'
