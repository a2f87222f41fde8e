"""The words of a call that its model was least sure of: where errors are looked for first."""

from collections.abc import Iterable
from typing import NamedTuple

from transcripts.transcript import Turn, Word

SHARE = 0.15  # of a call's words that are marked


def sureness(turn: Turn, word: Word) -> float:
    """The word's confidence, its turn's, and how far the beam agrees on it.

    With all three more of the errors lie in the least sure words than with any of them (bench/doubt.py).
    """
    agreed = 1.0 - sum(each.share for each in word.alternatives)
    return word.confidence * turn.confidence * max(agreed, 0.0)


def limit(turns: Iterable[Turn], share: float = SHARE) -> float:
    """The sureness below which a word is doubtful, so that about this share of the words is."""
    sure = sorted(sureness(turn, word) for turn in turns for word in turn.words)
    return sure[min(round(share * len(sure)), len(sure) - 1)] if sure else 0.0


class Place(NamedTuple):
    """Where a word stands in its turn's text, counted as browsers count: in UTF-16 units."""

    start: int
    end: int
    others: tuple[str, ...]  # what else it could be


def places(turn: Turn, limit: float) -> list[Place]:
    """The turn's doubtful words."""
    found, at = [], 0
    for word in turn.words:
        start = turn.text.find(word.text, at)
        if start < 0:
            continue  # people have written the text anew
        at = start + len(word.text)
        if sureness(turn, word) < limit:
            others = tuple(each.text for each in word.alternatives)
            found.append(Place(_units(turn.text[:start]), _units(turn.text[:at]), others))
    return found


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
