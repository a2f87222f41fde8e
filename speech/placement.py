"""The turns of a window at their place in the recording: moved, cut at long pauses, without silence at their ends."""

from bisect import bisect
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from statistics import geometric_mean

from speech.audio.vad import Window
from speech.decoding.hallucinations import has_words
from transcripts.transcript import Turn

PAUSE = 1.0  # seconds of silence at which a turn ends, where its words are timed
LEAST = 1e-6  # of a word's probability, where a mean is taken


def moved(turn: Turn, window: Window) -> Turn:
    """The turn with times from the start of the recording. Where it is in several pieces of the window, its words tell
    in which it begins and ends, and their mean is its confidence: the model has one for all pieces."""
    words = [
        replace(word, start=start, end=end)
        for word in turn.words
        for start, end in [window.place(word.start, word.end)]
    ]
    start, end = window.place(turn.start, turn.end)
    confidence = turn.confidence
    if words and len(window.pieces) > 1:
        start, end = words[0].start, words[-1].end
        confidence = geometric_mean(max(word.confidence, LEAST) for word in words)
    return replace(turn, start=start, end=end, confidence=confidence, words=tuple(words))


def cut_at_pauses(turn: Turn, speech: Sequence[tuple[float, float]]) -> list[Turn]:
    """The turn in parts where the voice pauses for long, for the other party may speak meanwhile. Its words tell which
    part has what; without them it stays whole. A part without a letter or a digit is left out."""
    pauses = [(a + b) / 2 for (_, a), (b, _) in pairwise(speech) if b - a > PAUSE and turn.start < a and b < turn.end]
    runs = [list(run) for _, run in groupby(turn.words, lambda word: bisect(pauses, (word.start + word.end) / 2))]
    runs = [run for run in runs if any(has_words(word.text) for word in run)]
    if not runs or (sum(map(len, runs)) == len(turn.words) and len(runs) < 2):
        return [turn]
    times = [(run[0].start, run[-1].end) for run in runs]
    if runs[0][0] is turn.words[0]:
        times[0] = turn.start, times[0][1]
    if runs[-1][-1] is turn.words[-1]:
        times[-1] = times[-1][0], turn.end
    return [
        replace(turn, start=start, end=end, text=" ".join(word.text for word in run), words=tuple(run))
        for run, (start, end) in zip(runs, times, strict=True)
    ]


def without_silence(turn: Turn, speech: Sequence[tuple[float, float]]) -> Turn:
    """The turn from its first speech, or word, to its last: the model counts the silence around as part of it."""
    inside = [(start, end) for start, end in speech if start < turn.end and end > turn.start]
    if not inside:
        return turn
    words = turn.words
    first = min(inside[0][0], words[0].start) if words else inside[0][0]
    last = max(inside[-1][1], words[-1].end) if words else inside[-1][1]
    return replace(turn, start=max(turn.start, first), end=min(turn.end, last))
