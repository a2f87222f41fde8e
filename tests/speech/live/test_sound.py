"""Raw sound as it comes over a line: cut anywhere it is the same, and what is no sound is refused with a sentence."""

from itertools import pairwise

import numpy as np
import pytest

from common.messages import UserError
from speech.audio.decode import SAMPLE_RATE
from speech.live.sound import LOST, RawSound

pytestmark = pytest.mark.fast


def bytes_of(codec: str, samples: int) -> bytes:
    return np.random.default_rng(0).integers(0, 256, samples * (2 if codec == "s16" else 1), np.uint8).tobytes()


@pytest.mark.parametrize("codec", ["s16", "ulaw", "alaw"])
@pytest.mark.parametrize(("channels", "split"), [(1, False), (2, False), (2, True)])
def test_cut_anywhere_it_is_the_same_sound(codec, channels, split):
    data, random = bytes_of(codec, 4000 * channels), np.random.default_rng(1)
    whole, cut = (RawSound(SAMPLE_RATE, codec, channels, split) for _ in range(2))
    cuts = [0, *sorted(random.integers(0, len(data), 40)), len(data)]
    pieces = [cut.add(data[a:b]) for a, b in pairwise(cuts)]
    expected = whole.add(data)
    assert expected.shape == (2 if split else 1, 4000)
    np.testing.assert_array_equal(np.concatenate(pieces, axis=1), expected)
    assert cut.received == len(data)


@pytest.mark.parametrize("rate", [8000, 44100, 48000])
def test_any_rate_comes_out_at_16_khz(rate):
    tone = (np.sin(np.arange(rate) * 2 * np.pi * 440 / rate) * 20_000).astype("<i2").tobytes()
    raw = RawSound(rate)
    sound = np.concatenate([raw.add(tone[at : at + 999]) for at in range(0, len(tone), 999)], axis=1)[0]
    assert len(sound) == pytest.approx(SAMPLE_RATE, abs=100)
    peak = np.abs(np.fft.rfft(sound)).argmax() * SAMPLE_RATE / len(sound)
    assert peak == pytest.approx(440, abs=3)


def test_lost_bytes_are_silence_of_their_length_ten_seconds_at_most():
    raw = RawSound(8000, "alaw", 2, split=True)
    raw.add(b"\x01")  # half of a moment, whose other half is lost
    assert raw.skip(15_999).shape == (2, 15_999 // 2 * 2)
    assert raw.skip(8000 * 2 * 3600).shape == (2, round(LOST * SAMPLE_RATE))
    assert not raw.skip(800).any() and raw.received == 1 + 15_999 + 8000 * 2 * 3600 + 800
    assert raw.add(bytes_of("alaw", 3201)).shape[1] == pytest.approx(3200, abs=40)


@pytest.mark.parametrize("given", [(0,), (1_000_000,), (8000, "mp3"), (8000, "s16", 0), (8000, "s16", 6)])
def test_what_is_no_such_sound_is_refused(given):
    with pytest.raises(UserError):
        RawSound(*given)
