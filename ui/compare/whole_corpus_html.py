"""Two listeners over a whole corpus: their scores side by side, the test, and the clips worth hearing.

What they heard is read back from the cache that the dataset tab fills too.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from ui.compare import columns, verdict
from ui.kit.format import number, percent
from ui.kit.i18n import say
from ui.scores.results import Listener, stamp

if TYPE_CHECKING:
    from corpus import Corpus
    from scoring.measures import Comparison
    from trainer.evaluation.results_file import Row
    from ui.kit.corpus_field import Opened

WORTH_HEARING = 5  # clips fixed, and clips broken
CHANCE = 0.05  # above it, the difference may be chance
KEPT = 8
_lock = threading.Lock()
_compared: dict[tuple, "Pairs | None"] = {}

# A button plays its clip.
PLAY = """
element.addEventListener('click', event => {
  const button = event.target.closest('[data-row]');
  if (button) trigger('listen', {row: Number(button.dataset.row)});
});
"""


@dataclass(frozen=True)
class Pairs:
    """What two listeners heard of the same clips."""

    rows: tuple[int, ...]  # of the corpus
    a: tuple["Row", ...]
    b: tuple["Row", ...]
    comparison: "Comparison"

    @property
    def gains(self) -> list[tuple[int, int]]:
        """(errors fewer in b, row), the greatest first; where that is the same, the clip with more words."""
        clips = zip(self.rows, self.comparison.a.clips, self.comparison.b.clips, strict=True)
        gains = [(a.edits - b.edits, a.words, row) for row, a, b in clips]
        return [(gain, row) for gain, _, row in sorted(gains, key=lambda gain: (-gain[0], -gain[1]))]


def compared(corpus: "Corpus", both: Sequence[Listener], rows: Sequence[int]) -> Pairs | None:
    """The clips of these rows that both have heard; None where there are none. Kept until more is heard."""
    outputs = [listener.output(corpus) for listener in both]
    asked = *((output, stamp(output)) for output in outputs), tuple(rows)
    with _lock:
        if asked not in _compared:
            _compared[asked] = _pairs(corpus, outputs, rows)
            while len(_compared) > KEPT:
                _compared.pop(next(iter(_compared)))
        return _compared[asked]


def _pairs(corpus: "Corpus", outputs: Sequence, rows: Sequence[int]) -> Pairs | None:
    from scoring.measures import compare
    from trainer.evaluation import results_file

    a, b = ({row.id: row for row in results_file.rows(output)} for output in outputs)
    ids = corpus.rows["id"]
    shared = [row for row in rows if ids[row] in a and ids[row] in b]
    if not shared:
        return None
    of_a, of_b = (tuple(found[ids[row]] for row in shared) for found in (a, b))
    comparison = compare(
        [row.reference for row in of_a],
        [row.hypothesis for row in of_a],
        [row.hypothesis for row in of_b],
        [row.call or None for row in of_a],
    )
    return Pairs(tuple(shared), of_a, of_b, comparison)


def summary(opened: "Opened", pairs: Pairs | None, names: Sequence[str], total: int, reader: str) -> str:
    """The scores and the test as HTML, and the clips that gained and lost most."""
    if pairs is None:
        return f'<p class="note">{say(reader, "no_wer_yet")}</p>'
    found = pairs.comparison
    heads = "".join(f'<th scope="col">{say(reader, f"{key}_fact")}</th>' for key in ("wer", "interval", "cer", "edits"))
    body = "".join(_score(name, score, reader) for name, score in zip(names, (found.a, found.b), strict=True))
    counts = {name: number(getattr(found, name), reader, 0) for name in ("fixed", "broken", "better", "worse")}
    scored = say(reader, "scored_of", scored=number(len(pairs.rows), reader, 0), total=number(total, reader, 0))
    normaliser = say(reader, "normaliser", name=escape(found.a.normaliser))
    if found.a.interval is None and found.a.words:
        normaliser += f" {say(reader, 'no_interval')}"
    gains = pairs.gains
    best = [row for gain, row in gains[:WORTH_HEARING] if gain > 0]
    worst = [row for gain, row in reversed(gains[-WORTH_HEARING:]) if gain < 0]
    return (
        f'<p class="verdict" role="status">{_line(found, names, reader)}</p>'
        f'<div class="sheet" tabindex="0"><table class="duel"><tr><th></th>{heads}</tr>{body}</table></div>'
        f'<p class="legend">{say(reader, "clips_changed", name=escape(names[1]), **counts)} {scored}. {normaliser}</p>'
        f'<div class="worth">{_clips("most_fixed", best, opened, reader)}{_clips("most_broken", worst, opened, reader)}'
        "</div>"
    )


def _line(found: "Comparison", names: Sequence[str], reader: str) -> str:
    key = "many_chance" if found.p_value > CHANCE else "many_better" if _better(found) else "many_worse"
    p_value = number(found.p_value, reader, 4)
    rates = {"before": percent(found.a.wer, reader), "after": percent(found.b.wer, reader)}
    bold = {key: f"<b>{escape(name)}</b>" for key, name in zip(("first", "name"), names, strict=True)}
    return say(reader, key, p=p_value, **rates, **bold)


def _better(found: "Comparison") -> bool:
    return sum(clip.edits for clip in found.b.clips) < sum(clip.edits for clip in found.a.clips)


def _score(name: str, score, reader: str) -> str:
    interval = "–".join(number(bound, reader) for bound in score.interval or ())
    edits = " / ".join(number(count, reader, 0) for count in (score.substitutions, score.deletions, score.insertions))
    cells = [
        percent(score.wer, reader),
        f"{interval}\N{NO-BREAK SPACE}%" if interval else "–",
        percent(score.cer, reader),
        edits,
    ]
    return f'<tr><th scope="row">{escape(name)}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'


def _clips(key: str, rows: Sequence[int], opened: "Opened", reader: str) -> str:
    texts = opened.corpus.rows["text"]
    items = "".join(
        f'<li><button data-row="{row}" aria-label="{say(reader, "listen_to", number=str(row + 1))}">▶</button> '
        f"{escape(texts[row])}</li>"
        for row in rows
    )
    shown = f"<ol>{items}</ol>" if items else f'<p class="legend">{say(reader, "no_clips")}</p>'
    return f"<section><h4>{say(reader, key)}</h4>{shown}</section>"


def clip(opened: "Opened", pairs: Pairs, row: int, names: Sequence[str], reader: str) -> str:
    """One clip: what was said, and the words of both."""
    at = pairs.rows.index(row)
    reference, texts = pairs.a[at].reference, [side[at].hypothesis for side in (pairs.a, pairs.b)]
    found = verdict.judged(reference, texts)
    articles = "".join(
        f"<article><h3><i>{letter}</i> {escape(name)}</h3>{verdict.shown(each, reader)}</article>"
        for letter, name, each in zip(columns.LETTERS, names, found, strict=False)
    )
    return (
        f"<h4>{say(reader, 'reference')}</h4><p>{escape(reference)}</p>"
        f'<div class="columns">{articles}</div>{verdict.legend(found, reader)}'
    )
