"""Turns in a stream: real prompts with pauses between them, in chunks of any size."""

from itertools import pairwise

import numpy as np
import pytest

from speech.audio.decode import SAMPLE_RATE
from speech.live.turns import LONGEST, SILENCE, TurnDetector
from tests.kit.speech import prompts, spoken

PAUSE = 1.5


@pytest.fixture(scope="module")
def sound() -> tuple[np.ndarray, list[tuple[float, float]]]:
    return spoken(prompts(at_least=1.5)[:4], PAUSE)


def found(sound: np.ndarray, size: int) -> list[tuple[float, float]]:
    detector, turns = TurnDetector(), []
    for at in range(0, len(sound), size):
        turns += detector.add(sound[at : at + size])
    turns += detector.end()
    assert all(len(turn.sound) == pytest.approx((turn.end - turn.start) * SAMPLE_RATE, abs=1) for turn in turns)
    return [(turn.voiced, turn.until) for turn in turns]


@pytest.mark.parametrize("size", [160, 1600, 4001, SAMPLE_RATE])
def test_each_prompt_is_a_turn_whatever_the_chunks(sound, size):
    waveform, places = sound
    turns = found(waveform, size)
    assert len(turns) == len(places)
    for (voiced, until), (start, end) in zip(turns, places, strict=True):
        assert start - 0.2 <= voiced <= start + 0.7  # a prompt has a little silence of its own at both ends
        assert until <= end + 0.2


def test_silence_ends_a_turn_while_the_stream_goes_on(sound):
    waveform, [(_, end), *_] = sound
    detector = TurnDetector()
    closed = list(detector.add(waveform[: round((end + SILENCE + 0.2) * SAMPLE_RATE)]))
    assert len(closed) == 1 and detector.open is None


def test_a_voice_without_a_pause_is_cut_in_time_and_nothing_is_lost():
    voice, _ = spoken(prompts(at_least=4.0)[:9], 0.0)
    detector, turns, most = TurnDetector(), [], 0
    for at in range(0, len(voice), 1600):
        turns += detector.add(voice[at : at + 1600])
        most = max(most, detector.buffered)
    turns += detector.end()
    assert len(turns) > 1
    assert all(turn.end - turn.start <= LONGEST + 0.5 for turn in turns)
    assert most <= (LONGEST + 2) * SAMPLE_RATE
    gaps = [after.start - before.end for before, after in pairwise(turns)]
    assert all(gap < 1.0 for gap in gaps) and sum(gap > 0.01 for gap in gaps) <= sum(
        after.voiced - before.until > SILENCE / 2 for before, after in pairwise(turns)
    )


@pytest.mark.parametrize("kind", ["silence", "hiss", "hum", "clicks"])
def test_what_is_no_voice_opens_no_turn(kind):
    random, time = np.random.default_rng(0), np.arange(20 * SAMPLE_RATE) / SAMPLE_RATE
    made = {
        "silence": np.zeros_like(time),
        "hiss": random.normal(0, 0.01, len(time)),
        "hum": 0.2 * np.sin(2 * np.pi * 50 * time),
        "clicks": (random.random(len(time)) > 0.9999) * 0.9,
    }
    assert found(made[kind].astype(np.float32), 1600) == []
