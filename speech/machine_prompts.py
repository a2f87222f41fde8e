"""Machine prompts: the same sound in two calls, which no person makes twice. They are found by the sound alone.

Its fingerprint is that of Haitsma and Kalker, "A highly robust audio fingerprinting system" (2002): for each moment and
each band, whether it gains on the next one. Levels, lines and codecs change few of these bits.
"""

from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path

import numpy as np

from speech.audio.decode import SAMPLE_RATE, stream
from speech.audio.tones import joined
from speech.turn_taking import is_covered
from transcripts.transcript import Sound

FRAME, HOP = 4096, 512  # samples at 16 kHz: 256 ms, and 32 from one frame to the next
LATER = 4  # frames after which the bands are compared again
BITS = 16
EDGES = np.geomspace(300, 3000, BITS + 2)  # Hz, of the bands
QUIETEST = -55.0  # dBFS: a frame below it has no code
SILENT = -1
WINDOW = 62  # frames, two seconds, over which the bits that differ are counted
HITS = 3  # equal codes in a window, from which a lag is looked at
STEADY = 50  # frames with one code in a call: it hums there
DIFFER = 0.3  # share of the bits; of two sounds that are not the same, half of them do
LEAST, GAP = 2.0, 1.0  # seconds of a prompt at least, and of a pause in one
COPY = 0.7  # of what sounds in both recordings: more is one call twice


def fingerprint(path: Path) -> list[np.ndarray]:
    """For each channel of a recording the codes of its frames, int32 (frames,), SILENT where nothing sounds."""
    powers = []
    with stream(path) as blocks:
        held = None
        for block in blocks:
            held = block if held is None else np.concatenate([held, block], axis=1)
            count = max(0, (held.shape[1] - FRAME) // HOP + 1)
            powers.append(_powers(held, count))
            held = held[:, count * HOP :]
    return [_codes(channel) for channel in np.concatenate(powers, axis=1)]


def shared(one: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> tuple[list[Sound], list[Sound]]:
    """The prompts that are in two recordings, by their fingerprints, as sounds of the one and of the other.

    What most of both is made of is no prompt: it is one call, recorded or exported twice.
    """
    sounds: tuple[list[Sound], list[Sound]] = [], []
    sounding = [(np.stack(channels) != SILENT).any(axis=0) for channels in (one, other)]
    same: dict[int, np.ndarray] = {}  # by the lag, the frames of the one that the other has as well
    for (mine, codes), (theirs, others) in product(enumerate(one), enumerate(other)):
        for lag in _lags(codes, others):
            for first, last in _alike(codes, others, lag):
                sounds[0].append(Sound(*_seconds(first, last), "prompt", channel=mine))
                sounds[1].append(Sound(*_seconds(first + lag, last + lag), "prompt", channel=theirs))
                same.setdefault(lag, np.zeros(len(codes), bool))[first:last] = True
    if any((frames & sounding[0]).sum() > COPY * max(map(np.sum, sounding)) for frames in same.values()):
        return [], []
    return sounds


def with_prompts(sounds: Iterable[Sound], prompts: Iterable[Sound]) -> list[Sound]:
    """The sounds of a transcript and these prompts, in order; what has another name already keeps it."""
    named = [sound for sound in sounds if sound.kind != "prompt"]
    found = [sound for sound in (*sounds, *prompts) if sound.kind == "prompt"]
    for channel in sorted({sound.channel for sound in found}):
        spans = joined(sorted((sound.start, sound.end) for sound in found if sound.channel == channel), GAP)
        own = [sound for sound in named if sound.channel == channel]
        named += [Sound(*span, "prompt", channel=channel) for span in spans if not is_covered(span, own)]
    return sorted(named, key=lambda sound: (sound.start, sound.channel))


def _powers(sound: np.ndarray, count: int) -> np.ndarray:
    """(channels, count, bands): the power of each frame in each band, of float32 (channels, samples)."""
    edges = np.round(EDGES * FRAME / SAMPLE_RATE).astype(int)
    window = np.hanning(FRAME).astype(np.float32)
    powers = np.empty((len(sound), count, BITS + 1), np.float32)
    for channel, at in product(range(len(sound)), range(count)):
        spectrum = np.fft.rfft(sound[channel, at * HOP :][:FRAME] * window)[: edges[-1]]
        powers[channel, at] = np.add.reduceat(np.square(np.abs(spectrum)), edges[:-1])
    return powers * (2 / np.square(np.sum(window)))


def _codes(powers: np.ndarray) -> np.ndarray:
    """The code of each frame of (frames, bands)."""
    levels = 10 * np.log10(powers + 1e-12)
    against = levels[:, :-1] - levels[:, 1:]
    gains = against[LATER:] > against[:-LATER]
    codes = gains @ (1 << np.arange(BITS))
    loud = 10 * np.log10(powers[LATER:].sum(axis=1) + 1e-12) > QUIETEST
    return np.concatenate([np.full(min(LATER, len(powers)), SILENT), np.where(loud, codes, SILENT)]).astype(np.int32)


def _lags(one: np.ndarray, other: np.ndarray) -> list[int]:
    """How many frames later the other may have what the one has: some codes near one another are the same."""
    order = np.argsort(other, kind="stable")
    begin, end = (np.searchsorted(other[order], one, side) for side in ("left", "right"))
    counts = np.where((one == SILENT) | (end - begin > STEADY), 0, end - begin)
    mine = np.repeat(np.arange(len(one)), counts)
    before = np.repeat(np.cumsum(counts) - counts, counts)
    lags = order[np.repeat(begin, counts) + np.arange(len(mine)) - before] - mine
    sorting = np.lexsort((mine, lags))
    mine, lags = mine[sorting], lags[sorting]
    last = HITS - 1
    near = (lags[last:] == lags[: len(lags) - last]) & (mine[last:] - mine[: len(mine) - last] < WINDOW)
    return np.unique(lags[: len(near)][near]).tolist()


def _alike(one: np.ndarray, other: np.ndarray, lag: int) -> list[tuple[int, int]]:
    """(first, last) of the frames of the one that the other has `lag` frames later.

    Two frames of which one is silent are neither alike nor not.
    """
    start = max(0, -lag)
    count = min(len(one) - start, len(other) - start - lag)
    if count < WINDOW:
        return []
    mine, theirs = one[start : start + count], other[start + lag : start + lag + count]
    differ = np.bitwise_count((mine ^ theirs).astype(np.uint32)) / BITS
    differ[(mine == SILENT) | (theirs == SILENT)] = 0.5
    means = np.convolve(differ - 0.5, np.ones(WINDOW) / WINDOW, "same") + 0.5
    edges = (np.flatnonzero(np.diff(means < DIFFER, prepend=False, append=False)) + start).tolist()
    spans = zip(edges[::2], edges[1::2], strict=True)
    return [(first, last) for first, last in spans if (last - first) * HOP >= LEAST * SAMPLE_RATE]


def _seconds(first: int, last: int) -> tuple[float, float]:
    """Frames in seconds; a frame counts as its middle."""
    start, end = ((at * HOP + FRAME / 2) / SAMPLE_RATE for at in (first, last))
    return round(start, 3), round(end, 3)
