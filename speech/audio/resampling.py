"""Resampling block by block, without joints that show."""

from collections.abc import Iterable, Iterator
from fractions import Fraction

import numpy as np
import torch
from torchaudio.functional import resample

BLOCK = 60  # seconds
FILTER_REACH = 8  # times the native side of the ratio: torchaudio's filter reaches less than 7 times


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
        return resample(torch.from_numpy(whole), native, ours).numpy().clip(-1, 1)

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
