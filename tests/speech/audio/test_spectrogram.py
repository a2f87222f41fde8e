"""The picture of a sound."""

import io

import numpy as np
import pytest
from PIL import Image

from speech.audio.spectrogram import WIDTH, WINDOW, png

pytestmark = pytest.mark.fast


def test_a_tone_is_a_line_at_its_pitch():
    seconds = np.arange(2 * 16_000) / 16_000
    picture = np.asarray(Image.open(io.BytesIO(png(np.sin(2 * np.pi * 2000 * seconds).astype(np.float32)))))
    assert picture.shape == (WINDOW // 2, min(WIDTH, len(seconds) // 128), 4)
    inked = picture[..., 3].mean(axis=1)
    assert abs(inked.argmax() - (1 - 2000 / 8000) * WINDOW // 2) <= 2  # pitch upwards to 8 kHz
    assert inked[: WINDOW // 4].max() < inked.max() / 2


def test_a_sound_shorter_than_a_column_is_a_picture_too():
    assert Image.open(io.BytesIO(png(np.zeros(10, np.float32)))).width >= 1
