"""The words of a call, as they are searched: without case and accents, each with its place in its turn."""

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from text_to_num import Token

from speech.privacy.kinds import Hidden
from transcripts.transcript import Turn

PAUSE = 30.0  # seconds after which another turn begins something else
SEPARATORS = re.compile(r"[,.;:!?…\n]")


def vocabulary(words: str) -> frozenset[str]:
    return frozenset(words.split())


def plain(text: str) -> str:
    """Lower case, without accents."""
    if text.isascii():
        return text.lower()
    letters = unicodedata.normalize("NFKD", text.lower().replace("œ", "oe").replace("æ", "ae"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


class TextWord(Token):
    """A word, a row of digits, an @ or a + of a turn, as text2num asks for it."""

    def __init__(self, place: int, turn: int, found: re.Match, before: str):
        self.place = place  # among all words of the call
        self.turn, self.start, self.end = turn, found.start(), found.end()
        self.said = found[0]
        self.plain = plain(found[0])
        self.before = before  # what stands between it and the word before; a line break where it begins a turn
        self.alone = self.plain == "virgule"

    def text(self) -> str:
        return "zéro" if self.plain in {"zero", "zeros"} else self.said.lower()

    def nt_separated(self, previous: "TextWord") -> bool:
        return self.is_apart

    def not_a_number_part(self) -> bool:
        return self.alone

    @property
    def is_apart(self) -> bool:
        """Whether punctuation stands before it."""
        return bool(SEPARATORS.search(self.before))


def words_of(turns: Sequence[Turn]) -> list[TextWord]:
    words: list[TextWord] = []
    for number, turn in enumerate(turns):
        end = 0
        for found in re.finditer(r"\d+|[^\W\d_]+|[@+]", turn.text):
            before = turn.text[end : found.start()] if end else "\n"
            words.append(TextWord(len(words), number, found, before))
            end = found.end()
    return words


def readings(words: Sequence[TextWord], turns: Sequence[Turn]) -> list[list[TextWord]]:
    """The words of each voice, then those of each channel, where it has several.

    A number may be said in pieces between what the other party says; and of one channel, the voices may be told apart
    wrongly in the middle of it.
    """
    voices, channels = defaultdict(list), defaultdict(list)
    for word in words:
        turn = turns[word.turn]
        voices[turn.channel, turn.speaker].append(word)
        channels[turn.channel].append(word)
    mixed = [said for channel, said in channels.items() if sum(voice[0] == channel for voice in voices) > 1]
    return [*voices.values(), *mixed]


def stretches(words: Iterable[TextWord], reading: Sequence[TextWord], kind: str) -> Iterator[Hidden]:
    """Where words of a reading stand: those that follow one another in a turn are one."""
    row: list[TextWord] = []
    for word in sorted(words, key=_place):
        if row and (row[-1].turn != word.turn or _index(word, reading) != _index(row[-1], reading) + 1):
            yield Hidden(row[0].turn, row[0].start, row[-1].end, kind)
            row = []
        row.append(word)
    if row:
        yield Hidden(row[0].turn, row[0].start, row[-1].end, kind)


def _place(word: TextWord) -> int:
    return word.place


def _index(word: TextWord, reading: Sequence[TextWord]) -> int:
    return bisect_left(reading, word.place, key=_place)
