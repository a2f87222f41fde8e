"""Resampling without torch gives what torchaudio's gives, however the sound comes."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torchaudio.functional import resample

from speech.audio.resampling import resampled

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    "rates", [(8_000, 16_000), (44_100, 16_000), (48_000, 16_000), (16_000, 8_000), (11_025, 16_000)]
)
def test_the_resampling_is_torchaudios(rates):
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 62 * rates[0])).astype(np.float32)  # more than a block
    ours = np.concatenate(list(resampled(np.array_split(sound, 7, axis=1), *rates)), axis=1)
    theirs = resample(torch.from_numpy(sound), *rates).numpy()
    assert_allclose(ours, theirs, atol=1e-4)
