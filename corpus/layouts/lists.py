"""Lists of clips without a line of column names: a line has a clip's name, its text, and perhaps more.

LibriSpeech's chapters (`*.trans.txt`), MLS (`transcripts.txt`), LJSpeech (`metadata.csv` with bars), filelists.
"""

import os
import re
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from statistics import mode

from corpus.layouts.paths import Finder, Found
from speech.audio.containers import SOUNDS

EXTENSIONS = (".txt",)
HEAD = 20  # lines by which a list is known
NAMED = 0.5  # of them begin with the name of a file that is there
TELLING = ("|", "\t")  # of a list between these, or called so, one is enough
NAMES = re.compile(r".*\.trans\.txt|transcripts?\.txt|metadata\.csv", re.IGNORECASE)
MARKS = ("|", "\t", ";", ",")
WHOLE = 0.4  # of the letters of the longest column, so that the first one which has as many is the text
BOOK = re.compile(r"(\d+)[-_](\d+)[-_]\d+")  # LibriSpeech's and MLS's names: reader, chapter or book, part


def layout(lines: list[str], file: Path, finder: Finder | None = None) -> tuple[list[str], str | None] | None:
    """The names of a list's columns and what stands between them (None: the first space); None where it is no list.

    `finder`: of the corpus's folder, which knows it already where many files are looked at.
    """
    folder, telling = file.parent, NAMES.fullmatch(file.name)
    head = [line for line in lines if line.strip()][:HEAD]
    finder = finder or Finder(folder)
    for mark in (*MARKS, None):
        cells = [parts(line, mark) for line in head]
        width = mode(map(len, cells)) if cells else 0
        whole = [row for row in cells if len(row) == width > 1]
        for column in range(min(width if mark else 1, len(cells[0]) if cells else 0)):
            there = _is_name(cells[0][column]) and [is_there(row[column], folder, finder) for row in whole]
            least = 1 if mark in TELLING or telling else NAMED * len(head)
            if there and sum(there) >= least and (names := _called(whole, column)):
                return names, mark
    return None


def file_column(rows: Iterable[dict], folder: Path, root: Path | None = None) -> str | None:
    """The first column of a table, whatever it is called, whose cells name sounds that are there."""
    head = list(islice(rows, HEAD))
    finder = Finder(root or folder)
    for column in head[0] if head else ():
        cells = [row[column] for row in head if isinstance(row.get(column), str)]
        if cells and sum(is_there(cell, folder, finder) for cell in cells) >= NAMED * len(head):
            return column
    return None


def parts(line: str, mark: str | None) -> list[str]:
    """The cells of a line between marks, or its first word and the rest."""
    return [cell.strip() for cell in (line.split(mark) if mark else line.strip().split(maxsplit=1))]


def reader(name: str) -> dict[str, str]:
    """Who reads and what, where the name of a clip tells both."""
    found = BOOK.fullmatch(Path(name).stem)
    return {"speaker": f"reader {found[1]}", "call": f"{found[1]}-{found[2]}"} if found else {}


def _is_name(cell: str) -> bool:
    """It may be the name of a file, and not of a column, a time or a word."""
    return os.path.splitext(cell)[1].lower() in SOUNDS or bool(re.fullmatch(r"(?=\D*\d)[\w./\\-]+", cell))


def is_there(cell: str, folder: Path, finder: Finder) -> bool:
    found = finder.find(cell, str(folder)) if _is_name(cell) else None
    return isinstance(found, Found) and os.path.splitext(found.path)[1].lower() in SOUNDS


def _called(rows: list[list[str]], file: int) -> list[str] | None:
    """The columns: the file, the first of those with the most letters, which is the text, and the others.

    None where no column is a text.
    """
    columns = ["".join(set(cells)) for cells in zip(*rows, strict=True)]  # a speaker's name comes again
    letters = [0 if at == file or "://" in cells else sum(map(str.isalpha, cells)) for at, cells in enumerate(columns)]
    if not max(letters):
        return None
    text = next(at for at, count in enumerate(letters) if count >= WHOLE * max(letters))
    return [{file: "file", text: "text"}.get(at, f"column {at + 1}") for at in range(len(letters))]
