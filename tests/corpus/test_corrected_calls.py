"""Corrected turns become a corpus that opens like any other, whole whatever happens while they are added."""

import json
import multiprocessing
import os
import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import corpus
from common.messages import UserError
from corpus.corrected_calls import keep
from corpus.prompts import prompts
from corpus.splits import leaks
from speech.audio.decode import SAMPLE_RATE, read
from tests.kit.disk import small_disk
from transcripts.transcript import Turn

SPOKEN = [prompt for prompt in prompts(at_least=1.0) if prompt.seconds < 2][:6]


def recorded(path: Path) -> list[Turn]:
    """A call of prompts by turns on two channels at 8 kHz, and its turns."""
    lanes, turns, at = ([], []), [], 0.25
    for number, prompt in enumerate(SPOKEN):
        with wave.open(str(prompt.path)) as clip:
            samples = np.frombuffer(clip.readframes(clip.getnframes()), "<i2")
        silence = np.zeros(2000 + len(samples), "<i2")
        lanes[number % 2].append(np.concatenate([silence[:2000], samples]))
        lanes[1 - number % 2].append(silence)
        turns.append(Turn(at, at + len(samples) / 8000, prompt.text, 0.9, number % 2, "AB"[number % 2]))
        at = turns[-1].end + 0.25
    with wave.open(str(path), "wb") as call:
        call.setparams((2, 2, 8000, 0, "NONE", ""))
        call.writeframes(np.stack([np.concatenate(lane) for lane in lanes], axis=1).tobytes())
    return turns


@pytest.fixture(scope="module")
def call(tmp_path_factory) -> tuple[Path, list[Turn]]:
    path = tmp_path_factory.mktemp("call") / "appel.wav"
    return path, recorded(path)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ALLO_CACHE", str(tmp_path / "cache"))


def lines(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "metadata.jsonl").read_text(encoding="utf-8").split("\n")[:-1]]


def files(folder: Path) -> list[str]:
    return sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.name != ".lock"
    )


def refused(folder: Path, recording: Path, turns: list[Turn], **asked) -> str:
    """The sentence; that of French is another, and nothing was written."""
    before = files(folder) if folder.exists() else []
    with pytest.raises(UserError) as refusal:
        keep(folder, recording, turns, **{"call": "appel 1", "consent": True} | asked)
    assert (files(folder) if folder.exists() else []) == before
    said = refusal.value.message
    assert said.en != said.fr and "\n" not in said.en + said.fr
    return said.en


def test_what_was_kept_opens_as_a_corpus(tmp_path, call):
    recording, turns = call
    folder = tmp_path / "corpus"
    assert keep(folder, recording, turns, call="appel « n° 1 »", consent=True) == len(turns)
    opened = corpus.load(folder)
    assert len(opened) == len(turns) and not opened.left_out
    assert opened.rows["text"].tolist() == [" ".join(turn.text.split()) for turn in turns]
    assert set(opened.rows["call"]) == {"appel « n° 1 »"} and set(opened.rows["language"]) == {"fr"}
    assert set(opened.rows["speaker"]) == {"appel « n° 1 »/A", "appel « n° 1 »/B"}
    assert opened.rows["channel"].tolist() == [str(turn.channel) for turn in turns] or opened.rows[
        "channel"
    ].tolist() == [turn.channel for turn in turns]
    whole = read(recording).waveform
    for number, turn in enumerate(turns):
        clip = opened.clip(number)
        expected = whole[turn.channel, round(turn.start * SAMPLE_RATE) : round(turn.end * SAMPLE_RATE)]
        assert abs(len(clip) / SAMPLE_RATE - opened.rows["seconds"][number]) < 0.001
        assert np.abs(clip - expected[: len(clip)]).max() < 1e-4 and np.abs(clip).max() > 0.05
    row = lines(folder)[0]
    assert list(row) == (
        "file_name text call channel speaker start end seconds consent language added".split()  # noqa: SIM905
    )
    assert row["consent"] is True and (row["start"], row["channel"]) == (0.25, 0)
    assert "appel" not in row["file_name"]


def test_the_splits_keep_a_call_together(tmp_path, call):
    recording, turns = call
    for number in range(12):
        keep(tmp_path / "corpus", recording, turns[number % 4 :][:2], call=f"appel {number}", consent=True)
    rows = corpus.load(tmp_path / "corpus").rows
    assert rows["split"].nunique() > 1 and (rows.groupby("call")["split"].nunique() == 1).all()
    assert not [leak for leak in leaks(rows) if leak.kind in {"call", "speaker"}]


def test_a_turn_that_is_kept_again_takes_its_own_place(tmp_path, call):
    recording, turns = call
    folder = tmp_path / "corpus"
    keep(folder, recording, turns, call="appel", consent=True)
    foreign = '{"file_name": "clips/d\'ailleurs.wav", "text": "d\u2028un autre"}'
    with open(folder / "metadata.jsonl", "a") as metadata:
        metadata.write(foreign)  # without an end of line
    corrected = [replace(turns[2], text="Corrigé\nà la main.", end=turns[2].end - 0.5), turns[3]]
    assert keep(folder, recording, [*corrected, corrected[1]], call="appel", consent=True) == 2
    rows = lines(folder)
    assert len(rows) == len(turns) + 1 and foreign in (folder / "metadata.jsonl").read_text()
    (row,) = [row for row in rows if row.get("start") == round(turns[2].start, 3)]
    assert row["text"] == "Corrigé à la main." and row["seconds"] == pytest.approx(
        turns[2].end - 0.5 - turns[2].start, abs=0.01
    )
    clips = [name for name in files(folder) if name.startswith("clips")]
    assert clips == sorted(row["file_name"] for row in rows if "call" in row)
    keep(folder, recording, turns, call="un autre appel", consent=True)
    assert len(lines(folder)) == 2 * len(turns) + 1


def test_the_mean_is_kept_of_a_call_that_was_heard_so(tmp_path, call):
    recording, turns = call
    keep(tmp_path / "corpus", recording, [replace(turns[1], channel=0)], call="appel", consent=True, mix=True)
    assert np.abs(corpus.load(tmp_path / "corpus").clip(0)).max() > 0.05


def test_what_cannot_be_kept_is_refused_and_changes_nothing(tmp_path, call):
    recording, turns = call
    folder = tmp_path / "corpus"
    assert "consent" in refused(folder, recording, turns, consent=False)
    assert not folder.exists()
    keep(folder, recording, turns[:2], call="appel 1", consent=True)
    assert f"at {turns[3].start:.1f} s has no text" in refused(
        folder, recording, [turns[2], replace(turns[3], text=" \n ")]
    )
    assert "no turn" in refused(folder, recording, [])
    assert "no name" in refused(folder, recording, turns, call=" ")
    assert "is not in the recording" in refused(
        folder, recording, [turns[2], replace(turns[3], start=900.0, end=901.0)]
    )
    assert "is not in the recording" in refused(folder, recording, [replace(turns[3], end=turns[3].start)])
    assert "channel 4" in refused(folder, recording, [turns[2], replace(turns[3], channel=4)])
    assert "There is no file" in refused(folder, recording.with_name("gone.wav"), turns)
    assert "cannot be written" in refused(recording, recording, turns)


def test_what_a_killed_writer_left_is_swept(tmp_path, call):
    recording, turns = call
    folder = tmp_path / "corpus"
    (folder / ".adding-dead" / "clips").mkdir(parents=True)
    (folder / ".adding-dead" / "lines").write_text("half")
    keep(folder, recording, turns[:1], call="appel", consent=True)
    assert len(files(folder)) == 2


def _write(folder: Path, recording: Path, turns: list[Turn], name: str, start) -> None:
    torch.set_num_threads(1)  # the threads of the process that was forked are not here
    start.wait(timeout=60)
    for turn in turns:
        keep(folder, recording, [turn], call=name, consent=True)
    keep(folder, recording, turns, call="de tous", consent=True)


def test_two_processes_at_once_lose_nothing(tmp_path, call):
    recording, turns = call
    folder = tmp_path / "corpus"
    processes = multiprocessing.get_context("fork")
    start = processes.Barrier(2)
    writers = [processes.Process(target=_write, args=(folder, recording, turns, name, start)) for name in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(timeout=120)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert len(lines(folder)) == 3 * len(turns)
    opened = corpus.load(folder)
    assert len(opened) == 3 * len(turns) and not opened.left_out
    assert [name for name in files(folder) if name.endswith(".wav")] == sorted(opened.rows["file_name"])


def test_a_full_disk_is_told_and_the_corpus_stays_as_it_was(tmp_path, call):
    """A real full disk: a small tmpfs, where this machine lets us mount one."""
    recording, turns = call
    with small_disk(tmp_path, "1m") as small:
        keep(small, recording, turns[:2], call="appel", consent=True)
        free = os.statvfs(small).f_bavail * os.statvfs(small).f_frsize
        (small / "other").write_bytes(bytes(free - 50_000))
        before = lines(small)
        assert "The disk is full" in refused(small, recording, turns, call="appel")
        assert lines(small) == before and len(corpus.load(small)) == 2
