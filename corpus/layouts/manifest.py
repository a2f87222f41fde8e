"""Manifests: tables between commas, semicolons or tabs, and JSON lines; a line a clip, and each is accounted for."""

import csv
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from common.messages import Message, UserError
from corpus.layouts.columns import AUDIO, guessed

TABLES = (".csv", ".tsv")
JSON_LINES = (".jsonl", ".ndjson", ".json")
LONGEST = 200  # lines of a cell between quotation marks; an open one would take the rest of the file
SNIFFED = 1 << 16  # characters by which a .json file is known as JSON lines or something else
QUOTING = {"strict": True, "skipinitialspace": True}
ESCAPING = {"escapechar": "\\", "doublequote": False}


class Row(NamedTuple):
    """A row of a manifest, or why it cannot be used."""

    cells: dict
    refused: Message | None = None


def rows(manifest: Path, audio: str | None = None) -> Iterator[Row]:
    """The rows of a manifest; `audio` names its column of files where that is unusual.

    Raises UserError where the file is no text in UTF-8 (or UTF-16 with its mark), or cannot be read.
    """
    text = read_text(manifest)
    if manifest.suffix.lower() in JSON_LINES:
        yield from _json_rows(text)
    else:
        yield from _table_rows(text, manifest.parent, audio)


def columns(manifest: Path) -> list[str]:
    """The names of its columns, by its first row alone; none where it is not a manifest."""
    try:
        if manifest.suffix.lower() in JSON_LINES:
            with open(manifest, encoding="utf-8-sig") as file:
                head = file.read(SNIFFED)
                head += file.read() if head.lstrip().startswith("[") else ""
            first = next(iter(_json_rows(head)), Row({}))
            return list(first.cells)
        with open(manifest, "rb") as file:
            return _header(_lines(_decoded(file.read(SNIFFED), "ignore")))[0]
    except (OSError, UnicodeDecodeError):
        return []


def read_text(manifest: Path) -> str:
    """The text of a file. Raises UserError where it is not UTF-8, or UTF-16 with its mark, or cannot be read."""
    try:
        return _decoded(manifest.read_bytes())
    except UnicodeDecodeError as error:
        raise UserError(
            en=f"{manifest} is not UTF-8 text: save it again with that encoding.",
            fr=f"{manifest} n'est pas un texte UTF-8 : enregistrez-le à nouveau dans ce codage.",
        ) from error
    except OSError as error:
        raise UserError(
            en=f"{manifest} cannot be read ({error}): write it again.",
            fr=f"{manifest} ne peut être lu ({error}) : écrivez-le à nouveau.",
        ) from error


def _decoded(content: bytes, errors: str = "strict") -> str:
    """UTF-8, or UTF-16 as Excel saves "Unicode text"."""
    marked = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    return content.decode("utf-16" if marked else "utf-8-sig", errors)


def _lines(text: str) -> list[str]:
    return re.split(r"\r\n|\n|\r", text)  # not `splitlines`, which divides a cell at rarer characters too


def _header(lines: list[str]) -> tuple[list[str], str, int]:
    """The names of the columns, what stands between cells, and how many lines that took."""
    taken = 0
    while taken < len(lines) and not lines[taken].strip():
        taken += 1
    asked = re.fullmatch(r"sep=(.)", lines[taken].strip("\"' ")) if taken < len(lines) else None
    taken += bool(asked)
    if taken >= len(lines):
        return [], ",", taken
    first = lines[taken]
    comma = asked[1] if asked else max(",;\t|", key=first.count)
    return [name.strip() for name in _cells(first, comma, 0) or first.split(comma)], comma, taken + 1


def _table_rows(text: str, folder: Path, audio: str | None) -> Iterator[Row]:
    """Rows of cells; a quotation mark that nothing closes is a character like any other.

    A cell between quotation marks may go on over several lines, if none of them looks like a row of its own.
    """
    lines = _lines(text)
    header, comma, at = _header(lines)
    named = audio if audio in header else guessed(header, AUDIO)
    column = header.index(named) if named else None
    while at < len(lines):
        line = lines[at]
        taken, cells = 1, _cells(line, comma, len(header))
        if cells is None:
            taken, cells = _over_lines(lines, at, comma, header, column, folder)
        at += taken
        if len(cells) > len(header) > 0 and not any(cells[len(header) :]):
            cells = cells[: len(header)]  # a spreadsheet's empty cells
        if len(cells) == len(header):
            yield Row(dict(zip(header, cells, strict=True)))
        elif line.strip():
            yield Row({}, _miscounted(len(cells), len(header), '"' in line))


def _cells(line: str, comma: str, count: int) -> list[str] | None:
    """The cells of one line; None where its quotation marks are not closed or stand inside of a cell."""
    if '"' not in line:
        return line.split(comma)
    found = []
    for quoting in (QUOTING, ESCAPING) if '\\"' in line else (QUOTING,):
        try:
            found.append(next(csv.reader([line], delimiter=comma, **quoting)))
        except (csv.Error, StopIteration):
            continue
    return next((cells for cells in found if len(cells) == count), found[0] if found else None)


def _over_lines(
    lines: list[str], at: int, comma: str, header: list[str], column: int | None, folder: Path
) -> tuple[int, list[str]]:
    """How many lines a row takes whose quotation mark is not closed in its first one, and its cells."""
    literal = lines[at].split(comma)
    extension = os.path.splitext(literal[column])[1] if column is not None and column < len(literal) else ""
    for end in range(at + 1, min(at + LONGEST, len(lines))):
        other = lines[end].split(comma)
        if column is not None and len(other) == len(header):
            name = other[column].strip('" ')
            if (extension and name.endswith(extension)) or (name and os.path.exists(folder / name)):
                break
        if '"' in lines[end]:
            cells = _cells("\n".join(lines[at : end + 1]), comma, len(header))
            if cells and len(cells) == len(header):
                return end + 1 - at, cells
    return 1, literal


def _miscounted(cells: int, header: int, quoted: bool) -> Message:
    said = Message(
        en=f"it has {cells} cells and the table {header} columns",
        fr=f"il a {cells} cellules et le tableau {header} colonnes",
    )
    if not quoted:
        return said
    return Message(
        en=f"{said.en}; perhaps a quotation mark is not closed",
        fr=f"{said.fr} ; peut-être un guillemet n'est-il pas fermé",
    )


def _json_rows(text: str) -> Iterator[Row]:
    """One JSON object a line, or one list of them over the whole file."""
    if text.lstrip().startswith("["):
        try:
            listed = json.loads(text)
        except (ValueError, RecursionError):
            listed = []
        if listed and all(isinstance(cells, dict) for cells in listed):
            yield from (Row(cells) for cells in listed)
            return
    for line in _lines(text):
        if not line.strip():
            continue
        try:
            cells = json.loads(line)
        except (ValueError, RecursionError):
            cells = None
        if isinstance(cells, dict):
            yield Row(cells)
        else:
            yield Row({}, Message(en="it is no JSON object", fr="ce n'est pas un objet JSON"))
