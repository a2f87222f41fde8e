"""A table of references and hypotheses, as spreadsheets write it: CSV with commas, semicolons or bars, or TSV."""

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path

from common.columns import CALL, CHANNEL, HYPOTHESIS, HYPOTHESIS_B, REFERENCE, SPEAKER, START, guessed, plain
from common.messages import Message
from transcripts.encoding import as_text
from transcripts.formats.csv import unprotected

NEEDED = {"reference": REFERENCE, "hypothesis": HYPOTHESIS}
OPTIONAL = {"hypothesis_b": HYPOTHESIS_B, "call": CALL}
PARTS = {"speaker": SPEAKER, "channel": CHANNEL, "start": START}  # the rates are given by them too; start: seconds
DELIMITERS = (",", ";", "\t", "|")
csv.field_size_limit(2**24)  # a transcript may be longer than the 128 KiB that csv allows a cell


def read(path: Path, tell: Callable[[str], None] = lambda note: None) -> dict[str, list[str]]:
    """The columns of a table; extra columns are ignored, empty lines too.

    UTF-8, UTF-16, UTF-32, or Windows-1252, which `tell` is given; Excel's first line, `sep=;`, is no row.
    Raises ValueError: a sentence that says what is wrong with the file and how to mend it.
    """
    text = _text(path, tell).lstrip("\r\n")
    if not text.strip():
        raise ValueError(f"{path} is empty: its first line names the columns, {' and '.join(NEEDED)}.")
    first, _, rest = text.partition("\n")
    named = first.strip().strip('"').lower()
    if named.startswith("sep=") and len(named) <= len("sep=;"):
        text, first = rest, rest.partition("\n")[0]
    delimiter = max(DELIMITERS, key=lambda sign: len(_places(_named(first, sign))))
    # Who writes tabs seldom quotes: there a quotation mark may stand alone in a sentence.
    quoting = csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting, strict=True)
    try:
        header = [_unquoted(name.strip()) for name in next(lines, [])]
        places = _checked(path, header)
        rows = list(_rows(path, lines, len(header), delimiter))
    except csv.Error as error:
        raise ValueError(
            f"{path}, line {lines.line_num}, is not CSV ({error}): save it as CSV UTF-8, with each quotation mark "
            "inside of a text written twice."
        ) from error
    if not rows:
        raise ValueError(f"{path} has no rows: give a line a clip below the names of the columns.")
    return {name: [unprotected(row[place]) for row in rows] for name, place in places.items()}


def _text(path: Path, tell: Callable[[str], None]) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror}): name a CSV file.") from error
    guesses: list[Message] = []
    text = as_text(content, guesses)
    if guesses and any(ord(character) < 32 and character not in "\t\n" for character in text):
        raise ValueError(f"{path} is not text in UTF-8: save it as CSV UTF-8.")
    if guesses:
        tell(f"{path} is not UTF-8; it was read as Windows-1252, which Excel saves as CSV: check its accents.")
    return text


def _unquoted(cell: str) -> str:
    whole = len(cell) > 1 and cell[0] == cell[-1] == '"'
    return cell[1:-1].replace('""', '"') if whole else cell


def _named(line: str, delimiter: str) -> list[str]:
    return [_unquoted(name.strip()) for name in line.split(delimiter)]


def _places(header: list[str]) -> dict[str, int]:
    """Where the columns stand that are read."""
    found = {name: guessed(header, usual) for name, usual in (NEEDED | OPTIONAL | PARTS).items()}
    return {name: header.index(column) for name, column in found.items() if column is not None}


def _checked(path: Path, header: list[str]) -> dict[str, int]:
    """Where the columns stand. Raises ValueError where one is not there, or twice."""
    places = _places(header)
    missing = [name for name in NEEDED if name not in places]
    if missing:
        shown = repr(", ".join(name.lower()[:40] for name in header[:12]))[1:-1]
        raise ValueError(f"{path} has no column {' and no column '.join(missing)}; its first line names: {shown}.")
    names = [plain(name) for name in header]
    twice = [name for name in (*NEEDED, *OPTIONAL) if name in places and names.count(names[places[name]]) > 1]
    if twice:
        raise ValueError(f"{path} names the column {twice[0]} twice in its first line: keep the one to score.")
    return places


def _rows(path: Path, lines: Iterator[list[str]], many: int, delimiter: str) -> Iterator[list[str]]:
    tabs = delimiter == "\t"
    mend = "take the tab out of its text" if tabs else f"put a text that holds a « {delimiter} » in double quotes"
    for cells in lines:
        if len(cells) > many and not any(cells[many:]):
            cells = cells[:many]  # a spreadsheet's empty cells
        if cells and len(cells) != many:
            raise ValueError(
                f"{path}, line {lines.line_num}: {len(cells)} cells where the first line names {many}: {mend}."
            )
        if cells:
            yield [_unquoted(cell) for cell in cells] if tabs else cells
