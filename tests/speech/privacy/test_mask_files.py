"""python -m speech mask: a transcript or a text without its recording; nothing else of it changes."""

import io
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from speech.__main__ import main
from transcripts.formats import read, write
from transcripts.transcript import AudioFacts, Transcript, Turn, Word

TEXTS = [  # (what comes in, names, what goes out)
    ("0,6, 45, 12, 89, 30.\n", "", "[téléphone].\n"),
    ("06:45 12 89 30", "", "[téléphone]"),
    ("Numéro de client : 451 236", "", "Numéro de client : [numéro]"),
    ("Rien à cacher.\n\n  Il a 12 ans.\n", "", "Rien à cacher.\n\n  Il a 12 ans.\n"),
    (
        "Jean Dupont : mon numéro, c'est le 06 45\n\nMarie : oui, Jean.\n  Jean Dupont: 12 89 30\n",
        "Jean Dupont, Marie",
        "[nom] : mon numéro, c'est le [téléphone]\n\n[nom] 2 : oui, [nom].\n  [nom]: [téléphone]\n",
    ),
    (
        "[00:01:02] A : 06 12\n[00:01:05] B : oui\n[00:01:07] A : 34 56 78\n",
        "",
        "[00:01:02] A : [téléphone]\n[00:01:05] B : oui\n[00:01:07] A : [téléphone]\n",
    ),
]
LONG = "34 56 78. Et je voulais vous dire que la machine est arrivée hier, et que nous en sommes contents, merci."
SRT = f"1\n00:00:01,000 --> 00:00:04,000\nC'est le 06 12\n\n2\n00:00:04,500 --> 00:00:09,000\n{LONG}\n"


@pytest.mark.parametrize(("text", "names", "expected"), TEXTS)
def test_plain_text_changes_in_no_other_place(text, names, expected, tmp_path, capsysbinary, monkeypatch):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(text.encode())))
    assert main(["mask", "-", "--names", names]) == 0
    assert capsysbinary.readouterr().out.decode() == expected
    (tmp_path / "appel.txt").write_text(text)
    assert main(["mask", str(tmp_path / "appel.txt"), "--names", names]) == 0
    assert capsysbinary.readouterr().out.decode() == expected


@pytest.mark.parametrize("format", ["srt", "vtt"])
def test_subtitles_keep_their_times_however_long(format, tmp_path, capsysbinary):
    (tmp_path / "appel.srt").write_text(SRT)
    assert main(["mask", str(tmp_path / "appel.srt"), "--format", format]) == 0
    (tmp_path / f"out.{format}").write_bytes(capsysbinary.readouterr().out)
    turns = read(tmp_path / f"out.{format}").turns
    assert [(turn.start, turn.end) for turn in turns] == [(1, 4), (4.5, 9)]
    assert [turn.text for turn in turns] == ["C'est le [téléphone]", LONG.replace("34 56 78", "[téléphone]")]


def test_our_json_loses_what_is_personal_and_nothing_else(tmp_path, capsys):
    words = (Word(0.0, 0.5, "Dupont,", 0.9), Word(0.5, 1.0, "06", 0.8), Word(1.0, 2.0, "45128930.", 0.7))
    turns = [Turn(0.0, 2.0, "Dupont, 06 45128930.", 0.8, 1, "A", words), Turn(2.0, 3.0, "Bien.", 0.9, 0, "B")]
    whole = Transcript(AudioFacts("dupont.wav", 3.0, 8000, 2, "pcm_alaw"), "fr", "m", "a", "e", turns)
    (tmp_path / "appel.json").write_bytes(write(whole, "json"))
    assert main(["mask", str(tmp_path / "appel.json"), "--names", "Jean Dupont"]) == 0
    found = json.loads(capsys.readouterr().out)
    expected = whole.to_dict()
    expected["audio"]["path"] = "[nom].wav"
    expected["turns"][0]["text"] = "[nom], [téléphone]."
    expected["turns"][0]["words"] = [
        {"start": 0.0, "end": 0.5, "text": "[nom],", "confidence": 0.9},
        {"start": 0.5, "end": 2.0, "text": "[téléphone].", "confidence": 0.7},
    ]
    assert found == json.loads(json.dumps(expected))


REFUSED = [
    ("nowhere.txt", None, [], "cannot be read"),
    (".", None, [], "cannot be read"),
    ("empty.txt", b"", [], "is empty"),
    ("cut.json", b'{"turns": [', [], "breaks off"),
    ("call.wav", b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00", [], "no transcript"),
    ("call.txt", b"Bonjour.", ["--format", "pptx"], "There is no format 'pptx'"),
    ("call.txt", b"Bonjour.", ["--format", "srt"], "has no times"),
]


@pytest.mark.parametrize(("name", "content", "more", "said"), REFUSED)
def test_one_sentence_for_what_cannot_be_masked(name, content, more, said, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C")
    path: Path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert main(["mask", str(path), *more]) == 2
    told = capsys.readouterr()
    assert told.out == "" and said in told.err and told.err.count("\n") == 1


def test_a_french_table_stays_one(tmp_path, capsysbinary):
    table = "Début;Fin;Locuteur;Texte\n0,5;1,5;A;mon numéro 07 88\n1,5;2,5;A;22 14 03\n"
    (tmp_path / "appel.csv").write_text(table)
    assert main(["mask", str(tmp_path / "appel.csv"), "--csv-dialect", "excel-fr"]) == 0
    rows = capsysbinary.readouterr().out.decode().splitlines()
    assert rows[1:] == [";;0,500;1,500;0;A;mon numéro [téléphone];1,000", ";;1,500;2,500;0;A;[téléphone];1,000"]
