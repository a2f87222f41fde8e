"""Word's DOCX, as transcribers hand it over: a heading with the recording, and a table with times, speaker and text."""

import io
import re
import zlib
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import replace
from pathlib import PurePath
from zipfile import BadZipFile, ZipFile

from common.messages import Message, UserError
from transcripts.clock import seconds
from transcripts.encoding import one_line
from transcripts.formats import txt
from transcripts.transcript import Transcript, Turn

EXTENSIONS = (".docx",)
SIGNATURE = re.compile(r"\APK\x03\x04")
HOLDS = frozenset({"text", "times", "speakers", "turns"})

HEADINGS = {"en": ("Start", "End", "Speaker", "Text"), "fr": ("Début", "Fin", "Locuteur", "Texte")}
LARGEST = 200_000_000  # bytes of the parts of a document, unpacked
MOST_TAGS, WIDEST = 1_000_000, 1_000  # of its XML: two hours have a third of that; columns that a cell may take
WIDTHS = (2.1, 2.1, 3.0, 9.8)  # centimetres, of the 17 between the margins
KINDS = {  # of columns, by what people call them
    "start": r"début|debut|start|begin|time|temps|heure|timecode|tc|horodatage",
    "end": r"fin|end",
    "speaker": r"locuteur|locutrice|speaker|intervenant|nom|name|qui|who",
    "text": r"texte|text|transcription|transcript|paroles|propos|verbatim",
}


def read(content: bytes, notes: list[Message]) -> list[Transcript]:
    """A turn a row of the tables whose first row names a column of texts; without one, a turn a paragraph, as in plain
    text."""
    document = _document(content)
    turns = [turn for table in document.tables for turn in _rows(table)]
    if turns:
        return [Transcript.of_turns(_lasting(turns))]
    paragraphs = "\n".join(" ".join(paragraph.text.split()) for paragraph in document.paragraphs)
    return txt.read(paragraphs.encode(), notes)


def write(transcript: Transcript, options) -> bytes:
    """Times are to a tenth of a second."""
    import docx
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt

    document = docx.Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Cm(2)
    document.styles["Normal"].font.size = Pt(10)
    name = one_line(PurePath(transcript.audio.path).name) or "Allô"
    document.core_properties.title, document.core_properties.author = name[:255], "Allô"
    document.add_heading(name, 1)
    french = options.language.startswith("fr")
    table = document.add_table(0, 4, "Table Grid")
    table.autofit = False
    for column, width in zip(table.columns, WIDTHS, strict=True):
        column.width = Cm(width)
    _add(table, HEADINGS["fr" if french else "en"], "w:tblHeader")  # on each page
    for run in (run for cell in table.rows[0].cells for run in cell.paragraphs[0].runs):
        run.bold = True
    _add(table, ("-",) * 4, "w:cantSplit")  # over two pages
    pattern = table.rows[1]._tr  # python-docx takes 4 ms to make a row, and a copy of one a tenth of that
    table._tbl.remove(pattern)
    for turn in transcript.turns:
        times = [_tenths(time, "," if french else ".") if transcript.timed else "" for time in (turn.start, turn.end)]
        row = deepcopy(pattern)
        for cell, text in zip(row.iter(qn("w:t")), (*times, turn.speaker or "", turn.text), strict=True):
            cell.text = one_line(text)
        table._tbl.append(row)
    packed = io.BytesIO()
    document.save(packed)
    return packed.getvalue()


def _add(table, texts: Iterable[str], behaviour: str) -> None:
    """Adds a row of cells, as wide as their columns are."""
    from docx.oxml import OxmlElement
    from docx.shared import Cm

    row = table.add_row()
    for cell, text, width in zip(row.cells, texts, WIDTHS, strict=True):
        cell.text, cell.width = text, Cm(width)
    row._tr.get_or_add_trPr().append(OxmlElement(behaviour))


def _document(content: bytes):
    import docx
    from docx.oxml.ns import qn

    try:
        _check_size(ZipFile(io.BytesIO(content)))
        document = docx.Document(io.BytesIO(content))
        if any(int(span.val) > WIDEST for span in document.element.iter(qn("w:gridSpan"))):
            raise ValueError("a cell is too wide")
        return document
    except (BadZipFile, KeyError, ValueError, RuntimeError, SyntaxError, zlib.error) as error:
        raise UserError(
            en="The file is no DOCX or is damaged: save it again as a Word document (.docx).",
            fr="Le fichier n'est pas un DOCX ou est abîmé : enregistrez-le de nouveau comme document Word (.docx).",
        ) from error


def _check_size(parts: ZipFile) -> None:
    """Raises ValueError for a document that would take all memory, or minutes: a little file may hold much."""
    if sum(part.file_size for part in parts.infolist()) > LARGEST:
        raise ValueError("unpacked, it is too large")
    if sum(parts.read(name).count(b"<") for name in parts.namelist() if name.endswith((".xml", ".rels"))) > MOST_TAGS:
        raise ValueError("it has too many parts")


def _rows(table) -> list[Turn]:
    """A turn a row, by the names of the columns or, without names, by times in the first one; else none."""
    rows = [[" ".join(cell.text.split()) for cell in row.cells] for row in table.rows]
    columns = _columns(rows)
    turns = []
    for row in rows:
        cells = {kind: row[place] for kind, place in columns.items() if place < len(row)}
        start = seconds(cells.get("start", ""))
        if (cells.get("text") and row is not rows[0]) or start is not None:
            end = seconds(cells.get("end", ""))
            turns.append(
                Turn(start or 0.0, -1.0 if end is None else end, cells["text"], speaker=cells.get("speaker") or None)
            )
    return turns


def _columns(rows: list[list[str]]) -> dict[str, int]:
    """The place of each kind of column."""
    found: dict[str, int] = {}
    for place, heading in enumerate(rows[0] if rows else ()):
        kind = next(
            (kind for kind, names in KINDS.items() if re.fullmatch(rf"(?i)(?:{names})\b.{{0,20}}", heading)), None
        )
        found.setdefault(kind, place)
    if "text" in found:
        return {kind: place for kind, place in found.items() if kind}
    times = (
        [all(seconds(row[place]) is not None for row in rows if place < len(row)) for place in range(2)] if rows else []
    )
    if not times or not times[0] or len(rows[0]) < 2:
        return {}
    kinds = ["start", *(["end"] if times[1] else []), *(["speaker"] if len(rows[0]) > 2 + times[1] else []), "text"]
    return {kind: place for place, kind in enumerate(kinds)}


def _lasting(turns: list[Turn]) -> list[Turn]:
    """A turn whose end nobody wrote lasts until the next one starts."""
    ends = [after.start for after in turns[1:]] + [turns[-1].start]
    return [
        replace(turn, end=max(end, turn.start)) if turn.end < 0 else turn for turn, end in zip(turns, ends, strict=True)
    ]


def _tenths(time: float, point: str) -> str:
    tenths = round(time * 10)
    return f"{tenths // 36_000}:{tenths // 600 % 60:02}:{tenths // 10 % 60:02}{point}{tenths % 10}"
