"""Finds the times of a text in what was transcribed of its recording: word by word, both normalised."""

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from scoring.alignment import align
from scoring.french import normalise
from transcripts.transcript import Turn, Word

SAME = 0.6  # of a turn's words, or of its letters, that were transcribed as they are written
ONE_CHANNEL = 0.8  # of a turn's words, that were transcribed on one channel
MORE = 0.4  # as many words as of the turn's own may have been transcribed between them that are not in it
UNHEARD = 0.5  # seconds that a word may take that was not transcribed, at the ends of a turn
PER_WORD, ROOM = 1.2, 2.0  # seconds that a turn may last, by word and besides
LEAST, MOST = 8, 40  # words of a piece: fewer are found in wrong places, more may last over half a minute
APART = "·"  # stands for a word of which the normaliser leaves nothing


class NotFound(NamedTuple):
    """A turn of the text that was not found in the recording, and the second after which it should have been."""

    after: float
    turn: Turn


class _Place(NamedTuple):
    word: Word
    channel: int


_Pairs = list[tuple[bool, int | None]]  # of each of a turn's words: whether it was transcribed as it is, and where


def timed(written: Sequence[Turn], transcribed: Sequence[Turn]) -> tuple[list[Turn], list[NotFound]]:
    """The turns of a text (`written`, in their order, without times) with the times and channels at which they were
    transcribed (`transcribed`, whose words have times); and those that were not found.

    A turn is found where most of its words were transcribed one after the other, on one channel and in a time that
    they can take; beside one that is, most of its letters are enough. Its text stays as it is written.
    """
    words = [_Place(word, turn.channel) for turn in transcribed for word in turn.words]
    of_text = [(at, key) for at, turn in enumerate(written) for word in turn.text.split() for key in _keys(word)]
    of_sound = [(place, key) for place in words for key in _keys(place.word.text)]
    steps = align(" ".join(key for _, key in of_text), " ".join(key for _, key in of_sound))
    pairs: list[_Pairs] = [[] for _ in written]
    said = heard = 0
    for step in steps:
        if step.kind != "insert":
            place = heard if step.kind != "delete" else None
            pairs[of_text[said][0]].append((step.kind == "equal", place))
        said += step.kind != "insert"
        heard += step.kind != "delete"
    found, missing, last = [], [], 0.0
    for turn, placed in zip(written, _all_placed(written, pairs, [place for place, _ in of_sound]), strict=True):
        if placed is None:
            missing.append(NotFound(round(last, 2), turn))
        else:
            found.append(placed)
            last = placed.end
    return found, missing


def pieces(turn: Turn) -> list[Turn]:
    """The turn in parts of some sentences that a clip can hold."""
    found: list[list[str]] = [[]]
    for sentence in re.split(r"(?<=[.?!…])\s+", turn.text.strip()):
        words = sentence.split()
        if found[-1] and len(found[-1]) + len(words) > MOST:
            found.append([])
        for word in words:
            if len(found[-1]) == MOST:
                found.append([])
            found[-1].append(word)
        if len(found[-1]) >= LEAST:
            found.append([])
    return [replace(turn, text=" ".join(words)) for words in found if words]


def _keys(word: str) -> list[str]:
    return normalise(word).split() or [APART]


def _all_placed(written: Sequence[Turn], pairs: list[_Pairs], sound: list[_Place]) -> list[Turn | None]:
    """Each turn at the time of its words or, beside one that is, of its letters: « activé » is heard as « activer »."""
    found = [_placed(turn, pair, sound, _same_words) for turn, pair in zip(written, pairs, strict=True)]
    for at, (turn, pair) in enumerate(zip(written, pairs, strict=True)):
        if not found[at] and any(found[max(0, at - 1) : at + 2]):
            found[at] = _placed(turn, pair, sound, _same_letters)
    return found


def _placed(turn: Turn, pairs: _Pairs, sound: list[_Place], is_same: Callable) -> Turn | None:
    """The turn at the time of its words, None where they are not together or not its own."""
    there = [place for _, place in pairs if place is not None]
    if not there:
        return None
    same = [place for equal, place in pairs if equal] or there
    channel, count = Counter(sound[place].channel for place in same).most_common(1)[0]
    near = [place for place in there if sound[place].channel == channel]
    between = [at for at in range(min(near), max(near) + 1) if sound[at].channel == channel]
    words = [sound[at].word for at in between]
    seconds = words[-1].end - words[0].start
    if (
        not is_same(turn, pairs, words)
        or count < ONE_CHANNEL * len(same)
        or len(between) - len(near) > MORE * len(pairs)
        or not 0 < seconds <= PER_WORD * len(pairs) + ROOM
    ):
        return None
    earlier = (sound[at].word.end for at in range(min(near) - 1, -1, -1) if sound[at].channel == channel)
    later = (sound[at].word.start for at in range(max(near) + 1, len(sound)) if sound[at].channel == channel)
    start = max(next(earlier, 0.0), words[0].start - UNHEARD * _unplaced(pairs))
    end = min(next(later, math.inf), words[-1].end + UNHEARD * _unplaced(pairs[::-1]))
    start, end = min(start, words[0].start), max(end, words[-1].end)
    return replace(turn, start=start, end=end, channel=channel, words=())


def _same_words(turn: Turn, pairs: _Pairs, words: list[Word]) -> bool:
    return sum(equal for equal, _ in pairs) >= SAME * len(pairs)


def _same_letters(turn: Turn, pairs: _Pairs, words: list[Word]) -> bool:
    return Levenshtein.normalized_similarity(_letters(turn.text), _letters(" ".join(w.text for w in words))) >= SAME


def _letters(text: str) -> str:
    return re.sub(r"\W", "", normalise(text))


def _unplaced(pairs: _Pairs) -> int:
    """How many words at the beginning were not transcribed."""
    return next(at for at, (_, place) in enumerate(pairs) if place is not None)
