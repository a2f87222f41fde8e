"""A corpus through a model: what was heard in each clip, in a CSV that grows by the batch, and the score of it all.

The CSV makes an evaluation resumable: who asks for it again, after a crash or on another day, hears only the clips that
it lacks. It is also what `python -m scoring` reads.
"""

import csv
import glob
import hashlib
import io
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from filelock import FileLock, Timeout

from common.files import write_bytes, write_json
from common.messages import Message, UserError
from corpus import Corpus
from scoring.measures import judge, score
from speech.decoding.decode import MAX_CLIP, DecodedClip, Options, check_language, decode
from speech.engines.base import Engine

AT_ONCE = 64  # clips decoded and waiting: enough for batches of like length, a few megabytes
NO_PART = ("batch_size", "words", "voice_activity", "context")  # options that change no word of a single clip


class Row(NamedTuple):
    """What was heard in one clip; a line of the CSV."""

    id: str
    split: str
    call: str
    seconds: float
    reference: str
    hypothesis: str
    flagged: str  # "loop" or "phantom" where something was set aside as never said
    wer: float | None  # percent; None where the reference has no words and the hypothesis has
    substitutions: int
    deletions: int
    insertions: int
    words: int
    seconds_taken: float  # its share of its batch


@dataclass(frozen=True)
class Progress:
    done: int  # clips, those of earlier runs included
    total: int
    share: float  # of the work of this run, 0 to 1: a clip pays for its window
    left_out: tuple[tuple[str, Message], ...]  # the clips that cannot be heard, by id, and why


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
        "options": {name: value for name, value in asdict(options).items() if name not in NO_PART},
    }


def key(asked: dict) -> str:
    """A short name for an identity, fit for a file."""
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]


def evaluate(
    corpus: Corpus, indices: Sequence[int], engine: Engine, options: Options, output: Path, part: int = 0
) -> Iterator[Progress]:
    """Hears the clips at `indices` of corpus.rows that `output` lacks, and writes them down as it goes.

    Several processes take a `part` of the indices each, and `join` puts the parts together. Raises UserError for an
    output that belongs to another evaluation, is being written by another process, or cannot be written.
    """
    check_language(engine, options.language)
    ids, seconds = corpus.rows["id"], corpus.rows["seconds"]
    with _claimed(output, identity(corpus, engine, options), part) as file:
        held = {row.id for row in rows(output)}
        todo = sorted((i for i in indices if ids[i] not in held), key=lambda i: seconds[i])
        done, total, left_out = len(indices) - len(todo), len(indices), []
        costs = {i: min(30.0, seconds[i] + (30.0 if options.margin is None else options.margin)) for i in todo}
        owed, paid = sum(costs.values()), 0.0
        yield Progress(done, total, 0.0, ())
        for start in range(0, len(todo), AT_ONCE):
            clips = dict(_audible(corpus, todo[start : start + AT_ONCE], left_out))
            places, before = list(clips), time.perf_counter()
            for batch in decode(engine, list(clips.values()), options):
                taken = (time.perf_counter() - before) / len(batch)
                _append(file, output, _judged(corpus, [(places[at], heard) for at, heard in batch], taken))
                done += len(batch)
                paid += sum(costs[places[at]] for at, _ in batch)
                yield Progress(done, total, paid / owed, tuple(left_out))
                before = time.perf_counter()
        yield Progress(done, total, 1.0, tuple(left_out))


def rows(output: Path) -> list[Row]:
    """What `output` and its parts hold so far, whole lines only, each clip once."""
    found = {}
    for path in (output, *_parts(output)):
        if path.exists():
            text = path.read_bytes().rpartition(b"\n")[0].decode("utf-8")  # a process that dies may leave half a line
            for cells in list(csv.reader(io.StringIO(text)))[1:]:
                row = _read(cells)
                found[row.id] = row
    return list(found.values())


def join(output: Path, all_rows: Iterable[Row], corpus: Corpus) -> list[Row]:
    """Writes the rows in the corpus's order, each clip once, in the place of the parts; gives them back."""
    place = {name: at for at, name in enumerate(corpus.rows["id"])}
    once = {row.id: row for row in all_rows}  # processes that share a disk see one another's parts
    ordered = sorted(once.values(), key=lambda row: place[row.id])
    with _refused_by_disk(output):
        write_bytes(output, _lines([Row._fields, *ordered]))
        for path in _parts(output):
            path.unlink()
    return ordered


def summary(corpus: Corpus, found: Sequence[Row], engine: Engine, options: Options) -> dict:
    """The score of what was heard, with what it was heard by, and the warnings that belong beside it."""
    if not found:
        raise UserError(
            en="No clip was heard, so there is nothing to score: choose another split or corpus.",
            fr="Aucun extrait n'a été entendu, il n'y a donc rien à noter : choisissez une autre partition ou un autre "
            "corpus.",
        )
    calls = [row.call or None for row in found]
    judged = score([row.reference for row in found], [row.hypothesis for row in found], calls)
    return {
        **judged.to_dict(),
        "flagged": dict(Counter(row.flagged for row in found if row.flagged)),
        "model": engine.model,
        "adapter": engine.adapter,
        "engine": engine.name,
        "precision": engine.precision,
        "window": "full" if options.margin is None else f"clip + {options.margin:g} s",
        "corpus": corpus.source,
        "licence": corpus.licence,
        "leaks": [leak.message.en for leak in corpus.leaks],
        "audio_seconds": round(sum(row.seconds for row in found), 3),
        "seconds_taken": round(sum(row.seconds_taken for row in found), 3),
    }


@contextmanager
def _claimed(output: Path, asked: dict, part: int) -> Iterator[BinaryIO]:
    """The file of this part, to append to, while nobody else writes it; what it holds is of the same evaluation."""
    path = output if part == 0 else output.with_name(f"{output.name}.part{part}")
    lock = FileLock(path.with_name(f".{path.name}.lock"), timeout=0)
    with _refused_by_disk(output):
        output.parent.mkdir(parents=True, exist_ok=True)
        Path(lock.lock_file).touch()  # FileLock takes a folder that is closed to us for a lock that is held
        try:
            held = lock.acquire()
        except Timeout as error:
            raise UserError(
                en=f"Another process is writing {output}: wait for its end, or name another file.",
                fr=f"Un autre processus écrit {output} : attendez sa fin, ou nommez un autre fichier.",
            ) from error
    with held:
        with _refused_by_disk(output):
            _sign(output, asked)
            file = path.open("r+b" if path.exists() else "w+b", buffering=0)
        with file:
            _to_last_line(file)
            yield file


@contextmanager
def _refused_by_disk(output: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(
            en=f"{output} cannot be written ({error.strerror}): name another file, or make room.",
            fr=f"{output} ne peut être écrit ({error.strerror}) : nommez un autre fichier, ou libérez de la place.",
        ) from error


def _sign(output: Path, asked: dict) -> None:
    """Says beside the CSV what it is an evaluation of, or checks that it is this one."""
    asked = json.loads(json.dumps(asked))  # as it reads back
    if output.exists() or _parts(output):
        if facts(output).get("asked") != asked:
            raise UserError(
                en=f"{output} holds something else than this evaluation: name another file, or move it away.",
                fr=f"{output} contient autre chose que cette évaluation : nommez un autre fichier, ou déplacez-le.",
            )
    else:
        write_facts(output, {"asked": asked})


def facts(output: Path) -> dict:
    """What stands beside the CSV: what was asked and, once it is done, the summary."""
    try:
        return json.loads(output.with_suffix(".json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}


def write_facts(output: Path, told: dict) -> None:
    with _refused_by_disk(output):
        write_json(output.with_suffix(".json"), told)


def _to_last_line(file: BinaryIO) -> None:
    """A process that died may have left half a line; what is new comes in its place."""
    whole = file.read().rfind(b"\n") + 1
    file.truncate(whole)
    file.seek(whole)
    if not whole:
        file.write(_lines([Row._fields]))


def _append(file: BinaryIO, output: Path, judged: Iterable[Row]) -> None:
    with _refused_by_disk(output):
        file.write(_lines(judged))


def _lines(table: Iterable[Sequence]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(table)
    return text.getvalue().encode("utf-8")


def _read(cells: list[str]) -> Row:
    """A Row from its cells; csv writes None as nothing."""
    values = dict(zip(Row._fields, cells, strict=True))
    for name, kind in Row.__annotations__.items():
        if kind is int:
            values[name] = int(values[name])
        elif kind is not str:
            values[name] = float(values[name]) if values[name] else None
    return Row(**values)


def _parts(output: Path) -> list[Path]:
    return sorted(output.parent.glob(f"{glob.escape(output.name)}.part*"))


def _audible(corpus: Corpus, indices: Sequence[int], left_out: list) -> Iterator[tuple[int, np.ndarray]]:
    """The clips that can be heard; of the others the reason."""
    for i in indices:
        try:
            clip = corpus.clip(i)
            if len(clip) > MAX_CLIP:
                raise TOO_LONG
        except UserError as refusal:
            left_out.append((corpus.rows["id"][i], refusal.message))
        else:
            yield i, clip


def _judged(corpus: Corpus, batch: list[tuple[int, DecodedClip]], taken: float) -> list[Row]:
    lines = [corpus.rows.loc[i] for i, _ in batch]
    references = [" ".join(line.text.split()) for line in lines]  # a line break would look like the end of a row
    hypotheses = [" ".join(heard.text.split()) for _, heard in batch]
    judged = judge(references, hypotheses)
    return [
        Row(
            id=line.id,
            split=line.split,
            call=line.call or "",
            seconds=round(float(line.seconds), 3),
            reference=reference,
            hypothesis=hypothesis,
            flagged=heard.flagged[0].reason if heard.flagged else "",
            wer=clip.wer,
            substitutions=clip.substitutions,
            deletions=clip.deletions,
            insertions=clip.insertions,
            words=clip.words,
            seconds_taken=round(taken, 4),
        )
        for line, reference, hypothesis, (_, heard), clip in zip(
            lines, references, hypotheses, batch, judged, strict=True
        )
    ]


TOO_LONG = UserError(
    en="longer than the 30 s that Whisper hears at once: cut it into segments",
    fr="plus long que les 30 s que Whisper entend d'un coup : découpez-le en segments",
)
