"""A recording written again as a WAV, block by block, so that hours of it take no more memory."""

import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np

from common.pcm import to_int16
from speech.audio.decode import stream

Change = Callable[[float, np.ndarray, int], np.ndarray]  # seconds from the start, a block, its rate


def rewrite(
    source: Path, target: Path, change: Change = lambda start, block, rate: block, rate: int | None = None
) -> Path:
    """The recording as a 16-bit WAV, at its own rate or at `rate`, each block (channels, samples) as `change` gives it
    back."""
    with stream(source, rate=rate) as blocks, wave.open(str(target), "wb") as file:
        file.setnchannels(blocks.facts.channels)
        file.setsampwidth(2)
        file.setframerate(blocks.rate)
        samples = 0
        for block in blocks:
            file.writeframes(to_int16(change(samples / blocks.rate, block, blocks.rate).T).tobytes())
            samples += block.shape[1]
    return target
