"""Two models over a whole corpus: their scores side by side, the test, and the clips that gained and lost most.

What they transcribed is read back from the cache that the corpus tab fills too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from common.once import Once
from ui.compare import verdict
from ui.compare.columns import LETTERS
from ui.kit.format import number, percent
from ui.kit.html import note, render, sentence
from ui.kit.i18n import say
from ui.scores.results import Scorer, stamp

if TYPE_CHECKING:
    from corpus import Corpus
    from scoring.measures import Comparison
    from trainer.evaluation.results_file import Row
    from ui.kit.corpus_field import Opened

MOST_CHANGED = 5  # clips fixed, and clips broken
CHANCE = 0.05  # above it, the difference may be chance
KEPT = 8
_compared: Once["Pairs | None"] = Once(KEPT)

# A button plays its clip.
PLAY = """
element.addEventListener('click', event => {
  const button = event.target.closest('[data-row]');
  if (button) trigger('listen', {row: Number(button.dataset.row)});
});
"""


@dataclass(frozen=True)
class Pairs:
    """What two models transcribed of the same clips."""

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


def compared(corpus: "Corpus", both: Sequence[Scorer], rows: Sequence[int]) -> Pairs | None:
    """The clips of these rows that both have transcribed; None where there are none. Kept until there are more."""
    outputs = [scorer.output(corpus) for scorer in both]
    asked = *((output, stamp(output)) for output in outputs), tuple(rows)
    return _compared(asked, lambda: _pairs(corpus, outputs, rows))


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
        return note(say(reader, "no_wer_yet"))
    found, gains, texts = pairs.comparison, pairs.gains, opened.corpus.rows["text"]
    best = [(row, texts[row]) for gain, row in gains[:MOST_CHANGED] if gain > 0]
    worst = [(row, texts[row]) for gain, row in reversed(gains[-MOST_CHANGED:]) if gain < 0]
    return render(
        "compare/summary.html",
        reader,
        verdict=_line(found, names, reader),
        scores=list(zip(names, (found.a, found.b), strict=True)),
        counts={key: number(getattr(found, key), reader, 0) for key in ("fixed", "broken", "better", "worse")},
        scored=len(pairs.rows),
        total=total,
        clips={"most_fixed": best, "most_broken": worst},
    )


def _line(found: "Comparison", names: Sequence[str], reader: str) -> Markup:
    key = "many_chance" if found.p_value > CHANCE else "many_better" if _better(found) else "many_worse"
    rates = {"before": percent(found.a.wer, reader), "after": percent(found.b.wer, reader)}
    bold = {key: Markup("<b>{}</b>").format(name) for key, name in zip(("first", "name"), names, strict=True)}
    return sentence(reader, key, p=number(found.p_value, reader, 4), **rates, **bold)


def _better(found: "Comparison") -> bool:
    return sum(clip.edits for clip in found.b.clips) < sum(clip.edits for clip in found.a.clips)


def clip(pairs: Pairs, row: int, names: Sequence[str], reader: str) -> str:
    """One clip: what was said, and the words of both."""
    at = pairs.rows.index(row)
    reference, texts = pairs.a[at].reference, [side[at].hypothesis for side in (pairs.a, pairs.b)]
    found = verdict.mark(reference, texts)
    columns = [
        (letter, name, verdict.shown(each, reader)) for letter, name, each in zip(LETTERS, names, found, strict=False)
    ]
    legend = verdict.legend(found, reader)
    return render("compare/clip.html", reader, reference=reference, columns=columns, legend=legend)
