"""Real telephone speech for the tests: Debian's prompts, one after the other with pauses between them."""

from collections.abc import Sequence

import numpy as np

from corpus.prompts import Prompt, prompts
from speech.audio.decode import SAMPLE_RATE, read

FRAME = 512  # samples at 16 kHz, of a probability of speech


def spoken(some: Sequence[Prompt], pause: float) -> tuple[np.ndarray, list[tuple[float, float]]]:
    """The prompts with `pause` seconds of silence before, between and after them, float32 at 16 kHz; and where each
    one lies, in seconds."""
    silence = np.zeros(round(pause * SAMPLE_RATE), np.float32)
    pieces, places, at = [silence], [], pause
    for prompt in some:
        sound = read(prompt.path).waveform[0]
        pieces += [sound, silence]
        places.append((at, at + len(sound) / SAMPLE_RATE))
        at = places[-1][1] + pause
    return np.concatenate(pieces), places


class Loudness:
    """A voice detector in the place of speech.audio.vad's network, which takes minutes for an hour of sound."""

    def __init__(self):
        self._rest = np.zeros(0, np.float32)

    def add(self, sound: np.ndarray) -> list[float]:
        whole = np.concatenate([self._rest, sound])
        frames, self._rest = np.split(whole, [len(whole) // FRAME * FRAME])
        return (np.ptp(frames.reshape(-1, FRAME), axis=1) > 0.03).astype(float).tolist()


__all__ = ["Loudness", "prompts", "spoken"]
