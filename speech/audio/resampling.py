"""Resampling block by block, without joints that show."""

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import lru_cache

import numpy as np

BLOCK = 60  # seconds
CROSSINGS, ROLLOFF = 6, 0.99  # zero crossings of the filter on each side, and its band's share of the lower rate's half
AT_ONCE = 1 << 20  # samples of all pieces that are filtered together
FILTER_REACH = 8  # times the native side of the ratio, at least: the filter reaches less than 7 times


def resampled(pieces: Iterable[np.ndarray], rate: int, new_rate: int) -> Iterator[np.ndarray]:
    """Blocks of a minute or so at `new_rate`, -1 to 1, from float32 pieces of any length (channels, samples) at `rate`.

    A block is resampled together with more of its surroundings than the filter reaches. Samples that are no numbers
    become 0, infinite ones full scale.
    """
    ratio = Fraction(rate, new_rate).limit_denominator(1000)  # 10 ms off in 2.5 h at worst, exact for usual rates
    native, ours = ratio.numerator, ratio.denominator
    margin = FILTER_REACH * native
    block = BLOCK * new_rate // ours * native
    held, length, given = [], 0, 0  # `given`: samples of `held` that a block has given already

    def at_new_rate(whole: np.ndarray) -> np.ndarray:
        if not np.isfinite(whole).all():
            whole = np.nan_to_num(whole, posinf=1, neginf=-1)
        return _filtered(whole, native, ours).clip(-1, 1)

    for piece in pieces:
        held.append(piece)
        length += piece.shape[1]
        if length >= block + 2 * margin:
            whole = np.concatenate(held, axis=1)
            end = (length - margin) // native * native
            yield at_new_rate(whole)[:, given * ours // native : end * ours // native]
            held = [whole[:, end - margin :].copy()]
            length, given = length - end + margin, margin
    yield at_new_rate(np.concatenate(held, axis=1))[:, given * ours // native :]


def _filtered(whole: np.ndarray, native: int, ours: int) -> np.ndarray:
    """Float32 (channels, samples) at `ours` samples for each `native`, as torchaudio's resample gives it.

    That is not called, because torch takes seconds to import.
    """
    if native == ours:
        return whole
    taps = _taps(native, ours)
    reach = (len(taps) - native) // 2
    around = np.pad(whole, ((0, 0), (reach, reach + native)))
    pieces = np.lib.stride_tricks.sliding_window_view(around, len(taps), 1)[:, ::native]
    some = max(1, AT_ONCE // len(taps))  # the product copies each piece
    found = [pieces[:, at : at + some] @ taps for at in range(0, pieces.shape[1], some)]
    return np.concatenate(found, axis=1).reshape(len(whole), -1)[:, : math.ceil(whole.shape[1] * ours / native)]


@lru_cache(maxsize=16)
def _taps(native: int, ours: int) -> np.ndarray:
    """A sinc in Hann's window (taps, ours), for each place that a sample may have between those of the native rate."""
    band = ROLLOFF * min(native, ours)
    reach = math.ceil(CROSSINGS * native / band)
    times = np.arange(-reach, reach + native)[:, None] / native - np.arange(ours) / ours
    crossings = np.clip(times * band, -CROSSINGS, CROSSINGS)
    return (np.sinc(crossings) * np.cos(np.pi * crossings / CROSSINGS / 2) ** 2 * band / native).astype(np.float32)
