"""Transcribes the whole calls of a corpus as a user would, and scores who said what.

It is resumable: a folder holds a transcript for each call and, in evaluation.json, what it is an evaluation of; asked
for the same again, it transcribes the calls that the folder lacks.
"""

import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from common.files import write_bytes, write_json
from common.messages import UserError
from corpus import Corpus
from corpus.layouts.raw import Call
from scoring.calls.files import Pair, Tell
from scoring.calls.measures import TIME_COLLAR
from scoring.calls.score import CallsScore, scores
from speech.decoding.decode import Options, check_language
from speech.engines.base import Engine
from speech.transcribe import transcribe
from trainer.evaluation.evaluate import EvaluationProgress, conditions, identity
from trainer.evaluation.results_file import facts, refused_by_disk
from transcripts import formats
from transcripts.transcript import Transcript

ASKED = "evaluation.json"
TRANSCRIPTS = "transcripts"  # the folder that `python -m scoring calls` takes as a hypothesis


@dataclass(frozen=True)
class Found:
    """The calls that were transcribed, with their score, and those that could not be."""

    score: CallsScore
    pairs: tuple[Pair, ...]


def selected(corpus: Corpus, split: str, limit: int | None = None) -> list[Call]:
    """The calls that have a clip in the split, or all; the first `limit` of them. Raises UserError for none."""
    if not corpus.calls:
        raise UserError(
            en=f"{corpus.name} has clips and no whole calls: name a folder of recordings with their transcripts.",
            fr=f"{corpus.name} a des extraits et aucun appel entier : nommez un dossier d'enregistrements avec leurs "
            "transcriptions.",
        )
    rows = corpus.rows
    there = set(rows["file"] if split == "all" else rows["file"][rows["split"] == split])
    found = [call for call in corpus.calls if call.name in there]
    if not found:
        known = ", ".join(sorted(set(rows["split"])))
        raise UserError(
            en=f"{corpus.name} has no call in the split {split!r}: choose {known} or all.",
            fr=f"{corpus.name} n'a pas d'appel dans la partition {split!r} : choisissez {known} ou all.",
        )
    return found[:limit]


def rows_of(corpus: Corpus, calls: Sequence[Call]) -> list[int]:
    """The rows of the corpus that are clips of these calls."""
    names = {call.name for call in calls}
    return corpus.rows.index[corpus.rows["file"].isin(names)].tolist()


def asked_of(corpus: Corpus, engine: Engine, options: Options, speakers: int | None) -> dict:
    """All that the transcripts depend on: what has the same is the same evaluation."""
    return identity(corpus, engine, options) | {"calls": True, "speakers": speakers}


def speakers_asked() -> int | None:
    """How `transcribe` is asked to tell speakers apart on one channel: to find their number, where that is possible."""
    from speech.diarization import embeddings

    try:
        embeddings.choose()
    except UserError:
        return 1
    return None


def evaluate(
    corpus: Corpus, calls: Sequence[Call], engine: Engine, options: Options, speakers: int | None, folder: Path
) -> Iterator[EvaluationProgress]:
    """Transcribes the calls that `folder` lacks, one after the other; a call that is cut off is begun anew.

    `speakers` as `speech.transcribe` has it. Raises UserError where the folder holds another evaluation, or cannot be
    written.
    """
    check_language(engine, options.language)
    _sign(folder, asked_of(corpus, engine, options, speakers))
    todo = [call for call in calls if not transcript_of(folder, call).exists()]
    done, total, left_out = len(calls) - len(todo), len(calls), []
    yield EvaluationProgress(done, total, 0.0, ())
    for at, call in enumerate(todo):
        try:
            with closing(transcribe(call.recording, engine, options, "auto", speakers)) as steps:
                for progress in steps:
                    share = progress.seconds_done / progress.seconds_total if progress.seconds_total else 0.0
                    yield EvaluationProgress(done, total, (at + share) / len(todo), tuple(left_out))
        except UserError as refusal:
            left_out.append((call.name, refusal.message))
            continue
        with refused_by_disk(folder):
            path = transcript_of(folder, call)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(path, formats.write(progress.transcript, "json"))
        done += 1
    yield EvaluationProgress(done, total, 1.0, tuple(left_out))


def transcript_of(folder: Path, call: Call) -> Path:
    return (folder / TRANSCRIPTS / call.name).with_suffix(".json")


def found(calls: Sequence[Call], folder: Path, tell: Tell) -> Found:
    """The score of what `folder` holds of the calls. Raises UserError where that is nothing that can be scored."""
    there = [call for call in calls if transcript_of(folder, call).exists()]
    pairs = [Pair(call.name, reference(call), (formats.read(transcript_of(folder, call)),)) for call in there]
    if not pairs:
        raise UserError(
            en="No call was transcribed, so there is nothing to score: choose another split or corpus.",
            fr="Aucun appel n'a été transcrit, il n'y a donc rien à noter : choisissez une autre partition ou un autre "
            "corpus.",
        )
    return Found(scores(pairs, TIME_COLLAR, (), tell)[0], tuple(pairs))


def reference(call: Call) -> Transcript:
    """What people wrote of a call."""
    return Transcript.of_turns(call.turns, call.recording.name)


def summary(corpus: Corpus, found: Found, engine: Engine, options: Options) -> dict:
    """The score for JSON, with the model that gave it and the warnings that belong beside it."""
    transcripts = [pair.hypotheses[0] for pair in found.pairs]
    return {
        **found.score.to_dict(),
        "flagged": dict(Counter(flagged.reason for each in transcripts for flagged in each.flagged)),
        **conditions(corpus, engine, options),
        "audio_seconds": round(sum(each.audio.seconds for each in transcripts), 3),
        "seconds_taken": round(sum(each.seconds_taken for each in transcripts), 3),
    }


def evaluated(
    corpus: Corpus,
    calls: Sequence[Call],
    engine: Engine,
    options: Options,
    speakers: int | None,
    output: Path | None,
    tell: Tell,
) -> dict | None:
    """The summary of the calls, in the main process of `accelerate launch`; None in the others.

    Each process transcribes its share. `output` is the folder of the transcripts; without it nothing is kept.
    """
    from accelerate import PartialState
    from accelerate.utils import gather_object

    from trainer.evaluation.processes import with_bar

    state = PartialState()
    mine = calls[state.process_index :: state.num_processes]
    with tempfile.TemporaryDirectory() as temporary:
        folder = output or Path(temporary)
        with state.main_process_first():
            _sign(folder, asked_of(corpus, engine, options, speakers))
        steps = evaluate(corpus, mine, engine, options, speakers, folder)
        last = with_bar(steps, state.is_main_process, "calls")
        state.wait_for_everyone()
        files = [path for path in (transcript_of(folder, call) for call in mine) if path.exists()]
        written = gather_object([(path.relative_to(folder).as_posix(), path.read_bytes()) for path in files])
        left_out = gather_object([*last.left_out])
        if not state.is_main_process:
            return None
        for name, content in written:  # of machines that share no disk
            if not (folder / name).exists():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                write_bytes(folder / name, content)
        result = summary(corpus, found(calls, folder, tell), engine, options)
    return result | {"left_out": [{"id": name, "reason": reason.en} for name, reason in left_out]}


def write_summary(output: Path, summary: dict) -> None:
    """Writes the summary beside what was asked."""
    with refused_by_disk(output):
        write_json(output / ASKED, {"asked": facts(output / ASKED)["asked"], **summary})


def summary_text(summary: dict) -> str:
    """The summary for people, in a few lines."""
    from trainer.evaluation.processes import right

    der, orc = summary["der"], summary["orcwer"]
    interval = "{:.1f} to {:.1f}".format(*summary["interval"]) if summary["interval"] else summary["interval_note"]
    adapter = f" with {summary['adapter']}" if summary["adapter"] else ""
    lines = [
        f"{summary['corpus']}, {summary['split']}: {len(summary['calls'])} calls, {summary['audio_seconds']:.0f} s",
        f"{summary['model']}{adapter}, {summary['engine']} {summary['precision']}: {summary['seconds_taken']:.0f} s",
        f"cpWER {summary['cpwer']:.1f} % (95 %: {interval}), {summary['normaliser']}",
        f"tcpWER {summary['tcpwer']:.1f} % (collar {summary['collar']:g} s)"
        + (f", ORC-WER {orc:.1f} %" if orc is not None else "")
        + (f", DER {der:.1f} %" if der is not None else ""),
        f"{summary['substitutions']} substitutions, {summary['deletions']} deletions, {summary['insertions']} "
        f"insertions in {summary['words']} words",
        *right(summary),
        *(f"left out: {call['id']}: {call['reason']}" for call in summary["left_out"]),
        *(f"WARNING: {warning}" for warning in [*summary["warnings"], *summary["leaks"]]),
    ]
    return "\n".join(lines)


def _sign(folder: Path, asked: dict) -> None:
    """Writes what the folder is an evaluation of, or checks that it is this one."""
    asked = json.loads(json.dumps(asked))  # as it reads back
    with refused_by_disk(folder):
        if folder.exists() and any(folder.iterdir()):
            if facts(folder / ASKED).get("asked") != asked:
                raise UserError(
                    en=f"{folder} holds something else than this evaluation: name another folder, or move it away.",
                    fr=f"{folder} contient autre chose que cette évaluation : nommez un autre dossier, ou déplacez-le.",
                )
        else:
            folder.mkdir(parents=True, exist_ok=True)
            write_json(folder / ASKED, {"asked": asked})
