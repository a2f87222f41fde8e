"""Recordings of calls: long ones, with two channels, with text that came before."""

import os
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import jiwer
import numpy as np
import pytest
from transformers.models.whisper.english_normalizer import BasicTextNormalizer

from corpus.prompts import Prompt, prompt, prompts
from speech.audio import SAMPLE_RATE, Recording, read
from speech.decoding import Options
from speech.said import Refusal
from speech.transcribe import transcribe
from speech.transcript import AudioFacts

NORMAL = BasicTextNormalizer()


def recording(*channels: np.ndarray) -> Recording:
    waveform = np.stack(channels).astype(np.float32)
    return Recording(
        AudioFacts("call.wav", waveform.shape[1] / SAMPLE_RATE, 8000, len(channels), "pcm_s16le"), waveform
    )


def stitched(spoken: list[Prompt], gap: float) -> np.ndarray:
    silence = np.zeros(round(gap * SAMPLE_RATE), np.float32)
    return np.concatenate([part for found in spoken for part in (read(found.path).waveform[0], silence)])


def whole(recording: Recording, engine, options: Options, channels: str = "auto"):
    *_, last = transcribe(recording, engine, options, channels)
    return last.transcript


def error_rate(spoken: list[Prompt], heard: str) -> float:
    return 100 * jiwer.wer(NORMAL(" ".join(found.text for found in spoken)), NORMAL(heard))


@pytest.fixture(scope="module")
def spoken() -> list[Prompt]:
    """Forty prompts of three seconds and more: five minutes."""
    return prompts(at_least=3.0)[::2][:40]


@pytest.fixture(scope="module")
def long(spoken, int8):
    """The steps of transcribing them, stitched with a second between."""
    return list(transcribe(recording(stitched(spoken, 1.0)), int8, Options()))


def test_a_long_recording_is_heard_to_its_end(long, spoken):
    transcript = long[-1].transcript
    assert error_rate(spoken, transcript.text) < 30
    assert transcript.turns[-1].end > transcript.audio.seconds - 5


def test_progress_grows_and_ends_whole(long):
    done = [step.seconds_done for step in long]
    assert len(done) > 2 and done == sorted(done) and done[-1] == long[-1].seconds_total


def test_turns_are_in_order_and_inside_the_recording(long):
    turns = long[-1].transcript.turns
    assert all(a.start <= b.start and a.end <= b.start + 1.0 for a, b in pairwise(turns))
    assert all(0 <= turn.start < turn.end <= long[-1].transcript.audio.seconds and turn.text for turn in turns)


def test_words_lie_in_their_turns(int8):
    transcript = whole(read(prompt("conf-adminmenu-162")), int8, Options(words=True))
    words = [word for turn in transcript.turns for word in turn.words]
    assert " ".join(word.text for word in words) == " ".join(turn.text for turn in transcript.turns)
    assert all(a.start <= b.start and a.end >= a.start for a, b in pairwise(words))


def test_two_channels_are_two_speakers(int8):
    first, second = read(prompt("conf-full")).waveform[0], read(prompt("agent-loginok")).waveform[0]
    quiet = np.zeros(SAMPLE_RATE, np.float32)
    left = np.concatenate([first, quiet, np.zeros_like(second)])
    right = np.concatenate([np.zeros_like(first), quiet, second])
    transcript = whole(recording(left, right), int8, Options())
    assert [(turn.channel, turn.speaker) for turn in transcript.turns] == [(0, "A"), (1, "B")]
    assert "conférence" in transcript.turns[0].text and "en ligne" in transcript.turns[1].text
    mixed = whole(recording(left, right), int8, Options(), "mix")
    assert {turn.speaker for turn in mixed.turns} == {None} and "conférence" in mixed.text and "en ligne" in mixed.text


def test_the_same_signal_twice_is_one_speaker(int8):
    voice = read(prompt("conf-full")).waveform[0]
    transcript = whole(recording(voice, 0.8 * voice), int8, Options())
    assert [turn.speaker for turn in transcript.turns] == [None]


def test_a_dead_channel_says_nothing(int8):
    voice = read(prompt("conf-full")).waveform[0]
    transcript = whole(recording(voice, np.zeros_like(voice)), int8, Options())
    assert [turn.channel for turn in transcript.turns] == [0]


def test_text_that_came_before_is_taken_along(int8, monkeypatch):
    prompted = []
    monkeypatch.setattr(int8, "prompt", lambda *asked, prompt=int8.prompt: prompted.append(asked[3:]) or prompt(*asked))
    spoken = prompts(at_least=6.0)[:6]
    transcript = whole(recording(stitched(spoken, 4.0)), int8, Options(context=True))
    assert error_rate(spoken, transcript.text) < 40
    before = [asked[0].strip() for asked in prompted if asked]
    assert before[0] == "" and all(before[1:])


def test_without_voice_activity_everything_is_heard(int8):
    transcript = whole(read(prompt("conf-full")), int8, Options(voice_activity=False))
    assert "conférence est pleine" in transcript.text


def test_a_detected_language_is_told(int8):
    transcript = whole(read(prompt("conf-full")), int8, Options(language=None))
    assert transcript.language == "fr" and "conférence" in transcript.text


def test_an_unknown_language_is_refused_before_any_work(int8):
    with pytest.raises(Refusal, match="'klingon'"):
        next(transcribe(read(prompt("conf-full")), int8, replace(Options(), language="klingon")))


def test_voice_activity_leaves_torch_its_threads():
    """silero_vad sets them to one, for the whole process, when it is imported."""
    asked = (
        "import torch; before = torch.get_num_threads(); import speech.voice; print(before, torch.get_num_threads())"
    )
    environment = os.environ | {"OMP_NUM_THREADS": "2"}
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout == "2 2\n"
