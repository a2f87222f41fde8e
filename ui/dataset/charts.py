"""Pictures of a corpus: how long its clips are, how fast they are spoken, and where the errors are.

They are tables whose cells are bars: gradio's own plot stacks whatever it colours, so that two models cannot stand side
by side, and writes numbers in English only.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from ui.kit.format import number, percent
from ui.kit.html import note, render
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


class Line(NamedTuple):
    label: str
    stacks: list[list[Bar]]  # one below the other
    total: str


def pictures(opened: "Opened", scored: bool, reader: str) -> list[tuple[str, str]]:
    """What can be drawn: (for people, name)."""
    found = [(say(reader, f"picture_{name}"), name) for name in ("durations", "pace")]
    if scored:
        columns = ["seconds", *_columns(opened.corpus.rows)]
        found += [(say(reader, "picture_wer", column=_name_of(name, reader)), f"wer {name}") for name in columns]
    return found


def draw(name: str, opened: "Opened", scores: dict[str, "pd.DataFrame"], reader: str) -> str:
    """The picture; `scores` by the model's name, as `ui.scores.results.cells` gives them."""
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


def _name_of(column: str, reader: str) -> str:
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
        lines.append(Line(str(label), [bars], number(line.sum(), reader, 0)))
    return _drawn(lines, counts.columns, reader)


def _rates(groups: "pd.Series", scores: dict[str, "pd.DataFrame"], reader: str, by_size: bool) -> str:
    """The WER of each group, edits over words, a bar a model."""
    sums = {
        name: cells[["edits", "words"]].groupby(groups, observed=True, sort=False).sum()
        for name, cells in scores.items()
    }
    sums = {name: each[each["words"] > 0] for name, each in sums.items()}
    first = next(iter(sums.values()), None)
    if first is None or first.empty:
        return note(say(reader, "no_wer_yet"))
    shown = (
        first.sort_values("words", ascending=False).index[:GROUPS]
        if by_size
        else groups.cat.categories.intersection(first.index, sort=False)
    )
    rates = {name: 100 * (each["edits"] / each["words"]).reindex(shown) for name, each in sums.items()}
    widest = max(1.0, *(each.max() for each in rates.values()))
    lines = []
    for group in shown:
        bars = [
            [_rate(name, at, each[group], sums[name]["words"][group], widest, reader)]
            for at, (name, each) in enumerate(rates.items())
            if each[group] == each[group]  # a NaN where this model has scored nothing
        ]
        lines.append(Line(str(group), bars, ""))
    more = {"shown": str(len(shown)), "count": number(len(first), reader, 0)} if len(first) > len(shown) else None
    return _drawn(lines, list(rates), reader, more)


def _rate(name: str, series: int, rate: float, words: float, widest: float, reader: str) -> Bar:
    text = say(reader, "words_of", percent=number(rate, reader), words=number(words, reader, 0))
    return Bar(rate / widest, series, f"{name} : {text}", percent(rate, reader))


def _drawn(lines: Sequence[Line], series: Iterable, reader: str, more: dict | None = None) -> str:
    """`more`: how many groups there are of which the greatest are shown."""
    return render("dataset/bars.html", reader, lines=lines, series=series, more=more)
