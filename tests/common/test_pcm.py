"""Float samples and 16-bit ones: the nearest, clipped, never wrapped round."""

import numpy as np
import pytest

from common.pcm import from_int16, to_int16

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("sample", "integer"),
    [
        (0, 0),
        (1, 32767),
        (-1, -32767),
        (1.5, 32767),
        (-7, -32767),
        (np.inf, 32767),
        (0.6 / 32767, 1),
        (-0.6 / 32767, -1),
    ],
)
def test_a_sample_is_rounded_and_clipped(sample, integer):
    assert to_int16(np.array([sample], np.float32)) == [integer]


def test_every_integer_comes_back_through_a_float():
    whole = np.arange(-32767, 32768).astype(np.int16).reshape(5, -1)
    floats = from_int16(whole)
    assert floats.dtype == np.float32 and abs(floats).max() < 1
    assert np.abs(to_int16(floats).astype(int) - whole).max() <= 1 and to_int16(floats).shape == whole.shape
