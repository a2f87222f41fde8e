"""Waveforms for a gr.Audio that plays them."""

import numpy as np

SAMPLE_RATE = 16_000  # Hz, of all waveforms inside of Allô


def playable(waveform: np.ndarray) -> tuple[int, np.ndarray]:
    """The rate and int16 samples of (samples,) or (channels, samples), float32 from -1 to 1."""
    return SAMPLE_RATE, (waveform.T.clip(-1, 1) * 32767).round().astype("int16")
