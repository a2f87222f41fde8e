"""python -m speech convert IN OUT."""

import json

import pytest

from speech.__main__ import main
from tests.transcripts.formats.calls import TRANSCRIPT
from transcripts.formats import FORMATS, read, write

pytestmark = pytest.mark.fast

STM = "rec-1 1 lea 0.5 1.5 oui\nrec-2 1 paul 0.5 1.5 non\n"


@pytest.fixture
def call(tmp_path):
    path = tmp_path / "l'appel « n° 1 ».json"
    path.write_bytes(write(TRANSCRIPT, "json"))
    return path


@pytest.mark.parametrize("format", FORMATS)
def test_any_format_to_any_other(format, call, tmp_path, capsys):
    """And what it does not keep stands on standard error."""
    out = tmp_path / f"out{FORMATS[format].EXTENSIONS[0]}"
    assert main(["convert", str(call), str(out)]) == 0
    said = capsys.readouterr()
    assert said.out == "" and ("does not keep" in said.err) == (format != "json")
    again = tmp_path / "again.json"
    assert main(["convert", str(out), str(again), "--from", format]) == 0
    assert [turn.text for turn in read(again).turns] == [turn.text for turn in read(out).turns]


def test_options_of_the_writers(call, tmp_path):
    assert main(["convert", str(call), str(tmp_path / "a.csv"), "--csv-dialect", "excel-fr"]) == 0
    assert ";0,000;1,234;" in (tmp_path / "a.csv").read_text()
    assert main(["convert", str(call), str(tmp_path / "a.txt"), "--times"]) == 0
    assert (tmp_path / "a.txt").read_text().startswith("[00:00:00.000 - 00:00:01.234] A : ")
    assert main(["convert", str(call), str(tmp_path / "a.dat"), "--to", "srt"]) == 0
    assert "-->" in (tmp_path / "a.dat").read_text()


def test_many_recordings_go_to_a_folder(tmp_path, capsys):
    (tmp_path / "calls.stm").write_text(STM)
    folder = tmp_path / "out"
    assert main(["convert", str(tmp_path / "calls.stm"), str(folder), "--to", "eaf"]) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["rec-1.eaf", "rec-2.eaf"]
    assert main(["convert", str(tmp_path / "calls.stm"), str(tmp_path / "one.eaf")]) == 2
    assert "name a folder" in capsys.readouterr().err and not (tmp_path / "one.eaf").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{call}", "out.xyz"], "--to"),
        (["{call}", "out.xyz", "--to", "odt"], "no format 'odt'"),
        (["{call}", "out.json", "--from", "odt"], "no format 'odt'"),
        (["{call}", "out.csv", "--csv-dialect", "calc"], "excel-fr"),
        (["missing.srt", "out.json"], "cannot be read"),
        (["{half}", "out.srt"], "breaks off"),
        (["{call}", "{call}/out.srt"], "cannot be written"),
    ],
)
def test_a_wrong_request_is_one_line_and_writes_nothing(arguments, said, call, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    half = tmp_path / "half.json"
    half.write_bytes(call.read_bytes()[:500])
    before = sorted(tmp_path.iterdir())
    assert main(["convert", *(argument.format(call=call, half=half) for argument in arguments)]) == 2
    err = capsys.readouterr().err
    assert said in err and err.count("\n") == 1 and sorted(tmp_path.iterdir()) == before


def test_an_old_transcript_is_read(tmp_path):
    """As the first versions wrote it, without flagged text, line or speakers."""
    turn = {"start": 0.0, "end": 1.0, "channel": 0, "speaker": None, "text": "Allô ?", "confidence": 0.9, "words": []}
    audio = {"path": "a.wav", "seconds": 1.0, "sample_rate": 8000, "channels": 1, "codec": "gsm"}
    old = {"audio": audio, "language": "fr", "model": "m", "adapter": None, "engine": "e", "turns": [turn]}
    (tmp_path / "a.json").write_text(json.dumps(old | {"seconds_taken": 1.0, "real_time_factor": 1.0}))
    found = read(tmp_path / "a.json")
    assert found.turns[0].text == "Allô ?" and found.audio.codec == "gsm"


def test_a_simulated_call_is_read(tmp_path):
    turn = {"start": 0.5, "end": 1.0, "channel": 1, "speaker": "B", "text": "Allô ?", "clip": "x"}
    (tmp_path / "call-001.json").write_text(json.dumps({"audio": "call-001.wav", "seconds": 2.0, "turns": [turn]}))
    found = read(tmp_path / "call-001.json")
    assert (found.audio.path, found.turns[0].channel, found.turns[0].confidence) == ("call-001.wav", 1, 1.0)
