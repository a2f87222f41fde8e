"""The ZIP of calls, and the names of its files."""

import csv
import io
import zipfile
from dataclasses import replace

import pytest

from common.messages import UserError
from tests.transcripts.formats.calls import TRANSCRIPT
from transcripts.bundle import bundle
from transcripts.formats import write

pytestmark = pytest.mark.fast


def test_the_zip_has_a_file_for_each_call_and_format():
    paths = ["/a/Été.wav", "/b/été.mp3", "Été-2.wav", 'c/a<b>:"|?*\n\t"\'.wav', "con.wav", "..", "x" * 300, ".wav"]
    transcripts = [replace(TRANSCRIPT, audio=replace(TRANSCRIPT.audio, path=path)) for path in paths]
    with zipfile.ZipFile(io.BytesIO(bundle(transcripts, ["srt", "csv", "srt"]))) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        cells = list(csv.DictReader(io.StringIO(archive.read("été-2.csv").decode("utf-8-sig"))))
        subtitles = archive.read("Été.srt")
    stems = ["Été", "été-2", "Été-2-2", "a b '", "_con", "_", "x" * 80, "wav"]
    assert names == [f"{stem}.{format}" for stem in stems for format in ("srt", "csv")]
    assert subtitles == write(TRANSCRIPT, "srt") and cells[0]["file"] == "été.mp3"


def test_a_french_spreadsheet_in_the_zip():
    with zipfile.ZipFile(io.BytesIO(bundle([TRANSCRIPT], ["csv"], dialect="excel-fr"))) as archive:
        assert ";0,000;1,23" in archive.read(archive.namelist()[0]).decode()


def test_the_zip_of_nothing_is_a_zip_and_an_unknown_format_is_refused():
    assert zipfile.ZipFile(io.BytesIO(bundle([], ["txt"]))).namelist() == []
    with pytest.raises(UserError, match="odt"):
        bundle([TRANSCRIPT], ["odt"])
