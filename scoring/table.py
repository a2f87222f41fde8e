"""A table of references and hypotheses, as spreadsheets write it: CSV with commas or semicolons, or TSV."""

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path

from transcripts.formats.csv import unprotected

NEEDED, OPTIONAL = ("reference", "hypothesis"), ("hypothesis_b", "call")
PARTS = ("speaker", "channel", "start")  # by which the rates are given as well; start is in seconds of the call
DELIMITERS = (",", ";", "\t")
csv.field_size_limit(2**24)  # a transcript may be longer than the 128 KiB that csv allows a cell


def read(path: Path, tell: Callable[[str], None] = lambda note: None) -> dict[str, list[str]]:
    """The columns of a table; extra columns are ignored, empty lines too.

    UTF-8, UTF-16 with its mark, or Windows-1252, which `tell` is given; Excel's first line, `sep=;`, is no row.
    Raises ValueError: a sentence that says what is wrong with the file and how to mend it.
    """
    text = _text(path, tell).lstrip("\r\n")
    if not text.strip():
        raise ValueError(f"{path} is empty: its first line names the columns, {' and '.join(NEEDED)}.")
    first, _, rest = text.partition("\n")
    named = first.strip().strip('"').lower()
    if named.startswith("sep=") and len(named) <= len("sep=;"):
        text, first = rest, rest.partition("\n")[0]
    delimiter = max(DELIMITERS, key=lambda sign: len(set(_named(first, sign)) & {*NEEDED, *OPTIONAL}))
    # Who writes tabs seldom quotes: there a quotation mark may stand alone in a sentence.
    quoting = csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting, strict=True)
    try:
        header = _header(path, next(lines, []))
        rows = list(_rows(path, lines, len(header), delimiter))
    except csv.Error as error:
        raise ValueError(f"{path}, line {lines.line_num}, is not CSV ({error}): save it as CSV UTF-8.") from error
    if not rows:
        raise ValueError(f"{path} has no rows: give a line a clip below the names of the columns.")
    return {
        name: [unprotected(row[header.index(name)]) for row in rows]
        for name in (*NEEDED, *OPTIONAL, *PARTS)
        if name in header
    }


def _text(path: Path, tell: Callable[[str], None]) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror}): name a CSV file.") from error
    try:
        return content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        wrong = ValueError(f"{path} is not text in UTF-8 (byte {error.start}): save it as CSV UTF-8.")
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        raise wrong from None
    if any(ord(character) < 32 and character not in "\t\r\n" for character in text):
        raise wrong
    tell(f"{path} is not UTF-8; it was read as Windows-1252, which Excel saves as CSV: check its accents.")
    return text


def _unquoted(cell: str) -> str:
    whole = len(cell) > 1 and cell[0] == cell[-1] == '"'
    return cell[1:-1].replace('""', '"') if whole else cell


def _named(line: str, delimiter: str) -> list[str]:
    return [_unquoted(name.strip()).strip().lower() for name in line.split(delimiter)]


def _header(path: Path, cells: list[str]) -> list[str]:
    header = [_unquoted(name.strip()).strip().lower() for name in cells]
    missing = [name for name in NEEDED if name not in header]
    if missing:
        shown = repr(", ".join(name[:40] for name in header[:12]))[1:-1]
        raise ValueError(f"{path} has no column {' and no column '.join(missing)}; its first line names: {shown}.")
    twice = [name for name in (*NEEDED, *OPTIONAL) if header.count(name) > 1]
    if twice:
        raise ValueError(f"{path} names the column {twice[0]} twice in its first line: keep the one to score.")
    return header


def _rows(path: Path, lines: Iterator[list[str]], many: int, delimiter: str) -> Iterator[list[str]]:
    tabs = delimiter == "\t"
    mend = "take the tab out of its text" if tabs else f"put a text that holds a « {delimiter} » in double quotes"
    for cells in lines:
        if cells and len(cells) != many:
            raise ValueError(
                f"{path}, line {lines.line_num}: {len(cells)} cells where the first line names {many}: {mend}."
            )
        if cells:
            yield [_unquoted(cell) for cell in cells] if tabs else cells
