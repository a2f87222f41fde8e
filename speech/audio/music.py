"""Hold music, told from speech by how long its sounds last: its spectra stay alike where a voice's change.

A window's likeness, its quiet frames and the changes of its level make one figure, whose weights were fitted on
Debian's telephone prompts and hold music, clean, through A-law and with noise. What is music by it is music only where
voice activity detection finds no voice either: to silence a voice would be worse than to write a word too many.
"""

from itertools import pairwise

import numpy as np

from speech.audio.decode import SAMPLE_RATE
from speech.audio.vad import FRAME, SpeechDetector

UNIT = 32  # frames, about a second: from one window to the next
WINDOW = 4 * UNIT
BAND = 200, 3400  # Hz
LATER = 4  # frames, an eighth of a second, after which a spectrum is compared
LIKENESS, QUIET, CHANGE, CONSTANT = 17.0, -10.2, -2.1, 2.0
MUSIC = 2.1  # the figure from which a window is music: the prompts' highest
CHANGES = 0.35, 6.0  # dB by which a level changes from frame to frame: a hum's does less; more is cut off
EDGE, FAINT = 0.5, 0.005  # likeness over half a second at the edges of music, and share of its power
QUIETEST = -62.0  # dBFS
ACTIVE = 0.1  # of a window's mean power, from which a frame counts
EDGES = 2 * UNIT  # frames at both ends of music in which a voice's belong to speech
SPOKEN, AROUND = 12, 16  # frames: a voice for so long in the midst of music is speech, with what is around it
VOICE = 0.5, 0.4  # probability of a voice in a frame, and the share of such frames from which it is a voice


def music(sound: np.ndarray, tones: np.ndarray) -> np.ndarray:
    """For each frame of float32 (samples,) at 16 kHz, whether it is music; `tones` are frames that are something else.

    A window at the ends of the sound is as long as the others, so that it needs WINDOW frames on both sides to be sure.
    """
    count = len(sound) // FRAME
    found = np.zeros(count, bool)
    if count < WINDOW:
        return found
    alike, power, changes = _measured(sound[: count * FRAME].reshape(count, FRAME))
    for first in range(0, count - WINDOW + 1, UNIT):
        window = slice(first, first + WINDOW)
        found[window] |= _is_music(alike[window], power[window], changes[window], ~tones[window])
    found &= _mean(np.where(tones, 0.0, alike)) > EDGE
    if found.any():
        found &= _mean(power) > FAINT * np.median(power[found])
    return _without_voices(_closed(found), sound)


def _is_music(alike: np.ndarray, power: np.ndarray, changes: np.ndarray, counted: np.ndarray) -> bool:
    """Whether a window is; `counted` are its frames that are nothing else."""
    mean = power.mean()
    active = (power > ACTIVE * mean) & counted
    if active.sum() < WINDOW // 8 or 10 * np.log10(mean + 1e-12) < QUIETEST:
        return False
    change = min(changes[active].mean(), CHANGES[1])
    quiet = (power <= ACTIVE * mean).mean()
    figure = LIKENESS * alike[active].mean() + QUIET * quiet + CHANGE * change + CONSTANT
    return bool(figure > MUSIC and change > CHANGES[0])


def _measured(frames: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each frame the likeness of its spectrum to an earlier one, its power, and the change of its level in dB."""
    first, last = (round(hertz * FRAME / SAMPLE_RATE) for hertz in BAND)
    window = np.hanning(FRAME).astype(np.float32)
    whole = FRAME / 2 * np.square(window).sum()  # so that the sum of a spectrum is the power of its frame
    spectra = np.square(np.abs(np.fft.rfft(frames * window, axis=1)[:, first : last + 1])) / whole
    shape = (spectra + 1e-16) ** 0.25
    shape -= shape.mean(axis=1, keepdims=True)
    size = np.sqrt(np.square(shape).sum(axis=1)) + 1e-9
    alike = (shape[LATER:] * shape[:-LATER]).sum(axis=1) / (size[LATER:] * size[:-LATER])
    level = 10 * np.log10(np.square(frames).mean(axis=1) + 1e-10)
    return np.append(alike[:LATER], alike), spectra.sum(axis=1), np.abs(np.diff(level, prepend=level[:1]))


def _mean(values: np.ndarray) -> np.ndarray:
    """Over half a second around each frame."""
    return np.convolve(values, np.ones(UNIT // 2) / (UNIT // 2), "same")


def _closed(found: np.ndarray) -> np.ndarray:
    """With the gaps of up to two seconds filled."""
    for (_, end), (start, _) in pairwise(_stretches(found)):
        if start - end <= 2 * UNIT:
            found[end:start] = True
    return found


def _without_voices(found: np.ndarray, sound: np.ndarray) -> np.ndarray:
    """Without the stretches in which there is a voice, and without one at the edges or in the midst of the others."""
    for start, end in _stretches(found):
        detector = SpeechDetector()
        probabilities = [*detector.add(sound[start * FRAME : end * FRAME]), *detector.end()]
        voiced = np.array(probabilities)[: end - start] > VOICE[0]
        if voiced.mean() > VOICE[1]:
            found[start:end] = False
        else:
            found[start : start + _last(voiced[:EDGES])] = False
            found[end - _last(voiced[::-1][:EDGES]) : end] = False
            for first, last in _stretches(voiced):
                if last - first >= SPOKEN:
                    found[max(start, start + first - AROUND) : min(end, start + last + AROUND)] = False
    return found


def _stretches(frames: np.ndarray) -> list[tuple[int, int]]:
    """The first frame of each stretch, and the one after its last."""
    edges = np.flatnonzero(np.diff(frames, prepend=False, append=False)).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def _last(voiced: np.ndarray) -> int:
    """How many frames there are up to the last with a voice."""
    return int(np.flatnonzero(voiced).max(initial=-1)) + 1
