"""How far a word error rate can be trusted: an interval for one system, a test for two.

Both draw whole groups (calls), since the words of one call share a speaker, a line and a subject. A clip whose group is
None, NaN or empty is a group of its own.
"""

from collections.abc import Iterable, Sequence
from numbers import Integral

import numpy as np

NO_INTERVAL = "There is one call alone (or one clip), so there is no interval: score two or more of them."
DRAWN_AT_ONCE = 2**17  # indices of one chunk: they, and what they fetch, stay in the processor's cache


def bootstrap(
    edits: Sequence[int],
    words: Sequence[int],
    groups: Iterable | None = None,
    resamples: int = 10_000,
    seed: int = 0,
) -> tuple[float, float] | None:
    """95 % percentile interval, in percent, of sum of edits over sum of words.

    `edits` and `words` hold one number a clip. As many groups as there are are drawn with replacement, `resamples`
    times (Bisani & Ney 2004). None where there are no words, or one group alone: there is nothing else to draw.
    """
    places = _places(groups, len(words))
    # Both sums ride in one integer, so that a resample is one gather and one sum; the buffers are made once, since
    # fresh memory costs more than the sums.
    packed = _totals(edits, places) << 32 | _totals(words, places)
    if len(packed) < 2:
        return None
    random = np.random.default_rng(seed)
    kind = np.uint16 if len(packed) <= 2**16 else np.uint32
    shape = max(1, DRAWN_AT_ONCE // len(packed)), len(packed)
    indices, drawn, sums = np.empty(shape, np.int64), np.empty(shape, np.int64), np.empty(resamples, np.int64)
    for start in range(0, resamples, len(indices)):
        part = sums[start : start + len(indices)]
        indices[:] = random.integers(0, len(packed), shape, kind)
        packed.take(indices, out=drawn, mode="clip")  # nothing is out of range; only this mode writes straight into out
        part[:] = drawn.sum(axis=1)[: len(part)]
    edited, said = sums >> 32, sums & 0xFFFFFFFF
    if not said.any():
        return None
    low, high = np.percentile(100 * edited[said > 0] / said[said > 0], (2.5, 97.5))
    return float(low), float(high)


def paired(
    edits_a: Sequence[int],
    edits_b: Sequence[int],
    groups: Iterable | None = None,
    rounds: int = 10_000,
    seed: int = 0,
) -> float:
    """p-value of « the two systems are equally good », two-sided, by approximate randomisation.

    In each round the outputs of the two systems are swapped in whole groups, at random; p is the share of rounds,
    the observed one included, whose difference of edits is at least the observed one. The references are the same, so
    the difference of the word error rates is that of the edits.
    """
    places = _places(groups, len(edits_a))
    differences = _totals(edits_a, places) - _totals(edits_b, places)
    differences = differences[differences != 0].astype(np.float64)  # exact: they are small whole numbers
    random = np.random.default_rng(seed)
    observed, total, extreme = abs(differences.sum()), differences.sum(), 1
    at_once = max(1, 8 * DRAWN_AT_ONCE // max(1, len(differences)))
    for start in range(0, rounds, at_once):
        many = min(at_once, rounds - start)
        bits = np.frombuffer(random.bytes(many * (len(differences) // 8 + 1)), np.uint8).reshape(many, -1)
        swapped = np.unpackbits(bits, axis=1, count=len(differences)) @ differences
        extreme += int((abs(total - 2 * swapped) >= observed).sum())
    return extreme / (rounds + 1)


def _places(groups: Iterable | None, clips: int) -> np.ndarray:
    """The number of each clip's group, from 0 on."""
    if groups is None:
        return np.arange(clips)
    seen: dict = {}
    keys = [group if _is_known(group) else ("clip", at) for at, group in enumerate(groups)]
    if len(keys) != clips:
        raise ValueError(f"There are {clips} clips and {len(keys)} groups: give each clip its group, or None.")
    return np.array([seen.setdefault(key, len(seen)) for key in keys], np.int64)


def _is_known(group: object) -> bool:
    return isinstance(group, str | Integral | float) and group == group and group != ""


def _totals(counts: Sequence[int], places: np.ndarray) -> np.ndarray:
    if len(counts) != len(places):
        raise ValueError(f"There are {len(places)} clips and {len(counts)} counts: give one of each a clip.")
    totals = np.zeros(places.max(initial=-1) + 1, np.int64)
    np.add.at(totals, places, np.asarray(counts, np.int64))
    return totals
