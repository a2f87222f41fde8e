"""The simulated telephone line: the recording through it, and pictures of what it leaves."""

import base64

import numpy as np

from ui.kit.html import render
from ui.kit.sound import SAMPLE_RATE

NOISE = 25.0  # dB under the voice: audible, and in nobody's way
SHOWN = 30 * SAMPLE_RATE  # samples of a picture at most


def through(waveform: np.ndarray) -> np.ndarray:
    """The channels (channels, samples; float32 at 16 kHz) as a telephone would bring them, each time alike."""
    from corpus import telephone_line  # brings torch

    return np.stack([telephone_line.through(np.ascontiguousarray(each), "ulaw", snr=NOISE) for each in waveform])


def pictures(before: np.ndarray, after: np.ndarray, reader: str) -> str:
    """Both waveforms (channels, samples) as HTML: time to the right, pitch upwards to 8 kHz, loudness in ink."""
    figures = [(_spectrogram(before), "line_before"), (_spectrogram(after), "line_after")]
    return render("compare/line.html", reader, figures=figures, seconds=min(SHOWN, before.shape[1]) / SAMPLE_RATE)


def _spectrogram(waveform: np.ndarray) -> str:
    """As a data URI."""
    from speech.audio.spectrogram import png

    return f"data:image/png;base64,{base64.b64encode(png(waveform[:, :SHOWN].mean(axis=0))).decode()}"
