"""Turns cut into subtitles: two lines of at most 42 characters, at words, with their times."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, takewhile
from textwrap import wrap

from transcripts.transcript import Turn
from transcripts.word_times import moments

WIDTH = 42  # characters of a line, as broadcasters have it
OPENING = "«“(["  # that stand apart in French, and belong to what follows


@dataclass(frozen=True)
class Cue:
    start: float
    end: float
    lines: tuple[str, ...]


@dataclass(frozen=True)
class _Atom:
    """A word with the punctuation that must not be parted from it."""

    start: float
    end: float
    text: str
    label: bool = False  # the speaker's name


def cues(turn: Turn, label: str = "", whole: bool = False) -> list[Cue]:
    """The turn's subtitles, the first of which begins with `label`; none where the turn has no text.

    The times between them are those of the words where the turn has them, else in proportion to the characters.
    `whole`: one subtitle with all the turn's time, on as many lines as it takes.
    """
    atoms = list(_atoms(turn))
    if not atoms:
        return []
    if whole:
        return [Cue(turn.start, turn.end, tuple(wrap(f"{label} {turn.text}".strip(), WIDTH)))]
    names = [_Atom(turn.start, turn.start, part, True) for word in label.split() for part in _pieces(word)]
    atoms = names + atoms
    found = []
    for first, last in _cut(atoms):
        start = turn.start if first == 0 else atoms[first].start
        end = turn.end if last == len(atoms) else min(atoms[last - 1].end, atoms[last].start)
        found.append(Cue(start, end, _lines([atom.text for atom in atoms[first:last]])))
    return found


def _cut(atoms: list[_Atom]) -> list[tuple[int, int]]:
    """The first atom and the one after the last of each subtitle: as few as can be, cut where a sentence is."""
    reach = _reach(atoms)
    costs, origins = [0.0], [0]
    for last in range(1, len(atoms) + 1):
        firsts = takewhile(lambda first, last=last: reach[reach[first]] >= last, range(last - 1, -1, -1))
        cost, first = min((costs[first], first) for first in firsts)
        costs.append(cost + 10 + _parting(atoms[last - 1]))
        origins.append(first)
    spans = []
    last = len(atoms)
    while last:
        spans.append((origins[last], last))
        last = origins[last]
    return spans[::-1]


def _reach(atoms: list[_Atom]) -> list[int]:
    """For each atom, the one after the last that fits on a line with it."""
    places = list(accumulate((len(atom.text) + 1 for atom in atoms), initial=0))
    return [bisect_right(places, place + WIDTH + 1) - 1 for place in places]


def _parting(atom: _Atom) -> float:
    """How much it costs to cut after this atom."""
    if atom.label:
        return 100
    ending = atom.text.rstrip("»”)] ")[-1:]
    return 0 if ending in ".?!…" else 2 if ending in ",;:" else 5


def _lines(texts: list[str]) -> tuple[str, ...]:
    """The words on one line if they fit, else on two, the more alike the better."""
    whole = " ".join(texts)
    if len(whole) <= WIDTH:
        return (whole,)
    pairs = ((" ".join(texts[:count]), " ".join(texts[count:])) for count in range(1, len(texts)))
    return min((lines for lines in pairs if max(map(len, lines)) <= WIDTH), key=_unlike)


def _unlike(lines: tuple[str, ...]) -> int:
    return abs(len(lines[0]) - len(lines[1])) - (10 if lines[0][-1] in ".?!…,;:" else 0)


def _atoms(turn: Turn) -> Iterator[_Atom]:
    texts: list[str] = []
    opened = False
    for token in turn.text.split():
        spoken = any(character.isalnum() for character in token)
        if texts and (opened or not (spoken or token in OPENING)):
            texts[-1] += " " + token
        else:
            texts.append(token)
        opened = token in OPENING
    parts = [part for text in texts for part in _pieces(text)]
    times = moments(turn, parts)
    yield from (_Atom(start, end, part) for part, (start, end) in zip(parts, times, strict=True))


def _pieces(text: str) -> list[str]:
    """A word longer than a line, in pieces."""
    return [text[i : i + WIDTH] for i in range(0, len(text), WIDTH)]
