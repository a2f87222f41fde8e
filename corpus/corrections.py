"""Corrections of a corpus's texts: a table beside the corpus, which stays as it is.

Of the folder `calls`, calls.corrections.csv has the columns id and text, and what else is worth to know; `corpus.load`
reads it. A line that is taken out of it is a correction that is taken back.
"""

import csv
import hashlib
import io
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from common.files import write_bytes
from common.messages import Message, UserError
from corpus.table import Corpus
from transcripts.formats.csv import protected, unprotected

ENDING = ".corrections.csv"


class Correction(NamedTuple):
    id: str  # of the row
    text: str
    reference: str  # what the corpus says


def beside(source: str) -> Path | None:
    """Where the corrections of a source are; None of one that is not on this disk."""
    path = Path(source).expanduser()
    return path.with_name(path.name + ENDING) if path.exists() and path.name else None


def corrected(corpus: Corpus) -> Corpus:
    """The corpus with the texts of the file beside it, if there is one. Raises UserError for one that is no table."""
    file = beside(corpus.source)
    if not file or not file.is_file():
        return corpus
    found = {each.id: each.text for each in read(file)}
    rows = corpus.rows.copy()
    there = rows["id"].isin(found)
    rows.loc[there, "text"] = rows.loc[there, "id"].map(found)
    note = Message(
        en=f"{int(there.sum())} texts are corrected by {file.name}",
        fr=f"{int(there.sum())} textes sont corrigés par {file.name}",
    )
    mark = hashlib.sha256(f"{corpus.fingerprint}{sorted(found.items())}".encode()).hexdigest()[:16]
    return replace(corpus, rows=rows, notes=[*corpus.notes, note], fingerprint=mark)


def read(file: Path) -> list[Correction]:
    """The corrections in a file. Raises UserError for one that is no such table, or has an empty text."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
        found = [Correction(*(unprotected(row.get(name) or "") for name in Correction._fields)) for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error, AttributeError) as error:
        raise UserError(
            en=f"{file} cannot be read ({error}): save it as CSV UTF-8 with the columns id and text.",
            fr=f"{file} ne peut être lu ({error}) : enregistrez-le en CSV UTF-8 avec les colonnes id et text.",
        ) from error
    if bad := next((line for line, each in enumerate(found, 2) if not each.id or not each.text.strip()), None):
        raise UserError(
            en=f"{file}, line {bad}, has no id or no text: fill both, or take the line out.",
            fr=f"{file}, ligne {bad}, n'a pas d'id ou pas de text : remplissez les deux, ou retirez la ligne.",
        )
    return found


def keep(file: Path, new: Iterable[Correction]) -> int:
    """Adds corrections to a file, of which those that are there stay as they are; gives how many were added."""
    there = read(file) if file.exists() else []
    known = {each.id for each in there}
    added = [each for each in new if each.id not in known]
    lines = [Correction._fields, *([protected(cell) for cell in each] for each in (*there, *added))]
    try:
        write_bytes(file, _table(lines))
    except OSError as error:
        raise UserError(
            en=f"{file} cannot be written ({error.strerror}): make the folder of the corpus writable.",
            fr=f"{file} ne peut être écrit ({error.strerror}) : rendez le dossier du corpus accessible en écriture.",
        ) from error
    return len(added)


def _table(lines: Iterable[Iterable[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue().encode()
