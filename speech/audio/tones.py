"""Keypad tones and the tones of an exchange, read from the sound: which key, ringing or busy.

Keys are two tones at once (ITU-T Q.23). An exchange sends one tone in a rhythm (ITU-T E.180): France's has 440 Hz, most
of Europe's 425; ringing is 1 to 2 s in every 4 to 5, busy half a second in every one.
"""

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from speech.audio.decode import SAMPLE_RATE

LOW, HIGH = (697, 770, 852, 941), (1209, 1336, 1477, 1633)  # Hz
KEYS = "123A456B789C*0#D"  # a row for each low tone
EXCHANGE = (425, 440)  # Hz
FRAME, HOP = 512, 256  # samples at 16 kHz: 32 ms, and from one frame to the next
QUIETEST = -60.0  # dBFS of a tone
PURE, SHARE = 0.6, 0.12  # of a frame's power in a key's two tones together, and in each
PURE_EXCHANGE = 0.75  # in the tone of an exchange
PRESSED = 2  # frames that a key lasts at least: 40 ms
BURST, GAP = 0.18, 0.1  # seconds of a tone of an exchange at least, and of a gap that is none
APART = 3.0  # seconds between two keys of one number
LONG, SHORT = (0.8, 2.6), (0.15, 0.8)  # seconds of the tone in ringing, and in busy
SILENCE = (1.8, 6.0), (0.1, 0.8)  # seconds between two
SOUNDING = 3  # bursts of busy at least


class Tone(NamedTuple):
    """A stretch of time with one kind of tones: "keys" with what was pressed, "ringing" or "busy"."""

    start: float
    end: float
    kind: str
    text: str = ""


def listened(sound: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each frame of float32 (samples,) at 16 kHz, which key it is, by its place in KEYS, -1 for none; and whether
    it is the tone of an exchange."""
    powers, total = _powers(sound)
    loud = 10 * np.log10(total / np.square(_waves()[0]).sum()) > QUIETEST
    return _keys(powers, total, loud), (powers[:, 8:].max(axis=1) > PURE_EXCHANGE * total) & loud


def _keys(powers: np.ndarray, total: np.ndarray, loud: np.ndarray) -> np.ndarray:
    share = powers[:, :8] / total[:, None]
    low, high = share[:, :4], share[:, 4:]
    both = low.max(axis=1) + high.max(axis=1)
    there = (both > PURE) & (np.minimum(low.max(axis=1), high.max(axis=1)) > SHARE) & loud
    return np.where(there, 4 * low.argmax(axis=1) + high.argmax(axis=1), -1)


def pressed(found: np.ndarray, start: float) -> list[Tone]:
    """The keys in frames of `listened`, of which the first begins at `start` seconds: one Tone for each press."""
    presses = []
    for first, last in _runs(np.flatnonzero(np.diff(found, prepend=-2)), len(found)):
        if found[first] >= 0 and last - first >= PRESSED:
            presses.append(Tone(*_seconds(first, last, start), "keys", KEYS[found[first]]))
    return presses


def bursts(found: np.ndarray, start: float) -> list[tuple[float, float]]:
    """(start, end) of the stretches with the tone of an exchange."""
    spans = [
        _seconds(first, last, start)
        for first, last in _runs(np.flatnonzero(np.diff(found, prepend=False)), len(found))
        if found[first]
    ]
    return [span for span in joined(spans, GAP) if span[1] - span[0] >= BURST]


def numbers(presses: Sequence[Tone]) -> list[Tone]:
    """The keys that were pressed one after the other, as numbers."""
    found: list[Tone] = []
    for press in presses:
        last = found[-1] if found else None
        if last and press.start - last.end <= APART:
            found[-1] = last._replace(end=press.end, text=last.text + press.text)
        else:
            found.append(press)
    return found


def rhythms(spans: Sequence[tuple[float, float]]) -> list[Tone]:
    """What the bursts of an exchange's tone mean by their rhythm; those of none are left out."""
    groups: list[list[tuple[float, float]]] = []
    for span in spans:
        kind = _kind(span)
        if groups and kind and kind == _kind(groups[-1][-1]) and _between(groups[-1][-1], span, kind):
            groups[-1].append(span)
        else:
            groups.append([span])
    return [
        Tone(group[0][0], group[-1][1], _kind(group[0]))
        for group in groups
        if _kind(group[0]) == "ringing" or (_kind(group[0]) == "busy" and len(group) >= SOUNDING)
    ]


def joined(spans: Sequence[tuple[float, float]], gap: float) -> list[tuple[float, float]]:
    """The spans, in order, those with at most `gap` seconds between them as one."""
    found: list[tuple[float, float]] = []
    for start, end in spans:
        if found and start - found[-1][1] <= gap:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


def _kind(span: tuple[float, float]) -> str | None:
    seconds = span[1] - span[0]
    if LONG[0] <= seconds <= LONG[1]:
        return "ringing"
    return "busy" if SHORT[0] <= seconds < SHORT[1] else None


def _between(before: tuple[float, float], after: tuple[float, float], kind: str) -> bool:
    least, most = SILENCE[kind == "busy"]
    return least <= after[0] - before[1] <= most


def _powers(sound: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The power of each tone (frames, 10) and that of all sound (frames,); a tone alone has all of it."""
    if len(sound) < FRAME:
        return np.zeros((0, 10)), np.zeros(0)
    window, waves = _waves()
    windows = np.lib.stride_tricks.sliding_window_view(sound, FRAME)[::HOP] * window
    parts = np.square(windows @ waves)
    powers = (parts[:, :10] + parts[:, 10:]) * (2 * np.square(window).sum() / window.sum() ** 2)
    return powers, np.einsum("ij,ij->i", windows, windows) + 1e-9


@cache
def _waves() -> tuple[np.ndarray, np.ndarray]:
    """The window of a frame, and each tone's cosine and sine in it."""
    angles = 2 * np.pi / SAMPLE_RATE * np.outer(np.arange(FRAME), (*LOW, *HIGH, *EXCHANGE))
    return np.hanning(FRAME).astype(np.float32), np.hstack([np.cos(angles), np.sin(angles)]).astype(np.float32)


def _runs(changes: np.ndarray, length: int) -> list[tuple[int, int]]:
    return list(pairwise([*changes.tolist(), length]))


def _seconds(first: int, last: int, start: float) -> tuple[float, float]:
    """From the middle of the first frame's edge to that of the last: half of a frame holds the tone there already."""
    middle = FRAME / 4 / SAMPLE_RATE
    return start + first * HOP / SAMPLE_RATE + middle, start + ((last - 1) * HOP + FRAME) / SAMPLE_RATE - middle
