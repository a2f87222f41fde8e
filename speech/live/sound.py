"""Chunks of sound as they come, of any rate, type and number of channels, at 16 kHz."""

from fractions import Fraction

import av
import numpy as np

from common.messages import UserError
from common.pcm import from_int16
from speech.audio.decode import SAMPLE_RATE

LAYOUTS = {1: "mono", 2: "stereo"}
CODECS = {"s16": None, "ulaw": "pcm_mulaw", "alaw": "pcm_alaw"}  # FFmpeg's names
RATES = range(4_000, 192_001)
LOST = 10.0  # seconds of missing sound that are filled with silence; more is a pause of the recorder


class RawSound:
    """Headerless sound as an exchange, a recorder or a browser sends it, cut anywhere."""

    def __init__(self, rate: int, codec: str = "s16", channels: int = 1, split: bool = False):
        """`channels` are interleaved; `split` keeps them apart, else their mean comes out. Raises UserError."""
        if rate not in RATES:
            raise UserError(
                en=f"The rate is {rate}: give samples a second, from {RATES[0]} to {RATES[-1]}.",
                fr=f"La fréquence est {rate} : donnez des échantillons par seconde, de {RATES[0]} à {RATES[-1]}.",
            )
        if codec not in CODECS:
            raise UserError(
                en=f"There is no codec {codec!r} here: choose one of {', '.join(CODECS)}.",
                fr=f"Il n'y a pas de codec {codec!r} ici : choisissez parmi {', '.join(CODECS)}.",
            )
        if channels not in LAYOUTS:
            raise UserError(
                en=f"The sound has {channels} channels: send 1 or 2.",
                fr=f"Le son a {channels} canaux : envoyez-en 1 ou 2.",
            )
        self.lanes = channels if split else 1  # channels that come out
        self.received = 0  # bytes
        self._rate, self._channels, self._codec = rate, channels, CODECS[codec]
        self._frame = channels * (2 if self._codec is None else 1)  # bytes of a moment
        self._rest = b""
        self._resampler = Resampler(self.lanes)
        if self._codec:
            self._decoder = av.CodecContext.create(self._codec, "r")
            self._decoder.sample_rate, self._decoder.layout = rate, LAYOUTS[channels]

    def add(self, data: bytes) -> np.ndarray:
        """Takes the next bytes; gives float32 (lanes, samples) at 16 kHz."""
        self.received += len(data)
        data = self._rest + data
        whole = len(data) - len(data) % self._frame
        data, self._rest = data[:whole], data[whole:]
        samples = self._decoded(data) if data else np.empty(0, np.int16)
        return self._resampler.add(samples.reshape(-1, self._channels), self._rate)

    def skip(self, count: int) -> np.ndarray:
        """Silence in the place of bytes that are lost: (lanes, samples), ten seconds of it at most."""
        self.received += count
        self._rest = b""
        samples = min(count // self._frame / self._rate, LOST) * SAMPLE_RATE
        return np.zeros((self.lanes, round(samples)), np.float32)

    def _decoded(self, data: bytes) -> np.ndarray:
        if self._codec is None:
            return np.frombuffer(data, "<i2")
        return np.concatenate([frame.to_ndarray()[0] for frame in self._decoder.decode(av.Packet(data))])


class Resampler:
    """Keeps what lies between two chunks, so that there is no seam; a new rate begins a new stream."""

    def __init__(self, channels: int = 1):
        """`channels`: those that come out; the mean of all where that is 1."""
        self.channels = channels
        self._rate: int | None = None

    def add(self, samples: np.ndarray, rate: int) -> np.ndarray:
        """Takes int16 or float32 (samples,) or (samples, channels); gives float32 (channels, samples) at 16 kHz."""
        if samples.dtype == np.int16:
            samples = from_int16(samples)
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
