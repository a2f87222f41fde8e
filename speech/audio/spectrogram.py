"""A picture of a sound: time to the right, pitch upwards to half the sampling rate, loudness in ink."""

import io

import numpy as np

WINDOW, HOP, WIDTH = 512, 128, 640  # samples of a column, samples between two columns at least, columns at most
INK, DECIBELS = (74, 103, 222), 70  # the page's primary colour, which the loudest has in full


def png(waveform: np.ndarray) -> bytes:
    """A PNG of (samples,), float32; its paper is transparent, so that light and dark themes show through."""
    from PIL import Image

    padded = np.pad(waveform, (0, max(0, WINDOW - len(waveform))))
    starts = np.linspace(0, len(padded) - WINDOW, min(WIDTH, max(1, len(padded) // HOP))).astype(int)
    columns = padded[starts[:, None] + np.arange(WINDOW)] * np.hanning(WINDOW)
    power = np.abs(np.fft.rfft(columns))[:, : WINDOW // 2]
    loudness = 20 * np.log10(np.maximum(power, 1e-9) / max(power.max(), 1e-6))
    pixels = np.zeros((WINDOW // 2, len(starts), 4), np.uint8)
    pixels[..., :3] = INK
    pixels[..., 3] = np.clip(255 * (1 + loudness.T[::-1] / DECIBELS), 0, 255)
    file = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(file, "PNG", optimize=True)
    return file.getvalue()
