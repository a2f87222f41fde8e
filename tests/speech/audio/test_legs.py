"""Two recordings of one call become one of two channels."""

import wave
from pathlib import Path

import numpy as np
import pytest

from common.messages import UserError
from speech.audio.decode import read
from speech.audio.legs import join, pair_name, pairs

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["a-in.wav", "a-out.wav"], [(0, 1)]),
        (["a_OUT.wav", "b.wav", "A_in.WAV"], [(2, 0)]),
        (["20250101_r.wav", "20250101_t.gsm"], [(0, 1)]),
        (["x-tx.wav", "x-rx.wav", "y left.mp3", "y right.mp3"], [(1, 0), (2, 3)]),
        (["one/a-in.wav", "two/a-out.wav"], []),
        (["in.wav", "out.wav"], []),
        (["login.wav", "logout.wav"], []),
        (["a-in.wav", "a-rx.wav", "a-t.wav"], []),
        (["a-in.wav", "a-in.wav", "a-out.wav"], [(0, 2)]),
    ],
)
def test_the_two_sides_are_known_by_their_names(names, found):
    assert pairs(names) == found


def test_the_call_is_called_without_the_side():
    assert pair_name("20250101-in.gsm") == "20250101.wav" and pair_name("other.mp3") == "other.wav"


def tone(path: Path, seconds: float, rate: int, channels: int = 1) -> Path:
    wave_of = 0.5 * np.sin(2 * np.pi * 300 * np.arange(round(seconds * rate)) / rate)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((wave_of.repeat(channels) * 32767).astype("<i2").tobytes())
    return path


def test_each_side_is_a_channel_and_what_differs_is_said(tmp_path):
    short, long = tone(tmp_path / "a-in.wav", 1.0, 8000), tone(tmp_path / "a-out.wav", 3.0, 16000)
    notes = join(short, long, tmp_path / "a.wav")
    assert "16000" in notes[0].en and "2.0 s shorter" in notes[1].en and len(notes) == 2
    found = read(tmp_path / "a.wav")
    assert (found.facts.channels, found.facts.sample_rate, found.facts.seconds) == (
        2,
        16000,
        pytest.approx(3.0, abs=0.01),
    )
    assert np.abs(found.waveform[0, 20_000:]).max() < 0.01 < 0.4 < np.abs(found.waveform[1, 20_000:]).max()
    assert not join(long, long, tmp_path / "b.wav")


def test_a_side_of_two_channels_is_refused(tmp_path):
    with pytest.raises(UserError, match="2 channels"):
        join(tone(tmp_path / "a.wav", 1, 8000), tone(tmp_path / "b.wav", 1, 8000, 2), tmp_path / "c.wav")
