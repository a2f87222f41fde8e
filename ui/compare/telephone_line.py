"""The simulated telephone line: the recording through it, and pictures of what it leaves."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ui.kit.html import render
from ui.kit.sound import SAMPLE_RATE

if TYPE_CHECKING:
    from speech.audio.decode import Stream

NOISE = 25.0  # dB under the voice: audible, and in nobody's way
SHOWN = 30  # seconds of a picture at most


def through(waveform: np.ndarray) -> np.ndarray:
    """The channels (channels, samples; float32 at 16 kHz) as a telephone would bring them, each time alike."""
    from corpus import telephone_line  # brings torch

    return np.stack([telephone_line.through(np.ascontiguousarray(each), "ulaw", snr=NOISE) for each in waveform])


def recorded(source: Path, target: Path) -> Path:
    """The recording through the line, a minute at a time, as a WAV."""
    from speech.audio.rewrite import rewrite

    return rewrite(source, target, lambda start, block, rate: through(block), SAMPLE_RATE)


@contextmanager
def streamed(source: Path) -> Iterator["Stream"]:
    """The recording through the line, a minute at a time."""
    from speech.audio.decode import stream

    with stream(source) as blocks:
        yield replace(blocks, blocks=map(through, blocks))


def pictures(before: np.ndarray, after: np.ndarray, reader: str) -> str:
    """Both waveforms (channels, samples) as HTML: time to the right, pitch upwards to 8 kHz, loudness in ink."""
    figures = [(_spectrogram(before), "line_before"), (_spectrogram(after), "line_after")]
    return render("compare/line.html", reader, figures=figures, seconds=min(SHOWN, before.shape[1] / SAMPLE_RATE))


def _spectrogram(waveform: np.ndarray) -> str:
    """As a data URI."""
    from speech.audio.spectrogram import png

    return f"data:image/png;base64,{base64.b64encode(png(waveform[:, : SHOWN * SAMPLE_RATE].mean(axis=0))).decode()}"
