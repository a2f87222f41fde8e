"""What models have transcribed of a corpus so far. It is read back from the cache, so that it survives the server."""

import re
import secrets
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from common.once import Once
from ui.kit.engine_pool import Setting, loaded, loading

if TYPE_CHECKING:
    import pandas as pd

    from corpus import Corpus
    from trainer.evaluation.calls import Found

KEPT = 16  # scores of corpora in memory
_overall: Once[dict | None] = Once(KEPT)
_calls: Once["Found | None"] = Once(KEPT)


class Scorer(NamedTuple):
    """A model, by all that its texts depend on: what `trainer.evaluation.identity` asks of an engine."""

    model: str
    adapter: str | None
    weights: str
    name: str
    precision: str
    margin: float | None
    setting: Setting  # that it is loaded by
    title: str  # for people
    adapter_folder: Path | None = None

    def output(self, corpus: "Corpus") -> Path:
        """The CSV of what it transcribed of this corpus."""
        from common.cache import cache_folder
        from speech.decoding.decode import Options
        from trainer.evaluation.evaluate import identity, key

        asked = identity(corpus, self, Options(margin=self.margin))
        return cache_folder() / "evaluations" / f"{key(asked)}.csv"

    def calls_output(self, corpus: "Corpus") -> Path:
        """The folder of the whole calls that it transcribed of this corpus."""
        from common.cache import cache_folder
        from speech.decoding.decode import Options
        from trainer.evaluation.calls import asked_of, speakers_asked
        from trainer.evaluation.evaluate import key

        asked = asked_of(corpus, self, Options(margin=self.margin), speakers_asked())
        return cache_folder() / "evaluations" / f"{key(asked)}.calls"


def base() -> Scorer | None:
    """The page's model, once it is loaded; None where there is none."""
    return None if loading().exception() else scorer(Setting())


def scorer(setting: Setting, adapter: str = "") -> Scorer:
    """The model of a setting, which is loaded if it is not; `adapter`: what its adapter is called. Raises UserError."""
    setting = setting._replace(assistant=None)  # it drafts one clip at a time, and changes no word
    choice, engine = loaded(setting)
    model = Path(choice.model).name
    return Scorer(
        engine.model,
        engine.adapter,
        engine.weights,
        engine.name,
        engine.precision,
        engine.margin,
        setting,
        f"{model} + {adapter}" if adapter else model,
        choice.adapter_folder,
    )


def learned_splits(corpus: "Corpus", scorers: Sequence[Scorer]) -> tuple[str, ...]:
    """The splits of this corpus that the adapters of these were trained on. Raises UserError where one is gone."""
    from speech.models.checkpoint import facts
    from trainer.evaluation import selection

    folders = [each.adapter_folder for each in scorers if each.adapter_folder]
    found = [name for folder in folders for name in selection.learned_splits(corpus, facts(folder))]
    return tuple(dict.fromkeys(found))


def honest_split(corpus: "Corpus", scorers: Sequence[Scorer]) -> str | None:
    """The split to score these on by default; None: all of the corpus, where they learned nothing of it or all."""
    from trainer.evaluation import selection

    learned = learned_splits(corpus, scorers)
    is_rest = not corpus.rows["split"].isin(learned).all()
    return selection.default_split(corpus, learned) if learned and is_rest else None


def cells(corpus: "Corpus", output: Path) -> "pd.DataFrame":
    """What was transcribed, a line a row of the corpus; all NaN where there is no hypothesis yet.

    Columns: hypothesis, wer (percent, infinite where only the hypothesis has words), edits, words, loop, plain (the
    hypothesis in plain letters).
    """
    return _read(output, stamp(output)).reindex(corpus.rows["id"]).set_axis(corpus.rows.index)


def overall(corpus: "Corpus", scorer: Scorer, rows: Sequence[int]) -> dict | None:
    """The summary that the command gives for these rows, as far as they are scored; None where none is.

    Fifteen thousand clips take twenty seconds, so it is kept until more is scored.
    """
    from speech.decoding.decode import Options
    from trainer.evaluation import evaluate, results_file

    output = scorer.output(corpus)
    asked = output, stamp(output), tuple(rows)

    def count() -> dict | None:
        found = {row.id: row for row in results_file.rows(output)}
        scored = [found[name] for name in corpus.rows["id"][rows] if name in found]  # in the corpus's order
        return evaluate.summary(corpus, scored, scorer, Options(margin=scorer.margin)) if scored else None

    return _overall(asked, count)


def calls(corpus: "Corpus", scorer: Scorer) -> "Found | None":
    """The score of the whole calls that are transcribed; None where none is. Kept until more are."""
    from trainer.evaluation.calls import found, transcript_of

    output = scorer.calls_output(corpus)
    there = tuple(call.name for call in corpus.calls if transcript_of(output, call).exists())

    def count() -> "Found | None":
        return found(corpus.calls, output, lambda doubt: None) if there else None

    return _calls((output, there), count)


def export(corpus: "Corpus", scorer: Scorer, folder: Path, reader: str) -> Path:
    """The CSV that the reader's spreadsheet opens, in the corpus's order, in a folder whose name cannot be guessed."""
    from trainer.evaluation import results_file
    from transcripts.formats.csv import dialect_of, table

    name = re.sub(r"[^\w.-]+", "-", f"{corpus.name}-{scorer.title}")
    file = folder / secrets.token_hex(16) / f"{name}.csv"
    file.parent.mkdir(parents=True)
    rows = results_file.join(file, results_file.rows(scorer.output(corpus)), corpus)
    file.write_bytes(table([results_file.Row._fields, *rows], dialect_of(reader)))
    return file


def stamp(output: Path) -> tuple[int, int]:
    """Changes when the file does."""
    if not output.exists():
        return 0, 0
    facts = output.stat()
    return facts.st_mtime_ns, facts.st_size


@lru_cache(maxsize=KEPT)
def _read(output: Path, stamp: tuple[int, int]) -> "pd.DataFrame":
    import numpy as np
    import pandas as pd

    from trainer.evaluation import results_file

    rows = results_file.rows(output) if any(stamp) else []
    frame = pd.DataFrame(rows, columns=results_file.Row._fields).set_index("id")
    frame["wer"] = frame["wer"].astype(float).where(frame["wer"].notna(), np.inf)
    frame["edits"] = frame["substitutions"] + frame["deletions"] + frame["insertions"]
    frame["plain"] = frame["hypothesis"].map(_plain)
    frame["loop"] = (frame["flagged"] == "loop") | frame["plain"].map(_loops).eq(True)
    return frame[["hypothesis", "wer", "edits", "words", "loop", "plain"]]


@lru_cache(maxsize=2**15)  # while a scoring runs, the file is read again and again
def _plain(text: str) -> str:
    from speech.decoding.hallucinations import plain

    return plain(text)


@lru_cache(maxsize=2**15)
def _loops(text: str) -> bool:
    from scoring.measures import LOOP

    return LOOP.search(text) is not None
