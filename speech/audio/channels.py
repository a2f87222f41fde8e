"""Which channels of a call are transcribed separately, and how leakage from one into another is removed.

A voice that leaks into another channel is quieter there by a number of decibels that stays the same during a call,
however the leak is filtered or delayed. The levels of a whole call tell how much leaks, and then which moments of a
channel hold nothing else.
"""

from collections.abc import Sequence

import numpy as np

from common.messages import UserError
from speech.audio.decode import SAMPLE_RATE
from speech.audio.line_quality import ALIKE
from transcripts.transcript import Line

MODES = ("auto", "mix", "split")
BALANCE = 10.0  # dB between two channels with one signal; more, and the one is the other's echo
UNEVEN = 18.0  # dB of a peak over a noise that is nothing but noise
FRAME = SAMPLE_RATE // 50  # 20 ms
QUIETEST = -100.0  # dBFS
LATE = 8  # frames by which a leak may come after the voice
LOUD = 12.0  # dB under a channel's loudest: there a voice hides its own channel's leaks
MOST = -8.0  # dB of a leak: a louder one is a voice of the channel's own
EDGE = 0.85  # of a leak's frames are not louder than its level: the others are the voice beside it
OVER = 5.0  # dB over that edge, for a voice of its own
SHORTEST, AROUND = 3, 4  # frames of a voice of its own, and what is left around it


def check_mode(mode: str) -> None:
    """Raises UserError for an unknown channel mode."""
    if mode not in MODES:
        raise UserError(
            en=f"There is no channel mode {mode!r}: choose one of {', '.join(MODES)}.",
            fr=f"Le mode de canaux {mode!r} n'existe pas : choisissez parmi {', '.join(MODES)}.",
        )


def separate_channels(line: Line, mode: str = "auto") -> tuple[int, ...] | None:
    """The channels to transcribe, each by itself; None: their mean.

    "auto" takes each channel that carries a voice, and the mean where all carry one signal. Raises UserError for an
    unknown mode.
    """
    check_mode(mode)
    if len(line.channels) == 1 or mode == "mix":
        return None
    alive = tuple(i for i, channel in enumerate(line.channels) if not channel.dead or _rises(channel))
    if not alive:
        return None
    levels = [line.channels[i].level for i in alive]
    if mode == "auto" and line.identical and max(levels) - min(levels) < BALANCE:
        return None
    if mode == "auto" and len(line.channels) == 2 and line.correlation < -ALIKE:  # their mean would be silence
        return alive[:1]
    return alive


def _rises(channel) -> bool:
    """Whether a sound stands out of the noise: a single word in an hour of silence counts."""
    return channel.peak - channel.noise > UNEVEN


class Leakage:
    """Measures over a whole call how much of each channel's voice is in the others."""

    def __init__(self):
        self._rest: np.ndarray | None = None  # samples that fill no frame yet
        self._levels: list[np.ndarray] = []

    def add(self, block: np.ndarray) -> None:
        """Float32 (channels, samples) at 16 kHz; the blocks of a recording in their order."""
        whole = block if self._rest is None else np.concatenate([self._rest, block], axis=1)
        frames = whole.shape[1] // FRAME
        self._rest = whole[:, frames * FRAME :].copy()
        powers = np.square(whole[:, : frames * FRAME].reshape(len(block), frames, FRAME)).mean(axis=2)
        self._levels.append(10 * np.log10(powers + 10 ** (QUIETEST / 10)))

    def own_voice(self, channels: Sequence[int]) -> np.ndarray:
        """Whether each frame may hold a voice of its channel's own: bool (channels, frames)."""
        levels = np.concatenate(self._levels, axis=1)[list(channels)]
        own = np.ones(levels.shape, bool)
        if levels.shape[1] < SHORTEST:
            return own
        for there, source in enumerate(levels):
            above = _late(source)
            voiced = above > np.quantile(above, 0.95) - LOUD
            for here, level in enumerate(levels):
                under = level - above
                leaking = under[voiced & (under < MOST)]
                if here != there and len(leaking):
                    own[here] &= under > np.quantile(leaking, EDGE) + OVER
        return np.array([_grown(frames) for frames in own])

    def without(self, channels: Sequence[int]) -> "LeakageFilter":
        return LeakageFilter(channels, self.own_voice(channels) if len(channels) > 1 else None)


class LeakageFilter:
    """Silences channels of a call where they hold nothing but leakage."""

    def __init__(self, channels: Sequence[int], own: np.ndarray | None):
        self._channels, self._own = list(channels), own
        self._at = 0  # samples

    def add(self, block: np.ndarray) -> np.ndarray:
        """Takes (all channels, samples) at 16 kHz, the recording's blocks in order; gives (channels, samples)."""
        chosen = block[self._channels]
        if self._own is None or not self._own.shape[1]:
            return chosen
        first, length = self._at // FRAME, block.shape[1]
        frames = self._own[:, max(0, first - 1) : first + length // FRAME + 3]
        middles = (np.arange(frames.shape[1]) + max(0, first - 1) + 0.5) * FRAME
        samples = np.arange(self._at, self._at + length)
        self._at += length
        gains = [np.interp(samples, middles, channel).astype(np.float32) for channel in frames]  # a fade of a frame
        return chosen * np.stack(gains)


def _late(levels: np.ndarray) -> np.ndarray:
    """The loudest level of each frame, the next one and those before it from which a leak may come."""
    around = np.pad(levels, (LATE, 1), constant_values=QUIETEST)
    return np.lib.stride_tricks.sliding_window_view(around, LATE + 2).max(axis=1)


def _grown(own: np.ndarray) -> np.ndarray:
    """The runs of at least SHORTEST frames, widened by AROUND frames on both sides."""
    solid = np.convolve(own, np.ones(SHORTEST), "valid") > SHORTEST - 0.5
    return np.convolve(solid, np.ones(2 * AROUND + SHORTEST))[AROUND : AROUND + len(own)] > 0.5
