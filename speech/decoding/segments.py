"""From a clip's tokens to its turns: cut at the timestamps, never inside a word, without what nobody said."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from speech.decoding.hallucinations import has_words, is_hallucination, is_loop
from speech.decoding.word_timestamps import UNSPACED
from speech.engines.base import SECONDS_PER_TOKEN, Engine, Hypothesis
from transcripts.transcript import Flagged, Turn, Word


def turns_of(
    engine: Engine, seconds: float, hypothesis: Hypothesis, words: Sequence[Word], language: str
) -> tuple[tuple[Turn, ...], tuple[Flagged, ...]]:
    """The turns of a clip of so many seconds, times from its start, and the text that is left out of them.

    `words` are those of the whole hypothesis, with times, or none. A segment without a letter or a digit is no turn.
    """
    turns, flagged, left = [], [], deque(words)
    confidence = math.exp(hypothesis.logprob)
    found = segments(hypothesis.tokens, engine.timestamp_begin, seconds)
    for start, end, tokens in at_word_starts(engine, found, language):
        text = text_of(engine, tokens)
        inside = _taken(left, text)
        reason = "loop" if is_loop(text) else "phantom" if is_hallucination(text) else None  # keys of the JSON
        if reason:
            flagged.append(Flagged(start, end, text, reason))
        elif has_words(text):
            turns.append(_around(Turn(start, end, text, confidence, words=inside)))
    return tuple(turns), tuple(flagged)


def segments(tokens: Sequence[int], timestamp_begin: int, seconds: float) -> list[tuple[float, float, list[int]]]:
    """Cuts a window's tokens at its timestamps: (start, end, text tokens), inside the `seconds` that the clip has."""
    found, text, start = [], [], 0.0
    for token in [*tokens, timestamp_begin + math.ceil(seconds / SECONDS_PER_TOKEN)]:
        if token < timestamp_begin:
            text.append(token)
            continue
        now = min((token - timestamp_begin) * SECONDS_PER_TOKEN, seconds)
        if text:
            found.append((start, max(start, now), text))
            text = []
        start = now
    return found


def at_word_starts(
    engine: Engine, found: list[tuple[float, float, list[int]]], language: str
) -> list[tuple[float, float, list[int]]]:
    """The segments, with one that begins inside a word joined to the one before it."""
    whole: list[tuple[float, float, list[int]]] = []
    for start, end, tokens in found:
        if whole and language not in UNSPACED and not engine.vocabulary.text(tokens[:1]).startswith(" "):
            start, _, before = whole.pop()
            tokens = before + tokens
        whole.append((start, end, tokens))
    return whole


def _taken(words: deque[Word], text: str) -> tuple[Word, ...]:
    """Takes from the left the words that make up the text."""
    missing, taken = len("".join(text.split())), []
    while words and missing > 0:
        taken.append(words.popleft())
        missing -= len("".join(taken[-1].text.split()))
    return tuple(taken)


def _around(turn: Turn) -> Turn:
    """The turn and its words with times that agree: a word is cut to the turn that it reaches into, and the turn grows
    to hold a word outside. The model gives the turn's times and the alignment its words', a pause too early or late."""
    if not turn.words:
        return turn
    first, last = turn.words[0], turn.words[-1]
    start = turn.start if first.end > turn.start else first.start
    end = turn.end if last.start < turn.end else last.end
    words = (replace(w, start=max(start, min(w.start, end)), end=min(end, max(w.end, start))) for w in turn.words)
    return replace(turn, start=start, end=end, words=tuple(words))


def text_of(engine: Engine, tokens: Sequence[int]) -> str:
    """The text of tokens, timestamps and other special ones left out."""
    return engine.vocabulary.text([t for t in tokens if t < engine.generation.eos_token_id]).strip()
