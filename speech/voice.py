"""Where there is a voice: silero-vad's stretches of speech, joined into windows that Whisper can take."""

import threading
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch

THREADS = torch.get_num_threads()
from silero_vad import get_speech_timestamps, load_silero_vad  # noqa: E402

torch.set_num_threads(THREADS)  # importing silero_vad leaves the whole process one thread, training and all

from speech.audio import SAMPLE_RATE  # noqa: E402

MAX_WINDOW = 29.0  # seconds, padding included: Whisper's window has 30
PADDING = 0.8  # seconds kept around a stretch: the detector misses soft first sounds (« Au revoir » lost its « Au »)
VOICED = 0.35  # probability of a voice; at silero's own 0.5, « onze » and a spelled letter said alone were lost
JOINED_GAP = 3.0  # seconds of silence that cost less inside a window than a margin of its own
_local = threading.local()  # the detector keeps a state: one for each thread


@dataclass(frozen=True)
class Window:
    """A piece of a waveform, in seconds; `voiced_until` is where its last stretch of speech ends."""

    start: float
    end: float
    voiced_until: float

    def cut(self, waveform: np.ndarray) -> np.ndarray:
        return waveform[round(self.start * SAMPLE_RATE) : round(self.end * SAMPLE_RATE)]


def stretches(waveform: np.ndarray) -> list[tuple[float, float]]:
    """(start, end) in seconds of each stretch of speech in a waveform at 16 kHz; none is over MAX_WINDOW."""
    if not hasattr(_local, "detector"):
        _local.detector = load_silero_vad()
    found = get_speech_timestamps(
        torch.from_numpy(waveform),
        _local.detector,
        threshold=VOICED,
        sampling_rate=SAMPLE_RATE,
        min_speech_duration_ms=100,  # « oui » on a telephone
        min_silence_duration_ms=300,
        max_speech_duration_s=MAX_WINDOW - 2 * PADDING,
        speech_pad_ms=30,
    )
    return [(piece["start"] / SAMPLE_RATE, piece["end"] / SAMPLE_RATE) for piece in found]


def windows(waveform: np.ndarray) -> list[Window]:
    """The windows that hold all speech of a waveform at 16 kHz, in order, each at most MAX_WINDOW long."""
    joined: list[list[float]] = []
    for start, end in stretches(waveform):
        if joined and start - joined[-1][1] <= JOINED_GAP and end - joined[-1][0] <= MAX_WINDOW - 2 * PADDING:
            joined[-1][1] = end
        else:
            joined.append([start, end])
    return _padded(joined, len(waveform) / SAMPLE_RATE) if joined else []


def whole(waveform: np.ndarray) -> list[Window]:
    """The waveform without a look at its voice, cut each MAX_WINDOW."""
    seconds = len(waveform) / SAMPLE_RATE
    starts = np.arange(0, seconds, MAX_WINDOW) if seconds > 30 else [0.0]
    ends = [min(start + MAX_WINDOW, seconds) if seconds > 30 else seconds for start in starts]
    return [Window(float(start), float(end), float(end)) for start, end in zip(starts, ends, strict=True)]


def _padded(joined: list[list[float]], seconds: float) -> list[Window]:
    """Windows with padding on both sides, which never reaches beyond the middle of the gap to the neighbour."""
    middles = [(before[1] + after[0]) / 2 for before, after in pairwise(joined)]
    return [
        Window(max(lower, start - PADDING), min(upper, end + PADDING), end)
        for (start, end), lower, upper in zip(joined, [0.0, *middles], [*middles, seconds], strict=True)
    ]
