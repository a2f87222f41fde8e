"""Whole calls through a model: transcribed as a user would, scored by who said what, and resumable."""

import json
from pathlib import Path

import pytest

import corpus
from common.messages import UserError
from corpus.simulate import simulate
from scoring.__main__ import main as scoring
from speech.decoding.decode import Options
from trainer.evaluation import calls
from trainer.evaluation.results_file import facts


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Two calls of two channels."""
    out = tmp_path_factory.mktemp("calls")
    simulate(corpus.load("phone-prompts"), out, calls=2, seconds=20.0, overlap=0.0)
    return out


@pytest.fixture(scope="module")
def opened(folder) -> corpus.Corpus:
    return corpus.load(folder)


@pytest.fixture(scope="module")
def output(opened, int8, tmp_path_factory) -> Path:
    """Half of the calls are transcribed; the other half is when it is asked for again."""
    folder = tmp_path_factory.mktemp("evaluated") / "base"
    for some in (opened.calls[:1], opened.calls):
        *_, last = calls.evaluate(opened, some, int8, Options(), 1, folder)
        assert (last.done, last.total, last.share, last.left_out) == (len(some), len(some), 1.0, ())
    return folder


def test_what_is_there_is_not_transcribed_again(opened, int8, output, monkeypatch):
    before = {file: file.stat().st_mtime_ns for file in output.rglob("*.json")}
    monkeypatch.setattr(int8, "generate", None)
    *_, last = calls.evaluate(opened, opened.calls, int8, Options(), 1, output)
    assert last.done == 2 and {file: file.stat().st_mtime_ns for file in output.rglob("*.json")} == before


def test_the_summary_is_the_score_of_the_folders(opened, int8, output, folder, capsys):
    found = calls.summary(opened, calls.found(opened.calls, output, pytest.fail), int8, Options())
    assert {"cpwer", "tcpwer", "der", "numbers", "confusions", "interval", "model", "window", "leaks"} <= found.keys()
    assert [call["name"] for call in found["calls"]] == ["call-001.wav", "call-002.wav"]
    assert 0 < found["cpwer"] < 60 and found["speakers_right"] == 2
    assert scoring(["calls", str(folder), str(output / calls.TRANSCRIPTS), "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert {key: again[key] for key in ("cpwer", "tcpwer", "words", "numbers", "interval")} == {
        key: found[key] for key in ("cpwer", "tcpwer", "words", "numbers", "interval")
    }
    text = calls.summary_text(found | {"split": "all", "left_out": [], "warnings": []})
    assert f"cpWER {found['cpwer']:.1f} %" in text and "2 calls" in text


def test_another_evaluation_is_not_mixed_in(opened, int8, output, tmp_path):
    with pytest.raises(UserError, match="something else than this evaluation"):
        next(calls.evaluate(opened, opened.calls, int8, Options(beam_size=2), 1, output))
    assert facts(output / calls.ASKED)["asked"]["calls"]


def test_calls_of_a_split(opened):
    splits = set(opened.rows["split"])
    assert {call.name for split in splits for call in calls.selected(opened, split)} == {
        call.name for call in calls.selected(opened, "all")
    }
    assert calls.rows_of(opened, opened.calls) == list(range(len(opened)))
    with pytest.raises(UserError, match="has clips and no whole calls"):
        calls.selected(corpus.load("phone-prompts", limit=3), "all")
    with pytest.raises(UserError, match="has no call in the split 'other'"):
        calls.selected(opened, "other")
