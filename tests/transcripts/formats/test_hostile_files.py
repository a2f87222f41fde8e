"""Little files that were made to take all memory, or minutes, are refused or read at once."""

import io
import time
import zipfile

import pytest

from common.messages import UserError
from transcripts import work_file
from transcripts.chat_markup import clean
from transcripts.formats import read

pytestmark = pytest.mark.fast
DEEP = 100_000
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
KIND = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
CELL = '<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="100000000"/></w:tcPr><w:p/></w:tc></w:tr></w:tbl>'


def docx(body: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as parts:
        types = f'<Override PartName="/word/document.xml" ContentType="{KIND}"/>'
        parts.writestr("[Content_Types].xml", f'<Types xmlns="{PACKAGE}/content-types">{types}</Types>')
        link = f'<Relationship Id="r" Type="{RELATED}" Target="word/document.xml"/>'
        parts.writestr("_rels/.rels", f'<Relationships xmlns="{PACKAGE}/relationships">{link}</Relationships>')
        document = f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'
        parts.writestr("word/document.xml", document)
    return packed.getvalue()


FILES = {
    "lines.ctm": b"\n" * 60 + b"a!",
    "lines.stm": b" \n" * 60 + b"a!",
    "comments.rttm": b";;\n" * 500 + b"\n" * 60 + b"a!",
    "starts.csv": b"start," * 700 + b"\n",
    "spaces.srt": b" " * 4000 + b"!",
    "voices.vtt": b"WEBVTT\n\n00:00.000 --> 00:01.000\n" + b"<v " * 50_000 + b"\n",
    "voice.vtt": b"WEBVTT\n\n00:00.000 --> 00:01.000\n<v" + b" " * 100_000 + b"\n",
    "marks.srt": b"1\n00:00:00,000 --> 00:00:01,000\n" + b"<b " * 50_000 + b"\n",
    "nested.eaf": b"<ANNOTATION_DOCUMENT>" + b"<a>" * DEEP + b"</a>" * DEEP + b"</ANNOTATION_DOCUMENT>",
    "nested.json": b'{"turns":' + b"[" * DEEP,
    "work.json": b'{"allo": "work", "version": ' + b"[" * DEEP,
    "wide.docx": docx(CELL),
    "many.docx": docx("<w:p/>" * 2_000_000),
}


@pytest.mark.parametrize("name", FILES)
def test_a_little_file_takes_little_time(name, tmp_path):
    (tmp_path / name).write_bytes(FILES[name])
    begun = time.monotonic()
    try:
        if name == "work.json":
            work_file.read(FILES[name])
        else:
            read(tmp_path / name)
    except UserError:
        pass
    assert time.monotonic() - begun < 5


def test_long_spaces_in_an_utterance_take_little_time():
    begun = time.monotonic()
    assert clean("a" + " " * 100_000 + "x.") == "A x."
    assert time.monotonic() - begun < 5


def test_what_is_only_large_is_read(tmp_path):
    rows = "".join(
        f"<w:tr><w:tc><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc></w:tr>" for text in ("Texte", *["allô"] * 2000)
    )
    (tmp_path / "call.docx").write_bytes(docx(f"<w:tbl>{rows}</w:tbl>"))
    assert len(read(tmp_path / "call.docx").turns) == 2000
