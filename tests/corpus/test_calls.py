"""Folders of calls: recordings with transcripts of all formats beside them become clips, by turns, and calls."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import corpus
from common.messages import UserError
from corpus.prompts import prompts
from corpus.simulate import simulate
from transcripts import formats
from transcripts.transcript import Transcript, Turn, Word

FORMATS = ("json", "srt", "vtt", "textgrid", "eaf", "chat", "stm", "seglst", "csv")


@pytest.fixture(scope="module")
def simulated(tmp_path_factory) -> Path:
    """Two calls of two channels, with what is said in them in our JSON."""
    out = tmp_path_factory.mktemp("simulated")
    simulate(corpus.load("phone-prompts"), out, calls=2, seconds=40.0, overlap=0.0)
    return out


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("ALLO_CACHE", str(tmp_path_factory.mktemp("cache")))


def said(folder: Path, call: str = "call-001") -> Transcript:
    return formats.read(folder / f"{call}.json")


def beside(simulated: Path, folder: Path, transcript: Transcript, format: str, call: str = "call-001") -> Path:
    """The call's recording with this transcript of it."""
    folder.mkdir(exist_ok=True)
    shutil.copyfile(simulated / f"{call}.wav", folder / f"{call}.wav")
    (folder / f"{call}{formats.extension(format)}").write_bytes(formats.write(transcript, format))
    return folder


def reasons(found: corpus.Corpus) -> dict:
    return {where: reason.en for where, reason in found.left_out}


def test_turns_are_clips_with_their_place_in_the_call(simulated):
    found = corpus.load(simulated)
    calls = [json.loads(path.read_text()) for path in sorted(simulated.glob("*.json"))]
    turns = [(f"call-{n:03}", turn) for n, call in enumerate(calls, 1) for turn in call["turns"]]
    assert len(found) == len(turns) and found.left_out == []
    prompts_said = {prompt.name: prompt for prompt in prompts()}
    for row, (call, turn) in enumerate(turns):
        cells = found.rows.loc[row]
        assert (cells["call"], cells["text"]) == (call, turn["text"])
        assert (cells["channel"], cells["speaker"]) == (turn["channel"], f"{call}/{turn['speaker']}")
        assert (cells["start"], cells["end"]) == (turn["start"], turn["end"])
        assert 0 <= cells["seconds"] - (turn["end"] - turn["start"]) <= 0.41 and cells["seconds"] <= 30
        assert len(found.clip(row)) == pytest.approx(cells["seconds"] * 16_000, abs=20)
        assert prompts_said[turn["clip"]].text == turn["text"]
    assert [len(call.turns) for call in found.calls] == [len(call["turns"]) for call in calls]
    for _, part in found.rows.groupby("call"):
        assert part["split"].nunique() == 1
    assert "2 calls with their transcripts" in found.notes[0].en


def test_the_clip_is_of_its_channel(simulated):
    found = corpus.load(simulated)
    own = [np.square(found.clip(row)).mean() for row in range(len(found))]
    found.rows["channel"] = 1 - found.rows["channel"]
    other = [np.square(found.clip(row)).mean() for row in range(len(found))]
    assert np.median(np.divide(own, other)) > 100


@pytest.mark.parametrize("format", FORMATS)
def test_any_format_with_times(simulated, tmp_path, format):
    found = corpus.load(beside(simulated, tmp_path / "calls", said(simulated), format))
    expected = [" ".join(turn.text.split()) for turn in said(simulated).turns]
    if format in ("srt", "vtt"):  # a turn in several subtitles
        assert " ".join(found.rows["text"]).split()[:5] == " ".join(expected).split()[:5]
    else:
        assert len(found) >= 0.9 * len(expected)
    assert found.rows["call"].eq("call-001").all() and found.rows["end"].max() <= 41


def test_a_transcript_a_channel(simulated, tmp_path):
    whole = said(simulated)
    for side, name in enumerate(("left", "right")):
        turns = [replace(turn, channel=0, speaker=None) for turn in whole.turns if turn.channel == side]
        folder = beside(simulated, tmp_path / "calls", replace(whole, turns=turns), "textgrid")
        written = folder / f"call-001{formats.extension('textgrid')}"
        written.rename(written.with_stem(f"call-001_{name}"))
    found = corpus.load(folder)
    assert sorted(found.rows["channel"].unique()) == [0, 1]
    assert len(found) == len(whole.turns) and len(found.calls) == 1
    by_start = {round(turn.start, 2): turn.channel for turn in whole.turns}
    assert all(by_start[round(row.start, 2)] == row.channel for row in found.rows.itertuples())


def test_long_turns_are_divided_at_words_and_overlaps_marked(simulated, tmp_path):
    words = tuple(Word(n * 1.0, n * 1.0 + 0.8, f"mot{n}", 1.0) for n in range(38))
    long = Turn(0.0, 37.8, " ".join(word.text for word in words), speaker="A", words=words)
    unknown = Turn(1.0, 36.0, "sans mots", speaker="B")
    transcript = Transcript.of_turns([long, unknown], "call-001.wav")
    found = corpus.load(beside(simulated, tmp_path / "calls", transcript, "json"))
    assert found.rows["text"].str.split().str.len().sum() == 38 and (found.rows["seconds"] <= 30).all()
    assert found.rows["overlap"].all() and found.rows["channel"].isna().all()
    assert [reason for reason in reasons(found).values() if "give the times of its words" in reason]


def test_what_is_wrong_costs_nothing_else(simulated, tmp_path):
    folder = beside(simulated, tmp_path / "calls", said(simulated), "json")
    good = len(corpus.load(folder))
    whole = said(simulated, "call-002")
    late = replace(whole, turns=[turn.shifted(500) for turn in whole.turns])
    beside(simulated, folder, late, "json", "call-002")  # of another recording
    (folder / "call-001.srt").write_bytes(formats.write(said(simulated), "srt"))  # a second one
    (folder / "nowhere.srt").write_bytes(formats.write(said(simulated), "srt"))
    shutil.copyfile(folder / "call-001.wav", folder / "alone.wav")
    shutil.copyfile(folder / "call-001.wav", folder / "plain.wav")
    (folder / "plain.txt").write_text("Bonjour madame.\n")
    shutil.copyfile(folder / "call-001.wav", folder / "broken.wav")
    (folder / "broken.eaf").write_text("<ANNOTATION_DOCUMENT>")
    (folder / "README.md").write_text("Our calls.\n")
    found = corpus.load(folder)
    left_out = reasons(found)
    assert len(found) == good and set(found.rows["call"]) == {"call-001"}
    assert "is of another recording" in left_out["call-002.wav"] and "another transcript" in left_out["call-001.srt"]
    assert "no recording of its name" in left_out["nowhere.srt"] and "no transcript" in left_out["alone.wav"]
    assert "has no times" in left_out["plain.wav"] and "broken.eaf" in left_out["broken.eaf"]
    assert len(left_out) == 6


def test_half_a_transcript_and_times_beyond_the_end(simulated, tmp_path):
    whole = said(simulated)
    half = [turn for turn in whole.turns if turn.end < 8] + [Turn(900.0, 901.0, "loin")]
    folder = beside(simulated, tmp_path / "calls", replace(whole, turns=half), "json")
    found = corpus.load(folder)
    assert len(found) == len(half) - 1
    assert any("what comes after is not used" in note.en for note in found.notes)
    assert any("it ends at 901.0 s and its recording at" in reason for reason in reasons(found).values())


def test_speakers_that_differ_are_told(simulated, tmp_path):
    whole = said(simulated)
    turns = [replace(turn, speaker="A") for turn in whole.turns]
    found = corpus.load(beside(simulated, tmp_path / "calls", replace(whole, turns=turns), "json"))
    assert any("has A on several channels" in note.en for note in found.notes)
    assert len(found) == len(turns)


def test_a_folder_of_which_nothing_can_be_used(simulated, tmp_path):
    folder = tmp_path / "calls"
    folder.mkdir()
    shutil.copyfile(simulated / "call-001.wav", folder / "a.wav")
    (folder / "a.txt").write_text("Bonjour.\n")
    with pytest.raises(UserError, match=r"no call that can be used.*a\.txt has no times"):
        corpus.load(folder)


def transcribed(transcript: Transcript) -> Transcript:
    """As a model gives it: with the times of words."""
    turns = []
    for turn in transcript.turns:
        texts = turn.text.split()
        step = (turn.end - turn.start) / len(texts)
        words = [Word(turn.start + n * step, turn.start + (n + 1) * step, word, 0.9) for n, word in enumerate(texts)]
        turns.append(replace(turn, speaker=None, words=tuple(words)))
    return replace(transcript, turns=turns, model="whisper-base")


@pytest.mark.parametrize("format", ["txt", "docx"])
def test_a_text_without_times_finds_them_in_what_was_transcribed(simulated, tmp_path, format):
    whole = said(simulated)
    folder = beside(simulated, tmp_path / "calls", transcribed(whole), "json")
    turns = [Turn(0.0, 0.0, turn.text) for turn in whole.turns]
    turns.insert(3, Turn(0.0, 0.0, "Le parapluie violet de ma grand-mère est resté dans le tramway hier matin."))
    (folder / f"call-001.{format}").write_bytes(formats.write(replace(whole, turns=turns), format))
    found = corpus.load(folder)
    by_start = {round(turn.start, 1): turn for turn in whole.turns}
    for row in found.rows.itertuples():
        turn = by_start.get(round(row.start, 1))
        assert turn is None or (turn.channel == row.channel and turn.text.split()[0] == row.text.split()[0])
    assert sum(len(text.split()) for text in found.rows["text"]) >= 0.95 * len(whole.text.split())
    assert [reason for reason in reasons(found).values() if "parapluie" in reason and "not found" in reason]


def test_a_text_of_another_call_is_refused(simulated, tmp_path):
    folder = beside(simulated, tmp_path / "calls", transcribed(said(simulated)), "json")
    text = "\n".join(["Le parapluie violet de ma grand-mère est resté dans le tramway.", "Il pleut sur Nantes."] * 5)
    (folder / "call-001.txt").write_text(text)
    with pytest.raises(UserError, match=r"call-001\.txt is of another recording"):
        corpus.load(folder)


def test_two_who_begin_at_once_are_two_clips_and_links_lead_nowhere(simulated, tmp_path):
    turns = [Turn(1.0, 3.0, "oui", speaker="A"), Turn(1.0, 2.5, "non", speaker="B")]
    folder = beside(simulated, tmp_path / "calls", Transcript.of_turns(turns, "call-001.wav"), "json")
    (tmp_path / "secret.srt").write_bytes(formats.write(said(simulated), "srt"))
    shutil.copyfile(simulated / "call-001.wav", folder / "other.wav")
    (folder / "other.srt").symlink_to(tmp_path / "secret.srt")
    found = corpus.load(folder)
    assert found.rows["text"].tolist() == ["oui", "non"] and found.rows["overlap"].all()
    assert reasons(found) == {"other.wav": "it has no transcript beside it"}
