"""The file of an evaluation: a CSV with a line a clip, which grows by the batch, and what it is beside it in JSON.

The CSV makes an evaluation resumable, and it is what `python -m scoring` reads.
"""

import csv
import glob
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from filelock import FileLock, Timeout

from common.files import write_bytes, write_json
from common.messages import UserError
from corpus import Corpus
from scoring.measures import normaliser_of, score_clips
from transcripts.formats.csv import protected, unprotected

RUN_FOLDER = "heard"  # of a run, for the results files of its report, as the first version called it


class Row(NamedTuple):
    """One clip, its reference and its hypothesis; a line of the CSV."""

    id: str
    split: str
    call: str
    seconds: float
    reference: str
    hypothesis: str
    flagged: str  # "loop" or "phantom" where text was removed as a hallucination
    wer: float | None  # percent; None where the reference has no words and the hypothesis has
    substitutions: int
    deletions: int
    insertions: int
    words: int
    seconds_taken: float  # its share of its batch


def rows(output: Path) -> list[Row]:
    """Reads what `output` and its parts hold so far, whole lines only, each clip once.

    What an earlier version of the normaliser scored is scored again.
    """
    found = {}
    for path in (output, *_parts(output)):
        if path.exists():
            text = path.read_bytes().rpartition(b"\n")[0].decode("utf-8")  # a process that dies may leave half a line
            for cells in list(csv.reader(io.StringIO(text)))[1:]:
                row = _row(cells)
                found[row.id] = row
    return list(found.values()) if _is_current(output) else _scored_again(list(found.values()))


def _is_current(output: Path) -> bool:
    return facts(output).get("normaliser") == normaliser_of("french").name


def _scored_again(rows: list[Row]) -> list[Row]:
    scores = score_clips([row.reference for row in rows], [row.hypothesis for row in rows])
    names = ("wer", "substitutions", "deletions", "insertions", "words")
    return [
        row._replace(**{name: getattr(score, name) for name in names}) for row, score in zip(rows, scores, strict=True)
    ]


def join(output: Path, all_rows: Iterable[Row], corpus: Corpus) -> list[Row]:
    """Writes the rows in the corpus's order, each clip once, in place of the parts; returns them."""
    place = {name: at for at, name in enumerate(corpus.rows["id"])}
    once = {row.id: row for row in all_rows}  # processes that share a disk see one another's parts
    ordered = sorted(once.values(), key=lambda row: place[row.id])
    with refused_by_disk(output):
        write_bytes(output, _lines([Row._fields, *ordered]))
        for path in _parts(output):
            path.unlink()
    if facts(output):
        _write_facts(output, facts(output) | {"normaliser": normaliser_of("french").name})
    return ordered


@contextmanager
def claimed(output: Path, asked: dict, part: int) -> Iterator[BinaryIO]:
    """Opens the file of this part to append to it, and locks it.

    Raises UserError where another process writes it, where it holds another evaluation, and where it cannot be written.
    """
    path = output if part == 0 else output.with_name(f"{output.name}.part{part}")
    lock = FileLock(path.with_name(f".{path.name}.lock"), timeout=0)
    with refused_by_disk(output):
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
        with refused_by_disk(output):
            _sign(output, asked)
            file = path.open("r+b" if path.exists() else "w+b", buffering=0)
        with file:
            _to_last_line(file)
            yield file


@contextmanager
def refused_by_disk(output: Path) -> Iterator[None]:
    """Raises UserError where the disk does not take what is written to `output`."""
    try:
        yield
    except OSError as error:
        raise UserError(
            en=f"{output} cannot be written ({error.strerror}): name another file, or make room.",
            fr=f"{output} ne peut être écrit ({error.strerror}) : nommez un autre fichier, ou libérez de la place.",
        ) from error


def _sign(output: Path, asked: dict) -> None:
    """Writes beside the CSV what it is an evaluation of, or checks that it is this one."""
    asked = json.loads(json.dumps(asked))  # as it reads back
    if output.exists() or _parts(output):
        if facts(output).get("asked") != asked:
            raise UserError(
                en=f"{output} holds something else than this evaluation: name another file, or move it away.",
                fr=f"{output} contient autre chose que cette évaluation : nommez un autre fichier, ou déplacez-le.",
            )
    else:
        _write_facts(output, {"asked": asked, "normaliser": normaliser_of("french").name})


def facts(output: Path) -> dict:
    """The JSON beside the CSV: what was asked and, once it is done, the summary."""
    try:
        return json.loads(output.with_suffix(".json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}


def write_summary(output: Path, summary: dict) -> None:
    """Writes the summary beside what was asked."""
    _write_facts(output, {"asked": facts(output)["asked"], **summary})


def _write_facts(output: Path, content: dict) -> None:
    with refused_by_disk(output):
        write_json(output.with_suffix(".json"), content)


def _to_last_line(file: BinaryIO) -> None:
    """A process that died may have left half a line; what is new comes in its place."""
    whole = file.read().rfind(b"\n") + 1
    file.truncate(whole)
    file.seek(whole)
    if not whole:
        file.write(_lines([Row._fields]))


def append(file: BinaryIO, output: Path, rows: Iterable[Row]) -> None:
    with refused_by_disk(output):
        file.write(_lines(rows))


def _lines(table: Iterable[Sequence]) -> bytes:
    """Text that a spreadsheet would take for a formula stands after an apostrophe."""
    text = io.StringIO()
    cells = ([protected(cell) if isinstance(cell, str) else cell for cell in row] for row in table)
    csv.writer(text, lineterminator="\n").writerows(cells)
    return text.getvalue().encode("utf-8")


def _row(cells: list[str]) -> Row:
    """A Row from its cells; csv writes None as nothing."""
    values = dict(zip(Row._fields, cells, strict=True))
    for name, kind in Row.__annotations__.items():
        if kind is int:
            values[name] = int(values[name])
        elif kind is str:
            values[name] = unprotected(values[name])
        else:
            values[name] = float(values[name]) if values[name] else None
    return Row(**values)


def _parts(output: Path) -> list[Path]:
    return sorted(output.parent.glob(f"{glob.escape(output.name)}.part*"))
