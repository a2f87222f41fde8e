"""The layouts that people have: each is opened as it lies, and gives each clip its own text and sound."""

import json
import shutil
import subprocess
import time
import unicodedata
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import corpus
from common.messages import UserError
from corpus.prompts import prompts
from speech.audio.decode import SAMPLE_RATE, read

SPOKEN = prompts(at_least=1.0)[:6]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("ALLO_CACHE", str(tmp_path_factory.mktemp("cache")))


def recorded(folder: Path, names: list[str], first: int = 0) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, spoken in zip(names, SPOKEN[first:], strict=False):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(spoken.path, folder / name)
    return folder


def written(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def whole(path: Path, count: int = 4) -> list[tuple[float, float]]:
    """The first prompts end to end in one recording; where each starts and ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["sox", *(str(spoken.path) for spoken in SPOKEN[:count]), path], check=True)
    ends = np.cumsum([spoken.seconds for spoken in SPOKEN[:count]])
    return list(zip([0.0, *ends[:-1]], ends, strict=True))


def is_own(found: corpus.Corpus, row: int, spoken) -> bool:
    """The clip is the prompt, but for a millisecond at its ends."""
    clip, own = found.clip(row), read(spoken.path).waveform[0]
    likeness = np.correlate(np.pad(clip, 16), own[16:-16])[:64] / (np.linalg.norm(clip) * np.linalg.norm(own))
    return abs(len(clip) - len(own)) < 32 and likeness.max() > 0.98


def reasons(found: corpus.Corpus) -> dict:
    return {where: reason.en for where, reason in found.left_out}


def test_common_voice(tmp_path):
    names = [f"common_voice_fr_{n}.wav" for n in range(6)]
    recorded(tmp_path / "clips", names)
    for file, part in (("train", range(3)), ("dev", range(3, 4)), ("test", range(4, 5)), ("validated", range(6))):
        lines = [f"{n % 2:064}\t{names[n]}\t{SPOKEN[n].text}\t2\t0\tfr" for n in part]
        written(tmp_path / f"{file}.tsv", "client_id\tpath\tsentence\tup_votes\tdown_votes\tlocale", *lines)
    written(tmp_path / "clip_durations.tsv", "clip\tduration[ms]", f"{names[0]}\t1000")
    written(tmp_path / "reported.tsv", "sentence_id\tsentence\tlocale\treason", "1\toui\tfr\tother")
    found = corpus.load(tmp_path)
    assert sorted(found.rows["split"]) == ["test", "train", "train", "train", "validation"]
    assert all(found.rows["text"][row] == SPOKEN[int(name[-5])].text for row, name in enumerate(found.rows["id"]))
    assert list(reasons(found)) == ["validated.tsv"]
    assert len(corpus.load(tmp_path / "validated.tsv")) == 6


def kaldi(folder: Path, **files: list[str]) -> Path:
    for name, lines in files.items():
        written(folder / name.replace("_scp", ".scp"), *lines)
    return folder


def test_kaldi_utterances(tmp_path):
    for split, first in (("train", 0), ("test", 3)):
        recorded(tmp_path / "wav" / split, ["a.wav", "b.wav"], first)
        kaldi(
            tmp_path / "data" / split,
            wav_scp=[f"{split}-a wav/{split}/a.wav", f"{split}-b wav/{split}/b.wav", f"{split}-c sox x.wav -t wav - |"],
            text=[f"{split}-a {SPOKEN[first].text}", f"{split}-b {SPOKEN[first + 1].text}", f"{split}-c oui", "d non"],
            utt2spk=[f"{split}-a spk_0001", f"{split}-b spk_0002"],
        )
    found = corpus.load(tmp_path)
    assert found.rows["id"].tolist() == ["train-a", "train-b", "test-a", "test-b"]
    assert found.rows["split"].tolist() == ["train", "train", "test", "test"]
    assert found.rows["speaker"].tolist() == ["spk_0001", "spk_0002"] * 2
    assert is_own(found, 3, SPOKEN[4]) and found.rows["text"][3] == SPOKEN[4].text
    assert "is a command, which is not run" in reasons(found)["test-c"]
    assert "wav.scp has no recording 'd'" in reasons(found)["d"]


def test_kaldi_segments(tmp_path):
    times = whole(tmp_path / "call1.wav")
    kaldi(
        tmp_path,
        wav_scp=["call1 call1.wav"],
        segments=[f"u{n} call1 {start:.3f} {end:.3f}" for n, (start, end) in enumerate(times)] + ["u9 call1 900 901"],
        text=[f"u{n} {SPOKEN[n].text}" for n in range(4)] + ["u9 loin", "u8 nulle part"],
        reco2file_and_channel=["call1 call1 A"],
    )
    found = corpus.load(tmp_path)
    assert found.rows["call"].tolist() == ["call1"] * 4 and found.rows["channel"].tolist() == [0] * 4
    assert all(is_own(found, row, SPOKEN[row]) for row in range(4))
    assert "are not in its recording" in reasons(found)["u9"] and "has no recording" in reasons(found)["u8"]


SEGMENTS = {
    "nemo": lambda start, end: {"offset": start, "duration": end - start},
    "offset alone at 0": lambda start, end: {"offset": start, "end": end},
    "start and end": lambda start, end: {"start": start, "end": end},
    "in milliseconds": lambda start, end: {"start_ms": round(1000 * start), "end_ms": round(1000 * end)},
    "in samples": lambda start, end: {"start": round(8000 * start), "end": round(8000 * end)},
    "in minutes": lambda start, end: {"start": start / 60, "end": end / 60},
    "no offset at 0": lambda start, end: {"offset": start or None, "duration": end - start},
    "each until the next one": lambda start, end: {"offset": start},
    "in French": lambda start, end: {"Début": f"{start:.3f}".replace(".", ","), "Fin": f"{end:.3f}".replace(".", ",")},
    "by the clock": lambda start, end: {"start_time": f"0:00:{start:06.3f}", "end_time": f"0:00:{end:06.3f}"},
}


@pytest.mark.parametrize("called", SEGMENTS)
def test_segments_of_a_recording(tmp_path, called):
    times = whole(tmp_path / "long.wav")
    lines = [
        {"audio_filepath": "long.wav", "text": spoken.text} | SEGMENTS[called](*span)
        for spoken, span in zip(SPOKEN, times, strict=False)
    ]
    found = corpus.load(written(tmp_path / "manifest.json", *map(json.dumps, lines)))
    assert len(found) == 4 and all(is_own(found, row, SPOKEN[row]) for row in range(4))
    assert found.rows["seconds"].tolist() == [pytest.approx(spoken.seconds, abs=2e-3) for spoken in SPOKEN[:4]]
    assert "4 rows are parts of 1 recordings" in found.notes[0].en
    assert len(set(found.rows["id"])) == 4
    assert [len(found.encoded(row)) // 32_000 for row in range(4)] == [int(spoken.seconds) for spoken in SPOKEN[:4]]
    assert corpus.load(tmp_path).fingerprint == found.fingerprint


def test_times_that_tell_where_a_clip_came_from_cut_nothing(tmp_path):
    recorded(tmp_path, ["0.wav", "1.wav", "2.wav"])
    lines = [f"{n}.wav,oui,{100 + n},{100 + n + SPOKEN[n].seconds:.3f}" for n in range(3)]
    found = corpus.load(written(tmp_path / "m.csv", "file,text,start,end", *lines))
    assert all(is_own(found, row, SPOKEN[row]) for row in range(3)) and not found.notes


def test_segments_with_wrong_times(tmp_path):
    times = whole(tmp_path / "long.wav")
    lines = [f"long.wav,oui,{start},{end}" for start, end in times * 5]
    lines = [f"{line.replace('oui', f'oui {n}')}" for n, line in enumerate(lines)] + ["long.wav,loin,500,501"]
    lines.append("long.wav,vide,3,2")
    found = corpus.load(written(tmp_path / "m.csv", "file,text,start,end", *lines))
    assert len(found) == 4  # the same part twice is one
    assert len(found) + len(found.left_out) == len(lines)
    assert any("500.00 to 501.00 s, are not in its recording" in reason.en for _, reason in found.left_out)


UNITS = {"duration": 1, "duration_ms": 1000, "seconds": 1 / 60, "audio_duration": 8000, "duration_seconds": 1 / 3600}


@pytest.mark.parametrize("column", UNITS)
def test_the_unit_of_durations_is_recognised(tmp_path, column):
    clips = [{"bytes": spoken.path.read_bytes(), "path": None} for spoken in SPOKEN]
    seconds = [spoken.seconds * UNITS[column] for spoken in SPOKEN]
    texts = [spoken.text for spoken in SPOKEN]
    pq.write_table(pa.table({"audio": clips, "text": texts, column: seconds}), tmp_path / "a.parquet")
    found = corpus.load(tmp_path / "a.parquet")
    assert found.rows["seconds"].tolist() == [pytest.approx(spoken.seconds, rel=1e-3) for spoken in SPOKEN]
    assert bool(found.notes) == (column != "duration")


def test_durations_of_something_else_are_not_used(tmp_path):
    recorded(tmp_path, [f"{n}.wav" for n in range(6)])
    lines = [f"{n}.wav,oui {n},{duration}" for n, duration in enumerate(("3", "x", "0.4", "1,5", "-1", "9"))]
    found = corpus.load(
        written(tmp_path / "m.csv", 'file;text;"duration"', *(line.replace(",", ";", 2) for line in lines))
    )
    assert found.rows["seconds"].tolist() == [pytest.approx(spoken.seconds) for spoken in SPOKEN]
    assert "it is not used" in found.notes[0].en and "n'est pas utilisée" in found.notes[0].fr


HEADERLESS = {
    ".ulaw": ["-f", "mulaw"],
    ".alaw": ["-f", "alaw"],
    ".sln": ["-f", "s16le"],
    ".gsm": ["-f", "gsm"],
    ".webm": ["-f", "webm", "-c:a", "libopus"],  # into a pipe: its header tells no duration
    ".flac": ["-f", "flac"],
    ".wav": ["-f", "wav"],
    ".mp3": ["-f", "mp3", "-write_xing", "0"],
}


@pytest.mark.parametrize("inside", [False, True], ids=["files", "parquet"])
def test_recordings_without_a_length_in_their_header(tmp_path, inside):
    encoded = {}
    for extension, how in HEADERLESS.items():
        command = ["ffmpeg", "-v", "error", "-i", SPOKEN[0].path, *how, "-"]
        encoded[f"call{extension}"] = subprocess.run(command, check=True, capture_output=True).stdout
    if inside:
        clips = [{"bytes": content, "path": name} for name, content in encoded.items()]
        pq.write_table(pa.table({"audio": clips, "text": list(encoded)}), tmp_path / "a.parquet")
        found = corpus.load(tmp_path)
    else:
        for name, content in encoded.items():
            (tmp_path / name).write_bytes(content)
        found = corpus.load(written(tmp_path / "m.csv", "file,text", *(f"{name},oui" for name in encoded)))
    assert found.left_out == []
    assert found.rows["seconds"].tolist() == [pytest.approx(SPOKEN[0].seconds, abs=0.2)] * len(encoded)
    assert all(len(found.clip(row)) / SAMPLE_RATE == pytest.approx(SPOKEN[0].seconds, abs=0.2) for row in range(8))


def test_a_wav_whose_header_says_nothing(tmp_path):
    content = bytearray(SPOKEN[0].path.read_bytes())
    for size in (0, 0xFFFFFFFF, 0x7FFFFFFF):
        content[content.index(b"data") + 4 :][:4] = size.to_bytes(4, "little")
        at = content.index(b"data") + 4
        content[at : at + 4] = size.to_bytes(4, "little")
        (tmp_path / "0.wav").write_bytes(content)
        found = corpus.load(written(tmp_path / "m.csv", "file,text", "0.wav,oui"))
        assert found.rows["seconds"][0] == pytest.approx(SPOKEN[0].seconds, abs=0.01)
        assert len(found.clip(0)) / SAMPLE_RATE == pytest.approx(SPOKEN[0].seconds, abs=0.01)


NAMES = {
    "backslashes": (r"sons\a.wav", "sons/a.wav"),
    "no extension": ("sons/a", "sons/a.wav"),
    "other capitals": ("Sons/A.wav", "sons/a.WAV"),
    "NFC for NFD": (unicodedata.normalize("NFC", "été/ça.wav"), unicodedata.normalize("NFD", "été/ça.wav")),
    "NFD for NFC": (unicodedata.normalize("NFD", "été.wav"), unicodedata.normalize("NFC", "été.wav")),
    "in a folder below": ("a.wav", "clips/a.wav"),
    "below, without extension": ("a", "recordings/a.flac.wav"),
    "a path of another machine": ("/home/ada/corpus/clips/a.wav", "clips/a.wav"),
    "a path of Windows": (r"D:\corpus\clips\a.wav", "clips/a.wav"),
    "a file's address": ("file:///home/ada/un%20son.wav", "un son.wav"),
    "spaces around it": (" a.wav ", "a.wav"),
    "deep below": ("a", "1/2/3/a.flac.wav"),
    "a dot before": ("./a.wav", "a.wav"),
    "another extension": ("sons/a.mp3", "sons/a.wav"),
    "another extension, below": ("a.mp3", "clips/a.WAV"),
}


@pytest.mark.parametrize("how", NAMES)
def test_names_that_are_nearly_those_of_files(tmp_path, how):
    written_as, there = NAMES[how]
    recorded(tmp_path, [there])
    if "flac" in there:
        written_as = "a.flac"
    found = corpus.load(written(tmp_path / "m.csv", "file,text", f"{written_as},oui"))
    assert is_own(found, 0, SPOKEN[0])


def test_names_that_mean_two_files_or_lead_out(tmp_path):
    folder = recorded(tmp_path / "c", ["x/a.wav", "y/a.wav", "b.wav", "b.mp3", "c.txt", "in/c.wav"])
    recorded(tmp_path, ["secret.wav"])
    rows = ["a.wav,un", "b,deux", r"..\secret.wav,trois", "c,quatre", "nulle,cinq", "b.wav,six"]
    found = corpus.load(written(folder / "m.csv", "file,text", *rows))
    left_out = reasons(found)
    assert found.rows["text"].tolist() == ["quatre", "six"]
    assert "several files are called 'a.wav'" in left_out["a.wav"] and "several files" in left_out["b"]
    assert "no file" in left_out[r"..\secret.wav"] and "no file" in left_out["nulle"]


CHANNELS = [("A", "B"), ("agent", "client"), ("0.0", "1.0"), ("Left", "RIGHT"), ("1", "2"), ("channel 1", "channel 2")]


@pytest.mark.parametrize("names", CHANNELS)
def test_channels_by_any_name(tmp_path, names):
    subprocess.run(["sox", "-M", SPOKEN[0].path, SPOKEN[1].path, tmp_path / "call.wav"], check=True)
    rows = [f"call.wav,moi,{names[0]}", f"call.wav,toi,{names[1]}"]
    found = corpus.load(written(tmp_path / "m.csv", "file,text,channel", *rows))
    both = read(tmp_path / "call.wav").waveform
    assert np.array_equal(found.clip(0), both[0]) and np.array_equal(found.clip(1), both[1])
    assert bool(found.notes) == ("agent" in names)


def test_channels_that_nobody_knows_lose_no_row(tmp_path):
    subprocess.run(["sox", "-M", SPOKEN[0].path, SPOKEN[1].path, tmp_path / "call.wav"], check=True)
    rows = [f"call.wav,{name},{name}" for name in ("x", "y", "z")]
    found = corpus.load(written(tmp_path / "m.csv", "file,text,channel", *rows))
    assert len(found) == 3 and found.rows["channel"].isna().all()


def test_tables_of_splits_in_one_folder(tmp_path):
    recorded(tmp_path, [f"{n}.wav" for n in range(6)])
    written(tmp_path / "train.csv", "file,text", *(f"{n}.wav,oui {n}" for n in range(4)))
    written(tmp_path / "test.csv", "file,text", *(f"{n}.wav,oui {n}" for n in range(4, 6)))
    written(tmp_path / "notes.csv", "who,what", "moi,rien")
    found = corpus.load(tmp_path)
    assert found.rows["split"].tolist() == ["train"] * 4 + ["test"] * 2 and found.left_out == []


def test_splits_by_other_names_and_texts_in_lists(tmp_path):
    clips = [{"bytes": spoken.path.read_bytes(), "path": None} for spoken in SPOKEN]
    texts = [["Bonjour", "madame"], ["un"], [], ["deux", None], ["trois"], ["quatre"]]
    splits = ["Train", "TRAINING", "train", "dev", "Valid", "Test"]
    pq.write_table(pa.table({"audio": clips, "text": texts, "split": splits}), tmp_path / "a.parquet")
    found = corpus.load(tmp_path / "a.parquet")
    assert found.rows["text"].tolist() == ["Bonjour madame", "un", "deux", "trois", "quatre"]
    assert found.rows["split"].tolist() == ["train", "train", "validation", "validation", "test"]
    assert reasons(found) == {3: "its text is empty"}


def test_parquet_with_paths_and_no_bytes_beside_one_with_bytes(tmp_path):
    recorded(tmp_path, ["sons/0.wav", "sons/1.wav"])
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    paths = pa.array([{"bytes": None, "path": f"sons/{n}.wav"} for n in range(3)], kind)
    held = pa.array([{"bytes": spoken.path.read_bytes(), "path": None} for spoken in SPOKEN[3:]], kind)
    pq.write_table(pa.table({"audio": paths, "text": ["un", "deux", "trois"]}), tmp_path / "train-0.parquet")
    pq.write_table(pa.table({"audio": held, "text": ["a", "b", "c"]}), tmp_path / "train-1.parquet")
    pq.write_table(pa.table({"number": [1], "text": ["d"]}), tmp_path / "train-2.parquet")
    (tmp_path / "train-3.parquet").write_bytes(b"PAR1 cut")
    found = corpus.load(tmp_path)
    assert found.rows["text"].tolist() == ["un", "deux", "a", "b", "c"]
    assert is_own(found, 1, SPOKEN[1]) and is_own(found, 4, SPOKEN[5])
    left_out = list(reasons(found).values())
    assert any("No column has a usual name for audio" in reason for reason in left_out)
    assert any("damaged" in reason for reason in left_out) and any("no file" in reason for reason in left_out)
    assert len(left_out) == 3


def test_parquet_whose_bytes_are_all_missing(tmp_path):
    recorded(tmp_path, ["0.wav", "1.wav"])
    audio = pa.array([{"bytes": None, "path": f"{n}.wav"} for n in range(2)])  # a column of the type null
    pq.write_table(pa.table({"audio": audio, "text": ["un", "deux"]}), tmp_path / "train.parquet")
    found = corpus.load(tmp_path)
    assert found.rows["text"].tolist() == ["un", "deux"] and is_own(found, 1, SPOKEN[1])


def test_texts_beside_short_recordings(tmp_path):
    recorded(tmp_path, ["a.wav", "b.wav", "c.wav"])
    for name, text in {"a": "Bonjour madame.", "b": "Au revoir,\nà demain.", "c": "Agent: oui\nClient: non"}.items():
        written(tmp_path / f"{name}.txt", text)
    found = corpus.load(tmp_path)
    assert found.rows["text"].tolist() == ["Bonjour madame.", "Au revoir, à demain."]
    assert is_own(found, 0, SPOKEN[0]) and "has no times" in reasons(found)["c.wav"]  # whose words are whose


def test_a_missing_file_named_many_times_is_looked_for_once(tmp_path):
    pq.write_table(pa.table({"path": ["x.wav"] * 300_000, "text": ["oui"] * 300_000}), tmp_path / "a.parquet")
    start = time.process_time()
    with pytest.raises(UserError, match="None of the 300000 rows"):
        corpus.load(tmp_path / "a.parquet")
    assert time.process_time() - start < 10  # it was 10.7 s, and minutes for the next one
    pq.write_table(pa.table({"path": ["x.wav"] * 3_000_000, "text": ["oui"] * 3_000_000}), tmp_path / "a.parquet")
    with pytest.raises(UserError, match="has 3000000 rows and 2000000 are the most"):
        corpus.load(tmp_path / "a.parquet")
