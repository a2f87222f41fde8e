"""Calls that people bring: transcripts of five kinds beside their recordings are described, scored and trained on."""

import json
import random
from pathlib import Path

import pytest

import corpus
from corpus.__main__ import main as corpora
from corpus.simulate import simulate
from scoring.french import normalise
from speech.decoding.decode import Options
from speech.transcribe import transcribe
from tests.kit.training import asked
from trainer.evaluation import calls
from trainer.train.run import train
from transcripts import formats
from transcripts.transcript import Transcript, Turn

KINDS = ("chat", "eaf", "textgrid", "stm", "txt")
WRONG = 0.02  # of the words of a text without times


@pytest.fixture(scope="module")
def said(tmp_path_factory) -> dict[Path, Transcript]:
    """What is said in five calls, the last one longer."""
    folder, prompts = tmp_path_factory.mktemp("own"), corpus.load("phone-prompts")
    recordings = simulate(prompts, folder / "calls", calls=4, seconds=15.0, overlap=0.0)
    (long,) = simulate(prompts, folder / "long", seconds=60.0, overlap=0.0, seed=4)
    found = {path: formats.read(path.with_suffix(".json")) for path in recordings}
    found[folder / "calls" / "call-005.wav"] = formats.read(long.with_suffix(".json"))
    long.rename(folder / "calls" / "call-005.wav")
    for path in recordings:
        path.with_suffix(".json").unlink()
    return found


@pytest.fixture(scope="module")
def folder(said, int8) -> Path:
    """The recordings with their transcripts; beside the text without times stands what Allô transcribed."""
    *others, text = said
    for path, kind in zip(others, KINDS, strict=False):
        path.with_suffix(formats.extension(kind)).write_bytes(formats.write(said[path], kind))
    drawn = random.Random(0)
    lines = [
        " ".join(drawn.choice(["euh", "voilà"]) if drawn.random() < WRONG else word for word in turn.text.split())
        for turn in said[text].turns
    ]
    text.with_suffix(".txt").write_text("\n".join(lines), encoding="utf-8")
    *_, last = transcribe(text, int8, Options(words=True))
    text.with_suffix(".json").write_bytes(formats.write(last.transcript, "json"))
    return text.parent


def test_all_kinds_are_opened_and_described(folder, said, capsys):
    assert corpora(["describe", str(folder), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["calls"] == 5
    found = corpus.load(folder)
    for path, transcript in list(said.items())[:-1]:
        texts = found.rows["text"][found.rows["call"] == path.stem].tolist()
        assert sorted(map(normalise, texts)) == sorted(normalise(turn.text) for turn in transcript.turns)


def test_a_text_without_times_finds_its_own_place(folder, said):
    """Of the clips that have a time, 95 % and more lie where their text is said, and none where another is."""
    path = list(said)[-1]
    (call,) = [call for call in corpus.load(folder).calls if call.recording == path]
    own = [_share(turn, said[path].turns) for turn in call.turns]
    assert len(call.turns) >= 0.5 * len(said[path].turns)  # whisper-base gets a word in four wrong
    assert sum(share > 0.5 for share in own) >= 0.95 * len(own) and min(own) > 0.1


def _share(clip: Turn, turns: list[Turn]) -> float:
    """How much of the time of what is said in a clip lies in it: of the turn with most of its words."""
    words = set(clip.text.split())
    best = max(len(words & set(turn.text.split())) for turn in turns)
    alike = [turn for turn in turns if len(words & set(turn.text.split())) == best]
    return max(max(0.0, min(clip.end, t.end) - max(clip.start, t.start)) / (t.end - t.start) for t in alike)


def test_they_are_scored(folder, int8, tmp_path):
    opened = corpus.load(folder)
    some = opened.calls[:2]
    *_, last = calls.evaluate(opened, some, int8, Options(), 1, tmp_path / "base")
    assert last.done == 2
    score = calls.found(some, tmp_path / "base", lambda doubt: None).score
    assert 0 < score.cp.rate < 70 and score.cp.words == sum(call.cp.words for call in score.calls)


def test_they_are_trained_on(folder, tiny, tmp_path):
    report = train(asked(folder, tiny), tmp_path / "run")
    assert (tmp_path / "run" / "adapter" / "adapter_model.safetensors").exists() and report["corpus"] == str(folder)
