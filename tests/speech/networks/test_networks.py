"""The networks without torch give what the packages give that they stand for."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from silero_vad import get_speech_timestamps_from_probs
from transformers import WhisperFeatureExtractor

from speech.networks.mel import log_mel
from speech.networks.silero import FRAME, intervals

pytestmark = pytest.mark.fast

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("mels", [80, 128])
@pytest.mark.parametrize("frames", [104, 3000])
def test_the_mel_is_whispers(mels, frames):
    clips = [RANDOM.normal(0, 0.1, length).astype(np.float32) for length in (100, 8_000, 40_000)]
    how = {"padding": "max_length", "max_length": 160 * frames, "truncation": True, "return_tensors": "np"}
    theirs = WhisperFeatureExtractor(feature_size=mels)(clips, sampling_rate=16_000, **how)
    assert_allclose(log_mel(clips, frames, mels), theirs.input_features, atol=1e-4)


@pytest.mark.parametrize("seconds", [(0.1, 0.3, 24.0), (0.25, 0.1, 3.0)])  # shortest, silence, longest
@pytest.mark.parametrize("smooth", [1, 10, 200])  # frames
def test_the_intervals_are_sileros(seconds, smooth):
    for _ in range(10):
        walk = np.convolve(RANDOM.normal(0.5, 2, 2_000 + smooth), np.ones(smooth) / smooth**0.5, "valid")
        shares = (1 / (1 + np.exp(-walk))).tolist()
        shortest, silence, longest = seconds
        theirs = get_speech_timestamps_from_probs(
            shares,
            threshold=0.35,
            min_speech_duration_ms=1000 * shortest,
            min_silence_duration_ms=1000 * silence,
            max_speech_duration_s=longest,
            speech_pad_ms=0,
        )
        found = intervals(shares, 0.35, shortest, silence, longest)
        assert found and found == [(piece["start"] // FRAME, piece["end"] // FRAME) for piece in theirs]
