"""Manifests: tables between commas, semicolons, tabs or bars, lists, and JSON lines; each line is accounted for."""

import csv
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from common.columns import AUDIO, TEXT, guessed
from common.messages import Message, UserError
from corpus.layouts import lists
from corpus.layouts.paths import Finder
from transcripts.encoding import as_text

TABLES = (".csv", ".tsv")
JSON_LINES = (".jsonl", ".ndjson", ".json")
TITLES = 6  # first lines, in one of which the columns are named
COMMAS = ",;\t|"
LONGEST = 200  # lines of a cell between quotation marks; an open one would take the rest of the file
SNIFFED = 1 << 16  # characters by which a .json file is known as JSON lines or something else
QUOTING = {"strict": True, "skipinitialspace": True}
ESCAPING = {"escapechar": "\\", "doublequote": False}


class Row(NamedTuple):
    """A row of a manifest, or why it cannot be used."""

    cells: dict
    refused: Message | None = None


def rows(manifest: Path, audio: str | None = None, notes: list[Message] | None = None) -> Iterator[Row]:
    """The rows of a manifest; `audio` names its column of files where that is unusual.

    `notes` takes what is to be said of it. Raises UserError where the file is no text, or cannot be read.
    """
    text = read_text(manifest, notes)
    if manifest.suffix.lower() in JSON_LINES:
        yield from _json_rows(text)
    elif listed := _list(manifest, _lines(text), audio):
        yield from _list_rows(_lines(text), *listed)
    else:
        yield from _table_rows(text, manifest.parent, audio)


def columns(manifest: Path, finder: Finder | None = None) -> list[str]:
    """The names of its columns, by its first rows alone; none where it is not a manifest. `finder` as in `lists`."""
    try:
        with open(manifest, "rb") as file:
            head = file.read(SNIFFED)
            if manifest.suffix.lower() in JSON_LINES and _is_one_value(as_text(head, [])):
                head += file.read()
    except OSError:
        return []
    text = as_text(head, [])
    if manifest.suffix.lower() in JSON_LINES:
        return list(next(iter(_json_rows(text)), Row({})).cells)
    lines = _lines(text)
    listed = _list(manifest, lines[:-1] or lines, None, finder)  # the last one may be cut
    if listed or manifest.suffix.lower() in lists.EXTENSIONS:
        return listed[0] if listed else []
    return _header(lines)[0]


def read_text(manifest: Path, notes: list[Message] | None = None) -> str:
    """The text of a file, of which `notes` takes how it was read where that was a guess.

    Raises UserError where it is no text, or cannot be read.
    """
    guesses: list[Message] = []
    try:
        text = as_text(manifest.read_bytes(), guesses)
    except OSError as error:
        raise UserError(
            en=f"{manifest} cannot be read ({error}): write it again.",
            fr=f"{manifest} ne peut être lu ({error}) : écrivez-le à nouveau.",
        ) from error
    if guesses and re.search(r"[\0-\x08\x0e-\x1f]", text):
        raise UserError(
            en=f"{manifest} is no text: save it again as CSV UTF-8.",
            fr=f"{manifest} n'est pas un texte : enregistrez-le à nouveau en CSV UTF-8.",
        )
    if notes is not None:
        notes += [Message(*(f"{manifest.name}: {said.rstrip('.')}" for said in guess)) for guess in guesses]
    return text


def _list(
    manifest: Path, lines: list[str], audio: str | None, finder: Finder | None = None
) -> tuple[list[str], str | None] | None:
    """The columns of a manifest without a line of their names, and what stands between them; None where it has one."""
    header = _header(lines)[0]
    if audio in header or (guessed(header, AUDIO) and guessed(header, TEXT)):
        return None
    return lists.layout(lines, manifest, finder)


def _list_rows(lines: list[str], names: list[str], mark: str | None) -> Iterator[Row]:
    for line in filter(str.strip, lines):
        cells = lists.parts(line, mark)
        if len(cells) == len(names) - 1 == 1:
            cells.append("")  # a name without a text
        if len(cells) == len(names):
            found = dict(zip(names, cells, strict=True))
            yield Row(found | lists.reader(found["file"]))
        else:
            yield Row({}, _miscounted(len(cells), len(names), False))


def _lines(text: str) -> list[str]:
    return re.split(r"\r\n|\n|\r", text)  # not `splitlines`, which divides a cell at rarer characters too


def _header(lines: list[str]) -> tuple[list[str], str, int]:
    """The names of the columns, what stands between cells, and how many lines that took."""
    named = (at for at, line in enumerate(lines[:TITLES]) if max(_usual(line, comma) for comma in COMMAS) == 2)
    taken = 0
    while taken < len(lines) and not lines[taken].strip():
        taken += 1
    if not re.match('"?sep=', lines[taken] if taken < len(lines) else ""):
        taken = next(named, taken)  # below a title
    asked = re.fullmatch(r"sep=(.)", lines[taken].strip("\"' ")) if taken < len(lines) else None
    taken += bool(asked)
    if taken >= len(lines):
        return [], ",", taken
    first = lines[taken]
    comma = asked[1] if asked else max(COMMAS, key=lambda sign: (_usual(first, sign), first.count(sign)))
    return [name.strip() for name in _cells(first, comma, 0) or first.split(comma)], comma, taken + 1


def _usual(line: str, comma: str) -> int:
    """How many usual names of columns there are between these marks."""
    names = [name.strip('" ') for name in line.split(comma)]
    return sum(guessed(names, usual) is not None for usual in (AUDIO, TEXT))


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


def _is_one_value(text: str) -> bool:
    """Whether a JSON file is one list or one object, and not an object a line."""
    first = text.lstrip().partition("\n")[0].rstrip()
    return first.startswith("[") or (first.startswith("{") and not first.endswith("}"))


def _json_rows(text: str) -> Iterator[Row]:
    """One JSON object a line, or one list of them over the whole file, by itself or in an object."""
    if _is_one_value(text):
        try:
            whole = json.loads(text)
        except (ValueError, RecursionError):
            whole = []
        lists_in = [each for each in whole.values() if isinstance(each, list)] if isinstance(whole, dict) else [whole]
        listed = lists_in[0] if len(lists_in) == 1 else []
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
