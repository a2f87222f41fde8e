"""python -m speech transcribe: what it gives, and a sentence with exit status 2 for what cannot be served."""

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from corpus.prompts import prompt
from speech.__main__ import main


def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "speech", "transcribe", *arguments],
        env=os.environ | {"ALLO_OFFLINE": "1", "LANG": "C", "LC_ALL": "C"} | settings,
        capture_output=True,
        text=True,
    )


def test_text_goes_to_standard_output_and_the_rest_to_standard_error():
    done = run(str(prompt("agent-loginok")))
    assert done.returncode == 0
    assert "en ligne" in done.stdout and len(done.stdout.splitlines()) == 1
    assert "whisper-base (ALLO_OFFLINE is set)" in done.stderr and "ctranslate2" in done.stderr


def test_json_is_one_object(capsys):
    assert main(["transcribe", str(prompt("conf-full")), "--words", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["audio"]["codec"] == "pcm_s16le" and found["audio"]["sample_rate"] == 8000
    words = found["turns"][0]["words"]
    assert "conférence" in [word["text"] for word in words]
    assert all(a["end"] <= b["start"] + 0.001 for a, b in pairwise(words))
    assert found["turns"][-1]["end"] <= found["audio"]["seconds"]


def test_two_interleaved_channels_without_a_header(tmp_path, capsys):
    left, right = (np.frombuffer(prompt(name).read_bytes()[44:], "<i2") for name in ("conf-full", "tt-allbusy"))
    both = np.zeros((max(len(left), len(right)), 2), "<i2")
    both[: len(left), 0], both[: len(right), 1] = left, right
    path = tmp_path / "call.raw"
    path.write_bytes(both.tobytes())
    raw = ["--raw-channels", "2", "--raw-rate", "8000", "--raw-codec", "slin"]
    assert main(["transcribe", str(path), *raw, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    said = {turn["channel"]: turn["text"] for turn in found["turns"]}
    assert found["audio"]["channels"] == 2 and "conférence" in said[0] and "appel" in said[1]


def test_two_files_of_other_lengths_and_rates_are_one_call(tmp_path, capsys):
    left, right = tmp_path / "appel-in.wav", tmp_path / "appel-out.wav"
    left.write_bytes(prompt("conf-full").read_bytes())
    convert = ["sox", prompt("tt-allbusy"), "-r", "16000", right, "pad", "0", "2"]
    subprocess.run(convert, check=True)
    assert main(["transcribe", str(left), str(right), "--pair", "--json"]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    said = {turn["channel"]: turn["text"] for turn in found["turns"]}
    assert "conférence" in said[0] and "appel" in said[1] and {turn["speaker"] for turn in found["turns"]} == {"A", "B"}
    assert (found["audio"]["channels"], found["audio"]["sample_rate"]) == (2, 16000)
    assert found["audio"]["path"] == str(left) and "the higher is taken" in err and "s shorter than the other" in err
    assert left.read_bytes() == prompt("conf-full").read_bytes() and len(list(tmp_path.iterdir())) == 2


def test_many_files_into_a_folder(tmp_path, capsys):
    twin = tmp_path / 'l\'été "à Orléans"' / "conf-full.wav"
    twin.parent.mkdir()
    twin.write_bytes(prompt("conf-full").read_bytes())
    out = tmp_path / "out"
    assert main(["transcribe", str(prompt("conf-full")), str(twin), "--format", "srt", "--output", str(out)]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["conf-full-2.srt", "conf-full.srt"]
    assert "-->" in (out / "conf-full-2.srt").read_text() and capsys.readouterr().out == ""


def test_folders_become_a_folder_of_transcripts(tmp_path, capsys):
    (tmp_path / "calls" / "lundi").mkdir(parents=True)
    (tmp_path / "calls" / "lundi" / "full.wav").symlink_to(prompt("conf-full"))
    asked = ["transcribe", str(tmp_path / "calls"), "--output", str(tmp_path / "out")]
    assert main(asked) == 0 and "1 transcripts written, 0 were there" in capsys.readouterr().err
    assert "conférence" in (tmp_path / "out" / "lundi" / "full.txt").read_text()
    assert main([*asked, "--json"]) == 0  # from what is there, without an engine
    told = capsys.readouterr().err
    assert "1 transcripts written" in told and "int8" not in told
    found = json.loads((tmp_path / "out" / "lundi" / "full.json").read_text())
    assert found["audio"]["path"].endswith("lundi/full.wav") and found["model"] == "whisper-base"


def test_personal_data_is_masked(capsys):
    """A name that was said, in the text and in the words."""
    assert main(["transcribe", str(prompt("conf-full")), "--words", "--json", "--names", "Conférence, Dupont"]) == 0
    (turn,) = json.loads(capsys.readouterr().out)["turns"]
    assert "[nom]" in turn["text"] and "onférence" not in turn["text"]
    assert "[nom]" in [word["text"] for word in turn["words"]]


def test_a_bad_file_fails_alone(tmp_path, capsys):
    (tmp_path / "notes.wav").write_text("not audio")
    assert main(["transcribe", str(tmp_path / "notes.wav"), str(prompt("conf-full"))]) == 2
    said = capsys.readouterr()
    assert "conférence" in said.out and "notes.wav" in said.err


@pytest.mark.parametrize(
    ("arguments", "english", "french"),
    [
        (["{prompt}", "--language", "klingon"], "does not know the language 'klingon'", "ne connaît pas la langue"),
        (["{prompt}", "--model", "{folder}"], "holds no model", "ne contient pas de modèle"),
        (["{prompt}", "--model", "../nobody//x"], "There is no model", "n'existe pas"),
        (["{prompt}", "--engine", "steam"], "There is no engine 'steam'", "Pas de moteur 'steam'"),
        (["{prompt}", "--precision", "int3"], "There is no precision 'int3'", "Pas de précision 'int3'"),
        (["{prompt}", "--format", "odt"], "There is no format 'odt'", "Le format 'odt' n'existe pas"),
        (["{prompt}", "--format", "docx"], "after --output", "après --output"),
        (["{prompt}", "--task", "sing"], "There is no task 'sing'", "La tâche 'sing' n'existe pas"),
        (["{prompt}", "--channels", "left"], "There is no channel mode", "Le mode de canaux"),
        (["{prompt}", "--speakers", "many"], "The number of speakers is 'many'", "Le nombre de locuteurs est 'many'"),
        (["{prompt}", "--speakers", "99"], "99 speakers were asked for", "99 locuteurs ont été demandés"),
        (["{prompt}", "--hot-words", "mot " * 500], "tokens and at most 200 fit", "tokens et 200 au plus"),
        (["{prompt}", "--beam-size", "0"], "The beam size is 0", "La largeur de faisceau est 0"),
        (["{prompt}", "--effort", "huge"], "There is no effort 'huge'", "L'effort 'huge' n'existe pas"),
        (["{prompt}", "--unsure-beam", "21"], "The beam size is 21", "La largeur de faisceau est 21"),
        (["{prompt}", "--adapter", "{folder}"], "has no adapter_config.json", "n'a pas de adapter_config.json"),
        (
            ["{prompt}", "--engine", "ctranslate2", "--assistant", "whisper-base"],
            "no speculative decoding",
            "pas le décodage spéculatif",
        ),
        (["{prompt}", "--output", "{prompt}"], "cannot be written", "ne peut être écrit"),
        (["{folder}/missing.wav"], "There is no file", "Aucun fichier"),
        (["{folder}"], "after --output", "après --output"),
        (
            ["{prompt}", "{folder}", "--output", "{folder}", "--language", "xx"],
            "does not know the",
            "ne connaît pas la",
        ),
        (["{prompt}", "--pair"], "name the two", "nommez les deux"),
        (["{prompt}", "{folder}", "--pair"], "name the two", "nommez les deux"),
        (["{prompt}", "{empty}", "--pair"], "is empty", "est vide"),
        (["{prompt}", "{stereo}", "--pair"], "has 2 channels", "a 2 canaux"),
        (["{prompt}", "{prompt}", "--pair", "--raw-rate", "8000"], "leave --watch", "retirez --watch"),
        (["{empty}"], "is empty", "est vide"),
        (["{text}"], "not a recording", "n'est pas un enregistrement"),
        (["{header}"], "no sound", "aucun son"),
        (["{long}"], "the limit", "la limite"),
    ],
)
def test_bad_requests_get_one_sentence(arguments, english, french, bad, capsys, monkeypatch):
    arguments = [argument.format(**bad) for argument in arguments]
    for language, sentence in (("C", english), ("fr_FR.UTF-8", french)):
        monkeypatch.setenv("LC_ALL", language)
        assert main(["transcribe", *arguments]) == 2
        said = capsys.readouterr()
        last = said.err.strip().splitlines()[-1]
        assert sentence in last and last.startswith("speech: ") and last.endswith(".")
        assert said.out == "" and "Traceback" not in said.err


@pytest.fixture(scope="module")
def bad(tmp_path_factory) -> dict[str, Path]:
    """The table's files: empty, no audio, a header alone, three hours of mu-law silence."""
    folder = tmp_path_factory.mktemp("bad")
    (folder / "empty.wav").touch()
    (folder / "text.wav").write_text("Ceci n'est pas un appel. " * 100)
    (folder / "header.wav").write_bytes(prompt("conf-full").read_bytes()[:44])
    sox = ["sox", "-D", "-n", "-r", "8000", "-c", "1", "-e", "mu-law", folder / "long.wav", "trim", "0", "10800"]
    subprocess.run(sox, check=True)
    subprocess.run(["sox", "-M", prompt("conf-full"), prompt("conf-full"), folder / "stereo.wav"], check=True)
    names = {name: folder / f"{name}.wav" for name in ("empty", "text", "header", "long", "stereo")}
    return names | {"folder": folder, "prompt": prompt("conf-full")}
