"""Transcribes the clips of a corpus with a model and scores them.

It is resumable: asked for the same again, after a crash or on another day, it transcribes only the clips that the
results file lacks.
"""

import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from common.messages import Message, UserError
from corpus import Corpus
from scoring.measures import score, score_clips
from speech.decoding.decode import DecodedClip, Options, check_language, decode
from speech.engines.base import Engine
from trainer.data.clips import waveform
from trainer.evaluation.results_file import Row, append, claimed, rows

CLIPS_AT_ONCE = 64  # waveforms in memory: enough for batches of like length, a few megabytes
WITHOUT_EFFECT = ("batch_size", "words", "voice_activity", "context")  # options that change no word of a single clip


@dataclass(frozen=True)
class EvaluationProgress:
    done: int  # clips, those of earlier runs included
    total: int
    share: float  # of the work of this run, 0 to 1: a clip costs what its window does
    left_out: tuple[tuple[str, Message], ...]  # the clips that cannot be read, by id, and why


def identity(corpus: Corpus, engine: Engine, options: Options) -> dict:
    """All that the texts depend on: what has the same identity is the same evaluation."""
    return {
        "corpus": corpus.source,
        "fingerprint": corpus.fingerprint,
        "model": engine.model,
        "adapter": engine.adapter,
        "weights": engine.weights,
        "engine": engine.name,
        "precision": engine.precision,
        "options": {name: value for name, value in asdict(options).items() if name not in WITHOUT_EFFECT},
    }


def key(identity: dict) -> str:
    """A short name for an identity, fit for a file."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]


def evaluate(
    corpus: Corpus, indices: Sequence[int], engine: Engine, options: Options, output: Path, part: int = 0
) -> Iterator[EvaluationProgress]:
    """Transcribes the clips at `indices` of corpus.rows that `output` lacks, and appends them batch by batch.

    Several processes take a `part` of the indices each, and `results_file.join` puts the parts together. Raises
    UserError as `results_file.claimed` does.
    """
    check_language(engine, options.language)
    ids, seconds = corpus.rows["id"], corpus.rows["seconds"]
    with claimed(output, identity(corpus, engine, options), part) as file:
        present = {row.id for row in rows(output)}
        todo = sorted((i for i in indices if ids[i] not in present), key=lambda i: seconds[i])
        done, total, left_out = len(indices) - len(todo), len(indices), []
        costs = {i: min(30.0, seconds[i] + (30.0 if options.margin is None else options.margin)) for i in todo}
        whole, spent = sum(costs.values()), 0.0
        yield EvaluationProgress(done, total, 0.0, ())
        for start in range(0, len(todo), CLIPS_AT_ONCE):
            clips = dict(_readable(corpus, todo[start : start + CLIPS_AT_ONCE], left_out))
            places, before = list(clips), time.perf_counter()
            for batch in decode(engine, list(clips.values()), options):
                seconds_each = (time.perf_counter() - before) / len(batch)
                append(file, output, _scored(corpus, [(places[at], clip) for at, clip in batch], seconds_each))
                done += len(batch)
                spent += sum(costs[places[at]] for at, _ in batch)
                yield EvaluationProgress(done, total, spent / whole, tuple(left_out))
                before = time.perf_counter()
        yield EvaluationProgress(done, total, 1.0, tuple(left_out))


def summary(corpus: Corpus, found: Sequence[Row], engine: Engine, options: Options) -> dict:
    """The score of these rows, with the model and window that gave them, and the warnings that belong beside it.

    Raises UserError where there is no row.
    """
    if not found:
        raise UserError(
            en="No clip was transcribed, so there is nothing to score: choose another split or corpus.",
            fr="Aucun extrait n'a été transcrit, il n'y a donc rien à noter : choisissez une autre partition ou un "
            "autre corpus.",
        )
    calls = [row.call or None for row in found]
    scored = score([row.reference for row in found], [row.hypothesis for row in found], calls)
    return {
        **scored.to_dict(),
        "flagged": dict(Counter(row.flagged for row in found if row.flagged)),
        **conditions(corpus, engine, options),
        "audio_seconds": round(sum(row.seconds for row in found), 3),
        "seconds_taken": round(sum(row.seconds_taken for row in found), 3),
    }


def conditions(corpus: Corpus, engine: Engine, options: Options) -> dict:
    """What a score holds for: the model and how it ran, and the corpus with what its splits have in common."""
    return {
        "model": engine.model,
        "adapter": engine.adapter,
        "engine": engine.name,
        "precision": engine.precision,
        "window": "full" if options.margin is None else f"clip + {options.margin:g} s",
        "corpus": corpus.source,
        "licence": corpus.licence,
        "leaks": [leak.message.en for leak in corpus.leaks],
    }


def _readable(corpus: Corpus, indices: Sequence[int], left_out: list) -> Iterator[tuple[int, np.ndarray]]:
    """The clips that can be read; `left_out` gets the others, and why."""
    for i in indices:
        try:
            yield i, waveform(corpus, i)
        except UserError as refusal:
            left_out.append((corpus.rows["id"][i], refusal.message))


def _scored(corpus: Corpus, batch: list[tuple[int, DecodedClip]], seconds_each: float) -> list[Row]:
    lines = [corpus.rows.loc[i] for i, _ in batch]
    references = [" ".join(line.text.split()) for line in lines]  # a line break would look like the end of a row
    hypotheses = [" ".join(clip.text.split()) for _, clip in batch]
    scores = score_clips(references, hypotheses)
    return [
        Row(
            id=line.id,
            split=line.split,
            call=line.call or "",
            seconds=round(float(line.seconds), 3),
            reference=reference,
            hypothesis=hypothesis,
            flagged=clip.flagged[0].reason if clip.flagged else "",
            wer=scored.wer,
            substitutions=scored.substitutions,
            deletions=scored.deletions,
            insertions=scored.insertions,
            words=scored.words,
            seconds_taken=round(seconds_each, 4),
        )
        for line, reference, hypothesis, (_, clip), scored in zip(
            lines, references, hypotheses, batch, scores, strict=True
        )
    ]
