"""The simulated telephone line: the recording through it, and pictures of what it leaves."""

import base64
import io

import numpy as np

from corpus import telephone_line
from ui.kit.i18n import number, say

SAMPLE_RATE = 16_000
NOISE = 25.0  # dB under the voice: heard, and in nobody's way
SHOWN = 30 * SAMPLE_RATE  # samples of a picture at most
WINDOW, WIDTH = 512, 640  # samples of a column, columns at most
INK, DECIBELS = (74, 103, 222), 70  # the theme's primary colour, which the loudest has in full


def through(waveform: np.ndarray) -> np.ndarray:
    """The channels (channels, samples; float32 at 16 kHz) as a telephone would bring them, each time alike."""
    return np.stack([telephone_line.through(np.ascontiguousarray(each), "ulaw", snr=NOISE) for each in waveform])


def pictures(before: np.ndarray, after: np.ndarray, reader: str) -> str:
    """Both waveforms (channels, samples) as HTML: time to the right, pitch upwards to 8 kHz, loudness in ink."""
    figures = "".join(
        f'<figure><img src="{_spectrogram(waveform.mean(axis=0))}" alt="{say(reader, key)}">'
        f"<figcaption>{say(reader, key)}</figcaption></figure>"
        for waveform, key in ((before, "line_before"), (after, "line_after"))
    )
    seconds = number(min(SHOWN, before.shape[1]) / SAMPLE_RATE, reader)
    return f'<div class="line">{figures}<p class="legend">{say(reader, "line_axes", seconds=seconds)}</p></div>'


def _spectrogram(waveform: np.ndarray) -> str:
    """A PNG as a data URI; its paper is transparent, so that light and dark themes show through."""
    from PIL import Image

    heard = np.pad(waveform[:SHOWN], (0, max(0, WINDOW - len(waveform))))
    starts = np.linspace(0, len(heard) - WINDOW, min(WIDTH, max(1, len(heard) // 128))).astype(int)
    columns = heard[starts[:, None] + np.arange(WINDOW)] * np.hanning(WINDOW)
    power = np.abs(np.fft.rfft(columns))[:, : WINDOW // 2]
    loudness = 20 * np.log10(np.maximum(power, 1e-9) / max(power.max(), 1e-6))
    pixels = np.zeros((WINDOW // 2, len(starts), 4), np.uint8)
    pixels[..., :3] = INK
    pixels[..., 3] = np.clip(255 * (1 + loudness.T[::-1] / DECIBELS), 0, 255)
    file = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(file, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def sound(waveform: np.ndarray) -> tuple[int, np.ndarray]:
    """Channels (channels, samples) for a player: the rate, and int16 samples."""
    return SAMPLE_RATE, (waveform.T.clip(-1, 1) * 32767).astype("int16")
