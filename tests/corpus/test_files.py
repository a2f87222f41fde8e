"""Corpora on this machine: one schema for every source, the good rows used, the bad ones counted and left_out."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import corpus
from common.messages import UserError
from corpus.__main__ import main
from corpus.prompts import prompt, prompts
from speech.audio.decode import SAMPLE_RATE, read

SCHEMA = ["id", "split", "text", "seconds", "call", "speaker", "channel", "language", "source"]
SPOKEN = prompts(at_least=1.0)[:12]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("ALLO_CACHE", str(tmp_path_factory.mktemp("cache")))


def recorded(folder: Path, count: int = 12) -> Path:
    """The prompts as 1.wav, 2.wav... 12.wav: sorted by name, 10 comes before 2."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, spoken in enumerate(SPOKEN[:count], 1):
        shutil.copyfile(spoken.path, folder / f"{number}.wav")
    return folder


def csv_of(path: Path, rows: list[str], header: str = "file_name,text") -> Path:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def numbered(count: int = 12) -> list[str]:
    return [f'{number}.wav,"{spoken.text}"' for number, spoken in enumerate(SPOKEN[:count], 1)]


def parquet_of(path: Path, count: int = 12, group: int = 5, **columns) -> Path:
    clips = [{"bytes": p.path.read_bytes(), "path": f"{n}.wav"} for n, p in enumerate(SPOKEN[:count], 1)]
    table = pa.table({"audio": clips, "sentence": [p.text for p in SPOKEN[:count]]} | columns)
    pq.write_table(table, path, row_group_size=group)
    return path


def refused(source, **options) -> str:
    """The sentence in English; the one in French is another."""
    with pytest.raises(UserError) as refusal:
        corpus.load(source, **options)
    said = refusal.value.message
    assert said.en != said.fr and "\n" not in said.en + said.fr
    return said.en


def reasons(found: corpus.Corpus) -> dict:
    return {where: reason.en for where, reason in found.left_out}


# The schema, from every kind of source


def test_the_prompts():
    found = corpus.load("phone-prompts")
    assert len(found) == len(found.rows) == 505
    assert list(found.rows.columns[: len(SCHEMA)]) == SCHEMA
    assert found.licence == "cc-by-sa-3.0"
    assert set(found.rows["speaker"]) == {"June Wallack"} and found.rows["call"].isna().all()
    assert set(found.rows["split"]) == {"train", "validation", "test"}
    row = found.rows.index[found.rows["id"] == "vm-mismatch"][0]
    assert found.encoded(row) == prompt("vm-mismatch").read_bytes()
    assert np.array_equal(found.clip(row), read(prompt("vm-mismatch")).waveform[0])


def test_a_folder_pairs_each_clip_with_its_own_text(tmp_path):
    csv_of(recorded(tmp_path) / "metadata.csv", numbered())
    found = corpus.load(tmp_path)
    assert found.rows["id"].tolist() == [f"{number}.wav" for number in range(1, 13)]
    for row, spoken in enumerate(SPOKEN):
        assert found.rows["text"][row] == spoken.text
        assert found.encoded(row) == spoken.path.read_bytes()
        assert found.rows["seconds"][row] == pytest.approx(spoken.seconds)


def test_folders_called_train_and_test_are_splits(tmp_path):
    for split in ("test", "train"):
        csv_of(recorded(tmp_path / split, 3) / "metadata.csv", numbered(3))
    (tmp_path / "README.md").write_text("---\nlicense: mit\n---\n# Calls\n")
    found = corpus.load(str(tmp_path))
    assert found.rows["id"].tolist() == [f"{split}/{n}.wav" for split in ("train", "test") for n in (1, 2, 3)]
    assert found.rows["split"].tolist() == ["train"] * 3 + ["test"] * 3
    assert found.licence == "mit"


def test_json_lines_in_a_folder(tmp_path):
    recorded(tmp_path / "audio")
    lines = [
        {"file_name": f"audio/{n}.wav", "transcription": p.text, "call_id": n // 2, "duration": 1.5, "mood": "calm"}
        for n, p in enumerate(SPOKEN, 1)
    ]
    (tmp_path / "metadata.jsonl").write_text("\n".join(map(json.dumps, lines)))
    found = corpus.load(tmp_path)
    assert found.rows["call"].tolist() == [str(n // 2) for n in range(1, 13)]
    assert found.rows["seconds"].tolist() == [pytest.approx(p.seconds) for p in SPOKEN]
    assert "'duration' does not say how long" in found.notes[0].en
    assert set(found.rows["mood"]) == {"calm"}


@pytest.mark.parametrize("comma", [",", ";", "\t"])
def test_a_manifest_as_spreadsheets_write_it(tmp_path, comma):
    recorded(tmp_path / "sons", 3)
    rows = [comma.join((f"sons/{n}.wav", f'"oui, {n} ; ""non"""', "A", f"appel {n % 2}")) for n in (1, 2, 3)]
    manifest = tmp_path / "appels.csv"
    manifest.write_text("\ufeff" + "\r\n".join([comma.join(("path", "sentence", "speaker", "call")), *rows]))
    found = corpus.load(manifest)
    assert found.rows["text"].tolist() == [f'oui, {n} ; "non"' for n in (1, 2, 3)]
    assert found.rows["speaker"].tolist() == ["appel 1/A", "appel 0/A", "appel 1/A"]  # two people called A


def test_a_parquet_file(tmp_path):
    found = corpus.load(parquet_of(tmp_path / "a.parquet"))
    for row in (11, 0, 5, 4):
        assert found.encoded(row) == SPOKEN[row].path.read_bytes()
        assert found.rows["seconds"][row] == pytest.approx(SPOKEN[row].seconds)
    assert found.clip(3).shape == (round(SPOKEN[3].seconds * SAMPLE_RATE),)
    assert found.clip(3).dtype == np.float32


def test_parquet_files_of_a_folder_with_their_splits(tmp_path):
    parquet_of(tmp_path / "test-00000-of-00001.parquet", 3)
    parquet_of(tmp_path / "train-00000-of-00001.parquet", 9)
    found = corpus.load(tmp_path)
    assert found.rows["split"].tolist() == ["train"] * 9 + ["test"] * 3
    assert found.encoded(9) == SPOKEN[0].path.read_bytes()


def test_parquet_that_names_files(tmp_path):
    recorded(tmp_path, 3)
    pq.write_table(pa.table({"path": ["1.wav", "3.wav"], "text": ["un", "trois"]}), tmp_path / "a.parquet")
    found = corpus.load(tmp_path / "a.parquet")
    assert found.encoded(1) == SPOKEN[2].path.read_bytes()


def test_the_first_rows_only(tmp_path):
    csv_of(recorded(tmp_path) / "metadata.csv", numbered())
    assert corpus.load(tmp_path, limit=5).rows["id"].tolist() == [f"{n}.wav" for n in range(1, 6)]


def test_the_columns_may_be_named(tmp_path):
    csv_of(recorded(tmp_path, 2) / "m.csv", ["1.wav,oui,no", "2.wav,non,no"], "son,dit,text")
    found = corpus.load(tmp_path / "m.csv", audio="son", text="dit")
    assert found.rows["text"].tolist() == ["oui", "non"]


def test_of_two_channels_the_row_has_its_own(tmp_path):
    caller, called = SPOKEN[0].path, SPOKEN[1].path
    subprocess.run(["sox", "-M", caller, called, tmp_path / "call.wav"], check=True)
    rows = ["call.wav,moi,left", "call.wav,toi,right", "call.wav,nous,"]
    found = corpus.load(csv_of(tmp_path / "m.csv", rows, "file,text,channel"))
    both = read(tmp_path / "call.wav").waveform
    assert found.rows["id"].tolist() == ["call.wav#0", "call.wav#1", "call.wav"]
    assert np.array_equal(found.clip(0), both[0])
    assert np.array_equal(found.clip(1), both[1])
    assert np.allclose(found.clip(2), both.mean(axis=0))


def test_bytes_are_read_as_their_file_is(tmp_path):
    path = SPOKEN[0].path
    assert np.array_equal(read(path.read_bytes()).waveform, read(path).waveform)
    subprocess.run(["sox", path, "-t", "ul", tmp_path / "call.ulaw"], check=True)
    named = read((tmp_path / "call.ulaw").read_bytes(), "call.ulaw")  # it has no header: its name tells
    assert np.array_equal(named.waveform, read(tmp_path / "call.ulaw").waveform)
    assert named.facts.path == "call.ulaw"
    for encoded in (b"", b"not audio", path.read_bytes()[:20]):
        with pytest.raises(UserError):
            read(encoded)


@pytest.mark.parametrize("extension", ["flac", "mp3", "ogg", "wav", "m4a"])
def test_seconds_come_from_headers(tmp_path, extension):
    how = {"wav": ["-c:a", "pcm_mulaw"]}.get(extension, [])
    target = tmp_path / f"clip.{extension}"
    subprocess.run(["ffmpeg", "-v", "error", "-i", SPOKEN[0].path, *how, target], check=True)
    found = corpus.load(csv_of(tmp_path / "m.csv", [f"{target.name},oui"]))
    assert found.rows["seconds"][0] == pytest.approx(SPOKEN[0].seconds, abs=0.15)


# Fingerprints


def test_the_fingerprint_changes_with_the_content_alone(tmp_path):
    manifest = csv_of(recorded(tmp_path, 3) / "metadata.csv", numbered(3))
    first = corpus.load(tmp_path).fingerprint
    assert corpus.load(tmp_path).fingerprint == first
    shutil.copyfile(SPOKEN[5].path, tmp_path / "2.wav")
    other_sound = corpus.load(tmp_path).fingerprint
    csv_of(manifest, [*numbered(2), "3.wav,autre"])
    assert len({first, other_sound, corpus.load(tmp_path).fingerprint}) == 3


# Bad input: a sentence each


def test_bad_rows_are_told_and_the_good_ones_used(tmp_path):
    folder = recorded(tmp_path / "corpus", 6)
    shutil.copyfile(SPOKEN[0].path, tmp_path / "secret.wav")
    (folder / "link.wav").symlink_to(tmp_path / "secret.wav")
    (folder / "way").symlink_to(tmp_path)
    (folder / "inside.wav").symlink_to(folder / "6.wav")
    (folder / "broken.wav").write_bytes(b"RIFF no audio at all")
    rows = [
        "1.wav,un",
        "../secret.wav,dehors",
        f"{tmp_path}/secret.wav,dehors",
        "link.wav,dehors",
        "way/secret.wav,dehors",
        "missing.wav,absent",
        ",sans nom",
        "2.wav,",
        "3.wav,  ",
        "1.wav,encore",
        "4.wav,quatre,de,trop",
        "broken.wav,abîmé",
        "way,un dossier",
        f"{folder}/5.wav,cinq",
        "inside.wav,six",
    ]
    found = corpus.load(csv_of(folder / "metadata.csv", rows))
    assert found.rows["text"].tolist() == ["un", "cinq", "six"]
    left_out = reasons(found)
    outside = ["../secret.wav", f"{tmp_path}/secret.wav", "link.wav", "way/secret.wav", "way"]
    assert all("points outside" in left_out[name] for name in outside)
    assert "there is no file 'missing.wav'" in left_out["missing.wav"]
    assert "names no audio file" in left_out[7]
    assert left_out["2.wav"] == left_out["3.wav"] == "its text is empty"
    assert "stands twice" in left_out["1.wav"]
    assert "4 cells and the table 2 columns" in left_out[11]
    assert "no readable header" in left_out["broken.wav"]
    assert len(found.left_out) == len(rows) - 3


def test_duplicate_ids_leave_the_first(tmp_path):
    recorded(tmp_path, 3)
    rows = ["b,1.wav,", "a,1.wav,un", "a,2.wav,deux", "b,3.wav,trois"]
    found = corpus.load(csv_of(tmp_path / "m.csv", rows, "id,file,text"))
    assert found.rows["id"].tolist() == ["a", "b"]  # an id of a row that is not used is free
    assert reasons(found) == {"b": "its text is empty", "a": "the id 'a' stands twice"}


def test_a_clip_that_does_not_decode_in_row_5000_is_found_when_it_is_used(tmp_path):
    clips = [SPOKEN[0].path.read_bytes()[:2000]] * 5001
    clips[4999], clips[10] = b"RIFF or so", b""
    table = pa.table({"audio": clips, "text": [f"phrase {n}" for n in range(5001)], "duration": [0.1] * 5001})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=100)
    found = corpus.load(tmp_path / "a.parquet")
    assert len(found) == 5001 and found.left_out == []
    with pytest.raises(UserError, match=r"Clip '5000' \(row 4999\) of a.parquet: ") as refusal:
        found.clip(4999)
    assert refusal.value.message.fr.startswith("Extrait '5000' (ligne 4999)")
    with pytest.raises(UserError, match=r"Clip '11' \(row 10\) .* is empty"):
        found.clip(10)
    assert len(found.clip(5000)) == len(found.clip(0)) > 1000


def test_chat_is_cleaned_on_request(tmp_path):
    recorded(tmp_path, 2)
    csv_of(tmp_path / "m.csv", ["1.wav,&-euh oui .", "2.wav,xxx"])
    assert corpus.load(tmp_path / "m.csv").rows["text"].tolist() == ["&-euh oui .", "xxx"]
    cleaned = corpus.load(tmp_path / "m.csv", clean=True)
    assert cleaned.rows["text"].tolist() == ["Euh oui."]
    assert cleaned.rows["transcript"].tolist() == ["&-euh oui ."]
    assert "empty once cleaned: 'xxx'" in reasons(cleaned)["2.wav"]


def test_a_file_that_went_away_is_named(tmp_path):
    found = corpus.load(csv_of(recorded(tmp_path, 2) / "m.csv", ["1.wav,un", "2.wav,deux"]))
    (tmp_path / "2.wav").unlink()
    with pytest.raises(UserError, match=r"Clip '2\.wav' \(row 1\)"):
        found.clip(1)
    with pytest.raises(UserError, match="went away"):
        found.encoded(1)


def test_a_long_clip_is_kept_and_told(tmp_path, capsys):
    subprocess.run(["sox", "-n", "-r", "8000", "-b", "8", tmp_path / "long.wav", "trim", "0", "40:00"], check=True)
    csv_of(tmp_path / "metadata.csv", ["long.wav,allô"])
    found = corpus.load(tmp_path)
    assert found.rows["seconds"].tolist() == [2400.0]
    assert main(["describe", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["over_30_seconds"] == 1


def test_json_lines_with_bad_lines(tmp_path):
    recorded(tmp_path, 2)
    (tmp_path / "m.jsonl").write_text(
        '{"audio": "1.wav", "text": "un"}\n{"audio": \n[1]\n\n{"audio": 3, "text": "x"}\n'
    )
    found = corpus.load(tmp_path / "m.jsonl")
    assert found.rows["text"].tolist() == ["un"]
    assert list(reasons(found)) == [2, 3, 4]


def test_a_broken_parquet_file_among_others(tmp_path):
    parquet_of(tmp_path / "a.parquet", 3)
    (tmp_path / "b.parquet").write_bytes(b"PAR1 cut")
    found = corpus.load(tmp_path)
    assert len(found) == 3 and reasons(found) == {"b.parquet": "the parquet file is damaged"}


def test_sources_that_hold_no_corpus(tmp_path):
    (tmp_path / "empty").mkdir()
    assert "is empty" in refused(tmp_path / "empty")
    assert "metadata.csv" in refused(recorded(tmp_path / "sounds", 1))
    (tmp_path / "b.parquet").write_bytes(b"PAR1 cut")
    assert "is not parquet, or damaged" in refused(tmp_path / "b.parquet")
    (tmp_path / "m.csv").write_bytes(b"PK\x03\x04 a workbook, file,text \xe9\n")
    assert "is no text: save it again as CSV UTF-8" in refused(tmp_path / "m.csv")
    (tmp_path / "none.csv").write_text("")
    assert "has no rows" in refused(tmp_path / "none.csv")
    (tmp_path / "notes.txt").write_text("hello")
    assert "is no corpus" in refused(tmp_path / "notes.txt")
    assert "There is no corpus 'phone-promts'" in refused("phone-promts")
    assert "There is no corpus" in refused(tmp_path / "nowhere.csv")
    assert "There is no corpus" in refused("")
    assert "ALLO_OFFLINE is set" in refused("someone/nothing")


def test_columns_that_are_not_there(tmp_path):
    recorded(tmp_path, 1)
    csv_of(tmp_path / "m.csv", ["1.wav,oui"], "file,dit")
    assert "out of: file, dit." in refused(tmp_path / "m.csv")
    assert "There is no column 'texte'" in refused(tmp_path / "m.csv", text="texte")
    assert "There is no column 'son' for audio" in refused(tmp_path / "m.csv", audio="son", text="dit")
    csv_of(tmp_path / "n.csv", ["9.wav,oui"], "support,text")
    assert "for audio; name it (--audio) out of: support, text" in refused(tmp_path / "n.csv")


def test_requests_that_cannot_be_served(tmp_path):
    assert "choose segment or switch" in refused("phone-prompts", unit="word")
    assert "ask for 1 at least" in refused("phone-prompts", limit=0)
    csv_of(recorded(tmp_path, 1) / "m.csv", ["1.wav,", "9.wav,oui"])
    assert "None of the 2 rows" in refused(tmp_path / "m.csv")


# The command line


def test_describe_gives_all_of_it_as_json(tmp_path, capsys):
    rows = [f"{n}.wav,une phrase que tout le monde dit,{n % 3}" for n in range(1, 13)]
    csv_of(recorded(tmp_path) / "metadata.csv", [*rows, "13.wav,absent,1"], "file_name,text,call")
    assert main(["describe", str(tmp_path), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["rows"] == 12 and facts["calls"] == 3 and facts["licence"] is None
    assert facts["seconds"] == pytest.approx(sum(p.seconds for p in SPOKEN), abs=0.01)
    assert sum(part["rows"] for part in facts["splits"].values()) == 12
    assert sum(map(sum, facts["durations"]["clips"].values())) == 12
    assert facts["left_out"]["count"] == 1 and "13.wav" in facts["left_out"]["first"][0]["en"]
    assert {leak["kind"] for leak in facts["leaks"]} <= {"sentence"}
    assert set(SCHEMA) <= set(facts["columns"])


def test_describe_for_people(capsys):
    assert main(["describe", "phone-prompts", "--limit", "50"]) == 0
    printed = capsys.readouterr().out
    assert "phone-prompts: 50 clips" in printed and "licence: cc-by-sa-3.0" in printed


def test_a_refusal_is_one_line_and_status_2():
    environment = os.environ | {"LC_ALL": "fr_FR.UTF-8"}
    command = [sys.executable, "-m", "corpus", "describe", "phone-promts", "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("corpus: Le corpus 'phone-promts' n'existe pas") and done.stderr.count("\n") == 1
