"""silero-vad's network of voice activity, a block at a time.

It is run by onnxruntime and its package is not imported, because that imports torch. This is the package's network for
a sequence of frames: with a call a frame it takes, for two hours of two channels, half of Whisper's time.
"""

from collections.abc import Sequence
from functools import cache
from importlib.metadata import distribution

import numpy as np
import onnxruntime

FRAME, CONTEXT = 512, 64  # samples of a probability, and those before them that the network is given as well
NETWORK = "silero_vad/data/silero_vad_16k_sequence.onnx"
AT_ONCE = 512  # frames: more take memory and gain no time
SECOND = 16_000 / FRAME  # frames
HYSTERESIS = 0.15  # of the probability: what speech may fall under its threshold without an end
PAUSE = 0.098  # seconds of silence in which speech that is too long may be cut


class SpeechDetector:
    """The probability of speech in each frame of a waveform, block by block."""

    def __init__(self):
        self._rest = np.zeros(CONTEXT, np.float32)  # the context, and samples that fill no frame yet
        self._state = np.zeros((2, 1, 1, 128), np.float32)  # of the recurrent layer: hidden, cell

    def add(self, block: np.ndarray) -> list[float]:
        """Float32 (samples,) at 16 kHz; gives the probability of speech for each frame that is complete."""
        sound = np.concatenate([self._rest, block])
        complete = (len(sound) - CONTEXT) // FRAME
        self._rest = sound[complete * FRAME :].copy()
        if not complete:
            return []
        frames = np.lib.stride_tricks.sliding_window_view(sound, CONTEXT + FRAME)[::FRAME]
        return [share for at in range(0, complete, AT_ONCE) for share in self._run(frames[at : at + AT_ONCE])]

    def end(self) -> list[float]:
        left = len(self._rest) - CONTEXT
        return self.add(np.zeros(FRAME - left, np.float32)) if left else []

    def _run(self, frames: np.ndarray) -> list[float]:
        hidden, cell = self._state
        given = {"input": np.ascontiguousarray(frames), "h": hidden, "c": cell}
        shares, *self._state = _session().run(["speech_probs", "hn", "cn"], given)
        return shares.ravel().tolist()


@cache
def _session() -> onnxruntime.InferenceSession:
    """The network. It has no state of its own, so all threads share it, each on its own core."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    path = distribution("silero-vad").locate_file(NETWORK)
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def intervals(
    shares: Sequence[float], threshold: float, shortest: float, silence: float, longest: float
) -> list[tuple[int, int]]:
    """The frames (first, one after the last) of the intervals of speech, as silero-vad's package finds them.

    Speech begins at the `threshold` and ends with `silence`; what is not longer than `shortest` is none, and at
    `longest` it is cut in its longest pause. Those three are in seconds.
    """
    found, pauses = [], []  # pauses: length and first frame
    start = quiet = None  # frames
    for at, share in enumerate(shares):
        if share >= threshold:
            if quiet is not None and at - quiet > PAUSE * SECOND:
                pauses.append((at - quiet, quiet))
            quiet = None
            start = at if start is None else start
        if start is None:
            continue
        if at - start > longest * SECOND - 1:
            length, end = max(pauses, key=lambda pause: pause[0], default=(None, at))
            found.append((start, end))
            start, quiet, pauses = length and end + length, None, []
        if start is not None and share < threshold - HYSTERESIS:
            quiet = at if quiet is None else quiet
            if at - quiet >= silence * SECOND:
                if quiet - start > shortest * SECOND:
                    found.append((start, quiet))
                start, quiet, pauses = None, None, []
    if start is not None and len(shares) - start > shortest * SECOND:
        found.append((start, len(shares)))
    return found
