"""Turns by speaker, for formats that keep each speaker on a track of its own, and words that belong to turns."""

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import replace

from transcripts.encoding import one_line
from transcripts.transcript import Turn, Word

PAUSE = 0.5  # seconds between two words from which they are of two turns, where nothing else tells
_CHANNEL = re.compile(r"channel[ _](\d{1,3})")


def track(turn: Turn) -> str:
    """The name of the turn's track: its speaker, or its channel where nobody has named one."""
    return one_line(turn.speaker or "") or f"channel {turn.channel + 1}"


def of_track(name: str) -> dict:
    """The speaker and the channel that a track's name stands for, as arguments of a turn."""
    if match := _CHANNEL.fullmatch(name):
        return {"speaker": None, "channel": max(int(match[1]) - 1, 0)}
    return {"speaker": name or None}


def tracks(turns: Iterable[Turn]) -> list[tuple[str, list[Turn]]]:
    """The turns of each track, none of which overlaps the next: what does is on a second track of the same name."""
    found: dict[str, list[list[Turn]]] = {}
    for turn in turns:
        layers = found.setdefault(track(turn), [])
        layer = next((layer for layer in layers if layer[-1].end <= turn.start), None)
        if layer is None:
            layers.append([turn])
        else:
            layer.append(turn)
    return [(name, layer) for name, layers in found.items() for layer in layers]


def with_words(turns: Iterable[Turn], words: Iterable[Word]) -> list[Turn]:
    """The turns of one track with its words: each goes to the first turn in which its middle lies."""
    words = sorted(words, key=_middle)
    middles = list(map(_middle, words))
    taken: set[int] = set()
    found = []
    for turn in turns:
        places = range(bisect_left(middles, turn.start), bisect_left(middles, turn.end))
        found.append(replace(turn, words=tuple(words[place] for place in places if place not in taken)))
        taken.update(places)
    return found


def _middle(word: Word) -> float:
    return (word.start + word.end) / 2


def from_words(words: Iterable[Word], **of: object) -> list[Turn]:
    """Turns of words that are in order: a pause of half a second parts them."""
    found: list[list[Word]] = []
    for word in words:
        if found and word.start - found[-1][-1].end < PAUSE:
            found[-1].append(word)
        else:
            found.append([word])
    return [
        Turn(
            group[0].start,
            group[-1].end,
            " ".join(word.text for word in group),
            sum(word.confidence for word in group) / len(group),
            words=tuple(group),
            **of,
        )
        for group in found
    ]
