"""The simulated telephone line: the recording through it, and pictures of what it leaves."""

import base64

import numpy as np

from ui.kit.format import number
from ui.kit.i18n import say
from ui.kit.sound import SAMPLE_RATE

NOISE = 25.0  # dB under the voice: audible, and in nobody's way
SHOWN = 30 * SAMPLE_RATE  # samples of a picture at most


def through(waveform: np.ndarray) -> np.ndarray:
    """The channels (channels, samples; float32 at 16 kHz) as a telephone would bring them, each time alike."""
    from corpus import telephone_line  # brings torch

    return np.stack([telephone_line.through(np.ascontiguousarray(each), "ulaw", snr=NOISE) for each in waveform])


def pictures(before: np.ndarray, after: np.ndarray, reader: str) -> str:
    """Both waveforms (channels, samples) as HTML: time to the right, pitch upwards to 8 kHz, loudness in ink."""
    figures = "".join(
        f'<figure><img src="{_spectrogram(waveform)}" alt="{say(reader, key)}">'
        f"<figcaption>{say(reader, key)}</figcaption></figure>"
        for waveform, key in ((before, "line_before"), (after, "line_after"))
    )
    seconds = number(min(SHOWN, before.shape[1]) / SAMPLE_RATE, reader)
    return f'<div class="line">{figures}<p class="legend">{say(reader, "line_axes", seconds=seconds)}</p></div>'


def _spectrogram(waveform: np.ndarray) -> str:
    """As a data URI."""
    from speech.audio.spectrogram import png

    return f"data:image/png;base64,{base64.b64encode(png(waveform[:, :SHOWN].mean(axis=0))).decode()}"
