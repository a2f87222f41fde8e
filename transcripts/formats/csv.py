"""A table with a row a turn. What a spreadsheet would take for a formula is written after an apostrophe."""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath

from common import columns
from common.messages import Message, UserError
from transcripts.clock import seconds
from transcripts.encoding import as_text
from transcripts.transcript import Transcript, Turn


@dataclass(frozen=True)
class Dialect:
    delimiter: str
    point: str  # of decimals


DIALECTS = {"excel": Dialect(",", "."), "excel-fr": Dialect(";", ","), "excel-tab": Dialect("\t", ".")}
COLUMNS = ("file", "language", "start", "end", "channel", "speaker", "text", "confidence")
NAMES = {  # as people have them; a file that is named by its call is one as well
    "file": (*columns.AUDIO, *columns.CALL),
    "language": columns.LANGUAGE,
    "start": columns.START,
    "end": columns.END,
    "channel": columns.CHANNEL,
    "speaker": columns.SPEAKER,
    "text": columns.TEXT,
    "confidence": columns.CONFIDENCE,
}
EXTENSIONS = (".csv", ".tsv")
SIGNATURE = re.compile(r"(?i)\A\s*+(?:sep=.\n)?(?>[^\n]*?\bstart\b)(?>[^\n]*?[,;\t])[^\n]*\btext\b")
HOLDS = frozenset({"text", "times", "speakers", "channels", "confidence", "language", "turns"})

_FORMULA = re.compile(r"'*(?:\s*[=+\-@＝＋－＠]|[\t\r\n])")


def read(content: bytes, notes: list[Message]) -> list[Transcript]:
    """A turn a row, by the columns' names in English or French; the rows of a file make a transcript."""
    rows = _rows(as_text(content, notes))
    places = _places(next(rows, []))
    calls: dict[str, tuple[str, list[Turn]]] = {}
    for number, row in enumerate(rows, 2):
        if not any(cell.strip() for cell in row):
            continue
        cells = {key: unprotected(row[place]) for key, place in places.items() if place < len(row)}
        call = calls.setdefault(cells.get("file", ""), (cells.get("language", ""), []))
        call[1].append(_turn(cells, number))
    return [Transcript.of_turns(turns, file, language) for file, (language, turns) in calls.items()] or [
        Transcript.of_turns([])
    ]


def write(transcript: Transcript, options) -> bytes:
    call = PurePath(transcript.audio.path).name, transcript.language  # so that the tables of many calls can be joined
    rows = [
        [*call, float(t.start), float(t.end), t.channel, t.speaker or "", t.text, float(t.confidence)]
        for t in transcript.turns
    ]
    return table([COLUMNS, *rows], options.dialect)


def table(rows: Iterable[Iterable], dialect: str = "excel") -> bytes:
    """Rows as a file that spreadsheets open: text stays text, and floats have three decimals.

    UTF-8 has the mark without which Excel takes it for something else. Raises UserError for an unknown dialect.
    """
    check_dialect(dialect)
    how = DIALECTS[dialect]
    text = io.StringIO()
    writer = csv.writer(text, delimiter=how.delimiter, lineterminator="\n")
    writer.writerows([_cell(value, how) for value in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def check_dialect(dialect: str) -> None:
    """Raises UserError for a dialect that is not here."""
    if dialect not in DIALECTS:
        known = ", ".join(DIALECTS)
        raise UserError(
            en=f"There is no CSV dialect {dialect!r}: choose one of {known}.",
            fr=f"Le dialecte CSV {dialect!r} n'existe pas : choisissez parmi {known}.",
        )


def dialect_of(language: str) -> str:
    """What a spreadsheet in this language opens by a double click ("fr", "fr-CA", "en"...)."""
    return "excel-fr" if language.lower().startswith("fr") else "excel"


def protected(text: str) -> str:
    """The text after an apostrophe, if a spreadsheet would take it for a formula."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")  # csv does not quote a bare carriage return
    return f"'{text}" if _FORMULA.match(text) else text


def unprotected(text: str) -> str:
    """What `protected` was given."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def _cell(value, how: Dialect):
    if isinstance(value, float):
        return f"{value:.3f}".replace(".", how.point)
    return protected(value) if isinstance(value, str) else value


def _rows(text: str):
    csv.field_size_limit(2**24)  # a text may be longer than the 128 KiB that csv allows a cell
    first, _, rest = text.partition("\n")
    if declared := re.fullmatch(r"(?i)sep=(.)", first.strip()):
        delimiter, text = declared[1], rest
    else:
        delimiter = max(",;\t|", key=first.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise UserError(
            en=f"The table cannot be read ({error}): save it again as CSV, with texts between quotation marks.",
            fr=f"Le tableau est illisible ({error}) : enregistrez-le de nouveau en CSV, les textes entre guillemets.",
        ) from error


def _places(header: list[str]) -> dict[str, int]:
    found = {key: columns.guessed(header, names) for key, names in NAMES.items()}
    places = {key: header.index(name) for key, name in found.items() if name is not None}
    if "text" not in places:
        raise UserError(
            en=f"The table has the columns {', '.join(header)}: name one of them text.",
            fr=f"Le tableau a les colonnes {', '.join(header)} : nommez l'une d'elles text.",
        )
    return places


def _turn(cells: dict[str, str], number: int) -> Turn:
    values = {}
    for key in ("start", "end", "channel", "confidence"):
        if cell := cells.get(key, "").strip():
            values[key] = seconds(cell)
            if values[key] is None:
                raise UserError(
                    en=f"Line {number} has {key} {cell!r}: write a number there.",
                    fr=f"La ligne {number} a {cell!r} dans la colonne {key} : écrivez-y un nombre.",
                )
    start = values.get("start", 0.0)
    return Turn(
        start,
        values.get("end", start),
        cells.get("text", ""),
        values.get("confidence", 1.0),
        int(values.get("channel", 0)),
        cells.get("speaker") or None,
    )
