"""Mel spectrograms in 25-ms windows every 10 ms, and the logarithms of them that Whisper was trained on."""

from collections.abc import Sequence
from functools import cache

import numpy as np

RATE, WINDOW, HOP = 16_000, 400, 160  # Hz, samples, samples
LINEAR = 1000.0  # Hz: Slaney's scale is linear up to here, 15 mels, and logarithmic above
RANGE = 8.0  # powers of ten that Whisper sees below the loudest moment
LEAST = 1e-10  # power


def log_mel(waveforms: Sequence[np.ndarray], frames: int, mels: int) -> np.ndarray:
    """Whisper's input (batch, mels, frames), float32, of waveforms at 16 kHz padded with silence or cut to `frames`."""
    found = np.empty((len(waveforms), mels, frames), np.float32)
    for at, waveform in enumerate(waveforms):
        sound = np.zeros(frames * HOP, np.float32)
        sound[: len(waveform)] = waveform[: len(sound)]
        logs = np.log10(np.maximum(mel(sound, mels)[:frames], LEAST))
        found[at] = ((np.maximum(logs, logs.max() - RANGE) + 4) / 4).T
    return found


def mel(sound: np.ndarray, mels: int) -> np.ndarray:
    """The power of float32 (samples,) at 16 kHz in each band, (1 + samples // HOP, mels); its ends are mirrored."""
    around = np.pad(sound, WINDOW // 2, "reflect")
    spectra = np.fft.rfft(np.lib.stride_tricks.sliding_window_view(around, WINDOW)[::HOP] * _window())
    return (spectra.real**2 + spectra.imag**2) @ _bands(mels)


@cache
def _window() -> np.ndarray:
    return np.hanning(WINDOW + 1)[:-1].astype(np.float32)


@cache
def _bands(mels: int) -> np.ndarray:
    """The share of each frequency in each band: Slaney's triangles, all of one area (Auditory Toolbox, 1998)."""
    scale = np.linspace(0, 15 + 27 * np.log(RATE / 2 / LINEAR) / np.log(6.4), mels + 2)
    edges = np.where(scale < 15, scale * LINEAR / 15, LINEAR * np.exp(np.log(6.4) * (scale - 15) / 27))
    below, peaks, above = edges[:-2], edges[1:-1], edges[2:]
    hertz = np.linspace(0, RATE / 2, WINDOW // 2 + 1)[:, None]
    triangles = np.minimum((hertz - below) / (peaks - below), (above - hertz) / (above - peaks))
    return (np.maximum(0, triangles) * 2 / (above - below)).astype(np.float32)
