"""Waveforms for a gr.Audio that plays them."""

import numpy as np

from common.pcm import to_int16

SAMPLE_RATE = 16_000  # Hz, of all waveforms inside of Allô


def playable(waveform: np.ndarray) -> tuple[int, np.ndarray]:
    """The rate and int16 samples of (samples,) or (channels, samples), float32 from -1 to 1."""
    return SAMPLE_RATE, to_int16(waveform.T)
