"""Chunks of sound as they come, of any rate, type and number of channels, at 16 kHz."""

from fractions import Fraction

import av
import numpy as np

from speech.audio.decode import SAMPLE_RATE

LAYOUTS = {1: "mono", 2: "stereo"}


class Resampler:
    """Keeps what lies between two chunks, so that there is no seam; a new rate begins a new stream."""

    def __init__(self, channels: int = 1):
        """`channels`: those that come out; the mean of all where that is 1."""
        self.channels = channels
        self._rate: int | None = None

    def add(self, samples: np.ndarray, rate: int) -> np.ndarray:
        """Takes int16 or float32 (samples,) or (samples, channels); gives float32 (channels, samples) at 16 kHz."""
        if samples.dtype == np.int16:
            samples = samples.astype(np.float32) / 32768
        lanes = np.atleast_2d(samples.T).astype(np.float32)
        if self.channels == 1:
            lanes = lanes.mean(axis=0, keepdims=True)
        elif len(lanes) != self.channels:
            lanes = np.repeat(lanes[:1], self.channels, axis=0)
        if rate == SAMPLE_RATE:
            return lanes
        if rate != self._rate:
            self._rate = rate
            self._resampler = av.AudioResampler("fltp", LAYOUTS[self.channels], SAMPLE_RATE)
        if not lanes.shape[1]:
            return lanes
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(lanes), "fltp", LAYOUTS[self.channels])
        frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
        found = [each.to_ndarray() for each in self._resampler.resample(frame)]
        return np.concatenate(found, axis=1) if found else np.empty((self.channels, 0), np.float32)
